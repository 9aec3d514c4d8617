"""CSV and its kin: rows, lines and what is refused of them."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import DataRejectedError
from laurels.stores.files.content import FIELD_LIMIT, ROW_LIMIT, Content, lines_of
from laurels.stores.files.delimited import delimited_columns, delimited_records
from models.values.activity import RefusedRow
from models.values.format import Delimited
from models.values.record import Record


def content(data: bytes) -> Any:
    stream = io.BytesIO(data)
    return lines_of(Content("x.csv", stream, stream))


def records(data: bytes, **shape: Any) -> Iterator[Record | RefusedRow]:
    return delimited_records(content(data), Delimited(type="csv", **shape), "x.csv")


def told(data: bytes, **shape: Any) -> list[tuple[int, object]]:
    """Each row's line with its values, or its reason."""
    return [
        (one.line, one.reason if isinstance(one, RefusedRow) else tuple(one.fields.values()))
        for one in records(data, **shape)
    ]


ROWS = [
    (b"a,b\n1,2\n3,4\n", [(2, ("1", "2")), (3, ("3", "4"))]),
    (b"a,b\r\n1,2\r3,4\n5,6", [(2, ("1", "2")), (3, ("3", "4")), (4, ("5", "6"))]),
    (b"\xef\xbb\xbfa,b\n1,2\n", [(2, ("1", "2"))]),
    (b"\na,b\n\n1,2\n   \n3,4\n", [(4, ("1", "2")), (6, ("3", "4"))]),
    (b'a,b\n"1,5","say ""so"""\n', [(2, ("1,5", 'say "so"'))]),
    (b'a,b\n"1\n\n5",2\n3,4\n', [(2, ("1\n\n5", "2")), (5, ("3", "4"))]),
    (b'a,b\n"1\r\n5",2\r\n3,4', [(2, ("1\r\n5", "2")), (4, ("3", "4"))]),
    (b'a,b\n5" pipe,2\n3,4\n', [(2, ('5" pipe', "2")), (3, ("3", "4"))]),
    (b"a,b\n,\n", [(2, ("", ""))]),
    (b"a,b\n1\n2,3,4\n5,6\n", [(2, "row_ragged"), (3, "row_ragged"), (4, ("5", "6"))]),
    (b'a,b\n"1\n2"\n3,4\n', [(2, "row_ragged"), (3, "row_ragged"), (4, ("3", "4"))]),
    (b"a,b\n1,\xff\n3,4\n", [(2, "row_not_text"), (3, ("3", "4"))]),
    (b'a,b\n1,"x\n\xff"\n3,4\n', [(2, "row_not_text"), (3, "row_not_text"), (4, ("3", "4"))]),
    (b"a,b\n1,\0\n3,4\n", [(2, "row_nul_byte"), (3, ("3", "4"))]),
    (b'a,b\n1,"x"y\n3,4\n', [(2, "row_quoting"), (3, ("3", "4"))]),
    (b'a,b\n1,2\n3,"4\n5,6\n', [(2, ("1", "2")), (3, "row_quoting"), (4, "row_quoting")]),
    (b"a,b\n", []),
    (b"a,b", []),
    (b"", []),
    (b"\n\n", []),
]


@pytest.mark.parametrize(("data", "expected"), ROWS)
def test_rows_have_their_line_and_broken_ones_their_reason(
    data: bytes, expected: list[tuple[int, object]]
) -> None:
    assert told(data) == expected


def test_a_quoted_text_cannot_forge_a_row_by_breaking_its_own() -> None:
    forged = b'a,b\n1,"x\n666,1000000\n\xff"\n3,4\n'
    assert [row for row in told(forged) if row[0] == 3] == [(3, "row_not_text")]
    for line in told(b'a,b\n1,"x\n666,1000000\n'):
        assert line[1] == "row_quoting"


@pytest.mark.parametrize(
    ("row", "reason", "lines"),
    [
        (b'1,"' + b"x" * (FIELD_LIMIT + 1) + b'"\n', "field_too_long", 1),
        (b'1,"' + b"x\n" * (FIELD_LIMIT // 2 + 1) + b'666,7\n"\n', "field_too_long", FIELD_LIMIT // 2 + 3),
        (b"1," + b"x" * ROW_LIMIT + b"\n", "row_too_long", 1),
        (b'1,"\n' + b"x" * ROW_LIMIT + b'\n666,7\n"\n', "row_too_long", 4),
        (b'1,"' + b'x""y\n666,7\n' * 400_000 + b'"\n', "field_too_long", 800_001),
    ],
    ids=["field", "field over lines", "row", "row over lines", "quotes in quotes"],
)
def test_a_row_that_is_too_long_is_passed_by_to_its_end(row: bytes, reason: str, lines: int) -> None:
    found = told(b"a,b\n1,2\n" + row + b"3,4\n")
    assert found[0] == (2, ("1", "2"))
    assert found[-1] == (3 + lines, ("3", "4"))
    assert found[1:-1] == [(line, reason) for line in range(3, 3 + lines)]


def test_many_fields_make_a_row_too_long_as_well() -> None:
    wide = b"a,b,c,d,e\n" + b",".join([b"x" * (1 << 20)] * 5) + b"\n1,2,3,4,5\n"
    assert told(wide) == [(2, "row_too_long"), (3, ("1", "2", "3", "4", "5"))]


def test_a_long_file_is_read_in_little_memory() -> None:
    class Endless(io.RawIOBase):
        left = 1 << 20

        def read(self, size: int = -1) -> bytes:
            block = b"1,2\n" * (min(size, self.left) // 4)
            self.left -= len(block)
            return block

    stream: Any = Endless()
    shape = Delimited(type="csv", header=False, columns=("a", "b"))
    stream.tell = lambda: 0
    tracemalloc.start()
    count = sum(1 for _ in delimited_records(lines_of(Content("x", stream, stream)), shape, "x"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1 << 18
    assert peak < 12 << 20


SHAPES: list[tuple[bytes, dict[str, Any], list[tuple[int, object]]]] = [
    (b" a  b \r\n 1 \t 2\r\n 3\r\n", {"delimiter": "whitespace"}, [(2, ("1", "2")), (3, "row_ragged")]),
    (b'a b\n"1 2\n', {"delimiter": "whitespace"}, [(2, ('"1', "2"))]),
    (b"1 2\n", {"delimiter": "whitespace", "header": False, "columns": ("a", "b")}, [(1, ("1", "2"))]),
    (b"a b\n1 " + b"x" * (FIELD_LIMIT + 1) + b"\n", {"delimiter": "whitespace"}, [(2, "field_too_long")]),
    (b"a\tb\n1\t2\n", {"delimiter": "\t"}, [(2, ("1", "2"))]),
    (b"a;b\n1,5;2\n", {"delimiter": ";"}, [(2, ("1,5", "2"))]),
    (b"a|b\n\xc3\xa9|2\n", {"delimiter": "|"}, [(2, ("é", "2"))]),
    (b"\xef\xbb\xbfa,b\n1,2\n", {"encoding": "utf-8"}, [(2, ("1", "2"))]),
]


@pytest.mark.parametrize(("data", "shape", "expected"), SHAPES)
def test_other_shapes(data: bytes, shape: dict[str, Any], expected: list[tuple[int, object]]) -> None:
    assert told(data, **shape) == expected


@pytest.mark.parametrize(
    ("header", "reason"), [(b"a,\xff\n", "row_not_text"), (b'a,"b\n1,2\n', "row_quoting")]
)
def test_a_header_that_cannot_be_read_refuses_the_file(header: bytes, reason: str) -> None:
    with pytest.raises(DataRejectedError, match=rf"^x\.csv:1: the header cannot be read: {reason}$"):
        list(records(header))
    with pytest.raises(DataRejectedError, match=reason):
        delimited_columns(content(header), Delimited(type="csv"), "x.csv")


def test_columns_are_the_headers_or_the_declared_ones() -> None:
    named = Delimited(type="csv", header=False, columns=("a", "b"))
    assert delimited_columns(content(b' a , "b"\n'), Delimited(type="csv", delimiter=","), "x") == (
        "a",
        '"b"',
    )
    assert delimited_columns(content(b"1,2\n"), named, "x") == ("a", "b")
    assert delimited_columns(content(b""), named, "x") == ()
    assert delimited_columns(content(b""), Delimited(type="csv"), "x") == ()


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12))
def test_what_is_written_comes_back_with_its_lines(rows: list[tuple[str, str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    starts = []
    for row in [("a", "b", "c"), *rows]:
        starts.append(len(text.getvalue().encode().splitlines()) + 1)
        writer.writerow(row)
    assert told(text.getvalue().encode()) == list(zip(starts[1:], rows, strict=True))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_line_by_line(data: bytes) -> None:
    shape = Delimited(type="csv", header=False, columns=("a", "b"))
    lines = [one.line for one in delimited_records(content(data), shape, "x")]
    assert lines == sorted(set(lines))
    assert not lines or lines[-1] <= len(data.splitlines())


def test_the_field_limit_is_the_one_that_is_documented() -> None:
    list(records(b"a\n1\n"))
    assert csv.field_size_limit() == FIELD_LIMIT == 1 << 20

"""JSON lines and bodies: numbers exact, keys unique, lists taken apart."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.stores.files import json_lines
from laurels.stores.files.content import FIELD_LIMIT, ROW_LIMIT, Content, lines_of
from laurels.stores.files.json_lines import json_records, records_in
from models.values.activity import RefusedRow
from models.values.format import JsonLines
from models.values.record import Record

PLAIN = JsonLines(type="jsonl")


def told(data: bytes, shape: JsonLines = PLAIN) -> list[tuple[int, object]]:
    stream = io.BytesIO(data)
    found = json_records(lines_of(Content("x", stream, stream)), shape, "x")
    return [(one.line, one.reason if isinstance(one, RefusedRow) else dict(one.fields)) for one in found]


LINES: list[tuple[bytes, object]] = [
    (b'{"a": 1}', {"a": 1}),
    (b'\xef\xbb\xbf{"a": 1.50}', {"a": Decimal("1.50")}),
    (b'{"a": 0.1e1}', {"a": Decimal("1.0")}),
    (b'{"a": 1e400}', {"a": Decimal("1E+400")}),
    (b'{"a": 12345678901234567890}', {"a": 12345678901234567890}),
    (b'{"a": "\\u00e9\\ud83d\\ude00"}', {"a": "é\U0001f600"}),
    (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    (b"{}", {}),
    (b"null", "json_not_an_object"),
    (b"[]", "json_not_an_object"),
    (b'[{"a": 1}]', "json_not_an_object"),
    (b'"a"', "json_not_an_object"),
    (b'{"a": ', "json_broken"),
    (b'{"a": 1}}', "json_broken"),
    (b"{'a': 1}", "json_broken"),
    (b'{"a": 01}', "json_broken"),
    (b'{"a": "tab\there"}', "json_broken"),
    (b'{"a": 1e99999999999999999999}', "json_broken"),
    (b'{"a": ' + b"9" * 5000 + b"}", "json_broken"),
    (b'{"a": NaN}', "json_not_finite"),
    (b'{"a": -Infinity}', "json_not_finite"),
    (b'{"a": 1, "a": 2}', "json_duplicate_key"),
    (b'{"x": {"a": 1, "\\u0061": 2}}', "json_duplicate_key"),
    (b'{"a": "\xff"}', "row_not_text"),
    (b'{"a": "\\ud800"}', "row_not_text"),
    (b'{"x": [{"\\udfff": 1}]}', "row_not_text"),
    (b'{"a": "\\u0000"}', "row_nul_byte"),
    (b'{"a": "\0"}', "row_nul_byte"),
    (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json_too_deep"),
    (b'{"a": "' + b"x" * (FIELD_LIMIT + 1) + b'"}', "field_too_long"),
    (b'{"a": "' + b"x" * ROW_LIMIT + b'"}', "row_too_long"),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=range(len(LINES)))
def test_a_line_is_a_record_or_has_its_reason_and_the_rest_goes_on(line: bytes, expected: object) -> None:
    bom = line.startswith(b"\xef\xbb\xbf")
    data = line + b'\n\n{"b": 2}\n' if bom else b'{"b": 1}\r\n' + line + b'\n\n{"b": 2}\n'
    assert told(data)[-2:] == [(1 if bom else 2, expected), (3 if bom else 4, {"b": 2})]


def test_a_long_line_of_short_texts_is_taken() -> None:
    line = json.dumps({f"k{n}": "x" * 1000 for n in range(2000)}).encode()
    assert len(line) > FIELD_LIMIT
    assert len(told(line)) == 1
    assert isinstance(told(line)[0][1], dict)


UNWRAPPED: list[tuple[object, object]] = [
    ({"order": {"id": 1}}, [{"id": 1}]),
    ({"orders": [{"id": 1}, {"id": 2}]}, [{"id": 1}, {"id": 2}]),
    ({"id": 1}, [{"id": 1}]),
    ({"order": "7", "id": 1}, [{"order": "7", "id": 1}]),
    ([{"id": 1}, {"id": 2}], [{"id": 1}, {"id": 2}]),
    ({"orders": []}, []),
    (
        {"orders": [{"id": 1}, 2, {"id": 3}, None, {"id": 5}]},
        [{"id": 1}, "json_not_an_object", {"id": 3}, "json_not_an_object", {"id": 5}],
    ),
    ({"orders": [{"id": "\0"}, {"id": 2}]}, ["row_nul_byte", {"id": 2}]),
]


@pytest.mark.parametrize(("body", "expected"), UNWRAPPED)
def test_an_object_may_be_wrapped_listed_or_bare(body: object, expected: list[object]) -> None:
    shape = JsonLines(type="jsonl", unwrap=("order", "orders"))
    assert [fields for _, fields in told(json.dumps(body).encode(), shape)] == expected


SPLIT: list[tuple[dict[str, Any], str, list[object]]] = [
    (
        {"id": 1, "lines": [{"a": 1}, {"a": 2}]},
        "lines",
        [{"id": 1, "lines": {"a": 1}}, {"id": 1, "lines": {"a": 2}}],
    ),
    ({"r": {"t": 1, "l": [7]}, "x": 2}, "r.l", [{"r": {"t": 1, "l": 7}, "x": 2}]),
    ({"id": 1, "lines": []}, "lines", []),
    ({"id": 1}, "lines", ["records_missing"]),
    ({"lines": {"a": 1}}, "lines", ["records_missing"]),
    ({"r": [{"l": [1]}]}, "r.l", ["records_missing"]),
]


@pytest.mark.parametrize(("body", "path", "expected"), SPLIT)
def test_a_list_inside_makes_a_record_of_each_item(
    body: dict[str, Any], path: str, expected: list[object]
) -> None:
    shape = JsonLines(type="jsonl", records=path)
    assert [fields for _, fields in told(json.dumps(body).encode(), shape)] == expected


def test_a_flawed_item_takes_no_other_with_it() -> None:
    shape = JsonLines(type="jsonl", unwrap=("refund", "refunds"), records="transactions")
    refunds = [{"transactions": [{"id": 1}]}, {"id": 2}, {"transactions": []}, {"transactions": [{"id": 3}]}]
    assert list(records_in(json.dumps({"refunds": refunds}).encode(), shape, 7)) == [
        Record(7, {"transactions": {"id": 1}}, 0),
        RefusedRow(7, "records_missing", 1),
        Record(7, {"transactions": {"id": 3}}, 2),
    ]


def test_what_only_the_decoder_can_follow_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    monkeypatch.setattr(json_lines, "parsed", lambda _: {"a": deep})
    assert list(records_in(b"\\u", PLAIN)) == [RefusedRow(1, "json_too_deep")]


def test_records_of_one_line_are_counted() -> None:
    body = b'{"orders": [{"id": 1, "l": [1, 2]}, {"id": 2, "l": [3]}]}'
    found = list(records_in(body, JsonLines(type="jsonl", unwrap=("orders",), records="l"), 9))
    assert [(one.line, one.part) for one in found if isinstance(one, Record)] == [(9, 0), (9, 1), (9, 2)]


def test_a_body_over_many_lines_is_one_text() -> None:
    body = json.dumps({"order": {"id": 1}}, indent=2).encode()
    assert list(records_in(body, JsonLines(type="jsonl", unwrap=("order",)))) == [Record(1, {"id": 1})]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_the_declared_encoding_of_a_body_is_used(encoding: str) -> None:
    """A file's is undone before its lines are cut."""
    shape = JsonLines(type="jsonl", encoding=encoding)
    assert list(records_in('{"a": "é"}'.encode(encoding), shape)) == [Record(1, {"a": "é"})]
    assert told('{"a": "é"}'.encode(), shape) == [(1, {"a": "é"})]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_written_comes_back_or_cannot_be_kept(fields: dict[str, Any]) -> None:
    text = json.dumps(fields, default=lambda number: {"number": str(number)})
    line = text.encode()
    found = list(records_in(line, PLAIN))
    unfit = "\\u0000" in line.decode().replace("\\\\", "") or any(
        0xD800 <= ord(sign) < 0xE000 for sign in json.dumps(fields, default=str, ensure_ascii=False)
    )
    if unfit:
        assert isinstance(found[0], RefusedRow)
    else:
        assert found == [Record(1, json.loads(text))]


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for one in records_in(data, PLAIN):
        assert isinstance(one, Record | RefusedRow)

"""The pass over a whole file: line ends over blocks, bombs, bounds, and what its form says of it."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import DataRejectedError
from laurels.stores.files import survey as surveys
from laurels.stores.files.content import opened
from laurels.stores.files.facts import inspect
from laurels.stores.files.format import found_format, settled
from laurels.stores.files.survey import Survey, survey, survey_text
from tests.mappings import mapping_of

HEADER = b"id,member,at,amount,order\n"
MOST = 1 << 40


def surveyed(path: Path, data: bytes, declared: str | None = None) -> Survey:
    path.write_bytes(data)
    with opened(path) as content:
        return survey_text(content, MOST, declared)


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n"]), max_size=30), st.integers(1, 5))
def test_line_ends_are_counted_over_blocks(parts: list[bytes], block: int) -> None:
    data, ends = b"".join(parts), surveys._LineEnds()
    for start in range(0, len(data), block):
        ends.see(data[start : start + block])
    lines = data.splitlines(keepends=True)
    crlf = sum(line.endswith(b"\r\n") for line in lines)
    assert ends.counts() == {
        "crlf": crlf,
        "lf": sum(line.endswith(b"\n") for line in lines) - crlf,
        "cr": sum(line.endswith(b"\r") for line in lines),
    }


@pytest.mark.parametrize(
    ("data", "newline"),
    [
        (b"", None),
        (b"a", None),
        (b"a\nb\n", "lf"),
        (b"a\r\n", "crlf"),
        (b"a\r", "cr"),
        (b"a\r\nb\n", "mixed"),
    ],
)
def test_the_way_lines_end_has_a_name(tmp_path: Path, data: bytes, newline: str | None) -> None:
    assert surveyed(tmp_path / "a", data).newline == newline


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-be"])
def test_lines_of_wide_texts_are_counted_as_signs_not_as_bytes(tmp_path: Path, encoding: str) -> None:
    """U+0A0D and U+0D0A have the bytes of line ends."""
    text = "id,name\r\n1,\u0a0d\u0d0a\r\n2,x\n" * 9
    found = surveyed(tmp_path / "a", text.encode(encoding))
    assert found.newlines == {"lf": 9, "crlf": 18, "cr": 0}


def test_what_is_declared_is_taken_and_a_contradiction_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert surveyed(path, HEADER + "Иванов".encode("cp1251") * 99, "cp1251").encoding == "cp1251"
    assert surveyed(path, HEADER.decode().encode("utf-32-le"), "utf-32-le").encoding == "utf-32-le"
    assert surveyed(path, HEADER, "utf-8-sig").encoding == "utf-8"
    assert surveyed(path, HEADER.decode().encode("utf-16"), "utf-16").encoding == "utf-16-le"
    for declared, data in (("utf-8", "a".encode("utf-16")), ("latin-1", "ÄÖÜß".encode())):
        with pytest.raises(DataRejectedError, match=rf"^a\.csv: declared as {declared}, but"):
            surveyed(path, data, declared)


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "_HARMLESS", 1 << 20)
    path = tmp_path / "bomb.csv"
    path.write_bytes(gzip.compress(HEADER + b" " * (64 << 20), compresslevel=9))
    for read in (lambda content: survey(content, MOST), lambda content: survey_text(content, MOST, None)):
        with opened(path) as content:
            with pytest.raises(
                DataRejectedError, match=r"^bomb\.csv: [\d,]+ bytes inflate to more than [\d,]+: a bomb"
            ):
                read(content)
            assert content.stream.tell() < 14 << 20  # 200 times the packed
    monkeypatch.setattr(surveys, "_HARMLESS", 65 << 20)
    with opened(path) as content:
        assert survey(content, MOST).bytes == len(HEADER) + (64 << 20)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_more_bytes_than_are_declared_are_not_read(tmp_path: Path, pack: type[bytes], kind: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(pack(HEADER + b"1,2,3,4,5\n"))
    with pytest.raises(DataRejectedError, match=r"^a: more than 35 bytes \(`bounds\.max_bytes`\)$"):
        inspect(path, mapping_of(format={"type": kind}, bounds={"max_bytes": 35}))
    if kind == "csv":
        assert inspect(path, mapping_of(bounds={"max_bytes": 36})).found["bytes"] == 36


def test_a_form_is_told_and_fills_in_what_the_mapping_leaves_open(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "00042;Müller;2026-07-01T10:00:00Z;12.5;7\r\n8;x;2026-07-01;12;\r\n" * 15
    rows = "id;member;at;amount;order\r\n" + rows
    path.write_bytes(gzip.compress(rows.encode("cp1252")))
    facts = inspect(path, mapping_of(optional=["order"]))
    assert facts.found == {
        "format": "csv",
        "compressed": "gzip",
        "bytes": len(rows),
        "encoding": "cp1252",
        "bom": False,
        "delimiter": "semicolon",
        "newline": "crlf",
        "newlines": {"crlf": 31},
        "types": {"id": "text", "member": "text", "at": "time", "amount": "decimal"},
    }
    shape = settled(path, mapping_of()).format
    assert shape == found_format(path, mapping_of()).format == facts.format
    assert shape == mapping_of(format={"type": "csv", "delimiter": ";", "encoding": "cp1252"}).format


def test_a_settled_mapping_is_taken_as_it_is(tmp_path: Path) -> None:
    for shape in ({"type": "csv", "delimiter": ";", "encoding": "cp1252"}, {"type": "parquet"}):
        mapping = mapping_of(format=shape)
        assert settled(tmp_path / "none", mapping) is mapping

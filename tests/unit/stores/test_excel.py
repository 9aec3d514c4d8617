"""Spreadsheets: three writers' files read alike, cells as they are meant, bombs and damage outside of this process.

`spreadsheets/orders.*` hold one table each, by openpyxl, xlwt and odfpy: its header in B3, a blank row among the rows,
formatted emptiness below them.
"""

import gzip
import io
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from laurels.errors import DataRejectedError
from laurels.stores.files import excel
from laurels.stores.files.facts import inspect
from laurels.stores.files.reading import read_records
from models.values.activity import InboxRow, RefusedRow
from models.values.record import Record
from tests.mappings import mapping_of, rows_of, told

FILES = Path(__file__).parent / "spreadsheets"
KINDS = ("xlsx", "xls", "ods")
COLUMNS = ("id", "member", "at", "amount", "order", "note")


def mapping(sheet: str | int = 0, **parts: Any) -> Any:
    shape = {"type": "excel", "sheet": sheet}
    at = {"column": "at", "zone": "America/New_York"}
    return mapping_of(**{"format": shape, "occurred_at": at, "attributes": {"note": "note"}} | parts)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_what_they_mean_and_lines_are_the_sheets(kind: str) -> None:
    at = datetime(2026, 7, 1, 12, 34, 56)  # noqa: DTZ001 - a spreadsheet's times are naive
    found = [one for one in read_records(FILES / f"orders.{kind}", mapping()) if isinstance(one, Record)]
    assert [(one.line, *one.fields.values()) for one in found[:3]] == [
        (4, 1001, "00042", at, 12.5, "o1", True),
        (5, 1002, 43, datetime(2026, 11, 1, 1, 30), 0.1, "o2", None),  # noqa: DTZ001
        (7, 123456789012345, "Müller", date(2026, 7, 2), 30, "o3", "two\nlines"),
    ]
    assert [type(value) for value in found[0].fields.values()] == [int, str, datetime, float, str, bool]
    assert (len(found), found[3].line, found[3].fields["id"]) == (4, 8, "1.23E+15")


@pytest.mark.parametrize("kind", KINDS)
def test_times_go_by_the_mappings_zone_and_ids_that_lost_digits_are_refused(kind: str) -> None:
    rows = [row for row in rows_of(FILES / f"orders.{kind}", mapping()) if isinstance(row, InboxRow)]
    assert [row.event_id for row in rows] == ["1001", "1002", "123456789012345", None]
    assert [row.occurred_at for row in rows] == [
        datetime(2026, 7, 1, 16, 34, 56, tzinfo=UTC),
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),  # the first of two half past ones
        datetime(2026, 7, 2, 4, tzinfo=UTC),
        datetime(2026, 7, 3, 10, tzinfo=UTC),
    ]
    assert [row.amount_minor for row in rows[:3]] == [1250, 10, 3000]
    assert rows[3].problems[0] == "event_id_scientific"


@pytest.mark.parametrize("kind", KINDS)
def test_facts_tell_columns_types_and_the_sheet(kind: str) -> None:
    facts = inspect(FILES / f"orders.{kind}", mapping())
    assert (facts.columns, facts.missing_columns, facts.unknown_columns) == (COLUMNS, (), ())
    types = {
        "id": "text",
        "member": "text",
        "amount": "decimal",
        "order": "text",
        "note": "text",
    }
    size = (FILES / f"orders.{kind}").stat().st_size
    assert facts.found == {"format": "excel", "sheet": "Orders", "bytes": size, "types": types}
    assert inspect(FILES / f"orders.{kind}", mapping("Orders")).columns == COLUMNS
    other = inspect(FILES / f"orders.{kind}", mapping(1))
    assert (other.columns, "id" in other.missing_columns) == (("column 1",), True)
    assert inspect(FILES / f"orders.{kind}", mapping("Empty")).columns == ()
    assert list(read_records(FILES / f"orders.{kind}", mapping("Empty"))) == []


@pytest.mark.parametrize("sheet", ["orders", 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_that_is_not_there_is_told_with_those_that_are(kind: str, sheet: str | int) -> None:
    why = rf"^orders\.{kind}: no sheet {sheet!r} \(there are: Orders, Other, Empty\)$"
    for read in (inspect, lambda *given: list(read_records(*given))):
        with pytest.raises(DataRejectedError, match=why):
            read(FILES / f"orders.{kind}", mapping(sheet))


def test_gzip_is_undone_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress((FILES / "orders.xls").read_bytes()))
    assert list(read_records(path, mapping())) == list(read_records(FILES / "orders.xls", mapping()))
    assert inspect(path, mapping()).found["compressed"] == "gzip"
    assert list(tmp_path.iterdir()) == [path]


NAMESPACE = "http://schemas.openxmlformats.org"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{NAMESPACE}/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{NAMESPACE}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{NAMESPACE}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{NAMESPACE}/spreadsheetml/2006/main" '
    f'xmlns:r="{NAMESPACE}/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{NAMESPACE}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{NAMESPACE}/officeDocument/2006/relationships/worksheet" Target="worksheets/s.xml"/></Relationships>',
}


def workbook(path: Path, rows: str) -> Path:
    """An .xlsx with one sheet of these rows in XML, as no program would write them."""
    sheet = (
        f'<worksheet xmlns="{NAMESPACE}/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    )
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, text in (PARTS | {"xl/worksheets/s.xml": sheet}).items():
            archive.writestr(name, text)
    return path


def row(number: int, *cells: str) -> str:
    named = (f'<c r="{chr(65 + at)}{number}" {cell}</c>' for at, cell in enumerate(cells))
    return f'<row r="{number}">{"".join(named)}</row>'


def text(value: str) -> str:
    return f't="inlineStr"><is><t>{value}</t></is>'


def test_formulas_give_their_values_and_errors_none(tmp_path: Path) -> None:
    cells = ["><f>1+1</f><v>2</v>", "><f>A1</f>", 't="e"><v>#REF!</v>', "><v>1234567890123456789</v>"]
    path = workbook(tmp_path / "a.xlsx", row(1, *map(text, "abcd")) + row(2, *cells))
    assert list(read_records(path, mapping())) == [
        Record(2, {"a": 2, "b": None, "c": None, "d": 1234567890123456789.0})
    ]
    ids = mapping(id={"column": "d"}, member={"column": "a"})
    (found,) = rows_of(path, ids)
    assert isinstance(found, InboxRow)
    assert (found.event_id, found.problems[0]) == (None, "event_id_scientific")


def test_rows_that_cannot_be_kept_are_refused_in_their_place(tmp_path: Path) -> None:
    wide = "x" * (1 << 20)
    rows = [
        row(1, *map(text, "abcde")),
        row(3, text(wide + "x")),
        row(5, *[text(wide)] * 5),
        row(6, text("good")),
    ]
    path = workbook(tmp_path / "a.xlsx", "".join(rows))
    assert [one if isinstance(one, RefusedRow) else one.line for one in read_records(path, mapping())] == [
        RefusedRow(3, "field_too_long"),
        RefusedRow(5, "row_too_long"),
        6,
    ]
    path = workbook(tmp_path / "b.xlsx", row(1, *[text(wide)] * 5))
    with pytest.raises(DataRejectedError, match=r"^b\.xlsx:1: the header cannot be read: row_too_long$"):
        inspect(path, mapping())


def test_reading_may_be_left_before_its_end(tmp_path: Path) -> None:
    rows = "".join(row(number, text("x" * 1000)) for number in range(1, 5_000))
    path = workbook(tmp_path / "a.xlsx", rows)
    assert [one.line for one in read_records(path, mapping(bounds={"max_rows": 2}))] == [2, 3, 4]


CORNERS = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def test_a_workbook_that_asks_for_all_memory_costs_a_process_of_its_own(tmp_path: Path) -> None:
    """Its two cells stand in opposite corners: 2^34 cells lie between them."""
    path = workbook(tmp_path / "bomb.xlsx", CORNERS)
    assert path.stat().st_size < 2_000
    with pytest.raises(
        DataRejectedError, match=r"^bomb\.xlsx: it cannot be loaded in 1,536 MB of memory: save"
    ):
        inspect(path, mapping())


def test_a_directory_that_says_too_much_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "INFLATED_LIMIT", 1 << 20)
    path = workbook(tmp_path / "a.xlsx", row(1, text("x" * (1 << 20))))
    with pytest.raises(DataRejectedError, match=r"^a\.xlsx: more than 1 MB when inflated$"):
        inspect(path, mapping())
    path.write_bytes(gzip.compress(bytes(2 << 20)))
    with pytest.raises(DataRejectedError, match=r"^a\.xlsx: more than 1 MB when inflated$"):
        list(read_records(path, mapping()))


def other_zip() -> bytes:
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "text")
    return stream.getvalue()


XLS = (FILES / "orders.xls").read_bytes()
NONE: list[tuple[str, bytes, str]] = [
    ("text", b"id,member\n1,2\n", r"no spreadsheet \(\.xlsx, \.xls or \.ods\)"),
    ("a picture", b"\x89PNG\r\n\x1a\n", r"no spreadsheet \(\.xlsx, \.xls or \.ods\)"),
    ("a ZIP of something else", other_zip(), "no spreadsheet, or a damaged one"),
    ("a ZIP that is cut off", (FILES / "orders.xlsx").read_bytes()[:-99], "no spreadsheet, or a damaged one"),
    ("an old one cut off", XLS[:1024], "no spreadsheet, or a damaged one"),
]


@pytest.mark.parametrize(("data", "why"), [case[1:] for case in NONE], ids=[case[0] for case in NONE])
def test_what_is_no_spreadsheet_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    for read in (inspect, lambda *given: list(read_records(*given))):
        with pytest.raises(DataRejectedError, match=rf"^a\.xlsx: {why}$"):
            read(path, mapping())


def test_a_spreadsheet_under_a_mapping_of_text_is_named() -> None:
    with pytest.raises(
        DataRejectedError,
        match=r"^orders\.xlsx: no text file, .* a spreadsheet: .*says `format: {type: excel}`$",
    ):
        inspect(FILES / "orders.xlsx", mapping_of())


def test_rows_are_told_apart_as_in_any_file(tmp_path: Path) -> None:
    good = ["><v>1</v>", text("m"), text("2026-07-01T10:00:00Z"), "><v>12.505</v>", text("o")]
    rows = row(1, *map(text, ("id", "member", "at", "amount", "order"))) + row(2, *good)
    path = workbook(tmp_path / "a.xlsx", rows)
    assert told(rows_of(path, mapping(attributes=None))) == [(2, "amount_too_precise")]

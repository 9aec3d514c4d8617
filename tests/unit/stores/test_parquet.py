"""Parquet: typed values, rows that cannot be kept, files that are none."""

import gzip
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies

from laurels.errors import DataRejectedError
from laurels.stores.files import parquet, pieces, survey
from laurels.stores.files.columns import column_type
from laurels.stores.files.content import FIELD_LIMIT
from laurels.stores.files.facts import inspect
from laurels.stores.files.reading import read_records
from models.values.activity import RefusedRow
from models.values.mapping import Mapping
from models.values.record import Record
from tests.mappings import mapping_of, rows_of, told

PARQUET = mapping_of(format={"type": "parquet"}, order=None, attributes={"note": "note"})
TYPES = pa.schema(
    [
        ("id", pa.int64()),
        ("member", pa.large_string()),
        ("at", pa.timestamp("ns")),
        ("amount", pa.float64()),
        ("note", pa.string()),
        ("secret", pa.string()),
    ]
)


def written(path: Path, rows: list[dict[str, Any]], schema: pa.Schema = TYPES) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, row_group_size=3)
    return path


def row(**changes: Any) -> dict[str, Any]:
    at = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - Parquet's times may be naive
    return {"id": 1, "member": "007", "at": at, "amount": 12.5, "note": "x", "secret": "s"} | changes


def test_values_are_typed_and_only_declared_columns_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", [row(), row(note=None, amount=None)])
    moment = row()["at"]
    assert list(read_records(path, PARQUET)) == [
        Record(1, {"id": 1, "member": "007", "at": moment, "amount": 12.5, "note": "x"}),
        Record(2, {"id": 1, "member": "007", "at": moment, "amount": None, "note": None}),
    ]


def test_nanoseconds_are_cut_to_microseconds(tmp_path: Path) -> None:
    table = pa.table({"at": pa.array([1_500_000_000_123_456_789], pa.timestamp("ns"))})
    pq.write_table(table, tmp_path / "a.parquet")
    (record,) = read_records(tmp_path / "a.parquet", PARQUET)
    assert isinstance(record, Record)
    assert record.fields["at"] == datetime(2017, 7, 14, 2, 40, 0, 123456)  # noqa: DTZ001


def test_rows_that_postgresql_could_not_keep_are_refused_in_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "BATCH_ROWS", 2)
    notes = ["ok", "a\0b", None, "x" * (FIELD_LIMIT + 1), "x" * FIELD_LIMIT, "last"]
    path = written(tmp_path / "a.parquet", [row(note=note) for note in notes])
    progress: list[int] = []
    found = list(read_records(path, PARQUET, progress.append))
    assert [one for one in found if isinstance(one, RefusedRow)] == [
        RefusedRow(2, "row_nul_byte"),
        RefusedRow(4, "field_too_long"),
    ]
    assert [one.line for one in found] == [1, 2, 3, 4, 5, 6]
    assert progress == sorted(progress)
    assert progress[-1] == path.stat().st_size
    assert len(progress) > 1


def test_texts_by_dictionary_are_looked_at_as_well(tmp_path: Path) -> None:
    schema = pa.schema([("note", pa.dictionary(pa.int32(), pa.string()))])
    path = written(tmp_path / "a.parquet", [{"note": "ok"}, {"note": "a\0b"}], schema)
    assert [type(one) for one in read_records(path, PARQUET)] == [Record, RefusedRow]


def texts(*values: bytes) -> pa.Array:
    return pa.array(values, pa.binary()).view(pa.string())


def times(kind: pa.DataType, *values: int) -> pa.Array:
    return pa.array(values, pa.int64()).view(kind)


BROKEN = texts(b"ok", b"4\xff2", b"ok", b"a\0b", b"ok")
FLAWED: list[tuple[str, pa.Array, list[tuple[int, str]]]] = [
    ("text", BROKEN, [(2, "row_not_text"), (4, "row_nul_byte")]),
    ("dictionary", BROKEN.dictionary_encode(), [(2, "row_not_text"), (4, "row_nul_byte")]),
    ("view", pa.array(["ok", "a\0b"], pa.string_view()), [(2, "row_nul_byte")]),
    (
        "struct",
        pa.StructArray.from_arrays([BROKEN], ["deep"]),
        [(2, "row_not_text"), (4, "row_nul_byte")],
    ),
    (
        "list",
        pa.ListArray.from_arrays(range(6), BROKEN),
        [(2, "row_not_text"), (4, "row_nul_byte")],
    ),
    (
        "map",
        pa.MapArray.from_arrays(range(6), BROKEN, pa.nulls(5, pa.int8())),
        [(2, "row_not_text"), (4, "row_nul_byte")],
    ),
    ("half a pair", texts(b"\xed\xa0\x80", b"ok"), [(1, "row_not_text")]),
    ("long text inside", pa.array([["x" * (FIELD_LIMIT + 1)], ["ok"], None]), [(1, "field_too_long")]),
    ("year 10000", times(pa.timestamp("us"), 0, 253402300800_000000), [(2, "value_unreadable")]),
    ("year 0", times(pa.timestamp("ms", "UTC"), 0, -62135596800_001), [(2, "value_unreadable")]),
    # In microseconds 2^64 more, that is a day of 1970 again.
    ("wrapped round", times(pa.timestamp("ms"), 0, 18446744073709552), [(2, "value_unreadable")]),
    ("date", pa.array([0, 3_000_000], pa.int32()).view(pa.date32()), [(2, "value_unreadable")]),
    ("time inside", pa.array([[2**62], [0]], pa.list_(pa.timestamp("us"))), [(1, "value_unreadable")]),
    ("no such zone", times(pa.timestamp("us", "Nowhere/Land"), 0), [(1, "value_unreadable")]),
]


@pytest.mark.parametrize(
    ("column", "refused"), [case[1:] for case in FLAWED], ids=[case[0] for case in FLAWED]
)
def test_a_value_that_python_or_postgresql_does_not_have_costs_its_row_only(
    tmp_path: Path, column: pa.Array, refused: list[tuple[int, str]]
) -> None:
    pq.write_table(pa.table({"note": column}), tmp_path / "a.parquet")
    found = list(read_records(tmp_path / "a.parquet", PARQUET))
    assert [(one.line, one.reason) for one in found if isinstance(one, RefusedRow)] == refused
    assert [one.line for one in found] == list(range(1, len(column) + 1))


@pytest.mark.parametrize("name", [b"no\xffe", b"no\0e"])
def test_a_column_whose_name_is_no_text_refuses_the_file(tmp_path: Path, name: bytes) -> None:
    path = written(tmp_path / "a.parquet", [row()])
    path.write_bytes(path.read_bytes().replace(b"note", name))
    for read in refusals(path, PARQUET):
        with pytest.raises(DataRejectedError, match=r"^a\.parquet: a column's name cannot be read"):
            read()


TYPED: list[tuple[pa.DataType, str, Any, str]] = [
    (pa.timestamp("us", tz="UTC"), "at", datetime(2026, 7, 1, 12, tzinfo=UTC), "ok"),
    (pa.timestamp("ms"), "at", datetime(2026, 7, 1, 12), "time_without_zone"),  # noqa: DTZ001
    (pa.date32(), "at", date(2026, 7, 1), "time_without_zone"),
    (pa.decimal128(9, 2), "amount", Decimal("12.50"), "ok"),
    (pa.int64(), "amount", 12, "ok"),
    (pa.float32(), "amount", 0.1, "amount_too_precise"),
    (pa.float64(), "amount", float("nan"), "amount_not_a_number"),
    (pa.float64(), "member", 7.0, "member_id_scientific"),
    (pa.bool_(), "member", True, "member_id_unreadable"),
    (pa.binary(), "member", b"7", "member_id_unreadable"),
    (pa.list_(pa.int64()), "amount", [1], "amount_unreadable"),
]


@pytest.mark.parametrize(("kind", "column", "value", "expected"), TYPED)
def test_every_type_is_read_or_named(
    tmp_path: Path, kind: pa.DataType, column: str, value: Any, expected: str
) -> None:
    good = {"id": 1, "member": "7", "at": datetime(2026, 7, 1, 12, tzinfo=UTC), "amount": 12.5}
    types = {
        "id": pa.int64(),
        "member": pa.string(),
        "at": pa.timestamp("us", tz="UTC"),
        "amount": pa.float64(),
    }
    schema = pa.schema([(name, kind if name == column else of) for name, of in types.items()])
    path = written(tmp_path / "a.parquet", [good | {column: value}], schema)
    mapping = mapping_of(format={"type": "parquet"}, order=None)
    assert told(rows_of(path, mapping)) == [(1, expected)]


def test_a_path_leads_into_structs(tmp_path: Path) -> None:
    schema = pa.schema([("who", pa.struct([("id", pa.int64())]))])
    path = written(tmp_path / "a.parquet", [{"who": {"id": 7}}, {"who": None}], schema)
    mapping = mapping_of(
        format={"type": "parquet"}, member={"column": "who.id"}, optional=["id", "at", "amount", "order"]
    )
    assert [list(one.fields) for one in read_records(path, mapping) if isinstance(one, Record)] == [
        ["who"],
        ["who"],
    ]
    assert [row.problems[-1] for row in rows_of(path, mapping)] == ["time_missing", "member_id_missing"]  # type: ignore[union-attr]
    assert inspect(path, mapping).missing_columns == ()


def test_facts_name_rows_and_columns(tmp_path: Path) -> None:
    facts = inspect(written(tmp_path / "a.parquet", [row()] * 7), PARQUET)
    assert (facts.rows, facts.missing_columns, facts.unknown_columns) == (7, (), ("secret",))
    types = {"id": "integer", "at": "time", "amount": "decimal", "note": "text", "member": "text"}
    size = (tmp_path / "a.parquet").stat().st_size
    assert facts.found == {"format": "parquet", "bytes": size, "types": types}
    none = mapping_of(format={"type": "parquet"})
    assert inspect(tmp_path / "a.parquet", none).missing_columns == ("order",)


def refusals(path: Path, mapping: Mapping) -> Any:
    yield lambda: inspect(path, mapping)
    yield lambda: list(read_records(path, mapping))


@pytest.mark.parametrize("content", [b"id,member\n1,2\n", b"PAR1 and no more", b"PAR1" * 100])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    for read in refusals(path, PARQUET):
        with pytest.raises(DataRejectedError, match=r"^a\.parquet: (no|damaged) Parquet"):
            read()


def test_damage_inside_is_found_while_reading(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", [row(note=f"note {n}" * 50) for n in range(2000)])
    content = bytearray(path.read_bytes())
    content[2000 : len(content) // 2] = b"\xff" * (len(content) // 2 - 2000)
    path.write_bytes(content)
    with pytest.raises(DataRejectedError, match=r"^a\.parquet: "):
        list(read_records(path, PARQUET))


def test_gzip_is_undone_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plain = written(tmp_path / "a.parquet", [row(id=n) for n in range(9)])
    packed = tmp_path / "b.parquet.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    progress: list[int] = []
    assert list(read_records(packed, PARQUET, progress.append)) == list(read_records(plain, PARQUET))
    assert progress[-1] == packed.stat().st_size
    one, other = inspect(plain, PARQUET), inspect(packed, PARQUET)
    assert (other.rows, other.columns, other.content_sha256) == (9, one.columns, one.sha256)
    assert sorted(tmp_path.iterdir()) == [plain, packed]


def test_row_groups_that_inflate_to_more_than_they_may_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of one sign over and over, not by dictionary: packed a thousand times smaller."""
    path = tmp_path / "a.parquet"
    table = pa.table({"note": [f"{number:06}" + "x" * 100_000 for number in range(50)]})
    pq.write_table(table, path, use_dictionary=False, compression="zstd", row_group_size=10)
    assert path.stat().st_size < 100_000
    assert inspect(path, PARQUET).rows == 50
    bounded = mapping_of(format={"type": "parquet"}, bounds={"max_bytes": 4_000_000})
    with pytest.raises(
        DataRejectedError, match=r"^a\.parquet: more than 4,000,000 bytes \(`bounds\.max_bytes`\)$"
    ):
        inspect(path, bounded)
    monkeypatch.setattr(survey, "_HARMLESS", 1_000)
    with pytest.raises(DataRejectedError, match=r"^a\.parquet: [\d,]+ bytes inflate to more than .*: a bomb"):
        monkeypatch.setattr(survey, "_RATIO", 10)
        inspect(path, PARQUET)


def test_a_bomb_and_a_cut_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "INFLATED_LIMIT", 8 << 20)
    path = tmp_path / "a.parquet.gz"
    whole = gzip.compress(written(tmp_path / "a.parquet", [row()]).read_bytes())
    for content, why in (
        (gzip.compress(bytes(9 << 20)), "more than 8 MB when inflated"),
        (gzip.compress(bytes(7 << 20)), "no Parquet file, or a damaged one"),
        (whole[:-9], "damaged gzip file"),
        (whole[:99] + b"\0" * 9 + whole[108:], "damaged gzip file"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataRejectedError, match=rf"^a\.parquet\.gz: {why}$"):
            list(read_records(path, PARQUET))


@settings(max_examples=60, deadline=None)
@given(
    strategies.lists(
        strategies.tuples(strategies.integers(0, 4_000), strategies.integers(0, 255)), min_size=1
    )
)
def test_damage_anywhere_costs_rows_or_the_file_and_never_more(damage: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(
            Path(folder) / "a.parquet", [row(id=n, member=f"m{n}", note=f"n{n}") for n in range(9)]
        )
        content = bytearray(path.read_bytes())
        for place, byte in damage:
            content[place % len(content)] = byte
        path.write_bytes(content)
        for read in refusals(path, PARQUET):
            with suppress(DataRejectedError):
                read()


def test_a_page_that_does_not_match_its_checksum_is_damage(tmp_path: Path) -> None:
    path, table = tmp_path / "a.parquet", pa.table({"note": ["honest"]})
    pq.write_table(table, path, use_dictionary=False, write_statistics=False, write_page_checksum=True)
    path.write_bytes(path.read_bytes().replace(b"honest", b"forged", 1))
    with pytest.raises(DataRejectedError, match=r"^a\.parquet: damaged Parquet file$"):
        list(read_records(path, PARQUET))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (pa.int8(), "integer"),
        (pa.decimal128(9, 2), "decimal"),
        (pa.float32(), "decimal"),
        (pa.date32(), "time"),
        (pa.timestamp("ms", "UTC"), "time"),
        (pa.bool_(), "boolean"),
        (pa.list_(pa.int8()), "nested"),
        (pa.dictionary(pa.int8(), pa.int64()), "integer"),
        (pa.large_string(), "text"),
        (pa.binary(), "text"),
    ],
)
def test_types_have_the_words_of_other_formats(kind: pa.DataType, name: str) -> None:
    assert column_type(kind) == name


def test_an_empty_table_has_no_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", [])
    assert list(read_records(path, PARQUET)) == []
    assert inspect(path, PARQUET).rows == 0

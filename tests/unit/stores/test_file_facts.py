"""What is said of a file as a whole."""

import hashlib
from pathlib import Path

import pytest

from laurels.stores.files.facts import inspect
from models.values.record import FileFacts
from tests.mappings import mapping_of

HEADER = b"id,member,at,amount,order\n"
CSV = [
    (HEADER + b"1,2,3,4,5\n", (), (), ()),
    (HEADER, (), (), ()),
    (b"order,at,member,amount,id\n", (), (), ()),
    (b" id , member,at,amount ,order", (), (), ()),
    (b"\xef\xbb\xbf" + HEADER, (), (), ()),
    (b"id,member,time,amount,order,x,y\n", ("at",), ("time", "x", "y"), ()),
    (HEADER.replace(b",", b";"), (), (), ()),
    (
        HEADER.replace(b",", b"~"),
        ("id", "at", "amount", "order", "member"),
        ("column 1",),
        (),
    ),
    (
        b"ID,Member,At,Amount,Order\n",
        ("id", "at", "amount", "order", "member"),
        ("ID", "Member", "At", "Amount", "Order"),
        (),
    ),
    (b"id,member,at,amount,order,,\n", (), ("column 6", "column 7"), ()),  # no name is no name twice
    (b"id,member,at,amount,order,amount,x,x\n", (), ("x",), ("amount", "x")),
    (b"", ("id", "at", "amount", "order", "member"), (), ()),
    (b"\n\n", ("id", "at", "amount", "order", "member"), (), ()),
]


@pytest.mark.parametrize(("data", "missing", "unknown", "duplicate"), CSV)
def test_columns_are_held_against_those_declared(
    tmp_path: Path,
    data: bytes,
    missing: tuple[str, ...],
    unknown: tuple[str, ...],
    duplicate: tuple[str, ...],
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    facts = inspect(path, mapping_of())
    assert (facts.missing_columns, facts.unknown_columns, facts.duplicate_columns) == (
        missing,
        unknown,
        duplicate,
    )
    assert (facts.size, facts.sha256, facts.rows) == (len(data), hashlib.sha256(data).hexdigest(), None)


def test_optional_columns_are_not_missed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,member,at\n")
    assert inspect(path, mapping_of(optional=["amount"])).missing_columns == ("order",)


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    empty = hashlib.sha256(b"").hexdigest()
    declared = ("id", "at", "amount", "order", "member")
    shapes = [{"type": kind} for kind in ("csv", "jsonl", "parquet")]
    for shape in [*shapes, {"type": "csv", "header": False, "columns": ["id"]}]:
        mapping = mapping_of(format=shape)
        facts = inspect(path, mapping)
        found = {"format": shape["type"], "bytes": 0} | (
            {"delimiter": "comma"} if shape["type"] == "csv" else {}
        )
        whole = FileFacts(
            0, empty, empty, (), declared, format=mapping.format, found=found, stamp=facts.stamp
        )
        assert facts == whole


JSON = [
    (b'{"id": 1, "member": 2, "at": 3}\n{"amount": 1, "order": 2, "z": 1}\n', (), ("z",)),
    (b'{"id": 1}\nbroken\n', ("at", "amount", "order", "member"), ()),
    (b"broken\n{broken\n", (), ()),
    (b"\n", (), ()),
    (b"", ("id", "at", "amount", "order", "member"), ()),
]


@pytest.mark.parametrize(("data", "missing", "unknown"), JSON)
def test_json_has_the_columns_of_its_first_records(
    tmp_path: Path, data: bytes, missing: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    facts = inspect(path, mapping_of(format={"type": "jsonl"}))
    assert (facts.missing_columns, facts.unknown_columns) == (missing, unknown)


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        (b'{"who": {"id": {"n": 1}}}', ()),
        (b'{"who": {"id": {"n": null}}}', ()),
        (b'{"who": null}', ()),
        (b'{"who": {"id": null}}', ()),
        (b'{"who.id.n": 1}', ()),
        (b'{"who": {"id": 7}}', ("who.id.n",)),
        (b'{"who": {}}', ("who.id.n",)),
        (b'{"whom": 1}', ("who.id.n",)),
    ],
)
def test_a_path_is_there_if_nulls_alone_cut_it_short(
    tmp_path: Path, record: bytes, missing: tuple[str, ...]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(record)
    mapping = mapping_of(
        format={"type": "jsonl"}, member={"column": "who.id.n"}, optional=["id", "at", "amount", "order"]
    )
    assert inspect(path, mapping).missing_columns == missing

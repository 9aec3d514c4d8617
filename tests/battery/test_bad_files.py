"""Section 10 A and B of the bad-input battery as far as reading goes: a whole file in, a reason for each row out.

The native mappings read them. The gate's part (dates to come, purchases below zero, batches too small) is elsewhere.
"""

import json
from pathlib import Path

import pytest

from laurels.errors import DataRejectedError
from laurels.services.mappings import load_mapping
from laurels.stores.files.facts import inspect
from models.values.activity import InboxRow
from tests.mappings import MAPPINGS, rows_of, told

CSV = load_mapping(MAPPINGS / "activity.yaml")
JSONL = load_mapping(MAPPINGS / "activity-jsonl.yaml")
COLUMNS = (
    "event_id",
    "kind",
    "member_id",
    "occurred_at",
    "amount",
    "currency",
    "order_id",
    "referred_id",
    "verified",
)
GOOD = {
    "event_id": "e1",
    "kind": "purchase",
    "member_id": "00042",
    "occurred_at": "2026-07-01T12:00:00Z",
    "amount": "12.50",
    "currency": "USD",
    "order_id": "o1",
    "referred_id": "",
    "verified": "true",
}
FIRST = ",".join(COLUMNS) + "\n"

CASES: list[tuple[str, dict[str, str], str]] = [
    ("good", {}, "ok"),
    ("decimal comma, quoted", {"amount": '"12,50"'}, "amount_decimal_comma"),
    ("decimal comma, bare", {"amount": "12,50"}, "row_ragged"),
    ("exponent in an amount", {"amount": "1e3"}, "amount_unreadable"),
    ("nine decimals", {"amount": "12.123456789"}, "amount_too_precise"),
    ("trailing zeros", {"amount": "12.500000000"}, "ok"),
    ("decimals of a yen", {"currency": "JPY"}, "amount_too_precise"),
    ("three decimals of a dinar", {"amount": "12.345", "currency": "KWD"}, "ok"),
    ("NaN", {"amount": "NaN"}, "amount_not_a_number"),
    ("infinity", {"amount": "-inf"}, "amount_not_a_number"),
    ("beyond 2^43", {"amount": "87960930222.09"}, "amount_out_of_range"),
    ("a currency sign", {"amount": "€12.50"}, "amount_unreadable"),
    ("a formula", {"amount": "=SUM(A1:A9)"}, "amount_unreadable"),
    ("unknown currency", {"currency": "XXX"}, "currency_unknown"),
    ("currency not accepted", {"currency": "RUB"}, "currency_unknown"),
    ("no currency", {"currency": ""}, "currency_missing"),
    ("negative purchase (the gate's)", {"amount": "-12.50"}, "ok"),
    ("time to come (the gate's)", {"occurred_at": "2099-01-01T00:00:00Z"}, "ok"),
    ("naive time", {"occurred_at": "2026-07-01 12:00:00"}, "time_without_zone"),
    ("ambiguous date", {"occurred_at": "01/02/2026"}, "time_unreadable"),
    ("no such day", {"occurred_at": "2026-02-29T00:00:00Z"}, "time_unreadable"),
    ("spreadsheet serial date", {"occurred_at": "46204.5"}, "time_unreadable"),
    ("before 1970", {"occurred_at": "1900-01-01T00:00:00Z"}, "time_out_of_range"),
    ("after 2100", {"occurred_at": "9999-12-31T23:59:59Z"}, "time_out_of_range"),
    ("no time", {"occurred_at": ""}, "time_missing"),
    ("member through a spreadsheet", {"member_id": "1.23E+15"}, "member_id_scientific"),
    ("order through a spreadsheet", {"order_id": "4.50789E+08"}, "order_id_scientific"),
    ("event through a spreadsheet", {"event_id": "1E+21"}, "event_id_scientific"),
    ("referred through a spreadsheet", {"referred_id": "12345.0"}, "referred_id_scientific"),
    ("no member", {"member_id": "  "}, "member_id_missing"),
    ("no event id", {"event_id": ""}, "event_id_missing"),
    ("unknown kind", {"kind": "gift"}, "kind_unknown"),
    ("no kind", {"kind": ""}, "kind_missing"),
    ("all empty", dict.fromkeys(GOOD, ""), "event_id_missing+kind_missing+time_missing+member_id_missing"),
    ("one field too few", {"verified": "\b"}, "row_ragged"),
    ("NUL", {"member_id": "4\0002"}, "row_nul_byte"),
    ("undecodable", {"member_id": "4\udcff2"}, "row_not_text"),
    ("broken quotes", {"member_id": '"4"2'}, "row_quoting"),
    ("a field of 1 MB and more", {"member_id": "4" * (1 << 20) + "2"}, "field_too_long"),
    ("a row of 50 MB", {"member_id": "4" * (50 << 20)}, "row_too_long"),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_bad_csv_row_has_its_line_and_reason_and_the_rest_goes_on(
    tmp_path: Path, changes: dict[str, str], expected: str
) -> None:
    good = ",".join(GOOD.values()) + "\n"
    bad = ",".join((GOOD | changes).values()).replace(",\b", "") + "\n"
    path = tmp_path / "a.csv"
    path.write_bytes((FIRST + good + bad + good).encode(errors="surrogateescape"))
    assert inspect(path, CSV).missing_columns == ()
    assert told(rows_of(path, CSV)) == [(2, "ok"), (3, expected), (4, "ok")]


BODIES: list[tuple[str, bytes, str]] = [
    ("null", b"null", "json_not_an_object"),
    ("an empty object", b"{}", "event_id_missing+kind_missing+time_missing+member_id_missing"),
    ("cut off", json.dumps(GOOD).encode()[:-9], "json_broken"),
    ("NaN", json.dumps(GOOD | {"amount": float("nan")}).encode(), "json_not_finite"),
    ("1e400", json.dumps(GOOD).replace('"12.50"', "1e400").encode(), "amount_out_of_range"),
    ("exact number", json.dumps(GOOD).replace('"12.50"', "12.50").encode(), "ok"),
    ("too exact a number", json.dumps(GOOD).replace('"12.50"', "12.505").encode(), "amount_too_precise"),
    ("invalid UTF-8", json.dumps(GOOD).encode().replace(b"00042", b"\xc3("), "row_not_text"),
    ("half a pair", json.dumps(GOOD).encode().replace(b"00042", b"\\ud800"), "row_not_text"),
    ("NUL", json.dumps(GOOD).encode().replace(b"00042", b"\\u0000"), "row_nul_byte"),
    ("total 12,50", json.dumps(GOOD | {"amount": "12,50"}).encode(), "amount_decimal_comma"),
    ("total 1e3", json.dumps(GOOD | {"amount": "1e3"}).encode(), "amount_unreadable"),
    ("amount true", json.dumps(GOOD | {"amount": True}).encode(), "amount_unreadable"),
    ("a list for an id", json.dumps(GOOD | {"member_id": ["42"]}).encode(), "member_id_unreadable"),
    ("a float for an id", json.dumps(GOOD | {"member_id": 1.0}).encode(), "member_id_scientific"),
    ("verified, as JSON has it", json.dumps(GOOD | {"verified": True}).encode(), "ok"),
    ("twice a key", json.dumps(GOOD).replace('"order_id"', '"member_id"').encode(), "json_duplicate_key"),
]


@pytest.mark.parametrize(
    ("line", "expected"), [body[1:] for body in BODIES], ids=[body[0] for body in BODIES]
)
def test_a_bad_json_line_has_its_line_and_reason_and_the_rest_goes_on(
    tmp_path: Path, line: bytes, expected: str
) -> None:
    good = json.dumps(GOOD).encode()
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([good, line, good]))
    assert told(rows_of(path, JSONL)) == [(1, "ok"), (2, expected), (3, "ok")]


def test_an_id_is_the_same_as_number_and_as_text_and_another_in_another_shop(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(GOOD | {"member_id": member}) for member in ("42", 42, "042")))
    one, two, other = (row.member_id for row in rows_of(path, JSONL) if isinstance(row, InboxRow))
    assert one == two != other


FILES: list[tuple[str, bytes, tuple[str, ...], list[tuple[int, str]]]] = [
    ("empty", b"", ("event_id", "kind", "occurred_at", "member_id"), []),
    ("header only", FIRST.encode(), (), []),
    (
        "another delimiter",
        (FIRST + ",".join(GOOD.values())).replace(",", ";").encode(),
        (),
        [(2, "ok")],
    ),
    (
        "no delimiter that is known",
        (FIRST + ",".join(GOOD.values())).replace(",", "~").encode(),
        ("event_id", "kind", "occurred_at", "member_id"),
        [(2, "event_id_missing+kind_missing+time_missing+member_id_missing")],
    ),
    (
        "column renamed",
        (FIRST.replace("member_id", "client") + ",".join(GOOD.values())).encode(),
        ("member_id",),
        [(2, "member_id_missing")],
    ),
    (
        "columns turned round",
        ",".join(reversed(COLUMNS)).encode() + b"\n" + ",".join(reversed(GOOD.values())).encode(),
        (),
        [(2, "ok")],
    ),
    (
        "CRLF and CR mixed",
        (FIRST + ",".join(GOOD.values())).replace("\n", "\r\n").encode()
        + b"\r"
        + ",".join(GOOD.values()).encode(),
        (),
        [(2, "ok"), (3, "ok")],
    ),
]


@pytest.mark.parametrize(
    ("data", "missing", "rows"), [case[1:] for case in FILES], ids=[case[0] for case in FILES]
)
def test_a_file_that_is_wrong_as_a_whole_shows_in_its_facts(
    tmp_path: Path, data: bytes, missing: tuple[str, ...], rows: list[tuple[int, str]]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    assert inspect(path, CSV).missing_columns == missing
    assert told(rows_of(path, CSV)) == rows


def test_columns_nobody_declared_are_named_and_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{FIRST.strip()},card_number\n{','.join(GOOD.values())},4242424242424242\n")
    assert inspect(path, CSV).unknown_columns == ("card_number",)
    assert "4242424242424242" not in repr(rows_of(path, CSV))


@pytest.mark.parametrize(
    ("encoding", "stated", "bom"),
    [
        ("utf-8", "utf-8", False),
        ("utf-8-sig", "utf-8", True),
        ("utf-16", "utf-16-le", True),
        ("utf-16-le", "utf-16-le", False),
        ("utf-16-be", "utf-16-be", False),
        ("utf-32", "utf-32-le", True),
        ("latin-1", "cp1252", False),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_file_in_any_common_writing_is_the_same_rows_and_says_how_it_is_written(
    tmp_path: Path, encoding: str, stated: str, bom: bool, line_end: str, delimiter: str
) -> None:
    """A quoted text over two lines and a broken row among good ones: each keeps its line."""
    named = GOOD | {"member_id": "Müller-Lüdenscheidt"}
    rows = [[*named.values()], ['"two\nlines"', *[*named.values()][1:]], ["ragged"], [*named.values()]]
    text = "\n".join(delimiter.join(row) for row in [COLUMNS, *rows]) + "\n"
    path = tmp_path / "a.csv"
    path.write_bytes(text.replace("\n", line_end).encode(encoding))
    facts = inspect(path, CSV)
    assert (facts.missing_columns, facts.found["encoding"], facts.found["bom"]) == ((), stated, bom)
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
    ends = {"\n": "lf", "\r\n": "crlf", "\r": "cr"}
    assert (facts.found["delimiter"], facts.found["newline"]) == (names[delimiter], ends[line_end])
    assert facts.found["newlines"] == {ends[line_end]: 6}
    found = rows_of(path, CSV)
    assert told(found) == [(2, "ok"), (3, "ok"), (5, "row_ragged"), (6, "ok")]
    assert [row.person["external_id"] for row in found if isinstance(row, InboxRow)] == [
        named["member_id"]
    ] * 3


MIXED = (",".join(COLUMNS) + "\n").encode() + b"".join(
    (",".join((GOOD | {"event_id": f"e{n}", "member_id": "müller"}).values()) + "\n").encode(
        "utf-8" if n == 200 else "cp1252"
    )
    for n in range(201)
)


def test_a_file_that_mixes_two_encodings_gives_no_member_the_points_of_another(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(MIXED)
    why = r"^a\.csv: mixes Windows-1252 and UTF-8: .* `encoding: cp1252` .* `encoding: utf-8`"
    for read in (inspect, rows_of):
        with pytest.raises(DataRejectedError, match=why):
            read(path, CSV)
    declared = {"type": "csv", "encoding": "cp1252"}
    one = rows_of(path, CSV.model_copy(update={"format": CSV.format.model_validate(declared)}))
    names = [row.person["external_id"] for row in one if isinstance(row, InboxRow)]
    assert names == ["müller"] * 200 + ["mÃ¼ller"]
    declared["encoding"] = "utf-8"
    other = told(rows_of(path, CSV.model_copy(update={"format": CSV.format.model_validate(declared)})))
    assert other == [(line, "row_not_text") for line in range(2, 202)] + [(202, "ok")]


UNSAID: list[tuple[str, bytes, str]] = [
    (
        "a picture called .csv",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
        "no text file, it looks like a PNG",
    ),
    ("no text at all", bytes(5_000), "full of NUL bytes .*declare its `encoding`"),
    ("Cyrillic in a code page", FIRST.encode() + "Иванов,".encode("cp1251") * 99, "declare `encoding`"),
]


@pytest.mark.parametrize(("data", "why"), [case[1:] for case in UNSAID], ids=[case[0] for case in UNSAID])
def test_what_cannot_be_told_is_refused_and_says_what_to_declare(
    tmp_path: Path, data: bytes, why: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(DataRejectedError, match=rf"^a\.csv: .*{why}"):
        inspect(path, CSV)

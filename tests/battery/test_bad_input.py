"""Section 10 of the batteries end to end, by `laurels ingest` on real servers.

Whatever is in a file: it says which line is wrong and why, or why the whole file is; what is good in it counts to
the point; nothing of what is bad earns, ranks, or is told to anybody.
"""

import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from laurels.services import versions
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from tests.battery.bad_input import (
    BAD,
    COLUMNS,
    HEADER,
    POINTS,
    PURCHASE,
    REFERRAL,
    Shop,
    around,
    csv_row,
    effects,
    laurels,
    one_runtime,
    printed,
)
from tests.battery.gate_rows import ask, one
from tests.runtimes import fresh_runtime

SUMMER = Path("deployments/programs/summer-race.yaml")
JUNE = datetime(2026, 6, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared(settings: Settings, template: None) -> Iterator[Runtime]:
    with fresh_runtime(settings, as_of=JUNE, actor="ann") as runtime:
        versions.apply_program(runtime, SUMMER, actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC))
        with one_runtime(runtime):
            yield runtime


@pytest.fixture
def shop(shared: Runtime, tmp_path: Path) -> Shop:
    return Shop(tmp_path.name, shared, tmp_path)


ROWS: list[tuple[str, dict[str, str], str]] = [
    ("a member through a spreadsheet", {"member_id": "1.23E+15"}, "member_id_scientific"),
    ("an event through a spreadsheet", {"event_id": "1.23E+15"}, "event_id_scientific"),
    ("an order through a spreadsheet", {"order_id": "1.23E+15"}, "order_id_scientific"),
    ("no zone, none declared", {"occurred_at": "2026-06-10 12:00:00"}, "time_without_zone"),
    ("an offset that is none", {"occurred_at": "2026-06-10T12:00:00+25:99"}, "time_unreadable"),
    ("2099", {"occurred_at": "2099-01-01T00:00:00Z"}, "time_in_future"),
    ("6 minutes from now", {"occurred_at": "2026-06-20T12:06:00Z"}, "time_in_future"),
    ("before 1970", {"occurred_at": "1969-12-31T23:59:59Z"}, "time_out_of_range"),
    ("decimal comma, quoted", {"amount": '"12,50"'}, "amount_decimal_comma"),
    ("decimal comma, bare", {"amount": "12,50"}, "row_ragged"),
    ("NaN", {"amount": "NaN"}, "amount_not_a_number"),
    ("Infinity", {"amount": "Infinity"}, "amount_not_a_number"),
    ("1e400", {"amount": "1e400"}, "amount_unreadable"),
    ("below zero", {"amount": "-12.50"}, "purchase_negative"),
    ("no amount", {"amount": ""}, "amount_missing"),
    ("unknown currency", {"currency": "XYZ"}, "currency_unknown"),
    ("a formula for an amount", {"amount": "=1+1"}, "amount_unreadable"),
    ("a formula for a time", {"occurred_at": "=NOW()"}, "time_unreadable"),
    ("a refund of no order", {"kind": "refund", "order_id": ""}, "refund_without_order"),
    ("a refund that takes", {"kind": "refund", "amount": "-1.00"}, "refund_not_positive"),
    (
        "a referral of oneself",
        {"kind": "referral", "referred_id": "00666", "verified": "true"},
        "self_referral",
    ),
    ("a field too many", {"channel": "web,web"}, "row_ragged"),
    ("broken quotes", {"channel": '"we"b'}, "row_quoting"),
    ("a NUL", {"channel": "we\0b"}, "row_nul_byte"),
    ("invalid UTF-8", {"channel": "w\udcffb"}, "row_not_text"),
    ("a lone surrogate", {"channel": "\ud800"}, "row_not_text"),
    ("one field of 2 MB", {"channel": "w" * (2 << 20)}, "field_too_long"),
    ("one line of 5 MB", {"channel": "w" * (5 << 20)}, "row_too_long"),
]


@pytest.mark.parametrize(("changes", "reason"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_bad_row_is_named_with_its_line_and_the_good_ones_count(
    shop: Shop, changes: dict[str, str], reason: str
) -> None:
    bad = csv_row(BAD | changes)
    errors = "surrogatepass" if "\ud800" in bad else "surrogateescape"
    result = shop.ingest("a.csv", around(bad.encode(errors=errors)))
    assert result.exit_code == 7
    assert printed(result) == [(3, reason)]
    assert "In quarantine (a.csv)" in result.stdout
    assert shop.refused() == {("a.csv", 3): [reason]}
    assert shop.points() == {("a.csv", 2): POINTS[0], ("a.csv", 4): POINTS[1]}
    assert shop.effects_of("00666") == {}
    assert shop.effects_of("00042")["ledger_entry"] == 2


WHOLE: list[tuple[str, bytes, list[str]]] = [
    ("empty", b"", ["empty_file", "missing_column"]),
    ("blank lines only", b"\r\n\n", ["empty_file", "missing_column"]),
    ("header only", HEADER.encode(), ["no_rows"]),
    ("a delimiter nobody knows", around("").replace(b",", b"~"), ["missing_column"]),
    ("no member column", around("").replace(b"member_id", b"client"), ["missing_column"]),
    ("amount twice", around("", header=HEADER.replace("channel", "amount")), ["duplicate_column"]),
    ("mostly ragged", around("1,2\n" * 3), ["too_many_refused"]),
    ("one row over and over", around(csv_row(PURCHASE) * 9), ["too_many_duplicates"]),
]


@pytest.mark.parametrize(("data", "reasons"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_a_file_that_is_wrong_as_a_whole_is_held_and_nothing_of_it_counts(
    shop: Shop, data: bytes, reasons: list[str]
) -> None:
    before = effects(shop.runtime)
    result = shop.ingest("a.csv", data)
    assert result.exit_code == 4
    assert "laurels: a.csv is held: " + ", ".join(reasons) in result.stderr
    assert "HELD for " + ", ".join(reasons) in result.stdout
    found = json.loads(laurels("intake", "list", "--json").stdout)
    (intake,) = [file for file in found if file["source"] == shop.name]
    assert (intake["name"], intake["state"], intake["reasons"]) == ("a.csv", "held", reasons)
    assert effects(shop.runtime) == before
    assert laurels("run").exit_code == 0  # and the next that works the inbox off leaves it alone
    assert effects(shop.runtime) == before


def test_the_columns_that_are_missing_and_those_that_are_there_twice_are_named(shop: Shop) -> None:
    missing = shop.ingest("a.csv", around("").replace(b"member_id", b"client"))
    assert "missing columns: member_id" in missing.stdout
    assert "not in the mapping, so not kept: client" in missing.stdout
    twice = shop.ingest("b.csv", around("", header=HEADER.replace("channel", "amount")))
    assert "columns that are there twice: amount" in twice.stdout
    number = json.loads(laurels("intake", "list", "--json").stdout)[0]["intake_id"]
    released = laurels("intake", "release", number)
    assert released.exit_code == 3
    assert f"intake {number} was not read whole (amount twice)" in released.stderr


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))
UNREADABLE: list[tuple[str, str, bytes | None, str]] = [
    ("a picture called csv", "a.csv", PNG, "a.csv: no text file, it looks like a PNG picture"),
    ("NUL bytes", "a.csv", bytes(5000), "a.csv: no text file, it is full of NUL bytes"),
    (
        "gzip of a picture",
        "a.csv.gz",
        gzip.compress(PNG),
        "a.csv.gz: no text file, it looks like a PNG picture",
    ),
    ("called gzip, half way", "a.csv.gz", gzip.compress(around(""))[:-20], "a.csv.gz: damaged gzip file"),
    (
        "gzip with a false checksum",
        "a.csv",
        gzip.compress(around(""))[:-8] + bytes(8),
        "a.csv: damaged gzip file",
    ),
    ("gzip's first bytes, then garbage", "a.csv", b"\x1f\x8b" + bytes(range(99)), "a.csv: damaged gzip file"),
    (
        "Cyrillic, not said to be",
        "a.csv",
        HEADER.encode() + b"\xc8\xe2\xe0\xed\n" * 99,
        "a.csv: its encoding cannot be told",
    ),
    (
        "a header that is no text",
        "a.csv",
        around("", header="\n").replace(b"\n", b",\xff\n", 1),
        "a.csv:1: the header",
    ),
    ("a folder", ".", None, ": not a file"),
    ("nothing", "gone.csv", None, "gone.csv: No such file or directory"),
]


@pytest.mark.parametrize(
    ("name", "data", "words"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE]
)
def test_what_is_no_file_of_rows_is_refused_in_one_line_and_leaves_no_trace(
    shop: Shop, name: str, data: bytes | None, words: str
) -> None:
    before = effects(shop.runtime)
    result = shop.ingest(name, data)
    assert result.exit_code == 4
    (said,) = result.stderr.splitlines()
    assert words in said
    assert str(shop.folder) not in said  # a path of this machine is nobody's business
    assert effects(shop.runtime) == before
    assert one(shop.runtime, "select count(*) from intake where source = %s", shop.name) == 0


GOOD_CSV: list[tuple[str, bytes]] = [
    ("BOM", b"\xef\xbb\xbf" + around("")),
    ("CRLF", around("").replace(b"\n", b"\r\n")),
    ("CR", around("").replace(b"\n", b"\r")),
    ("semicolons", around("").replace(b",", b";")),
    ("UTF-16", around("").decode().encode("utf-16")),
    ("UTF-16 without its mark", around("").decode().encode("utf-16-be")),
    ("ends mixed, none at the end", around("").replace(b"\n", b"\r\n", 1).rstrip()),
    ("gzip", gzip.compress(around(""))),
    (
        "everything quoted",
        "".join('"' + r.replace(",", '","') + '"\n' for r in around("").decode().split()).encode(),
    ),
    ("spaces around names", around("", header=HEADER.replace(",", " , "))),
]


@pytest.mark.parametrize("data", [case[1] for case in GOOD_CSV], ids=[case[0] for case in GOOD_CSV])
def test_the_ways_in_which_csv_is_written_make_no_difference(shop: Shop, data: bytes) -> None:
    result = shop.ingest("a.csv", data)
    assert (result.exit_code, printed(result)) == (0, [])
    assert list(shop.points().values()) == list(POINTS)
    again = shop.ingest("plain.csv", around(""), "--json")
    assert json.loads(again.stdout)["intake"]["duplicates"] == 2  # the very same events
    same = gzip.decompress(data) == around("") if data.startswith(b"\x1f\x8b") else data == around("")
    assert again.exit_code == (0 if same else 4)  # all of a new file known: somebody should look
    assert list(shop.points().values()) == list(POINTS)


def test_quotes_over_lines_are_one_row_and_a_formula_in_a_text_stays_a_text(shop: Shop) -> None:
    note, formula = '"over\nthree\nlines"', "=cmd|' /C calc'!A0"
    rows = csv_row(PURCHASE | {"channel": note}) + csv_row(BAD | {"amount": "NaN"})
    rows += csv_row(REFERRAL | {"channel": formula})
    result = shop.ingest("a.csv", (HEADER + rows).encode())
    assert (result.exit_code, printed(result)) == (7, [(5, "amount_not_a_number")])
    assert shop.points() == {("a.csv", 2): POINTS[0], ("a.csv", 6): POINTS[1]}
    kept = ask(
        shop.runtime,
        "select p.raw->>'channel' from payload p join inbox_key k using (key) join intake t on t.id = k.intake_id "
        "where t.source = %s and p.raw ? 'channel' order by k.line",
        shop.name,
    )
    assert [text for (text,) in kept] == [note.strip('"'), formula]


def test_columns_that_nobody_declared_are_named_and_kept_nowhere(shop: Shop) -> None:
    lines = around("").decode().split()
    data = "\n".join([lines[0] + ",card_number", *(f"{line},4242424242424242" for line in lines[1:])])
    result = shop.ingest("a.csv", data.encode())
    assert result.exit_code == 0
    assert "not in the mapping, so not kept: card_number" in result.stdout
    assert list(shop.points().values()) == list(POINTS)
    for table in ("payload", "intake", "inbox_key", "quarantined_row"):
        assert (
            one(shop.runtime, f"select count(*) from {table} t where t::text like '%%4242424242424242%%'")
            == 0
        )


def test_of_rows_that_are_all_nulls_each_is_named_and_the_one_that_is_not_counts(shop: Shop) -> None:
    nulls = "," * (len(COLUMNS) - 1) + "\n"
    result = shop.ingest("a.csv", (HEADER + nulls * 60 + csv_row(PURCHASE) + nulls * 39).encode())
    assert result.exit_code == 7
    assert "99 quarantined" in result.stdout
    refused = shop.refused()
    assert set(refused) == {("a.csv", line) for line in range(2, 102)} - {("a.csv", 62)}
    assert {tuple(sorted(reasons)) for reasons in refused.values()} == {
        ("event_id_missing", "kind_missing", "member_id_missing", "time_missing")
    }
    assert shop.points() == {("a.csv", 62): POINTS[0]}


def test_the_first_second_of_1970_is_a_time_and_earns_nothing_for_no_program_was_there(shop: Shop) -> None:
    result = shop.ingest("a.csv", around(csv_row(BAD | {"occurred_at": "1970-01-01T00:00:00Z"})))
    assert result.exit_code == 0
    assert set(shop.points()) == {("a.csv", 2), ("a.csv", 4)}
    assert shop.effects_of("00666") == {"activity": 1}


def test_the_same_id_with_the_same_content_is_counted_once(shop: Shop) -> None:
    result = shop.ingest("a.csv", around(csv_row(PURCHASE)))
    assert result.exit_code == 0
    assert "a.csv: 3 rows: 2 accepted, 1 duplicates, 0 conflicts, 0 refused" in result.stdout
    assert shop.refused() == {}
    assert sum(shop.points().values()) == sum(POINTS)


def test_the_same_id_with_other_content_is_a_conflict_and_the_first_one_stands(shop: Shop) -> None:
    other = csv_row(PURCHASE | {"amount": "9000.00", "member_id": "00666"})
    first = shop.ingest("a.csv", around(other))
    assert (first.exit_code, printed(first)) == (7, [(3, "conflict")])
    third = csv_row(PURCHASE | {"amount": "1.00"})
    rows = csv_row(BAD) + third + csv_row(BAD | {"event_id": "b2"}) + other
    later = shop.ingest("b.csv", (HEADER + rows).encode())
    assert (later.exit_code, printed(later)) == (7, [(3, "conflict")])
    assert (
        "4 rows: 2 accepted, 0 duplicates, 2 conflicts" in later.stdout
    )  # one of them is in quarantine already
    assert shop.refused() == {("a.csv", 3): ["conflict"], ("b.csv", 3): ["conflict"]}
    assert shop.points() == {("a.csv", 2): 125, ("a.csv", 4): 100, ("b.csv", 2): 990, ("b.csv", 4): 990}
    spent = ask(
        shop.runtime,
        "select max(amount_minor) from activity a join inbox_key k on k.key = a.id "
        "join intake t on t.id = k.intake_id where t.source = %s",
        shop.name,
    )
    assert spent == [(9900,)]


def json_row(fields: dict[str, Any]) -> str:
    return json.dumps(fields) + "\n"


JSON_LINES: list[tuple[str, bytes, str]] = [
    ("null", b"null", "json_not_an_object"),
    ("a list", b"[]", "json_not_an_object"),
    ("cut off", json_row(BAD).encode()[:-9], "json_broken"),
    ("two on a line", json_row(BAD).encode().strip() * 2, "json_broken"),
    ("NaN", json_row(BAD | {"amount": float("nan")}).encode().strip(), "json_not_finite"),
    ("-Infinity", json_row(BAD | {"amount": float("-inf")}).encode().strip(), "json_not_finite"),
    ("1e400", json_row(BAD).replace('"99.00"', "1e400").encode().strip(), "amount_out_of_range"),
    ("1e-400", json_row(BAD).replace('"99.00"', "1e-400").encode().strip(), "amount_too_precise"),
    ("an id as float", json_row(BAD).replace('"00666"', "1.23E+15").encode().strip(), "member_id_scientific"),
    ("12,50", json_row(BAD | {"amount": "12,50"}).encode().strip(), "amount_decimal_comma"),
    ("true", json_row(BAD | {"amount": True}).encode().strip(), "amount_unreadable"),
    (
        "a naive time",
        json_row(BAD | {"occurred_at": "2026-06-10T12:00:00"}).encode().strip(),
        "time_without_zone",
    ),
    ("2099", json_row(BAD | {"occurred_at": "2099-01-01T00:00:00Z"}).encode().strip(), "time_in_future"),
    ("below zero", json_row(BAD | {"amount": -12.5}).encode().strip(), "purchase_negative"),
    ("half a pair", json_row(BAD).encode().strip().replace(b"00666", b"\\ud800"), "row_not_text"),
    ("invalid UTF-8", json_row(BAD).encode().strip().replace(b"00666", b"\xc3("), "row_not_text"),
    ("NUL", json_row(BAD).encode().strip().replace(b"00666", b"\\u0000"), "row_nul_byte"),
    ("a key twice", json_row(BAD).encode().strip().replace(b"order_id", b"amount"), "json_duplicate_key"),
    ("nested", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json_too_deep"),
    ("5 MB", json_row(BAD | {"channel": "w" * (5 << 20)}).encode().strip(), "row_too_long"),
]


def test_json_lines_of_every_kind_of_wrong_in_one_file_each_have_their_reason(shop: Shop) -> None:
    """Good rows stand between them, so that nothing can lean on what came before; a BOM opens the file."""
    lines: list[bytes] = []
    for number, (_, line, _) in enumerate(JSON_LINES):
        body = line.replace(b'"b1"', f'"b{number}"'.encode())
        lines += [
            body,
            json_row(PURCHASE | {"event_id": f"p{number}", "order_id": f"p{number}"}).encode().strip(),
        ]
    result = shop.ingest("a.jsonl", b"\xef\xbb\xbf" + b"\r\n".join(lines), mapping="activity-jsonl")
    assert result.exit_code == 7
    expected = {2 * place + 1: reason for place, (_, _, reason) in enumerate(JSON_LINES)}
    assert shop.refused() == {("a.jsonl", line): [reason] for line, reason in expected.items()}
    assert dict(printed(result)) == expected
    assert shop.points() == {("a.jsonl", 2 * place + 2): POINTS[0] for place in range(len(JSON_LINES))}
    assert shop.effects_of("00666") == {}


PARQUET: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"amount": float("nan")}, ["amount_not_a_number"]),
    ({"amount": float("inf")}, ["amount_not_a_number"]),
    ({"amount": 1e300}, ["amount_out_of_range"]),
    ({"amount": 12.345}, ["amount_too_precise"]),
    ({"amount": -12.5}, ["purchase_negative"]),
    ({"amount": None}, ["amount_missing"]),
    ({"currency": "XYZ"}, ["currency_unknown"]),
    ({"occurred_at": datetime(2099, 1, 1)}, ["time_in_future"]),  # noqa: DTZ001 (the file has no zone, the mapping one)
    ({"occurred_at": datetime(1900, 1, 1)}, ["time_out_of_range"]),  # noqa: DTZ001
    ({"occurred_at": None}, ["time_missing"]),
    ({"member_id": "1.23E+15"}, ["member_id_scientific"]),
    ({"member_id": "0\0"}, ["row_nul_byte"]),
    ({"kind": "gift"}, ["kind_unknown"]),
    ({}, []),
]


@pytest.fixture
def parquet_mapping(tmp_path: Path) -> Path:
    """The native mapping, for Parquet, whose naive times are New York's."""
    declared = yaml.safe_load(Path("deployments/mappings/activity.yaml").read_text())
    declared |= {"mapping": "parquet", "format": {"type": "parquet"}}
    declared["occurred_at"] |= {"zone": "America/New_York"}
    path = tmp_path / "parquet.yaml"
    path.write_text(yaml.safe_dump(declared))
    return path


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def test_typed_rows_of_parquet_have_their_reasons_by_number(shop: Shop, parquet_mapping: Path) -> None:
    whole = PURCHASE | {"amount": 12.59, "occurred_at": datetime(2026, 6, 10, 8)}  # noqa: DTZ001
    rows = [
        whole
        | {"event_id": f"e{n}", "order_id": f"o{n}"}
        | changes
        | ({"member_id": "00666"} if why and "member_id" not in changes else {})
        for n, (changes, why) in enumerate(PARQUET)
    ]
    result = shop.ingest("a.parquet", parquet(rows), mapping=str(parquet_mapping))
    assert result.exit_code == 7
    expected = {("a.parquet", line): why for line, (_, why) in enumerate(PARQUET, 1) if why}
    assert shop.refused() == expected
    assert shop.points() == {("a.parquet", 1): 125, ("a.parquet", len(PARQUET)): 125}
    assert shop.effects_of("00666") == {}


@pytest.mark.parametrize(
    "data",
    [around(""), b"", parquet([PURCHASE])[:-30], b"PAR1" + bytes(50) + b"PAR1"],
    ids=["CSV", "empty", "cut off", "garbage between the right ends"],
)
def test_a_file_that_is_no_parquet_does_not_pass_for_one(
    shop: Shop, parquet_mapping: Path, data: bytes
) -> None:
    before = effects(shop.runtime)
    result = shop.ingest("a.parquet", data, mapping=str(parquet_mapping))
    assert result.exit_code == 4
    assert "a.parquet" in result.stderr
    assert effects(shop.runtime) == before


def test_two_columns_of_one_name_hold_a_parquet_file_too(shop: Shop, parquet_mapping: Path) -> None:
    names = [*PURCHASE, "amount"]
    table = pa.table([pa.array([text]) for text in [*PURCHASE.values(), "9000.00"]], names=names)
    pq.write_table(table, shop.folder / "a.parquet")
    result = shop.ingest("a.parquet", None, mapping=str(parquet_mapping))
    assert result.exit_code == 4
    assert "duplicate_column" in result.stderr
    assert shop.points() == {}


def test_after_all_of_it_every_promise_holds_and_the_boards_show_no_stranger(
    shared: Runtime, shop: Shop
) -> None:
    shop.ingest("a.csv", around(csv_row(BAD | {"amount": "NaN"})))
    doctor = laurels("doctor", "--json")
    assert (doctor.exit_code, json.loads(doctor.stdout)) == (0, [])
    stranger = "select count(*) from standing where member_id not in (select member_id from activity)"
    assert one(shared, stranger) == 0

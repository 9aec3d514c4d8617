"""What is told of one file: how it is written, how fast it was read, what was refused of it and where."""

import json
from pathlib import Path
from typing import Any

import pytest

from laurels.services import intake
from laurels.services.intake_reports import IntakeReport
from laurels.services.refused_reasons import RefusedReason, refused_reasons
from laurels.services.runtime import Runtime
from tests.battery.bad_input import BAD, HEADER, PURCHASE, csv_row, laurels, one_runtime
from tests.battery.gate_rows import one

EXCEL = """
mapping: orders
format: {type: excel, sheet: Orders}
id: {column: id}
kind: purchase
member: {column: member}
occurred_at: {column: at, zone: America/New_York}
amount: {column: amount, currency: USD, noise: round}
order: {column: order}
bounds: {max_refused_rate: 1}
"""


@pytest.fixture
def cli(runtime: Runtime) -> Any:
    with one_runtime(runtime):
        yield laurels


def test_a_report_says_how_a_file_is_written_and_read(runtime: Runtime, cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + csv_row(PURCHASE)).replace(",", ";").replace("\n", "\r\n").encode("utf-8-sig"))
    printed = cli("ingest", path, "--source", "shop", "--mapping", "activity").stdout.splitlines()
    assert printed[0] == "a.csv: 1 rows: 1 accepted, 0 duplicates, 0 conflicts, 0 refused"
    size = path.stat().st_size
    assert printed[1].startswith(
        f"written as csv, utf-8, with its mark, semicolon, crlf, {size} bytes; looked at and read in "
    )
    assert printed[1].endswith(" rows/s")
    (again,) = json.loads(cli("intake", "list", "--json").stdout)
    assert again["found"] == {
        "format": "csv",
        "bytes": size,
        "encoding": "utf-8",
        "bom": True,
        "delimiter": "semicolon",
        "newline": "crlf",
        "newlines": {"crlf": 2},
        "types": {
            "event_id": "text",
            "kind": "text",
            "member_id": "text",
            "currency": "text",
            "order_id": "text",
        },
    }
    assert (again["seconds"], again["rows_per_second"]) == (None, None)  # what was not just now is not timed
    now = json.loads(cli("ingest", path, "--source", "shop", "--mapping", "activity", "--json").stdout)[
        "intake"
    ]
    assert now["found"] == again["found"]
    assert now["seconds"] > 0
    assert now["rows_per_second"] == pytest.approx(1 / now["seconds"], abs=1, rel=0.1)


def test_a_name_neither_breaks_a_line_nor_steers_a_terminal(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "a\nb\x1b[2J[b].csv"
    path.write_text(HEADER + csv_row(PURCHASE))
    printed = cli("ingest", path, "--source", "shop", "--mapping", "activity").stdout.splitlines()
    name = "a\ufffdb\ufffd[2J[b].csv"
    assert printed[0] == f"{name}: 1 rows: 1 accepted, 0 duplicates, 0 conflicts, 0 refused"
    path.write_text("event_id,kind\n1,share\n")
    held = cli("ingest", path, "--source", "shop", "--mapping", "activity")
    assert held.stdout.splitlines()[0].startswith(f"{name}: ")
    assert held.stderr == f"laurels: {name} is held: missing_column\n"


def test_a_time_of_nothing_is_no_speed() -> None:
    report = IntakeReport(1, "a", "s", "released", 10, 10, 0, 0, 0, seen_before=False)
    assert report.timed(0).rows_per_second is None
    assert (report.timed(4.0).seconds, report.timed(4.0).rows_per_second) == (4.0, 2)
    assert report.written() == ""


def test_reasons_are_counted_over_all_rows_with_their_first_lines(
    runtime: Runtime, cli: Any, tmp_path: Path
) -> None:
    rows = [csv_row(PURCHASE | {"event_id": f"g{n}", "order_id": f"o{n}"}) for n in range(60)]
    rows += [csv_row(BAD | {"event_id": f"b{n}", "amount": "12;50", "member_id": "1E+5"}) for n in range(7)]
    rows += ["ragged\n"] * 15
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "".join(rows))
    result = cli("ingest", path, "--source", "shop", "--mapping", "activity")
    number = json.loads(cli("intake", "list", "--json").stdout)[0]["intake_id"]
    expected = [
        RefusedReason(
            "row_ragged", "The line has more or fewer fields than the header.", 15, (69, 70, 71, 72, 73)
        ),
        RefusedReason("amount_unreadable", "The amount is not a plain number.", 7, (62, 63, 64, 65, 66)),
        RefusedReason(
            "member_id_scientific", refused_reasons(runtime, number)[2].sentence, 7, (62, 63, 64, 65, 66)
        ),
    ]
    assert refused_reasons(runtime, number) == expected
    assert [one.places() for one in expected][:1] == ["69, 70, 71, 72, 73, ..."]
    assert "these are the first 20" in result.stdout
    shown = [[cell.strip() for cell in line.split("│")] for line in result.stdout.splitlines()]
    assert [row[1:3] for row in shown if len(row) == 6 and row[2].isdigit()] == [
        ["row_ragged", "15"],
        ["amount_unreadable", "7"],
        ["member_id_scientific", "7"],
    ]
    again = json.loads(cli("ingest", path, "--source", "other", "--mapping", "activity", "--json").stdout)
    assert again["refused"][0] == {
        "reason": "row_ragged",
        "sentence": expected[0].sentence,
        "rows": 15,
        "first_lines": [69, 70, 71, 72, 73],
    }
    assert refused_reasons(runtime, 0) == []


def test_a_few_reasons_have_all_their_lines() -> None:
    assert RefusedReason("a", "A.", 2, (3, 9)).places() == "3, 9"


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_a_spreadsheet_comes_in_like_any_file(runtime: Runtime, cli: Any, tmp_path: Path, kind: str) -> None:
    mapping = tmp_path / "orders.yaml"
    mapping.write_text(EXCEL)
    path = Path(__file__).parents[1] / "unit" / "stores" / "spreadsheets" / f"orders.{kind}"
    result = cli("ingest", path, "--source", "shop", "--mapping", mapping, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["intake"]["rows"], told["intake"]["found"]["sheet"]) == (7, 4, "Orders")
    assert told["intake"]["unknown_columns"] == ["note"]
    assert [(row["line"], row["reasons"]) for row in told["quarantine"]] == [(8, ["event_id_scientific"])]
    assert one(runtime, "select sum(amount_minor) from activity") == 1250 + 10 + 3000


def test_a_file_written_to_between_looking_and_reading_is_rejected(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + csv_row(PURCHASE))
    looked = intake.inspect

    def looks_and_somebody_writes(*given: Any) -> Any:
        facts = looked(*given)
        path.write_text(HEADER + csv_row(BAD) + csv_row(PURCHASE))
        return facts

    monkeypatch.setattr(intake, "inspect", looks_and_somebody_writes)
    with pytest.raises(
        intake.DataRejectedError, match=r"^a\.csv: changed from \d+ to \d+ bytes while it was read$"
    ):
        intake.ingest_file(runtime, path, source="shop", mapping="activity")
    assert one(runtime, "select state from intake") == "rejected"
    assert one(runtime, "select count(*) from inbox_key") == 0

"""Quarantine by the command line: what is printed, what is asked, what is wrong usage."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from laurels.cli import app
from laurels.services.runtime import Runtime
from tests.battery.gate_rows import one
from tests.integration.activity import purchase, refund, share, write_jsonl

JUNE = "2026-06-20T12:00:00+00:00"
ROWS = [
    *(purchase(f"p{n}", "ada", f"{n},50", channel="web") for n in range(1, 5)),
    purchase("doubt", "ada", "1,234", channel="\x1b[2J"),
    share("mangled", "1.23E+15"),
    refund("parked", "nowhere", "1.00"),
]


@pytest.fixture
def cli(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Commands on a house with six refused rows and a parked refund."""
    settings = runtime.settings
    assert settings.database_url and settings.redis_url and settings.master_key
    given = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "MASTER_KEY": settings.master_key.get_secret_value(),
        "AS_OF": JUNE,
        "ACTOR": "ann",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"LAURELS_{name}", value)
    monkeypatch.setenv("COLUMNS", "220")

    def run(*arguments: object, typed: str | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(app, words, input=typed, catch_exceptions=False)

    path = write_jsonl(tmp_path / "rows.jsonl", ROWS)
    assert run("ingest", path, "--source", "shop", "--mapping", "activity-jsonl").exit_code == 7
    return run


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_groups_and_sample_and_parked_are_tables_and_json(cli: Any) -> None:
    told = cli("quarantine", "groups").stdout
    assert "amount_decimal_comma" in told and "0 d" in told and "rows.jsonl:1" in told
    assert "--transform decimal-comma" in " ".join(told.split())
    groups = printed(cli("quarantine", "groups", "--by", "file", "--json"))
    assert [(group["reason"], group["file"], group["rows"]) for group in groups] == [
        ("amount_decimal_comma", "rows.jsonl", 5),
        ("member_id_scientific", "rows.jsonl", 1),
    ]
    sample = printed(cli("quarantine", "sample", "--reason", "amount_decimal_comma", "--rows", 2, "--json"))
    assert [sorted(row) for row in sample] == [["fields", "row"]] * 2
    assert "amount = " in cli("quarantine", "sample", "--seed", 4).stdout
    (parked,) = printed(cli("quarantine", "parked", "--json"))
    assert (parked["event_id"], parked["why"], parked["days"]) == ("parked", "no_order", 9)
    assert "no purchase of its order came" in cli("quarantine", "parked", "--older-than", "8d").stdout
    assert printed(cli("quarantine", "parked", "--older-than", "9d", "--json")) == []


def test_nothing_that_a_file_says_steers_the_terminal(cli: Any) -> None:
    (doubt,) = [row for row in printed(cli("quarantine", "list", "--json")) if row["event_id"] == "doubt"]
    told = [
        cli("quarantine", "show", doubt["id"]).stdout,
        cli("quarantine", "sample", "--rows", 9).stdout,
        cli("quarantine", "fix", "--all", "--transform", "trim:channel", "--dry-run").stdout,
    ]
    assert all("[2J" in text for text in told[:2])
    assert "\x1b[2J" not in "".join(told)


def test_the_list_names_its_next_page(cli: Any) -> None:
    assert "the next page: --after 3" in cli("quarantine", "list", "--limit", 3).stdout
    rows = printed(cli("quarantine", "list", "--after", 3, "--intake", 1, "--file", "rows.jsonl", "--json"))
    assert [row["id"] for row in rows] == [4, 5, 6]


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["list", "--state", "opne"], 3, "no state opne (open, "),
        (["list", "--reason", "comma"], 3, "no reason comma: here there are amount_decimal_comma, "),
        (["groups", "--by", "reason"], 2, "groups are by reason and source, and by file"),
        (["replay"], 2, "give either numbers or a selection"),
        (["replay", "1", "--reason", "conflict"], 2, "give either numbers or a selection"),
        (["replay", "--all", "--set", "amount=1"], 2, "--set gives all rows the same text"),
        (["fix", "--transform", "decimal-comma"], 2, "say which rows"),
        (["fix", "--all", "--transform", "decimal-comma", "--json"], 2, "--json asks nobody"),
        (["fix", "--all", "--transform", "comma"], 3, "comma: no such transformation: there are zone="),
        (["fix", "--all", "--transform", "scientific:member_id"], 3, "digits are lost"),
        (["expire", "--older-than", "soon"], 2, "soon is no span"),
        (["repair", "no.csv"], 4, "no.csv: cannot be read"),
        (["reopen", "99"], 3, "no quarantined row 99"),
    ],
)
def test_wrong_usage_is_said(cli: Any, words: list[str], status: int, why: str) -> None:
    result = cli("quarantine", *words)
    assert (result.exit_code, why in " ".join(result.output.replace("│", " ").split())) == (status, True), (
        result.output
    )


def test_a_fix_is_shown_asked_for_and_done(cli: Any, runtime: Runtime) -> None:
    fix = ("quarantine", "fix", "--reason", "amount_decimal_comma", "--transform", "decimal-comma")
    dry = cli(*fix, "--dry-run")
    assert dry.exit_code == 0
    assert "1,50" in dry.stdout and "1.50" in dry.stdout
    assert "4 of 5 rows could be read then" in dry.stdout
    assert "1 stay as they are: amount may be thousands or decimals: edit it (row 5, say)" in dry.stdout
    told = cli(*fix, typed="n\n")
    assert told.exit_code == 0
    assert "Mend 4 rows?" in told.stdout
    assert one(runtime, "select count(*) from audit_entry where action = 'quarantine.fix'") == 0
    assert "4 rows mended: `laurels run` works them off" in cli(*fix, typed="y\n").stdout
    assert cli("run").exit_code == 0
    again = printed(cli(*fix, "--yes", "--json"))
    assert (again["rows"], again["fixed"], again["transformations"]) == (1, 0, ["decimal-comma:amount"])
    assert "Mend" not in cli(*fix).stdout  # nothing would be


def test_a_sheet_goes_out_and_comes_back(cli: Any, tmp_path: Path, runtime: Runtime) -> None:
    path = tmp_path / "sheet.csv"
    out = cli("quarantine", "export", path, "--column", "member", "--source", "shop")
    assert f"{path}: 6 rows: edit it" in out.stdout
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[4]["amount"], rows[5]["member_id"] = "1234", "customer-4711"
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)
    dry = cli("quarantine", "repair", path, "--dry-run").stdout
    assert "2 rows would be queued again; 4 are as they were" in dry
    assert "1,234" in dry and "1 edited in amount" in dry
    assert "customer-4711" not in dry
    assert "2 rows queued again" in cli("quarantine", "repair", path, "--why", "called").stdout
    assert cli("run").exit_code == 0
    told = printed(cli("quarantine", "repair", path, "--json"))
    assert told["stale"] == {"5": "replayed", "6": "replayed"}
    assert "row 5 is replayed: skipped" in cli("quarantine", "repair", path).stdout
    assert one(runtime, "select max(reason) from audit_entry where action = 'quarantine.repair'") == "called"


def test_rows_of_a_sheet_that_are_still_wrong_come_first_and_stay(
    cli: Any, tmp_path: Path, runtime: Runtime
) -> None:
    path = tmp_path / "sheet.csv"
    cli("quarantine", "export", path, "--source", "shop")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[:4]:
        row["amount"] = row["amount"].replace(",", ".")
    rows[4]["amount"] = "5;00"
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)
    left = f"{path}:6: row 5: The amount is not a plain number."
    for dry in (["--dry-run"], []):
        told = cli("quarantine", "repair", path, *dry)
        assert (told.exit_code, told.stdout.splitlines()[:3]) == (7, ["Still wrong:", left, ""])
        assert "Edited rows" in told.stdout and "the first" not in told.stdout
        assert "1 still wrong: they stay as they are" in told.stdout
    assert "4 rows queued again: `laurels run`" in told.stdout
    assert one(runtime, "select array_agg(id order by id) from quarantined_row where state = 'open'") == [
        5,
        6,
    ]
    again = cli("quarantine", "repair", path, "--json")
    assert again.exit_code == 7
    told = json.loads(again.stdout)
    assert [(row["line"], row["id"]) for row in told["left"]] == [(6, 5)]
    assert (told["wrong"], told["columns"]) == ({"amount_unreadable": 1}, {"amount": 1})


def test_the_table_of_edited_rows_says_where_it_stops(cli: Any, tmp_path: Path) -> None:
    many = write_jsonl(tmp_path / "many.jsonl", [purchase(f"n{n}", "ada", f"{n},50") for n in range(38)])
    assert cli("ingest", many, "--source", "till", "--mapping", "activity-jsonl").exit_code in (4, 7)
    path = tmp_path / "sheet.csv"
    cli("quarantine", "export", path, "--source", "till")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(row | {"amount": row["amount"].replace(",", ".")} for row in rows)
    told = cli("quarantine", "repair", path, "--dry-run")
    assert told.exit_code == 0
    assert told.stdout.startswith("Edited rows (the first 20 of 38)")
    assert "38 rows would be queued again; 0 are as they were" in told.stdout


def test_rows_are_replayed_by_selection_expire_and_come_back(cli: Any) -> None:
    done = cli("quarantine", "replay", "--reason", "member_id_scientific", "--why", "to see")
    assert "1 rows queued again" in done.stdout
    assert cli("run").exit_code == 7  # refused again
    (row, *_) = [
        row["id"] for row in printed(cli("quarantine", "list", "--reason", "amount_decimal_comma", "--json"))
    ]
    told = cli("quarantine", "replay", row, "--set", "amount=7;50").stdout
    assert f"row {row} still cannot be read (amount_unreadable): the gate will refuse it again" in told
    assert cli("run").exit_code == 7
    assert printed(cli("quarantine", "replay", "--all", "--json")) == {"queued": 6, "left": {}}
    assert cli("run").exit_code == 7
    late = "2026-10-01T00:00:00Z"
    assert (
        "6 rows of before 2026-07-03"
        in cli("quarantine", "expire", "--older-than", "90d", "--as-of", late).stdout
    )
    expired = printed(cli("quarantine", "list", "--state", "expired", "--json"))
    assert len(expired) == 6
    assert "1 rows are open again" in cli("quarantine", "reopen", expired[0]["id"], "--why", "asked").stdout
    again = cli("quarantine", "reopen", expired[0]["id"]).stdout
    assert f"0 rows are open again\nrow {expired[0]['id']} is open: skipped" in again
    assert printed(cli("quarantine", "reopen", expired[0]["id"], "--json"))["reopened"] == []
    assert "1 rows dismissed" in cli("quarantine", "dismiss", expired[0]["id"], "--why", "no").stdout
    assert "0 rows dismissed" in cli("quarantine", "dismiss", expired[0]["id"]).stdout

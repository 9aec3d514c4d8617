"""The command line as a person uses it: what it prints, what it says when something is wrong, how it exits."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlmodel import col, select
from typer.testing import CliRunner, Result

from laurels.cli import app
from laurels.services.runtime import Runtime
from models.audit import AuditEntry
from models.measures import Arrival
from tests.integration.activity import purchase, referral, share, write_jsonl

SUMMER = "deployments/programs/summer-race.yaml"
JUNE = "2026-06-20T12:00:00+00:00"


@pytest.fixture
def cli(runtime: Runtime, monkeypatch: pytest.MonkeyPatch):
    settings = runtime.settings
    assert settings.database_url and settings.redis_url and settings.master_key
    monkeypatch.setenv("LAURELS_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("LAURELS_REDIS_URL", settings.redis_url.get_secret_value())
    monkeypatch.setenv("LAURELS_MASTER_KEY", settings.master_key.get_secret_value())
    monkeypatch.setenv("LAURELS_AS_OF", JUNE)
    monkeypatch.setenv("LAURELS_ACTOR", "ann")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def filled(cli: Any, tmp_path: Path):
    assert cli("program", "apply", SUMMER, "--effective-from", "2026-05-01T00:00:00Z").exit_code == 0
    rows = [purchase("p1", "ada", "12.59"), share("s1", "ada"), share("bad", "1.23E+15")]
    rows += [referral(f"r{n}", "bob" if n else "ada", f"f{n}") for n in range(3)]
    result = cli(
        "ingest",
        write_jsonl(tmp_path / "rows.jsonl", rows),
        "--source",
        "shop",
        "--mapping",
        "activity-jsonl",
    )
    return cli, result


def test_ingest_says_what_became_of_each_row_and_exits_by_it(filled: Any) -> None:
    _, result = filled
    assert result.exit_code == 7
    assert "rows.jsonl: 6 rows: 6 accepted, 0 duplicates, 0 conflicts, 0 refused" in result.stdout
    assert "5 rows passed, 1 quarantined (member_id_scientific 1); +430 points" in result.stdout
    assert "bad" in result.stdout


def test_what_a_file_says_is_printed_as_it_is(cli: Any, tmp_path: Path) -> None:
    bad = share("[/x]", "1.23E+15") | {"channel": "\x1b[2J"}
    path = write_jsonl(tmp_path / "orders[final].jsonl", [share("good", "ada"), bad])
    result = cli("ingest", path, "--source", "shop", "--mapping", "activity-jsonl")
    assert result.exit_code == 7
    assert "[/x]" in result.stdout
    listed = cli("quarantine", "list").stdout
    assert "orders[final].jsonl:2" in listed
    assert "\x1b[2J" not in result.stdout + listed


def test_a_spreadsheet_s_true_is_true(cli: Any, tmp_path: Path) -> None:
    cli("program", "apply", SUMMER, "--effective-from", "2026-05-01T00:00:00Z")
    rows = [referral(f"r{word}", "ada", f"f{word}", verified=word) for word in ("TRUE", "yes", "1", "no")]
    result = cli(
        "ingest", write_jsonl(tmp_path / "r.jsonl", rows), "--source", "shop", "--mapping", "activity-jsonl"
    )
    assert "+300 points" in result.stdout


def test_the_hash_stands_alone_on_its_line(filled: Any) -> None:
    cli, _ = filled
    live = json.loads(cli("state", "hash", "--json").stdout)["hash"]
    assert cli("state", "hash").stdout.splitlines()[0] == live


def test_a_clean_file_exits_with_nothing(cli: Any, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", [share("s1", "ada")])
    assert cli("ingest", path, "--source", "shop", "--mapping", "activity-jsonl").exit_code == 0
    again = cli("ingest", path, "--source", "shop", "--mapping", "activity-jsonl", "--json")
    assert again.exit_code == 0
    assert (
        json.loads(again.stdout)["intake"] | {"duplicates": 1, "accepted": 0}
        == json.loads(again.stdout)["intake"]
    )


def test_a_board_as_a_table_and_as_json(filled: Any) -> None:
    cli, _ = filled
    table = cli("board", "show", "summer-race", "referrals/season")
    assert "#1" in table.stdout and "30 %" in table.stdout
    rows = json.loads(cli("board", "show", "summer-race", "referrals/season", "--json").stdout)
    assert [(row["rank"], row["score"], row["percent"]) for row in rows] == [(1, 2, 30), (2, 1, 20)]


def test_a_member_sees_points_worth_reward_rank_and_discount(filled: Any) -> None:
    cli, _ = filled
    (summer,) = json.loads(cli("member", "show", "ada", "--source", "shop", "--json").stdout)["programs"]
    assert (summer["points"], summer["worth"], summer["percent"]) == (230, "11.50 USD", 20)
    assert summer["next_reward"] == "ten-off in 270 points"
    assert "#2 referrals/season" in summer["ranks"]
    assert cli("member", "show", "nobody", "--source", "shop").exit_code == 3


def test_quarantine_from_list_to_replay(filled: Any) -> None:
    cli, _ = filled
    (row,) = json.loads(cli("quarantine", "list", "--json").stdout)
    assert (row["file"], row["line"], row["reasons"]) == ("rows.jsonl", 3, ["member_id_scientific"])
    assert "member_id_scientific" in cli("quarantine", "reasons").stdout
    assert "rows.jsonl" in cli("quarantine", "show", row["id"]).stdout
    queued = cli("quarantine", "replay", row["id"], "--set", "member_id=ada", "--why", "asked the shop")
    assert queued.exit_code == 0, queued.output
    assert cli("run").exit_code == 0
    assert json.loads(cli("quarantine", "list", "--json").stdout) == []
    (summer,) = json.loads(cli("member", "show", "ada", "--source", "shop", "--json").stdout)["programs"]
    assert summer["points"] == 235


def test_the_outbox_is_listed_and_sent_once(filled: Any) -> None:
    cli, _ = filled
    owed = json.loads(cli("outbox", "list", "--state", "pending", "--json").stdout)
    assert (len(owed["deliveries"]), len(owed["pushes"])) == (2, 2)
    sent = cli("outbox", "send")
    assert "Congrats! You're now #1" in sent.stdout
    assert "2 discounts pushed, 2 messages sent" in sent.stdout
    assert "0 discounts pushed, 0 messages sent" in cli("outbox", "send").stdout


def test_sending_as_json_prints_nothing_but_json(filled: Any) -> None:
    cli, _ = filled
    sent = cli("outbox", "send", "--json")
    assert json.loads(sent.stdout)["deliveries"]["accepted"] == 2
    assert "Congrats!" in sent.stderr


def test_the_state_hash_is_that_of_its_export(filled: Any, tmp_path: Path) -> None:
    cli, _ = filled
    live = json.loads(cli("state", "hash", "--json").stdout)["hash"]
    assert cli("state", "export", tmp_path / "views").exit_code == 0
    assert json.loads(cli("state", "hash", "--export", tmp_path / "views", "--json").stdout)["hash"] == live


def test_a_damaged_export_has_no_hash(filled: Any, tmp_path: Path) -> None:
    cli, _ = filled
    folder = tmp_path / "views"
    assert cli("state", "export", folder).exit_code == 0
    award, manifest = folder / "award.parquet", (folder / "manifest.json").read_text()
    shorter = f"copy (from read_parquet('{award}') limit 1) to '{tmp_path / 'less.parquet'}' (format parquet)"
    duckdb.sql(shorter)
    whole = award.read_bytes()
    for damage, words in (
        (
            lambda: award.write_bytes((tmp_path / "less.parquet").read_bytes()),
            "what its manifest says (award)",
        ),
        (lambda: award.write_bytes(whole[:-40]), "award.parquet: cannot be read"),
        (award.unlink, "award.parquet is missing"),
        (lambda: (folder / "manifest.json").write_text(manifest[:-40]), "manifest.json: missing or not an"),
        (
            lambda: (folder / "manifest.json").write_text(manifest.replace('"hash": "', '"hash": "0')),
            "the hash",
        ),
        (folder.joinpath("manifest.json").unlink, "manifest.json: missing"),
    ):
        award.write_bytes(whole)
        (folder / "manifest.json").write_text(manifest)
        damage()
        found = cli("state", "hash", "--export", folder)
        assert (found.exit_code, found.stdout) == (4, ""), words
        assert words in found.stderr
        assert len(found.stderr.splitlines()) == 1


def test_doctor_finds_nothing_on_a_healthy_store(filled: Any) -> None:
    cli, _ = filled
    assert cli("doctor").exit_code == 0
    assert json.loads(cli("doctor", "--json").stdout) == []


def test_schema_models_and_catalog_agree(cli: Any) -> None:
    result = cli("schema", "check")
    assert result.exit_code == 0, result.output


def test_recompute_changes_nothing_where_all_stands(filled: Any) -> None:
    cli, _ = filled
    assert "0 awards changed (+0 points), 0 standings moved" in cli("recompute", "summer-race").stdout


def test_programs_are_listed_with_their_versions(filled: Any) -> None:
    cli, _ = filled
    assert json.loads(cli("program", "list", "--json").stdout) == [
        {
            "program": "summer-race",
            "version": 1,
            "effective_from": datetime(2026, 5, 1, tzinfo=UTC).isoformat(),
        }
    ]
    assert json.loads(cli("program", "schema").stdout)["title"] == "Laurels program"


def test_only_actors_may_write_and_an_admin_lets_them_in(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("program", "apply", SUMMER).exit_code == 0
    monkeypatch.setenv("LAURELS_ACTOR", "bob")
    refused = cli("program", "apply", SUMMER)
    assert refused.exit_code == 3
    assert "bob is no actor here" in refused.stderr
    monkeypatch.setenv("LAURELS_ACTOR", "ann")
    assert cli("actor", "add", "bob", "--role", "viewer").exit_code == 0
    assert json.loads(cli("actor", "list", "--json").stdout) == {"ann": "admin", "bob": "viewer"}
    monkeypatch.setenv("LAURELS_ACTOR", "bob")
    assert "this takes editor" in cli("program", "apply", SUMMER).stderr
    assert "this takes editor" in cli("recompute", "summer-race").stderr
    assert "this takes editor" in cli("ingest", SUMMER, "--source", "s", "--mapping", "activity").stderr


def test_each_write_that_a_person_asks_for_leaves_an_audit_row(filled: Any, runtime: Runtime) -> None:
    cli, _ = filled
    cli("recompute", "summer-race")
    with runtime.database.transaction() as session:
        rows = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
    assert [(row.actor, row.role, row.action) for row in rows] == [
        ("ann", "admin", "program.apply"),
        ("ann", "admin", "intake.add"),
        ("ann", "admin", "program.recompute"),
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("ingest", "absent.csv", "--source", "s", "--mapping", "cdnow"), 4, "absent.csv"),
        (("ingest", SUMMER, "--source", "s", "--mapping", "nosuch"), 3, "no mapping nosuch"),
        (("board", "show", "nosuch", "referrals/season"), 3, "no program nosuch"),
        (("quarantine", "show", "999"), 3, "999"),
        (("intake", "release", "999"), 3, "999"),
        (("recompute", "nosuch"), 3, "no program nosuch"),
        (("program", "check", "absent.yaml"), 3, "absent.yaml"),
        (("board", "show", "x", "y", "--as-of", "2026-06-01"), 2, "zone"),
        (("member", "show", "x"), 2, "--source"),
    ],
)
def test_what_is_wrong_is_one_line_without_a_traceback(
    cli: Any, arguments: tuple[str, ...], status: int, said: str
) -> None:
    result = cli(*arguments)
    assert result.exit_code == status
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["LAURELS_DATABASE_URL", "LAURELS_REDIS_URL"])
def test_an_unreachable_server_is_one_clear_line(
    cli: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = "postgresql://ada:secret@" if "DATABASE" in name else "redis://:secret@"
    monkeypatch.setenv(name, f"{scheme}127.0.0.1:1/x" if "DATABASE" in name else f"{scheme}127.0.0.1:1/0")
    result = cli("board", "show", "summer-race", "referrals/season")
    assert result.exit_code == 6
    assert result.stderr.count("\n") == 1
    assert "127.0.0.1:1" in result.stderr
    assert "secret" not in result.output


def test_a_held_file_is_said_to_be_held_and_can_be_released(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("event_id,kind\n1,share\n")
    result = cli("ingest", path, "--source", "shop", "--mapping", "activity")
    assert result.exit_code == 4
    assert "missing_column" in result.stdout and "member_id" in result.stdout
    assert "held" in result.stderr
    (held,) = json.loads(cli("intake", "list", "--state", "held", "--json").stdout)
    assert cli("intake", "reject", held["intake_id"], "--reason", "wrong export").exit_code == 0
    assert json.loads(cli("intake", "list", "--state", "held", "--json").stdout) == []


def test_a_rejected_file_names_those_that_have_to_be_sent_again(cli: Any, tmp_path: Path) -> None:
    good = '{"event_id": "e1", "kind": "share", "member_id": "m1", "occurred_at": "2026-06-10T12:00:00Z"}\n'
    first, second = tmp_path / "first.jsonl", tmp_path / "[red]second.jsonl"
    first.write_text(good + "{broken\n" * 2)
    second.write_text(good + good.replace("e1", "e2"))
    told = ("--source", "shop", "--mapping", "activity-jsonl", "--json")
    held = json.loads(cli("ingest", first, *told).stdout)["intake"]
    assert (held["state"], cli("ingest", second, *told).exit_code) == ("held", 0)
    assert "[red]second.jsonl" in cli("intake", "reject", held["intake_id"]).stdout


def test_run_says_by_its_status_that_rows_went_to_quarantine(filled: Any) -> None:
    cli, _ = filled
    row = json.loads(cli("quarantine", "list", "--json").stdout)[0]["id"]
    assert cli("quarantine", "replay", row, "--set", "member_id=9.99E+20").exit_code == 0
    assert cli("run").exit_code == 7
    assert cli("run").exit_code == 0


def test_a_long_list_of_refusals_says_that_there_is_more(cli: Any, tmp_path: Path) -> None:
    rows = [share(f"bad-{n}", "1.23E+15") for n in range(21)]
    path = write_jsonl(tmp_path / "bad.jsonl", [*rows, *(share(f"s{n}", f"m{n}") for n in range(30))])
    said = cli("ingest", path, "--source", "shop", "--mapping", "activity-jsonl").stdout
    assert ("bad-19" in said, "bad-20" in said) == (True, False)
    assert "the first 20; all of them: `laurels quarantine list`" in said


def test_a_file_without_a_header_is_told_without_its_first_row(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("z-1,purchase,6009,2026-06-02T10:00:00Z,9.99,USD,1,ann@example.org\n")
    held = cli("ingest", path, "--source", "shop", "--mapping", "activity")
    assert held.exit_code == 4
    assert "mend file or mapping and send it again; `laurels intake reject 1`" in held.stdout
    assert "ann@example.org" not in held.stdout + cli("intake", "list", "--json").stdout


def test_nor_where_one_of_its_values_is_called_like_a_column(cli: Any, tmp_path: Path) -> None:
    path, good = tmp_path / "rows.csv", tmp_path / "good.csv"
    header = "event_id,kind,member_id,occurred_at,phone,channel"
    row = "q0,share,m0,2026-06-10T10:00:00Z,+12025550143,email"
    good.write_text(f"{header}\n{row}\n")
    assert cli("ingest", good, "--source", "shop", "--mapping", "activity").exit_code == 0
    path.write_text(f"{row}\n{row.replace('q0', 'q1')}\n")
    held = cli("ingest", path, "--source", "shop", "--mapping", "activity")
    told = [
        cli("intake", "list", "--json"),
        cli("intake", "show", 2),
        cli("intake", "show", 2, "--json"),
        held,
    ]
    said = "".join(one.stdout + one.stderr for one in told)
    assert held.exit_code == 4
    assert "column 5" in said
    assert [value for value in row.split(",")[2:-1] if value in said] == []


def test_an_export_to_where_nobody_may_write_is_one_line(filled: Any, tmp_path: Path) -> None:
    cli, _ = filled
    (tmp_path / "file").touch()
    refused = cli("state", "export", tmp_path / "file" / "views")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (3, 1)


def test_intake_show_says_on_one_screen_why_a_file_is_held(cli: Any, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "half.jsonl", [purchase(f"p{n}", "ada", "1.00") for n in range(4)])
    path.write_text(path.read_text() + "{broken\n" * 6)
    result = cli("ingest", path, "--source", "shop", "--mapping", "activity-jsonl")
    assert result.exit_code == 4
    assert "`laurels intake show 1` says why, `laurels intake release 1` lets it go on" in result.stdout
    shown = cli("intake", "show", 1)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[:2] == [
        "Intake 1: half.jsonl from shop by activity-jsonl, HELD",
        "10 rows: 4 accepted, 0 duplicates, 0 conflicts, 6 refused",
    ]
    why = lines.index("Held for")
    assert " ".join("".join(lines[why + 1 : why + 3]).split()).startswith(
        "- 60% of its lines cannot be told apart into fields (expected at most 50%, declared by the mapping;"
    )
    assert lines[-2:] == [
        "  laurels intake release 1 --reason ...   its rows go on to the gate",
        "  laurels intake reject 1 --reason ...    none of its rows will count",
    ]
    told = json.loads(cli("intake", "show", 1, "--json").stdout)
    assert [
        (one["measure"]["name"], one["measure"]["value"], one["measure"]["high"]) for one in told["broken"]
    ] == [("refused_rate", 0.6, 0.5)]
    assert told["report"]["reasons"] == ["too_many_refused"]
    assert cli("intake", "release", 1).exit_code == 0
    assert "Was held for" in cli("intake", "show", 1).stdout
    assert cli("intake", "show", 2).exit_code == 3


def test_intake_show_of_a_file_that_was_not_read(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("event_id,kind,client,occurred_at\ne1,login,m1,2026-06-10T12:00:00Z\n")
    assert cli("ingest", path, "--source", "shop", "--mapping", "activity").exit_code == 4
    shown = cli("intake", "show", 1).stdout
    assert "- A file has the columns that its mapping names." in shown
    assert "It was not read whole (member_id missing): mend file or mapping, send it again." in shown
    assert "intake release" not in shown


def test_intake_show_tells_what_waits_and_a_replay_says_of_what_it_is_one(filled: Any) -> None:
    cli, _ = filled
    where = "(`laurels quarantine list --intake 1`)"
    assert cli("intake", "show", 1).stdout.splitlines()[1:3] == [
        "6 rows: 6 accepted, 0 duplicates, 0 conflicts, 0 refused",
        f"5 passed the gate, 1 in quarantine {where}",
    ]
    (row,) = json.loads(cli("quarantine", "list", "--json").stdout)
    assert cli("quarantine", "replay", row["id"]).exit_code == 0
    assert cli("run").exit_code == 7  # refused again
    assert cli("intake", "show", 2).stdout.splitlines()[:3] == [
        "Intake 2: rows.jsonl from shop by activity-jsonl, DONE",
        "A replay of intake 1: rows of it that were refused, read again",
        f"0 passed the gate, 1 in quarantine {where}",
    ]
    (row,) = json.loads(cli("quarantine", "list", "--json").stdout)
    assert cli("quarantine", "replay", row["id"], "--set", "member_id=customer-7").exit_code == 0
    assert cli("run").exit_code == 0
    told = [json.loads(cli("intake", "show", number, "--json").stdout) for number in (1, 2, 3)]
    assert [(one["replay_of"], one["gated"]) for one in told] == [
        (None, {"passed": 6, "waiting": 0}),
        (1, {"passed": 0, "waiting": 0}),
        (1, {"passed": 1, "waiting": 0}),
    ]
    assert cli("intake", "show", 1).stdout.splitlines()[2] == "6 passed the gate, 0 in quarantine"


def test_arrivals_are_listed(cli: Any, runtime: Runtime) -> None:
    assert json.loads(cli("arrivals", "list", "--json").stdout) == []
    with runtime.database.transaction() as session:
        session.add(
            Arrival(
                source="shop",
                mapping="activity",
                due_at=datetime(2026, 6, 20, 10, tzinfo=UTC),
                state="missing",
            )
        )
    assert json.loads(cli("arrivals", "list", "--json").stdout) == [
        {
            "source": "shop",
            "mapping": "activity",
            "due_at": "2026-06-20T10:00:00+00:00",
            "state": "missing",
            "intake_id": None,
            "file": None,
        }
    ]
    assert "2026-06-20 10:00Z" in cli("arrivals", "list", "--source", "shop").stdout
    assert "nothing" in cli("arrivals", "list", "--source", "other").stdout

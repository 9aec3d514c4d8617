"""Actors: who may ask for what, and the row that says who did."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner, Result

from laurels.cli import app
from laurels.errors import RuleRefusedError
from laurels.services import (
    actors,
    audit,
    batches,
    deliveries,
    discounts,
    intake,
    points,
    quarantine,
    versions,
)
from laurels.services.quarantine import Selection
from laurels.services.runtime import Runtime
from models.audit import AuditEntry
from tests.battery.gate_rows import ask, one
from tests.integration.activity import purchase, run_rows, write_jsonl
from tests.integration.race import MAY, SUMMER
from tests.runtimes import at_once

Act = Callable[[Runtime, str, Path], object]
EDITS: dict[str, Act] = {
    "program.apply": lambda runtime, who, _: versions.apply_program(
        runtime, SUMMER, actor=who, effective_from=MAY
    ),
    "program.recompute": lambda runtime, who, _: points.recompute_program(runtime, "summer-race", actor=who),
    "intake.add": lambda runtime, who, path: intake.ingest_file(
        runtime, path, source="test", mapping="activity-jsonl", actor=who
    ),
    "quarantine.dismiss": lambda runtime, who, _: quarantine.dismiss(runtime, [1], actor=who),
    "quarantine.replay": lambda runtime, who, _: quarantine.replay_selection(
        runtime, Selection(reason="member_id_scientific"), actor=who
    ),
    "quarantine.expire": lambda runtime, who, _: quarantine.expire(
        runtime, older_than=timedelta(days=1), actor=who, as_of=datetime(2099, 1, 1, tzinfo=UTC)
    ),
    "inbox.drain": lambda runtime, who, _: batches.drain(runtime, actor=who),
    "discount.push": lambda runtime, who, _: discounts.push_discounts(runtime, actor=who),
    "delivery.send": lambda runtime, who, _: deliveries.send_deliveries(runtime, actor=who),
    "board.reconcile": lambda runtime, who, _: audit.asked(runtime, who, "board.reconcile", "boards"),
}
ADMINS: dict[str, Act] = {
    "actor.add": lambda runtime, who, _: actors.add_actor(runtime, by=who, name="new", role="viewer"),
}
READING = {
    *(
        "program check",
        "program list",
        "program schema",
        "quarantine list",
        "quarantine show",
        "quarantine reasons",
        "quarantine groups",
        "quarantine sample",
        "quarantine parked",
        "quarantine export",  # a file of the person's own
    ),
    *(
        "intake list",
        "intake show",
        "arrivals list",
        "board show",
        "member show",
        "outbox list",
        "explain entry",
        "explain balance",
        "explain grant",
        "explain delivery",
        "state hash",
        "state export",
        "actor list",
        "doctor",
    ),
    *("schema check", "schema upgrade"),  # each command upgrades
    "quality docs",
    "quality report",
    "up",  # what its flows write, nobody asked for
}
WRITING = {
    "program apply": [str(SUMMER)],
    "quarantine replay": ["1"],
    "quarantine dismiss": ["1"],
    "quarantine fix": ["--all", "--transform", "trim:channel", "--yes"],
    "quarantine repair": ["tests/integration/empty_sheet.csv"],
    "quarantine expire": ["--older-than", "90d"],
    "quarantine reopen": ["1"],
    "intake release": ["1"],
    "intake reject": ["1"],
    "intake retry-batch": ["1"],
    "board reconcile": ["--republish"],
    "outbox send": [],
    "actor add": ["eve", "--role", "admin"],
    "ingest": [
        "examples/complete_journey_summer_2017.parquet",
        "--source",
        "x",
        "--mapping",
        "complete-journey",
    ],
    "run": [],
    "recompute": ["summer-race"],
}
RANKS = {"nobody": 0, "viewer": 1, "editor": 2, "admin": 3}


@pytest.fixture
def house(runtime: Runtime, tmp_path: Path) -> Runtime:
    """A house with one actor of each role (named by it), a program and a row in quarantine."""
    actors.add_actor(runtime, by="ann", name="admin", role="admin")
    for role in ("viewer", "editor"):
        actors.add_actor(runtime, by="admin", name=role, role=role)
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    run_rows(runtime, tmp_path, [purchase("p", "1.5E+10", "1.00")])
    return runtime


def entries(runtime: Runtime) -> list[AuditEntry]:
    with runtime.database.transaction() as session:
        return list(session.exec(select(AuditEntry).order_by(AuditEntry.id)).all())


@pytest.mark.parametrize("action", [*EDITS, *ADMINS])
def test_each_act_takes_its_role_and_leaves_its_row(house: Runtime, tmp_path: Path, action: str) -> None:
    path = write_jsonl(tmp_path / "more.jsonl", [purchase("q", "ada", "1.00")])
    act, needed = (EDITS | ADMINS)[action], 3 if action in ADMINS else 2
    tables = ("audit_entry", "intake", "program_version", "actor", "quarantined_row where state = 'open'")
    before = [one(house, f"select count(*) from {table}") for table in tables]
    for who in [name for name, rank in RANKS.items() if rank < needed]:
        with pytest.raises(RuleRefusedError, match="no actor here" if who == "nobody" else f"{who} is {who}"):
            act(house, who, path)
        assert [one(house, f"select count(*) from {table}") for table in tables] == before
    who = next(name for name, rank in RANKS.items() if rank == needed)
    act(house, who, path)
    new = [(entry.actor, entry.role, entry.action) for entry in entries(house)][int(str(before[0])) :]
    assert new == (
        [] if action == "program.apply" else [(who, who, action)]
    )  # that version is applied already


def commands(command: Any, *names: str) -> Iterator[str]:
    """Yield the words of every command that there is."""
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(names)
    for name, inner in (below or {}).items():
        yield from commands(inner, *names, name)


def test_every_command_is_known_to_read_or_to_write() -> None:
    assert sorted(commands(typer.main.get_command(app))) == sorted([*READING, *WRITING])


@pytest.fixture
def said(house: Runtime, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Result]:
    """Give a command on the house as somebody."""
    for name in ("database_url", "redis_url", "master_key"):
        monkeypatch.setenv(f"LAURELS_{name.upper()}", getattr(house.settings, name).get_secret_value())

    def say(who: str, command: str) -> Result:
        return CliRunner().invoke(
            app, [*command.split(), *WRITING[command]], env={"LAURELS_ACTOR": who}, catch_exceptions=False
        )

    return say


@pytest.mark.parametrize("command", WRITING)
def test_a_command_that_writes_does_nothing_for_who_may_not(
    house: Runtime, said: Callable[[str, str], Result], command: str
) -> None:
    before = len(entries(house)), batches_and_views(house)
    for who, words in (("mallory", "mallory is no actor here"), ("viewer", "viewer is viewer")):
        result = said(who, command)
        assert result.exit_code == 3, result.output
        assert words in result.stderr
    assert (len(entries(house)), batches_and_views(house)) == before


@pytest.mark.parametrize(
    ("command", "actions"),
    {
        "run": ["inbox.drain"],
        "outbox send": ["discount.push", "delivery.send"],
        "board reconcile": ["board.reconcile"],
    }.items(),
)
def test_work_that_a_person_asks_for_leaves_their_row(
    house: Runtime, said: Callable[[str, str], Result], command: str, actions: list[str]
) -> None:
    before = len(entries(house))
    assert said("editor", command).exit_code == 0
    assert [(entry.actor, entry.action) for entry in entries(house)[before:]] == [
        ("editor", action) for action in actions
    ]


def test_work_that_no_person_asks_for_leaves_none(house: Runtime) -> None:
    before = len(entries(house))
    batches.drain(house)
    discounts.push_discounts(house)
    deliveries.send_deliveries(house)
    assert len(entries(house)) == before


def batches_and_views(runtime: Runtime) -> list[object]:
    tables = ("batch", "intake", "activity", "board_window", "ledger_entry", "program_version", "actor")
    return [one(runtime, f"select count(*) from {table}") for table in tables]


def test_whoever_asks_first_is_the_admin_and_nobody_after(runtime: Runtime) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    assert actors.list_actors(runtime) == {"ann": "admin"}
    with pytest.raises(
        RuleRefusedError, match="bob is no actor here: an admin adds one by `laurels actor add bob"
    ):
        actors.add_actor(runtime, by="bob", name="bob", role="admin")
    assert actors.list_actors(runtime) == {"ann": "admin"}


def test_of_two_who_ask_first_at_once_one_is_the_admin(runtime: Runtime) -> None:
    names = iter(["ann", "bob", "cyd", "dan"])

    def ask_first(own: Runtime) -> str:
        name = next(names)
        actors.add_actor(own, by=name, name=f"friend of {name}", role="viewer")
        return name

    found = at_once(ask_first, runtime, 4)
    (first,) = (one for one in found if isinstance(one, str))
    assert [type(one) for one in found if not isinstance(one, str)] == [RuleRefusedError] * 3
    assert actors.list_actors(runtime) == {first: "admin", f"friend of {first}": "viewer"}


def test_a_change_of_role_is_kept_with_what_it_was_before(runtime: Runtime) -> None:
    for role in ("viewer", "editor", "viewer"):
        actors.add_actor(runtime, by="ann", name="bob", role=role)
    assert [(entry.actor, entry.subject, entry.before, entry.after) for entry in entries(runtime)] == [
        ("ann", "bob", None, {"role": "viewer"}),
        ("ann", "bob", {"role": "viewer"}, {"role": "editor"}),
        ("ann", "bob", {"role": "editor"}, {"role": "viewer"}),
    ]
    assert all(entry.recorded_at and entry.recorded_at.utcoffset() is not None for entry in entries(runtime))


def test_a_role_that_is_none_is_refused_in_one_line(runtime: Runtime) -> None:
    with pytest.raises(RuleRefusedError, match=r"^no role owner \(viewer, editor, admin\)$"):
        actors.add_actor(runtime, by="ann", name="bob", role="owner")
    assert actors.list_actors(runtime) == {}


def test_the_last_admin_stays_one(runtime: Runtime) -> None:
    actors.add_actor(runtime, by="ann", name="bob", role="admin")
    actors.add_actor(runtime, by="bob", name="ann", role="editor")
    with pytest.raises(RuleRefusedError, match="bob is the last admin"):
        actors.add_actor(runtime, by="bob", name="bob", role="viewer")
    assert actors.list_actors(runtime) == {"ann": "editor", "bob": "admin"}


def test_an_act_that_fails_leaves_no_row(house: Runtime) -> None:
    before = len(entries(house))
    with pytest.raises(RuleRefusedError):
        points.recompute_program(house, "nosuch", actor="editor")
    assert len(entries(house)) == before


def test_the_audit_names_no_person(runtime: Runtime, tmp_path: Path) -> None:
    """A row is mended with personal fields: the audit says which fields, and of none what it is."""
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    secret: dict[str, Any] = {
        "email": "ada@example.org",
        "phone": "+15550100",
        "name": "Ada King",
        "ip": "192.0.2.7",
    }
    run_rows(runtime, tmp_path, [purchase("p", "1.5E+10", "1.00") | secret])
    mended = {"member_id": "customer-4711", "email": "new@example.org", "amount": "7.77"}
    quarantine.replay(runtime, [1], edits=mended, actor="ann")
    written = str(ask(runtime, "select actor, action, subject, before, after, reason from audit_entry"))
    assert "quarantine.replay" in written
    for word in (*secret.values(), "customer-4711", "new@example.org"):
        assert word not in written

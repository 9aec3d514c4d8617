"""The schema's check: silent on a fresh database, and loud about whatever somebody changed behind its back."""

import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from laurels.services.runtime import Runtime
from laurels.services.schema import check_migrations, check_schema
from laurels.settings import Settings
from laurels.stores import schema
from laurels.stores.database import connect, driver
from models.tables import metadata
from tests.battery.gate_rows import ask
from tests.runtimes import url_of


def test_a_fresh_database_is_what_models_and_catalog_say(runtime: Runtime) -> None:
    assert schema.drift(runtime.database) == []
    assert schema.catalog_drift(runtime.database) == []


def test_the_catalog_is_written_as_it_is_made(runtime: Runtime) -> None:
    """Whoever makes it anew gets a diff of what changed, and nothing else."""
    assert schema.SNAPSHOT.read_text() == json.dumps(schema.catalog(runtime.database), indent=1) + "\n"


def test_the_fresh_check_looks_at_a_database_of_its_own(runtime: Runtime) -> None:
    """`make check` may run where a database is given: neither what is in that one nor its schema is its affair."""
    with runtime.database.transaction() as session:
        driver(session).execute("drop index activity_member")
    there = databases(runtime)
    assert check_migrations(runtime.settings) == []
    assert databases(runtime) == there
    assert check_schema(runtime) != []


def databases(runtime: Runtime) -> set[str]:
    with runtime.database.transaction() as session:
        rows = driver(session).execute("select datname from pg_database").fetchall()
    return {str(name) for (name,) in rows}


PLANTED: dict[str, tuple[str, str]] = {
    "an index dropped": ("drop index activity_member", "activity_member"),
    "an index no longer unique": (
        "drop index push_once; create index push_once on push (grant_id, action)",
        "push_once",
    ),
    "an index over less": (
        "drop index push_due; create index push_due on push (created_at) where state = 'pending'",
        "push_due",
    ),
    "an index over all": ("drop index intake_open; create index intake_open on intake (id)", "intake_open"),
    "a type": ("alter table intake alter duplicates type integer", "duplicates"),
    "a column that may be empty": ("alter table intake alter name drop not null", "name"),
    "a column more": ("alter table intake add extra text", "extra"),
    "a column less": ("alter table intake drop column bounds", "bounds"),
    "a table more": ("create table extra (id int)", "extra"),
    "a table less": ("drop table delivery", "delivery"),
    "a key no longer unique": ("alter table program drop constraint program_name_key", "name"),
    "a reference gone": (
        "alter table board_window drop constraint board_window_program_id_fkey",
        "program_id",
    ),
    "a check gone": ("alter table batch drop constraint batch_state", "batch_state"),
    "a check that lets more through": (
        (
            "alter table actor drop constraint actor_role; "
            "alter table actor add constraint actor_role check (role <> '')"
        ),
        "actor_role",
    ),
    "a check that was never checked": (
        (
            "alter table actor drop constraint actor_role; alter table actor add constraint actor_role "
            "check (role in ('viewer', 'editor', 'admin')) not valid"
        ),
        "actor_role",
    ),
    "a trigger gone": ("drop trigger ledger_entry_is_append_only on ledger_entry", "ledger_entry"),
    "a trigger off": (
        "alter table ledger_entry disable trigger ledger_entry_is_append_only",
        "ledger_entry_is_append_only",
    ),
    "a trigger for replicas only": (
        "alter table payload enable replica trigger payload_is_append_only",
        "payload_is_append_only",
    ),
    "a trigger that does nothing": (
        (
            "create or replace function refuse_change() returns trigger language plpgsql as "
            "'begin return null; end'"
        ),
        "refuse_change",
    ),
    "a function more": ("create function extra() returns int language sql return 1", "extra"),
    "a view that hides rows": (
        (
            "do $$ begin execute 'create or replace view claimed_row as select * from (' || "
            "rtrim(pg_get_viewdef('claimed_row'), ';') || ') there where problems = array[]::text[]'; end $$"
        ),
        "claimed_row",
    ),
    "a view more": ("create view extra as select 1 as one", "extra"),
    "a partition less": ("drop table inbox_key_p3", "inbox_key_p3"),
    "everybody reads a table": ("grant select on person_field to public", "person_field"),
    "everybody reads a column": ("grant select (ciphertext) on person_field to public", "person_field"),
    "everybody reads a view": ("grant select on claimed_row to public", "claimed_row"),
}


@pytest.mark.filterwarnings(
    "ignore:Can't validate argument:sqlalchemy.exc.SAWarning"
)  # it reads NOT VALID wrongly
@pytest.mark.parametrize(("statement", "named"), PLANTED.values(), ids=PLANTED)
def test_what_somebody_changed_is_named(runtime: Runtime, statement: str, named: str) -> None:
    with runtime.database.transaction() as session:
        driver(session).execute(statement.encode())
    found = check_schema(runtime)
    assert found
    assert any(named in difference for difference in found), found


def test_a_second_upgrade_changes_nothing_and_loses_nothing(runtime: Runtime) -> None:
    with runtime.database.transaction() as session:
        driver(session).execute("insert into program (name) values ('kept')")
    schema.upgrade(runtime.database)
    assert check_schema(runtime) == []
    assert ask(runtime, "select name from program") == [("kept",)]
    newest = max(path.name[:4] for path in Path("models/migrations/versions").glob("0*.py"))
    assert ask(runtime, "select version_num from alembic_version") == [(newest,)]


def test_three_processes_upgrade_an_empty_database_at_once(settings: Settings) -> None:
    assert settings.database_url
    server, name = settings.database_url.get_secret_value(), "laurels_test_at_once"
    program = (
        "import sys; from laurels.stores import schema; from laurels.stores.database import connect; "
        "schema.upgrade(connect(sys.stdin.readline().strip()))"
    )
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())
        connection.execute(f"create database {name}".encode())
        try:
            started = [
                subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, text=True)
                for _ in range(3)
            ]
            for process in started:
                assert process.stdin
                process.stdin.write(url_of(server, name) + "\n")
                process.stdin.close()
            assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
            with closing(connect(url_of(server, name))) as database:
                assert schema.drift(database) + schema.catalog_drift(database) == []
        finally:
            connection.execute(f"drop database {name} with (force)".encode())


CHECKED: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "intake": ("intake", "intake_state", {"state": "held"}, {"state": "lost"}),
    "batch": ("batch", "batch_state", {"state": "gate_error"}, {"state": "lost"}),
    "push": ("push", "push_state", {"state": "unknown"}, {"state": "held"}),
    "delivery": ("delivery", "delivery_state", {"state": "superseded"}, {"state": "Pending"}),
    "quarantined": ("quarantined_row", "quarantined_row_state", {"state": "open"}, {"state": ""}),
    "actor": ("actor", "actor_role", {"role": "admin"}, {"role": "root"}),
    "account": ("ledger_entry", "ledger_entry_account", {"points": -1}, {"account": "gift"}),
    "entry": ("ledger_entry", "ledger_entry_kind", {"kind": "clawback"}, {"kind": "gift"}),
    "nothing": ("ledger_entry", "ledger_entry_points", {"points": 2**53 - 1}, {"points": 0}),
    "too much": ("ledger_entry", "ledger_entry_points", {"points": 1 - 2**53}, {"points": -(2**53)}),
    "arrival": ("arrival", "arrival_state", {"state": "late"}, {"state": "lost"}),
    "measure": ("measure", "measure_severity", {"severity": "info"}, {"severity": "error"}),
    "no percent": ("tier_grant", "tier_grant_percent", {"percent": 1}, {"percent": 0}),
    "all and more": ("tier_grant", "tier_grant_percent", {"percent": 100}, {"percent": 101}),
}


def test_every_check_is_tried() -> None:
    there = {
        constraint.name
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert {case[1] for case in CHECKED.values()} == there


@pytest.mark.parametrize(("table", "check", "good", "bad"), CHECKED.values(), ids=CHECKED)
def test_a_value_that_nobody_knows_is_refused_by_the_database_itself(
    runtime: Runtime, table: str, check: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    there = metadata.tables[table]
    whole = filled(there) | {"account": "available", "kind": "award", "percent": 10, "points": 1} | good
    row = {name: value for name, value in whole.items() if name in there.columns}
    with runtime.database.transaction() as session:
        session.connection().execute(sa.insert(there).values(row))
    with pytest.raises(IntegrityError) as caught, runtime.database.transaction() as session:
        session.connection().execute(sa.insert(there).values(row | bad))
    assert isinstance(caught.value.orig, psycopg.errors.CheckViolation)
    assert caught.value.orig.diag.constraint_name == check


def filled(table: sa.Table) -> dict[str, Any]:
    """A value for each column that must have one."""
    samples: list[tuple[type[sa.types.TypeEngine[Any]], Any]] = [
        (sa.Uuid, uuid4()),
        (sa.Boolean, False),
        (sa.LargeBinary, b""),
        (sa.Integer, 1),
        (sa.DateTime, datetime(2026, 6, 1, tzinfo=UTC)),
        (postgresql.ARRAY, []),
        (postgresql.JSONB, {}),
        (sa.Text, "x"),
    ]

    def sample(column: sa.Column[Any]) -> Any:
        kind = column.type.impl if isinstance(column.type, sa.TypeDecorator) else column.type
        return next(value for type_, value in samples if isinstance(kind, type_))

    return {
        column.name: sample(column)
        for column in table.columns
        if not column.nullable and column.identity is None and column.server_default is None
    }

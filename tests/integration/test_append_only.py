"""Facts stay as they were written, whoever asks; and what may be there once is there once, whoever hurries."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from laurels.services import boards, versions
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores.database import driver
from tests.integration.activity import purchase, refund, run_rows, share
from tests.runtimes import fresh_runtime

SUMMER = Path("deployments/programs/summer-race.yaml")
FACTS = ("ledger_entry", "audit_entry", "program_version", "activity", "payload", "ruleset")
WRITERS = 8
LEDGER = """
insert into ledger_entry (program_id, member_id, account, kind, points, activity_id, rule, version_id, batch_id)
select program_id, member_id, account, kind, points, activity_id, rule, version_id, batch_id from ledger_entry limit 1
"""
GRANT = """
insert into tier_grant (id, program_id, window_id, member_id, version_id, tier, percent, rank, pass_number, starts_at)
select '{id}', 1, 1, '00000000-0000-0000-0000-000000000001', 1, 1, 30, 1, 1, now()
"""
VERSION = """
insert into program_version (program_id, number, effective_from, digest, body)
values (1, {number}, '2027-01-01T00:00:00Z', '{number}', '{{}}')
"""


@pytest.fixture(scope="module")
def lived(settings: Settings, template: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A store that holds some of every fact."""
    with fresh_runtime(settings) as runtime:
        versions.apply_program(runtime, SUMMER, actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC))
        rows = [purchase("p", "ada", "20.00"), refund("r", "order-p", "5.00"), share("s", "bob")]
        run_rows(runtime, tmp_path_factory.mktemp("rows"), rows)
        boards.reconcile_boards(runtime, as_of=datetime(2026, 6, 20, tzinfo=UTC))
        yield runtime


def contents(runtime: Runtime, table: str) -> list[tuple[object, ...]]:
    with runtime.database.transaction() as session:
        return driver(session).execute(f"select * from {table} order by 1".encode()).fetchall()


def refused(runtime: Runtime, *statements: str) -> None:
    with runtime.database.transaction() as session, pytest.raises(psycopg.errors.RestrictViolation) as caught:
        for statement in statements:
            driver(session).execute(statement.encode())
        session.rollback()
    assert re.fullmatch(
        r"\w+ is append-only: (UPDATE|DELETE|TRUNCATE) refused", caught.value.diag.message_primary or ""
    )


COLUMN = {"ledger_entry": "points", "audit_entry": "actor", "program_version": "number", "ruleset": "version"}
CHANGES: dict[str, Callable[[str], str]] = {
    "update": lambda table: (
        f"update {table} set {COLUMN.get(table, 'revision')} = {COLUMN.get(table, 'revision')}"
    ),
    "update of no row": lambda table: (
        f"update {table} set {COLUMN.get(table, 'revision')} = null where false"
    ),
    "delete": lambda table: f"delete from {table}",
    "delete of no row": lambda table: f"delete from {table} where false",
    "truncate": lambda table: f"truncate {table}",
    "truncate with what hangs on it": lambda table: f"truncate {table} restart identity cascade",
    "merge": lambda table: f"merge into {table} using (select 1) one on true when matched then delete",
    "with": lambda table: f"with gone as (delete from {table} returning 1) select count(*) from gone",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", FACTS)
def test_a_fact_cannot_be_changed_by_the_owner_of_its_table(lived: Runtime, table: str, change: str) -> None:
    before = contents(lived, table)
    assert before
    with lived.database.transaction() as session:
        owns = driver(session).execute(
            "select tableowner = current_user from pg_tables where tablename = %s", (table,)
        )
        assert owns.fetchone() == (True,)
    refused(lived, CHANGES[change](table))
    assert contents(lived, table) == before


@pytest.mark.parametrize("table", FACTS)
def test_a_conflicting_insert_cannot_update_a_fact(lived: Runtime, table: str) -> None:
    """An upsert fires the statement's trigger of update even where no row conflicts."""
    column = COLUMN.get(table, "revision")
    with lived.database.transaction() as session:
        keys = driver(session).execute(
            "select string_agg(a.attname, ', ') from pg_index i join pg_attribute a on a.attrelid = i.indrelid "
            "and a.attnum = any(i.indkey) where i.indisprimary and i.indrelid = %s::regclass",
            (table,),
        )
        (key,) = keys.fetchone() or ("",)
    before = contents(lived, table)
    overriding = "overriding system value" if key == "id" and table != "activity" else ""
    refused(
        lived,
        f"insert into {table} {overriding} select * from {table} "
        f"on conflict ({key}) do update set {column} = excluded.{column}",
    )
    assert contents(lived, table) == before


def test_the_list_of_facts_is_the_schema_s(lived: Runtime) -> None:
    with lived.database.transaction() as session:
        found = driver(session).execute(
            "select tgrelid::regclass::text from pg_trigger where tgname like '%_is_append_only' and tgenabled = 'O'"
        )
        assert {table for (table,) in found.fetchall()} == set(FACTS)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (lambda _: LEDGER, "ledger_entry_once"),
        (lambda _: GRANT.format(id=uuid4()), "tier_grant_active"),
        (lambda n: VERSION.format(number=100 + n), "program_version_program_id_effective_from_key"),
        (lambda n: VERSION.replace("2027", f"{2030 + n}").format(number=99), "program_version_program_id_number_key"),
    ],
    ids=["ledger once", "one active grant", "one version a time", "one version a number"],
)  # fmt: skip
def test_of_many_writers_at_once_one_writes(
    runtime: Runtime, tmp_path: Path, statement: Callable[[int], str], constraint: str
) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC))
    run_rows(runtime, tmp_path, [share("s", "bob")])
    begin = threading.Barrier(WRITERS)
    url = runtime.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def write(number: int) -> str | None:
        with psycopg.connect(url) as connection:
            begin.wait()
            try:
                connection.execute(statement(number).encode())
            except psycopg.errors.UniqueViolation as error:
                return error.diag.constraint_name
        return None

    with ThreadPoolExecutor(WRITERS) as pool:
        said = list(pool.map(write, range(WRITERS)))
    written = 0 if constraint == "ledger_entry_once" else 1  # its first is there already
    assert said.count(None) == written
    assert said.count(constraint) == WRITERS - written


def test_a_grant_that_ended_makes_room_for_the_next(runtime: Runtime) -> None:
    with runtime.database.transaction() as session:
        for _ in range(3):
            driver(session).execute("update tier_grant set ended_at = now() where ended_at is null")
            driver(session).execute(GRANT.format(id=uuid4()).encode())
    assert len(contents(runtime, "tier_grant")) == 3

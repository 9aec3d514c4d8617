"""Personal data: one encrypted store, in which the latest observation stands, and no trace of it anywhere else."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
import redis
from cryptography.exceptions import InvalidTag

from laurels.rules.identity import member_ids
from laurels.services import batches, boards, intake, quarantine, reading, versions
from laurels.services.runtime import Runtime
from laurels.stores import people
from laurels.stores.database import driver
from laurels.stores.people import Observation
from tests.battery.gate_rows import ask, one
from tests.integration.activity import purchase, referral, write_jsonl

SUMMER = Path("deployments/programs/summer-race.yaml")
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
ADA, BOB = UUID(int=1), UUID(int=2)

CANARIES = {
    "email": "canary.mail@example.org",
    "phone": "+15550001234567",
    "name": "Canaria Singvogel",
    "ip": "203.0.113.77",
    "device": "canary-device-4711",
}
IDS = ("canary-member-1", "canary-member-2", "canary-referred-3")
ALL = [*CANARIES.values(), *IDS]


def canary_rows() -> list[dict[str, object]]:
    """Good rows, and bad ones for each way in which a row can be refused."""
    good = [purchase(f"p{number}", IDS[number % 2], "20.00", **CANARIES) for number in range(4)]
    return [
        *good,
        referral("r1", IDS[0], IDS[2], **CANARIES),
        purchase("bad-amount", IDS[1], "12,50", **CANARIES),
        purchase("refused", IDS[1], "-1.00", **CANARIES),
        purchase("no-member", "", "1.00", **CANARIES),
        purchase("p1", IDS[1], "99.00", **CANARIES),
        referral("self", IDS[2], IDS[2], **CANARIES),
        purchase("undeclared", IDS[0], "1.00", card_holder=CANARIES["name"]),
    ]


def scanned(runtime: Runtime) -> Iterator[tuple[str, str]]:
    """Every row of every table as text, as PostgreSQL writes it."""
    tables = ask(
        runtime,
        "select format('%I.%I', schemaname, tablename) from pg_tables "
        "where schemaname not in ('pg_catalog', 'information_schema')",
    )
    assert len(tables) > 20
    for (table,) in tables:
        for (text,) in ask(runtime, f"select t::text from {table} t"):
            yield str(table), str(text)


def found_in(text: str) -> list[str]:
    """Canaries in a text, as they are or in the hex of PostgreSQL's bytea."""
    lowered = text.lower()
    return [one for one in ALL if one.lower() in lowered or one.encode().hex() in lowered]


def test_personal_data_is_in_clear_nowhere(
    runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC))
    path = write_jsonl(tmp_path / "canaries.jsonl", canary_rows())
    path.write_text(path.read_text() + f'{{"email": "{CANARIES["email"]}", broken\n')
    report = intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    drained = batches.drain(runtime)
    assert (report.refused, report.conflicts, drained.passed, drained.quarantined) == (1, 1, 6, 4)
    owed = boards.reconcile_boards(runtime, as_of=datetime(2026, 6, 20, tzinfo=UTC))
    assert owed.deliveries > 0
    nameless = next(row for row in quarantine.list_quarantine(runtime) if row.event_id == "no-member")
    edits = {"member_id": IDS[0], "email": CANARIES["email"]}
    quarantine.replay(runtime, [nameless.id], edits=edits, actor="ann", reason="known")
    assert batches.drain(runtime).passed == 1

    rows = list(scanned(runtime))
    assert {table for table, text in rows if found_in(text)} == set()
    assert (
        sum(table == "public.person_field" for table, _ in rows) == 3 * 6 + 2
    )  # two of them referred somebody
    assert found_in(caplog.text) == found_in("".join(capfd.readouterr())) == []
    assert found_in(str(redis_content(runtime))) == []
    assert files_with(runtime, ALL) == []
    assert files_with(runtime, ["bad-amount"]) or not data_directory(runtime).is_dir()
    assert any("bad-amount" in text for _, text in rows)
    with runtime.database.transaction() as session:
        member = member_ids("test", runtime.keys.member_id)(IDS[0])
        assert people.recall(session, runtime.keys, member) == CANARIES | {
            "external_id": IDS[0],
            "referred_external_id": IDS[2],
        }


def redis_content(runtime: Runtime) -> list[object]:
    assert runtime.settings.redis_url
    with redis.Redis.from_url(runtime.settings.redis_url.get_secret_value()) as connection:
        keys = list(connection.scan_iter())
        assert keys
        return [(key, connection.dump(key)) for key in keys]


def files_with(runtime: Runtime, words: list[str]) -> list[str]:
    """Files of the server (tables, write-ahead log, temporary and log files) with one of the words, if they are here."""
    with runtime.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("checkpoint")
    found = []
    for path in data_directory(runtime).parent.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [str(path) for word in words if word.encode() in content]
    return found


def data_directory(runtime: Runtime) -> Path:
    return Path(str(one(runtime, "show data_directory")))


def test_what_is_remembered_is_recalled_and_only_with_the_keys(runtime: Runtime) -> None:
    seen = [Observation(ADA, name, value, NOON) for name, value in CANARIES.items()]
    with runtime.database.transaction() as session:
        assert (
            people.remember(session, runtime.keys, [*seen, Observation(BOB, "name", "Bob Ünïcode 🎉", NOON)])
            == 6
        )
    with runtime.database.transaction() as session:
        assert people.recall(session, runtime.keys, ADA) == CANARIES
        assert people.recall(session, runtime.keys, BOB) == {"name": "Bob Ünïcode 🎉"}
        assert people.recall(session, runtime.keys, UUID(int=3)) == {}
        with pytest.raises(InvalidTag):
            people.recall(session, people.derive(bytes(31) + b"\1"), ADA)


@pytest.mark.parametrize(
    "theft",
    [
        "update person set wrapped_key = (select wrapped_key from person where member_id = %(bob)s) where member_id = %(ada)s",
        "update person_field set ciphertext = (select ciphertext from person_field where member_id = %(bob)s) where member_id = %(ada)s",
        "update person_field set field = 'email' where member_id = %(ada)s",
        "update person_field set ciphertext = set_byte(ciphertext, 20, 255 - get_byte(ciphertext, 20)) where member_id = %(ada)s",
    ],
    ids=["another's key", "another's field", "another field", "a byte"],
)
def test_a_ciphertext_opens_only_in_its_own_place(runtime: Runtime, theft: str) -> None:
    with runtime.database.transaction() as session:
        people.remember(
            session, runtime.keys, [Observation(member, "name", "x", NOON) for member in (ADA, BOB)]
        )
        assert driver(session).execute(theft.encode(), {"ada": ADA, "bob": BOB}).rowcount == 1
        with pytest.raises(InvalidTag):
            people.recall(session, runtime.keys, ADA)
        assert people.recall(session, runtime.keys, BOB) == {"name": "x"}


def test_equal_values_of_two_members_look_different_and_a_forgotten_key_forgets(runtime: Runtime) -> None:
    with runtime.database.transaction() as session:
        people.remember(
            session, runtime.keys, [Observation(member, "name", "x", NOON) for member in (ADA, BOB)]
        )
    for column in ("ciphertext", "fingerprint"):
        assert one(runtime, f"select count(distinct {column}) from person_field") == 2
    with runtime.database.transaction() as session:
        driver(session).execute("delete from person where member_id = %s", (ADA,))
        assert people.recall(session, runtime.keys, ADA) == {}


@pytest.mark.parametrize("together", [True, False], ids=["in one file", "one by one"])
def test_the_latest_observation_stands_in_whatever_order_they_come(runtime: Runtime, together: bool) -> None:
    cases = enumerate(product(["abc", "aba", "abb", "aab"], permutations(range(3))), start=1)
    for number, (values, order) in cases:
        member = UUID(int=number)
        seen = [Observation(member, "email", values[day], NOON + timedelta(days=day)) for day in order]
        for observations in [seen] if together else [[seen_once] for seen_once in seen]:
            with runtime.database.transaction() as session:
                people.remember(session, runtime.keys, observations)
        assert email_of(runtime, member) == values[-1], (values, order)


def email_of(runtime: Runtime, member: UUID) -> str:
    with runtime.database.transaction() as session:
        return people.recall(session, runtime.keys, member)["email"]


@pytest.mark.parametrize(("chunk", "memory"), [(1, 1_000), (10, 1_000), (1, 0)])
def test_a_value_that_a_file_repeats_is_as_new_as_its_last_row(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, memory: int
) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    monkeypatch.setattr(people, "LARGEST_MEMORY", memory)
    kept, late = ["a@example.org"] * 3, ["b@example.org"]
    for name, emails, days in (("kept", kept, (10, 14, 12)), ("late", late, (13,))):
        rows = [
            purchase(f"{name}{day}", "ada", "1.00", f"2026-06-{day}T12:00:00Z", email=email)
            for day, email in zip(days, emails, strict=True)
        ]
        path = write_jsonl(tmp_path / f"{name}.jsonl", rows)
        intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    assert email_of(runtime, member_ids("test", runtime.keys.member_id)("ada")) == "a@example.org"


def test_a_row_dated_ahead_is_no_newer_than_the_day_it_came_in(runtime: Runtime, tmp_path: Path) -> None:
    ada = member_ids("test", runtime.keys.member_id)("ada")

    def take_in(event: str, at: str, as_of: datetime) -> None:
        row = purchase(event, "ada", "1.00", at, email=f"{event}@example.org")
        path = write_jsonl(tmp_path / f"{event}.jsonl", [row])
        intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl", as_of=as_of)

    take_in("ahead", "2099-01-01T00:00:00Z", NOON)
    assert batches.drain(runtime).quarantined == 1
    assert email_of(runtime, ada) == "ahead@example.org"
    (row,) = quarantine.list_quarantine(runtime)
    edits = {"occurred_at": "2026-06-09T12:00:00Z", "email": "mended@example.org"}
    quarantine.replay(runtime, [row.id], edits=edits, actor="ann", as_of=NOON)
    assert email_of(runtime, ada) == "mended@example.org"
    take_in("next", "2026-06-10T13:00:00Z", NOON + timedelta(days=1))
    assert email_of(runtime, ada) == "next@example.org"


def test_nothing_is_written_twice(runtime: Runtime) -> None:
    seen = [Observation(ADA, "email", "a@example.org", NOON)]
    with runtime.database.transaction() as session:
        assert people.remember(session, runtime.keys, seen) == 1
        assert people.remember(session, runtime.keys, seen) == 0
        assert people.remember(session, runtime.keys, []) == 0


def test_many_writers_at_once_agree_and_none_is_stopped(runtime: Runtime) -> None:
    """Each meets the same new members in an order of its own; a deadlock would raise TransientError."""
    members = [UUID(int=number) for number in range(1, 2001)]
    start = Barrier(4)

    def write(writer: int) -> None:
        mine = members if writer % 2 else members[::-1]
        for minute in range(5):
            at = NOON + timedelta(minutes=minute, seconds=writer)
            start.wait(30)
            with runtime.database.transaction() as session:
                people.remember(
                    session,
                    runtime.keys,
                    [Observation(member, "name", f"{minute}.{writer}", at) for member in mine],
                )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with runtime.database.transaction() as session:
        found = {people.recall(session, runtime.keys, member)["name"] for member in members}
    assert found == {"4.3"}
    assert one(runtime, "select count(*) from person") == len(members)

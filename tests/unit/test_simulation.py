"""The demo's simulated activity: repeatable, and wrong in exactly the rows that say so."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from deployments.simulation import PLANTED, SEASON_HOURS, STARTS, VERIFIED, write_simulated
from laurels.quality import compiled
from laurels.services.mappings import load_mapping
from laurels.services.rulesets import house_rules
from models.values.activity import InboxRow
from models.values.rules import Applied, Ruleset
from tests.mappings import MAPPINGS, rows_of

HOUSEHOLDS = range(1, 201)
JSONL = load_mapping(MAPPINGS / "activity-jsonl.yaml")
AS_OF = datetime(2017, 9, 1, tzinfo=UTC)
JUDGED = ("kind", "member_id", "occurred_at", "amount_minor", "referred_id", "order_id", "problems")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "simulated.jsonl"
    assert write_simulated(path, HOUSEHOLDS) == 420 + 900 + len(PLANTED)
    return path


def read(path: Path) -> dict[str, InboxRow]:
    rows = {row.event_id: row for row in rows_of(path, JSONL) if isinstance(row, InboxRow) and row.event_id}
    assert len(rows) == len(path.read_text().splitlines())  # each can be told apart, and no id comes twice
    return rows


def gate_reasons(row: InboxRow) -> list[str]:
    """What the gate's own SQL says of a row, here asked of DuckDB: no server is needed for it."""
    house = Ruleset(rules=tuple(Applied(rule=rule) for rule in house_rules()))
    clauses = [clause for family in compiled.families(house) for clause in family.clauses]
    values = [str(v) if hasattr(v := getattr(row, name), "hex") else v for name in JUDGED[:-1]]
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            "create table claimed_row as select ?::varchar as kind, ?::uuid as member_id, ?::timestamptz as occurred_at, "
            "?::bigint as amount_minor, ?::uuid as referred_id, ?::uuid as order_id, ?::varchar[] as problems, "
            "?::timestamptz as as_of, " + ", ".join(f"?::boolean as {name}" for name in UNREAD),
            [*values, list(row.problems), AS_OF, *(unread(row, *fields) for fields in UNREAD.values())],
        )
        return [
            clause.reason
            for clause in clauses
            if connection.execute(f"select coalesce({clause.sql}, false) from claimed_row").fetchone()
            == (True,)
        ]


UNREAD = {
    "kind_unread": ("kind",),
    "member_unread": ("member_id",),
    "time_unread": ("time",),
    "amount_unread": ("amount", "currency"),
    "order_unread": ("order_id",),
    "referred_unread": ("referred_id",),
}


def unread(row: InboxRow, *fields: str) -> bool:
    """What the view says of a field that has a problem."""
    return any(problem.startswith(f"{field}_") for field in fields for problem in row.problems)


def test_the_same_seed_is_the_same_file(simulated: Path, tmp_path: Path) -> None:
    write_simulated(tmp_path / "again.jsonl", list(HOUSEHOLDS))
    assert (tmp_path / "again.jsonl").read_bytes() == simulated.read_bytes()
    write_simulated(tmp_path / "others.jsonl", range(201, 401))
    assert (tmp_path / "others.jsonl").read_bytes() != simulated.read_bytes()


def test_it_has_as_many_rows_as_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "few.jsonl"
    assert write_simulated(path, HOUSEHOLDS, referrals=3, shares=2) == 5 + len(PLANTED)
    kinds = Counter(event_id.split("-")[1] for event_id in read(path))
    assert kinds == {"referral": 3, "share": 2, "wrong": len(PLANTED)}


def test_what_is_not_planted_has_no_fault(simulated: Path) -> None:
    good = [row for event_id, row in read(simulated).items() if not event_id.startswith("sim-wrong-")]
    assert len(good) == 1320
    assert [row for row in good if row.problems] == []
    assert {row.kind for row in good} == {"referral", "share"}
    for row in good:
        assert row.occurred_at
        assert 0 <= (row.occurred_at - STARTS).total_seconds() < SEASON_HOURS * 3600
        assert row.occurred_at < AS_OF
        assert row.referred_id != row.member_id


@pytest.mark.parametrize("reason", [reason for reason, _ in PLANTED])
def test_a_planted_row_is_wrong_in_what_its_name_says_and_in_nothing_else(
    simulated: Path, reason: str
) -> None:
    (row,) = [row for event_id, row in read(simulated).items() if event_id.endswith(f"-{reason}")]
    assert [*row.problems, *gate_reasons(row)] == [reason]


def test_rows_without_a_fault_break_none_of_the_gate_s_rules(simulated: Path) -> None:
    good = [row for event_id, row in read(simulated).items() if not event_id.startswith("sim-wrong-")]
    assert [gate_reasons(row) for row in good[::60]] == [[]] * 22


def test_a_few_households_refer_most_and_most_referrals_are_verified(simulated: Path) -> None:
    referrals = [row for row in read(simulated).values() if row.event_id and "-referral-" in row.event_id]
    by_member = [count for _, count in Counter(row.member_id for row in referrals).most_common()]
    assert sum(by_member[:20]) > len(referrals) / 2
    assert sum(by_member[10:]) > 0
    assert abs(sum(bool(row.verified) for row in referrals) / len(referrals) - VERIFIED) < 0.05


def test_nobody_real_is_in_it(simulated: Path) -> None:
    lines = [json.loads(line) for line in simulated.read_text().splitlines()]
    addresses = {line["email"] for line in lines if "email" in line}
    assert len(addresses) == 420
    assert all(address.endswith("@example.com") for address in addresses)
    assert {key for line in lines for key in line} & {"name", "phone", "ip", "device"} == set()

"""For the bad-input battery: `laurels` on one runtime of a whole module, files around good rows, and what counted of them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from laurels.cli import app, console
from laurels.rules.identity import member_ids
from laurels.services.runtime import Runtime
from tests.battery.gate_rows import ask, one

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
    "channel",
)
HEADER = ",".join(COLUMNS) + "\n"
PURCHASE = {
    "event_id": "g1",
    "kind": "purchase",
    "member_id": "00042",
    "occurred_at": "2026-06-10T12:00:00Z",
    "amount": "12.59",
    "currency": "USD",
    "order_id": "o1",
}
REFERRAL = {
    "event_id": "g2",
    "kind": "referral",
    "member_id": "00042",
    "occurred_at": "2026-06-11T12:00:00Z",
    "referred_id": "friend",
    "verified": "true",
}
POINTS = 125, 100
"""What the two good rows are worth: 12.59 in whole tenths of a dollar, and one verified referral."""
BAD = PURCHASE | {"event_id": "b1", "member_id": "00666", "order_id": "o2", "amount": "99.00"}

# A row for each thing that came of activity, with the member that it is of.
EFFECTS = "activity", "award", "ledger_entry", "standing", "tier_grant", "push", "delivery", "participation"


@dataclass(frozen=True)
class Shop:
    """One case's own source: its ids meet nobody else's, though the database is shared."""

    name: str
    runtime: Runtime
    folder: Path

    def ingest(self, file: str | Path, data: bytes | None, *more: str, mapping: str = "activity") -> Result:
        """Write a file, take it in. Without data the file is what is there already."""
        path = self.folder / file
        if data is not None:
            path.write_bytes(data)
        return laurels("ingest", path, "--source", self.name, "--mapping", mapping, *more)

    def points(self) -> dict[tuple[str, int], int]:
        """Points by file and line."""
        found = ask(
            self.runtime,
            "select t.name, k.line, sum(l.points) from ledger_entry l join inbox_key k on k.key = l.activity_id "
            "join intake t on t.id = k.intake_id where t.source = %s group by 1, 2",
            self.name,
        )
        return {(str(file), int(str(line))): int(str(points)) for file, line, points in found}

    def refused(self) -> dict[tuple[str, int], list[str]]:
        """Reasons by file and line, as `laurels quarantine list --json` says them."""
        listed = laurels("quarantine", "list", "--source", self.name, "--limit", "1000", "--json")
        assert listed.exit_code == 0
        rows: list[dict[str, Any]] = json.loads(listed.stdout)
        assert all(sentence.endswith(".") for row in rows for sentence in row["sentences"])
        return {(row["file"], row["line"]): row["reasons"] for row in rows}

    def effects_of(self, external_id: str) -> dict[str, int]:
        """In how many rows of each table a member stands; tables without one are left out."""
        member = member_ids(self.name, self.runtime.keys.member_id)(external_id)
        counts = {
            table: int(str(one(self.runtime, f"select count(*) from {table} where member_id = %s", member)))
            for table in EFFECTS
        }
        return {table: count for table, count in counts.items() if count}


def laurels(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@contextmanager
def one_runtime(runtime: Runtime) -> Iterator[None]:
    """Let every command use this runtime: the gate is warm after the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "open_runtime", lambda _settings: nullcontext(runtime))
        patch.setenv("COLUMNS", "300")
        yield


def effects(runtime: Runtime) -> dict[str, int]:
    """How many rows there are of everything that activity can bring about."""
    return {table: int(str(one(runtime, f"select count(*) from {table}"))) for table in EFFECTS}


def csv_row(fields: dict[str, str]) -> str:
    return ",".join(fields.get(column, "") for column in COLUMNS) + "\n"


def around(bad: str | bytes, row: Callable[[dict[str, str]], str] = csv_row, header: str = HEADER) -> bytes:
    """A file of two good rows with something in between: it begins on the line after the first good one."""
    between = bad.encode() if isinstance(bad, str) else bad
    return (header + row(PURCHASE)).encode() + between + row(REFERRAL).encode()


def printed(result: Result) -> list[tuple[int, str]]:
    """Line and reasons of each row in the table that `ingest` prints."""
    cells = [[cell.strip() for cell in text.split("│")] for text in result.stdout.splitlines()]
    return [(int(row[2]), row[5]) for row in cells if len(row) == 7 and row[1].isdigit()]

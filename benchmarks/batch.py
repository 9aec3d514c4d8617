"""A micro-batch step by step: rows/s and bytes of WAL a row for claim, gate, activity, awards, standings and commit."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from benchmarks.ingest import write_csv
from benchmarks.measure import finish, own_runtime, say, wal_bytes
from laurels.services import versions
from laurels.services.intake import ingest_file
from laurels.services.points import write_standings
from laurels.services.rulesets import house_rules
from laurels.services.runtime import Runtime
from laurels.stores import batches, leases, participation, points, programs, working
from laurels.stores.batches import Claim
from laurels.stores.database import Database, driver
from models.values.rules import Applied, Ruleset

SIZES = {1_000: 20, 10_000: 6}
SUMMER = Path("deployments/programs/summer-race.yaml")
HOUSE = Ruleset(rules=tuple(Applied(rule=rule) for rule in house_rules()))


class Steps:
    """Seconds and WAL bytes by step. WAL is the server's, read on another connection: nothing else writes here."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.took: dict[str, float] = defaultdict(float)
        self.wal: dict[str, int] = defaultdict(int)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wal, began = self._wal(), time.perf_counter()
        yield
        self.took[name] += time.perf_counter() - began
        self.wal[name] += self._wal() - wal

    def _wal(self) -> int:
        with self.database.transaction() as session:
            return wal_bytes(driver(session))


def work(runtime: Runtime, steps: Steps, token: int, size: int) -> int:
    with steps.step("claim"), runtime.database.transaction() as session:
        claim = batches.next_claim(session, token, size)
    if claim is None:
        return 0
    with steps.step("gate"):
        verdict = runtime.gate.judge_batch(claim.batch_id, claim.rows, HOUSE)
    with steps.step("verdict"), runtime.database.transaction() as session:
        batches.record_verdict(session, claim, verdict.ruleset, verdict.refused, {"reasons": verdict.counts})
    with ExitStack() as transaction:
        apply(transaction.enter_context(runtime.database.transaction()), steps, claim)
        with steps.step("commit"):
            transaction.close()
    return claim.rows


def apply(session: Session, steps: Steps, claim: Claim) -> None:
    with steps.step("check"):
        batches.check_passed(session, claim.batch_id, claim.token)
        working.prepare(session)
    with steps.step("activity"):
        points.accept_batch(session, claim.batch_id)
    program = programs.stored_programs(session)[0]
    with steps.step("enrol"):
        participation.enrol_batch(session, program.id, list(program.versions))
    with steps.step("awards"):
        points.write_awards(session, program.id, program.by_id(), claim.batch_id)
    with steps.step("standings"):
        write_standings(session, program)
    with steps.step("finish"):
        batches.finish(session, claim.batch_id)


def measured(runtime: Runtime, path: Path, size: int) -> tuple[Steps, int]:
    """Work the file off in batches of that size; the first one pays for plans, connections and imports, uncounted."""
    ingest_file(runtime, path, source="bench", mapping="activity", as_of=datetime(2026, 8, 1, tzinfo=UTC))
    with runtime.database.transaction() as session:
        token = leases.take_when_free(session, batches.PARTITION, "bench", 3600)
    work(runtime, Steps(runtime.database), token, size)
    steps, rows = Steps(runtime.database), 0
    while taken := work(runtime, steps, token, size):
        rows += taken
    with runtime.database.transaction() as session:
        leases.release(session, batches.PARTITION, token)
    return steps, rows


def figures_of(steps: Steps, rows: int, size: int) -> dict[str, Any]:
    total = sum(steps.took.values())
    return {
        "rows_per_s": round(rows / total),
        "ms_per_batch": round(1000 * total * size / rows, 1),
        "wal_bytes_per_row": round(sum(steps.wal.values()) / rows),
        "steps": {
            name: {
                "rows_per_s": round(rows / took),
                "share": round(took / total, 3),
                "wal_bytes_per_row": round(steps.wal[name] / rows),
            }
            for name, took in steps.took.items()
        },
    }


def main() -> None:
    figures = {}
    with tempfile.TemporaryDirectory() as folder, own_runtime() as runtime:
        versions.apply_program(
            runtime, SUMMER, actor="bench", effective_from=datetime(2026, 1, 1, tzinfo=UTC)
        )
        for size, count in SIZES.items():
            path = write_csv(Path(folder) / f"{size}.csv", size * (count + 1), f"s{size}-")
            say(f"{count} batches of {size} rows, and one before them")
            figures[str(size)] = figures_of(*measured(runtime, path, size), size)
    finish("batch", **figures)


if __name__ == "__main__":
    main()

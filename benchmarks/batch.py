"""A micro-batch step by step: rows/s and bytes of WAL a row for claim, gate, activity, awards and standings."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from benchmarks.ingest import write_csv
from benchmarks.measure import finish, own_runtime, say, wal_bytes
from laurels.services import versions
from laurels.services.intake import ingest_file
from laurels.services.points import write_standings
from laurels.services.runtime import Runtime
from laurels.stores import batches, leases, participation, points, programs, working
from laurels.stores.database import driver

SIZES = {1_000: 20, 10_000: 6}
SUMMER = Path("deployments/programs/summer-race.yaml")


class Steps:
    """Seconds and WAL bytes by step."""

    def __init__(self) -> None:
        self.took: dict[str, float] = defaultdict(float)
        self.wal: dict[str, int] = defaultdict(int)

    @contextmanager
    def step(self, name: str, session: Session) -> Iterator[None]:
        connection = driver(session)
        wal, began = wal_bytes(connection), time.perf_counter()
        yield
        self.took[name] += time.perf_counter() - began
        self.wal[name] += wal_bytes(connection) - wal


def work(runtime: Runtime, steps: Steps, token: int, size: int) -> int:
    with runtime.database.transaction() as session, steps.step("claim", session):
        claim = batches.next_claim(session, token, size)
    if claim is None:
        return 0
    began = time.perf_counter()
    verdict = runtime.gate.judge_batch(claim.batch_id, claim.rows)
    steps.took["gate"] += time.perf_counter() - began
    with runtime.database.transaction() as session:
        with steps.step("verdict", session):
            batches.record_verdict(session, claim, verdict.ruleset, verdict.refused, verdict.counts)
    with runtime.database.transaction() as session:
        with steps.step("check", session):
            batches.check_passed(session, claim.batch_id, claim.token)
            working.prepare(session)
        with steps.step("activity", session):
            points.accept_batch(session, claim.batch_id)
        program = programs.stored_programs(session)[0]
        with steps.step("enrol", session):
            participation.enrol_batch(session, program.id, list(program.versions))
        with steps.step("awards", session):
            points.write_awards(session, program.id, program.by_id(), claim.batch_id)
        with steps.step("standings", session):
            write_standings(session, program)
        with steps.step("finish", session):
            batches.finish(session, claim.batch_id)
        began, wal = time.perf_counter(), wal_bytes(driver(session))
    steps.took["commit"] += time.perf_counter() - began
    del wal
    return claim.rows


def main() -> None:
    figures = {}
    with tempfile.TemporaryDirectory() as folder, own_runtime() as runtime:
        versions.apply_program(
            runtime, SUMMER, actor="bench", effective_from=datetime(2026, 1, 1, tzinfo=UTC)
        )
        for size, count in SIZES.items():
            path = write_csv(Path(folder) / f"{size}.csv", size * (count + 1), f"s{size}-")
            ingest_file(
                runtime, path, source="bench", mapping="activity", as_of=datetime(2026, 8, 1, tzinfo=UTC)
            )
            with runtime.database.transaction() as session:
                token = leases.take_when_free(session, batches.PARTITION, "bench", 3600)
            work(
                runtime, Steps(), token, size
            )  # plans, connections and imports are paid before the clock starts
            say(f"{count} batches of {size} rows")
            steps, rows = Steps(), 0
            while taken := work(runtime, steps, token, size):
                rows += taken
            with runtime.database.transaction() as session:
                leases.release(session, batches.PARTITION, token)
            total = sum(steps.took.values())
            figures[str(size)] = {
                "rows_per_s": round(rows / total),
                "ms_per_batch": round(1000 * total / count, 1),
                "wal_bytes_per_row": round(sum(steps.wal.values()) / rows),
                "steps": {
                    name: {
                        "share": round(took / total, 3),
                        "wal_bytes_per_row": round(steps.wal[name] / rows),
                    }
                    for name, took in steps.took.items()
                },
            }
    finish("batch", **figures)


if __name__ == "__main__":
    main()

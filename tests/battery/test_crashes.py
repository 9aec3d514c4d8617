"""A SIGKILL at each step of a batch: after the next worker has run, all is as if nothing had happened."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from laurels.rules.standings import composite
from laurels.services import batches, boards, intake, versions
from laurels.services.boards import BoardsReport
from laurels.services.runtime import Runtime
from laurels.services.statehash import state_hash
from laurels.settings import Settings
from models.boards import BoardWindow, DirtyStanding, Standing
from models.grants import TierGrant
from models.outbox import Delivery
from models.points import LedgerEntry
from tests.integration.activity import purchase, referral, refund, share, write_jsonl
from tests.runtimes import fresh_runtime

SUMMER = Path("deployments/programs/summer-race.yaml")
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC)

ROWS = [
    *(purchase(f"p{n}", f"m{n % 7}", f"{n}.37") for n in range(40)),
    *(referral(f"r{n}", f"m{n % 11}", f"f{n}") for n in range(60)),
    *(share(f"s{n}", f"m{n % 3}") for n in range(30)),
    refund("back", "order-p9", "4.00"),
    share("bad", "1.5E+10"),
]


def prepare(runtime: Runtime, folder: Path) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    intake.ingest_file(
        runtime, write_jsonl(folder / "rows.jsonl", ROWS), source="test", mapping="activity-jsonl", as_of=JUNE
    )


def outcome(runtime: Runtime) -> tuple[str, list[tuple[str, int]], list[str]]:
    with runtime.database.transaction() as session:
        entries = sorted((entry.rule, entry.points) for entry in session.exec(select(LedgerEntry)).all())
        texts = sorted(f"{row.member_id} {row.text}" for row in session.exec(select(Delivery)).all())
    return state_hash(runtime).hash, entries, texts


def worker(runtime: Runtime, **environment: str) -> subprocess.Popen[bytes]:
    settings = runtime.settings
    assert settings.database_url and settings.redis_url and settings.master_key
    told = {
        "LAURELS_DATABASE_URL": settings.database_url.get_secret_value(),
        "LAURELS_REDIS_URL": settings.redis_url.get_secret_value(),
        "LAURELS_MASTER_KEY": settings.master_key.get_secret_value(),
        "LAURELS_AS_OF": JUNE.isoformat(),
        "LAURELS_BATCH_ROWS": str(settings.batch_rows),
        "LAURELS_LEASE_SECONDS": str(settings.lease_seconds),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.battery.worker"], env=os.environ | told | environment
    )


@pytest.fixture(scope="module")
def undisturbed(
    settings: Settings, template: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[object, ...]:
    with fresh_runtime(settings, batch_rows=50) as runtime:
        prepare(runtime, tmp_path_factory.mktemp("quiet"))
        batches.drain(runtime)
        boards.reconcile_boards(runtime, as_of=JUNE)
        return outcome(runtime)


def windows(runtime: Runtime) -> list[BoardWindow]:
    with runtime.database.transaction() as session:
        return list(session.exec(select(BoardWindow)).all())


def shows_what_stands(runtime: Runtime, window: BoardWindow) -> bool:
    """Redis has the window's latest pass, and its members, scores and order."""
    with runtime.database.transaction() as session:
        standings = session.exec(select(Standing).where(Standing.window_id == window.id)).all()
    bounds = (window.starts_at, window.ends_at)
    ranked = sorted((composite(row.score, row.reached_at, *bounds), row.member_id) for row in standings)
    shown = [(place.number, place.member_id) for place in runtime.views.everyone(window.view)]
    return runtime.views.passes([window.view]) == {window.view: window.pass_number} and shown == ranked != []


@pytest.mark.parametrize("failpoint", ["claimed", "judged", "working", "applied"])
def test_a_kill_leaves_no_trace(
    failpoint: str, settings: Settings, template: None, undisturbed: tuple[object, ...], tmp_path: Path
) -> None:
    with fresh_runtime(settings, batch_rows=50, lease_seconds=2) as runtime:
        prepare(runtime, tmp_path)
        assert worker(runtime, FAILPOINT=failpoint).wait(timeout=60) == -signal.SIGKILL
        batches.drain(runtime)
        boards.reconcile_boards(runtime, as_of=JUNE)
        assert boards.reconcile_boards(runtime, as_of=JUNE) == BoardsReport()
        assert outcome(runtime) == undisturbed
        assert all(shows_what_stands(runtime, window) for window in windows(runtime))


@pytest.mark.parametrize("lost", [True, False])
def test_a_kill_between_commit_and_redis_leaves_no_trace(
    lost: bool, settings: Settings, template: None, undisturbed: tuple[object, ...], tmp_path: Path
) -> None:
    """In the window that decides tiers: its grants are committed, and Redis has no such board yet, or an older one."""
    with fresh_runtime(settings, batch_rows=50, lease_seconds=2) as runtime:
        prepare(runtime, tmp_path)
        batches.drain(runtime)
        (season,) = (one for one in windows(runtime) if (one.board, one.period) == ("referrals", "season"))
        if not lost:
            runtime.views.replace(season.view, token=0, number=0, scores=[(season.view, 0)])
        assert worker(runtime, FAILPOINT="reconciled referrals/season").wait(timeout=60) == -signal.SIGKILL
        (killed,) = (one for one in windows(runtime) if one.id == season.id)
        assert (killed.pass_number, runtime.views.passes([season.view])[season.view]) == (
            1,
            None if lost else 0,
        )
        with runtime.database.transaction() as session:
            assert len(session.exec(select(TierGrant).where(TierGrant.window_id == season.id)).all()) == 10
            assert session.exec(select(DirtyStanding).where(DirtyStanding.window_id == season.id)).all() == []
        boards.reconcile_boards(runtime, as_of=JUNE)
        assert boards.reconcile_boards(runtime, as_of=JUNE) == BoardsReport()
        assert outcome(runtime) == undisturbed
        assert len(windows(runtime)) == 5
        assert all(shows_what_stands(runtime, window) for window in windows(runtime))


def test_a_batch_that_was_cut_off_inside_its_transaction_wrote_nothing(
    settings: Settings, template: None, tmp_path: Path
) -> None:
    with fresh_runtime(settings, batch_rows=50, lease_seconds=2) as runtime:
        prepare(runtime, tmp_path)
        assert worker(runtime, FAILPOINT="working").wait(timeout=60) == -signal.SIGKILL
        with runtime.database.transaction() as session:
            assert session.exec(select(LedgerEntry)).all() == []

"""The long ones, by `make soak`: more histories against plain loops, and a worker killed again and again."""

import random
import signal
import time
from pathlib import Path

import pytest

from laurels.services import batches, boards
from laurels.services.checks import check_invariants
from laurels.settings import Settings
from tests import oracle
from tests.battery import compared
from tests.battery import histories_programs as programs
from tests.battery.test_crashes import JUNE, outcome, prepare, worker
from tests.battery.test_oracle import NOW, _arrive, _compare
from tests.histories import acts_of, history
from tests.runtimes import fresh_runtime

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
FAILPOINTS = ("claimed", "judged", "working", "applied", "reconciled")


@pytest.mark.parametrize("seed", range(1000, 1040))
def test_long_histories_are_what_plain_loops_make_of_them(
    seed: int, settings: Settings, template: None, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    rows = history(seed, events=dice.randrange(50, 1200), members=dice.randrange(1, 40))
    dice.shuffle(rows)
    with fresh_runtime(settings, as_of=NOW, batch_rows=dice.choice([3, 17, 250, 10_000])) as runtime:
        programs.apply_all(runtime)
        _arrive(runtime, tmp_path, rows, files=dice.randrange(1, 6))
        _compare(runtime, rows)
        assert compared.stored_settlements(runtime) == oracle.settlements(acts_of(runtime, rows))
        assert check_invariants(runtime) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_worker_killed_again_and_again_leaves_no_trace(
    seed: int, settings: Settings, template: None, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    with fresh_runtime(settings, batch_rows=50) as quiet:
        prepare(quiet, tmp_path)
        batches.drain(quiet)
        boards.reconcile_boards(quiet, as_of=JUNE)
        expected = outcome(quiet)
    with fresh_runtime(settings, batch_rows=50, lease_seconds=2) as runtime:
        prepare(runtime, tmp_path)
        for _ in range(4):
            status = worker(runtime, FAILPOINT=dice.choice(FAILPOINTS)).wait(timeout=120)
            assert status in {0, -signal.SIGKILL}
        time.sleep(2.1)
        batches.drain(runtime)
        for _ in range(2):
            boards.reconcile_boards(runtime, as_of=JUNE)
        assert outcome(runtime) == expected
        assert check_invariants(runtime) == []

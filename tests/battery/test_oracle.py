"""Random histories, arriving in pieces, against plain loops: every award, balance, settlement and standing equal."""

import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.services.runtime import Runtime
from laurels.settings import Settings
from tests import oracle
from tests.battery import compared
from tests.battery import histories_programs as programs
from tests.histories import Row, acts_of, history
from tests.integration.activity import run_rows
from tests.runtimes import fresh_runtime

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def _arrive(runtime: Runtime, folder: Path, rows: list[Row], files: int) -> None:
    size = -(-len(rows) // files)
    for number in range(files):
        run_rows(runtime, folder, rows[number * size : (number + 1) * size], f"{number}.jsonl")


def _compare(runtime: Runtime, rows: list[Row]) -> None:
    acts = acts_of(runtime, rows)
    assert compared.stored_settlements(runtime) == oracle.settlements(acts)
    for stated in programs.ALL:
        name, editions = stated[0][1].program, programs.editions_of(stated)
        awards = oracle.awards(acts, editions)
        assert compared.stored_awards(runtime, name) == awards, name
        balances: Counter[object] = Counter()
        for _, member, points in awards.values():
            balances[member] += points
        assert compared.stored_balances(runtime, name) == {m: p for m, p in balances.items() if p}, name
        assert compared.stored_standings(runtime, name) == oracle.standings(acts, editions), name


@pytest.mark.parametrize("seed", range(6))
def test_views_are_what_plain_loops_make_of_the_same_rows(
    seed: int, settings: Settings, template: None, tmp_path: Path
) -> None:
    rows = history(seed)
    random.Random(seed).shuffle(rows)
    with fresh_runtime(settings, as_of=NOW, batch_rows=17) as runtime:
        programs.apply_all(runtime)
        _arrive(runtime, tmp_path, rows, files=3)
        _compare(runtime, rows)


@pytest.mark.parametrize("seed", range(100, 104))
def test_a_version_that_comes_after_the_rows_makes_the_same_of_them(
    seed: int, settings: Settings, template: None, tmp_path: Path
) -> None:
    rows = history(seed)
    with fresh_runtime(settings, as_of=NOW) as runtime:
        programs.apply(runtime, programs.CHANGING[:1])
        _arrive(runtime, tmp_path, rows[:80], files=1)
        programs.apply(runtime, programs.CHANGING[1:])
        programs.apply(runtime, programs.SUMMER)
        _arrive(runtime, tmp_path, rows[80:], files=1)
        programs.apply(runtime, programs.EVERY_DAY)
        _compare(runtime, rows)

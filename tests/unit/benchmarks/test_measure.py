"""What every benchmark leans on. No time is asserted here: that is the benchmarks' own affair."""

import importlib
import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import measure
from benchmarks.ingest import write_csv
from laurels.services.mappings import load_mapping
from models.values.activity import InboxRow
from tests.mappings import MAPPINGS, rows_of

FOLDER = Path(measure.__file__).parent
BENCHMARKS = sorted({path.stem for path in FOLDER.glob("*.py")} - {"__init__", "measure"})


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_can_be_run_by_make_and_ends_with_its_own_line(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert callable(module.main)
    text = (FOLDER / f"{name}.py").read_text()
    assert f'finish("{name}", ' in " ".join(text.split()).replace("( ", "(")
    assert text.rstrip().endswith('if __name__ == "__main__":\n    main()')
    assert (module.__doc__ or "").strip()


def test_there_are_benchmarks() -> None:
    assert {"batch", "ingest", "ranks"} <= set(BENCHMARKS)


def test_the_page_says_of_each_what_it_compares() -> None:
    page = (FOLDER / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(BENCHMARKS)


def test_the_end_is_one_line_with_the_figures_and_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    measure.say("200,000 rows")
    measure.finish("some", rows_per_s=12345.678951, rows=3, steps={"gate": {"share": 0.123456789}})
    said = capsys.readouterr()
    assert said.err == "200,000 rows\n"  # what is said on the way stands apart
    (line,) = said.out.splitlines()
    found = json.loads(line)
    machine = found.pop("machine")
    assert found == {
        "benchmark": "some",
        "rows_per_s": 12345.679,
        "rows": 3,
        "steps": {"gate": {"share": 0.123456789}},
    }
    assert set(machine) == {"cores", "python", "system"}
    assert machine["cores"] >= 1


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_value_that_was_measured_with_as_many_below_it(
    values: list[float], share: float
) -> None:
    found = measure.percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    shuffled = random.Random(1).sample(values, len(values))
    assert measure.percentile(shuffled, share) == found


def test_the_ends_of_a_percentile() -> None:
    values = [float(number) for number in range(100)]
    assert [measure.percentile(values, share) for share in (0, 0.5, 0.99, 1)] == [0, 50, 99, 99]


def test_work_is_done_once_and_its_seconds_are_told() -> None:
    done: list[int] = []
    assert measure.seconds(lambda: done.append(1)) >= 0
    assert done == [1]


def test_the_rows_that_are_measured_are_good_ones(tmp_path: Path) -> None:
    """A benchmark whose rows went to quarantine would measure something else."""
    path = write_csv(tmp_path / "some.csv", 500, "a")
    rows = rows_of(path, load_mapping(MAPPINGS / "activity.yaml"))
    assert len({row.event_id for row in rows if isinstance(row, InboxRow) and not row.problems}) == 500

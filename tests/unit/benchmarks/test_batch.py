"""What the benchmark of a batch tells of each step."""

from typing import Any

from benchmarks.batch import Steps, figures_of

NOWHERE: Any = None


def test_each_step_tells_rows_a_second_its_share_and_its_wal() -> None:
    steps = Steps(NOWHERE)
    steps.took.update({"awards": 3.0, "commit": 1.0})
    steps.wal.update({"awards": 40_000, "commit": 2_000})
    assert figures_of(steps, rows=2_000, size=500) == {
        "rows_per_s": 500,
        "ms_per_batch": 1000.0,
        "wal_bytes_per_row": 21,
        "steps": {
            "awards": {"rows_per_s": 667, "share": 0.75, "wal_bytes_per_row": 20},
            "commit": {"rows_per_s": 2_000, "share": 0.25, "wal_bytes_per_row": 1},
        },
    }

"""A file far larger than what may be held of it: peak memory of a process of its own, as the system counts it, and its pace.

200 MB in every run; `make soak` makes and reads 10 GB (LAURELS_TEST_FILE_MB says another size) and says what it took.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from laurels.services.runtime import Runtime
from tests.battery.gate_rows import one

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")

ROOT = Path(__file__).parents[2]
GROWTH_MB = 400
"""What a file may add to what the process weighs with all that it imports: it holds two chunks of 64 MB as objects."""
HEADER = "event_id,kind,member_id,occurred_at,amount,currency,order_id,comment\n"
MEMBERS = 50_000
# A small file first: what is imported and set up once is not the large file's.
READER = """
import json, sys
from pathlib import Path
from laurels.services import intake
from laurels.services.runtime import runtime_at
from laurels.settings import Settings

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

settings = Settings(_env_file=None)
urls = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
runtime = runtime_at(settings, *urls)
for name in ("small.csv", "large.csv"):
    before = peak()
    report = intake.ingest_file(runtime, Path(sys.argv[1]) / name, source=name, mapping="activity")
    told = {"rows": report.rows, "accepted": report.accepted, "state": report.state, "seconds": report.seconds}
    print(json.dumps(told | {"rows_per_second": report.rows_per_second, "peak": peak() >> 10, "grown": peak() - before >> 10}))
"""


def write(path: Path, size: int, comment: int) -> int:
    """Write a file of about so many bytes, most of each row in a column that no mapping declares; return its rows."""
    text, rows, done = "x" * comment, 0, 0
    with path.open("w") as file:
        file.write(HEADER)
        while done < size:
            row = (
                f"e{rows},purchase,m{rows % MEMBERS},2026-06-{rows % 28 + 1:02d}T10:00:00Z,"
                f"{rows % 90}.25,USD,o{rows},{text}\n"
            )
            done += file.write(row)
            rows += 1
    return rows


def read(runtime: Runtime, folder: Path) -> dict[str, int]:
    settings = runtime.settings
    names = ("database_url", "redis_url", "master_key")
    told = {f"LAURELS_{name.upper()}": getattr(settings, name).get_secret_value() for name in names}
    command = [sys.executable, "-c", READER, str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | told, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def check(runtime: Runtime, folder: Path, size: int, comment: int) -> None:
    write(folder / "small.csv", 1 << 20, 4_000)
    large = folder / "large.csv"
    try:
        rows = write(large, size, comment)
        found = read(runtime, folder)
    finally:
        large.unlink(missing_ok=True)
    print(f"{size >> 20:,} MB in {rows:,} rows: {found}")
    assert (found["rows"], found["accepted"], found["state"]) == (rows, rows, "released")
    assert (
        one(
            runtime,
            "select count(*) from queue_item q join intake t on t.id = q.intake_id where t.source = 'large.csv'",
        )
        == rows
    )
    assert found["grown"] < GROWTH_MB


@pytest.mark.parametrize("comment", [4_000, 1_000_000], ids=["rows of 4 KB", "rows of 1 MB"])
def test_200_mb_grow_no_process(runtime: Runtime, tmp_path: Path, comment: int) -> None:
    check(runtime, tmp_path, 200 << 20, comment)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_10_gb_grow_no_process(runtime: Runtime, tmp_path: Path) -> None:
    check(runtime, tmp_path, int(os.environ.get("LAURELS_TEST_FILE_MB", "10240")) << 20, 8_000)

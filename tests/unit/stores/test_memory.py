"""Large files in bounded memory, by what the operating system says of a process of its own: Arrow's memory is in it."""

import gzip
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[3]
ROWS, SIGNS = 32_000, 2_000
# A small file first: what is imported and set up once is not the large file's. Not `ru_maxrss`: a process is
# born with its parent's.
GROWTH = """
import sys
from pathlib import Path
from laurels.stores.files.reading import read_records
from tests.mappings import mapping_of

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

mapping = mapping_of(format={"type": sys.argv[1]}, order=None, attributes={"note": "note"})
for name in ("small", "large"):
    before = peak()
    rows = sum(1 for _ in read_records(Path(sys.argv[2]) / name, mapping))
    print(rows, peak() - before)
"""


def parquet(path: Path, rows: int) -> None:
    """One row group that no packing makes smaller."""
    note = pa.array([random.randbytes(SIGNS // 2).hex() for _ in range(rows)])
    pq.write_table(
        pa.table({"id": range(rows), "note": note}), path, use_dictionary=False, compression="none"
    )


def json_lines(path: Path, rows: int) -> None:
    block = 1_000
    lines = (json.dumps({"id": 1, "note": "x" * SIGNS}) + "\n") * block
    path.write_bytes(gzip.compress(lines.encode(), compresslevel=1) * (rows // block))


def wide_text(path: Path, rows: int) -> None:
    """UTF-16 without its mark: found out and turned into UTF-8 on the way."""
    with path.open("wb") as file:
        file.write("id;note\n".encode("utf-16-le"))
        for _ in range(rows // 1_000):
            file.write((f"1;{'x' * SIGNS}\n" * 1_000).encode("utf-16-le"))


def one_long_row(path: Path, rows: int) -> None:
    """A row of as many bytes as all others together, in one line, and one over many that its quotes hold together."""
    with path.open("wb") as file:
        file.write(b"id,note\n" + b"1,x\n" * (rows - 4))
        for _ in range(rows // 1_000):
            file.write(b"x" * 1_000 * SIGNS)
        file.write(b'\n2,"' + b"x" * (6 << 20) + b"\n" + b"x" * (6 << 20) + b'"\n1,x\n')


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("kind", "write"),
    [("parquet", parquet), ("jsonl", json_lines), ("csv", wide_text), ("csv", one_long_row)],
)
def test_a_large_file_takes_a_small_part_of_its_size(
    tmp_path: Path, kind: str, write: Callable[[Path, int], None]
) -> None:
    write(tmp_path / "small", ROWS // 8)
    write(tmp_path / "large", ROWS)
    command = [sys.executable, "-c", GROWTH, kind, str(tmp_path)]
    steady = os.environ | {
        "ARROW_DEFAULT_MEMORY_POOL": "system"
    }  # the others keep what was freed for a while
    done = subprocess.run(command, cwd=ROOT, env=steady, check=True, capture_output=True, text=True)
    rows, kilobytes = (int(number) for number in done.stdout.split()[-2:])
    assert rows == ROWS
    assert kilobytes << 10 < ROWS * SIGNS / 5, done.stdout


BOMB = """
import sys
from collections import Counter
from pathlib import Path
from laurels.errors import DataRejectedError
from laurels.stores.files.reading import read_records
from tests.mappings import mapping_of
from models.values.activity import RefusedRow

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

mapping = mapping_of(format={"type": "parquet"}, order=None, attributes={n: n for n in ("note", "c", "d")})
found, why = Counter(), ""
before = peak()
try:
    for row in read_records(Path(sys.argv[1]), mapping):
        found[row.reason.value if isinstance(row, RefusedRow) else "ok"] += 1
except DataRejectedError as error:
    why = str(error)
print(peak() - before, dict(found), why, sep="|")
"""


def pointing(signs: int, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * signs]))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("signs", "rows", "refused", "why"),
    [
        (2_000_000, 100, {"row_too_long": 100}, ""),
        (1_100_000, 200, {"field_too_long": 200}, ""),
        (1_000_000, 300, {"ok": 300}, ""),
        (2_000_000, 4_096, {"row_too_long": 178}, "bomb.parquet: [^|]* a bomb, no export"),
    ],
)
@pytest.mark.parametrize("deep", [False, True], ids=["flat", "deep"])
@pytest.mark.parametrize("schema", [False, True], ids=["strangers", "arrows"])
def test_a_dictionary_of_one_long_text_takes_no_memory_for_each_row_that_points_at_it(
    tmp_path: Path, signs: int, rows: int, refused: dict[str, int], why: str, deep: bool, schema: bool
) -> None:
    """Three columns of it, where their rows say which; `strangers` write no schema of Arrow's."""
    path, text = tmp_path / "bomb.parquet", pointing(signs, rows)
    note = pa.ListArray.from_arrays(range(rows + 1), text) if deep else text
    table = pa.table({"id": range(rows), "note": note, "c": text, "d": text})
    pq.write_table(table, path, compression="zstd", dictionary_pagesize_limit=1 << 30, store_schema=schema)
    assert path.stat().st_size < 50_000
    steady = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"}
    command = [sys.executable, "-c", BOMB, str(path)]
    done = subprocess.run(command, cwd=ROOT, env=steady, check=True, capture_output=True, text=True)
    kilobytes, found, told = done.stdout.strip().split("|")
    assert found == str(refused)
    assert re.fullmatch(why, told)
    assert int(kilobytes) < 150_000, done.stdout


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("length", "rows", "refused", "why"),
    [
        (8_000_000, 1, {"row_too_long": 1}, ""),
        (1_000_000, 8, {"row_too_long": 8}, ""),
        (200_000, 100, {"ok": 100}, ""),
        (30_000_000, 5, {}, "bomb.parquet: [^|]* a bomb, no export"),
    ],
)
def test_a_list_of_one_number_over_and_over_takes_no_memory_for_each(
    tmp_path: Path, length: int, rows: int, refused: dict[str, int], why: str
) -> None:
    """A few hundred bytes on disk; as numbers of Python's, eight million took 300 MB."""
    path = tmp_path / "bomb.parquet"
    ones = pa.ListArray.from_arrays([n * length for n in range(rows + 1)], np.ones(length * rows, np.int64))
    pq.write_table(pa.table({"id": range(rows), "note": ones}), path, compression="zstd")
    assert path.stat().st_size < 50_000
    command = [sys.executable, "-c", BOMB, str(path)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, check=True, capture_output=True, text=True)
    kilobytes, found, told = done.stdout.strip().split("|")
    assert found == str(refused)
    assert re.fullmatch(why, told)
    assert int(kilobytes) < 250_000, done.stdout

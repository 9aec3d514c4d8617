"""Each planted fault turns a test red, and without it the tests are green: in a copy of the code, one at a time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.battery.planted import FAULTS, Fault

ROOT = Path(__file__).parents[2]
ROOMS = (
    "laurels",
    "models",
    "flows",
    "tasks",
    "deployments",
    "tests",
    "docs",
    "pyproject.toml",
    "prefect.yaml",
)
PAGE = ROOT / "docs" / "planted-faults.md"
FAILED = 1
"""How pytest ends where tests failed; not where it found none, or could not begin."""


def copied(folder: Path) -> Path:
    for name in ROOMS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def ran(folder: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    """Run tests in a folder, whose own code stands before the one that is installed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not soak", "-p", "no:cacheprovider", *names]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env = outside | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_can_be_planted(fault: Fault) -> None:
    assert (ROOT / fault.file).read_text().count(fault.was) == 1
    assert fault.was != fault.becomes
    assert (ROOT / fault.seen_by).is_file()


def test_the_page_lists_every_fault() -> None:
    listed = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert listed == [fault.row for fault in FAULTS]


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_without_a_fault_all_of_them_are_green(tmp_path: Path) -> None:
    done = ran(copied(tmp_path), *dict.fromkeys(fault.seen_by for fault in FAULTS))
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_turns_a_test_red(fault: Fault, tmp_path: Path) -> None:
    folder = copied(tmp_path)
    file = folder / fault.file
    file.write_text(file.read_text().replace(fault.was, fault.becomes))
    done = ran(folder, fault.seen_by)
    assert done.returncode == FAILED, done.stdout[-3000:]

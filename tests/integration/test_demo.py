"""The demo, as `make demo` runs it: real servers, real Prefect, a status of 0 and nothing left behind.

That a second run in a row ends as well is not tried here, for it takes another half minute: each run makes its home
anew, and that the first one's is gone is tried.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from deployments.simulation import PLANTED

# Whoever the demo leaves behind becomes a child of the process that runs it, and is told of at the end.
RUN = """
import ctypes, os, sys
if sys.platform == "linux":
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
demo = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-m", "deployments.demo"])
ended, status = os.wait()
while ended != demo:
    ended, status = os.wait()
try:
    while os.waitpid(-1, os.WNOHANG)[0]:
        pass
    print("left behind:", file=sys.stderr, flush=True)
    os.system(f"ps -o pid,args --ppid {os.getpid()} >&2")
except ChildProcessError:
    pass
sys.exit(os.waitstatus_to_exitcode(status))
"""

# Given servers are somebody's real ones: the demo leaves them alone, and so does not mind that these are not there.
NOBODYS = {
    "LAURELS_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/real",
    "LAURELS_REDIS_URL": "redis://127.0.0.1:9/0",
}


@pytest.fixture(scope="module")
def users_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("users home")


@pytest.fixture(scope="module")
def laurels_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laurels home")


@pytest.fixture(scope="module")
def demo(users_home: Path, laurels_home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", RUN],
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
        env=os.environ | {"HOME": str(users_home), "LAURELS_HOME": str(laurels_home), **NOBODYS},
    )


def test_the_demo_ends_well_and_tells_what_it_did(demo: "subprocess.CompletedProcess[str]") -> None:
    assert demo.returncode == 0, demo.stdout[-3000:] + demo.stderr[-3000:]
    assert "146 members" in demo.stdout
    assert "Congrats! You're now #1 on our referral leaderboard and unlocked a 30% discount." in demo.stdout
    assert "10 messages sent, 10 discounts pushed" in demo.stdout
    assert "make up" in demo.stdout
    assert "Traceback" not in demo.stdout + demo.stderr


def test_every_planted_row_is_in_quarantine_for_its_reason_and_no_other_row_is(
    demo: "subprocess.CompletedProcess[str]",
) -> None:
    _, _, told = demo.stdout.partition("In quarantine, by reason")
    reasons = re.findall(r"(\w+)\W+(\d+)\W*\n", told.partition("messages sent")[0])
    assert {reason: int(rows) for reason, rows in reasons} == Counter(reason for reason, _ in PLANTED)


def test_no_address_of_a_household_is_printed(demo: "subprocess.CompletedProcess[str]") -> None:
    assert "@example.com" not in demo.stdout + demo.stderr


def test_it_writes_nothing_into_the_user_s_home(
    demo: "subprocess.CompletedProcess[str]", users_home: Path
) -> None:
    assert demo.returncode == 0
    assert list(users_home.iterdir()) == []


def test_its_own_home_is_gone_and_no_process_is_left(
    demo: "subprocess.CompletedProcess[str]", laurels_home: Path
) -> None:
    assert demo.returncode == 0
    assert list(laurels_home.iterdir()) == []
    assert "left behind" not in demo.stderr, demo.stderr[-3000:]

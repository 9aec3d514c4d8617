"""The demo, as `make demo` runs it: real servers, real Prefect, a status of 0 and nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.simulation import PLANTED


@pytest.fixture(scope="module")
def users_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("users home")


@pytest.fixture(scope="module")
def demo(users_home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deployments.demo"],
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
        env=os.environ | {"HOME": str(users_home)},
    )


def test_the_demo_ends_well_and_tells_what_it_did(demo: "subprocess.CompletedProcess[str]") -> None:
    assert demo.returncode == 0, demo.stdout[-3000:] + demo.stderr[-3000:]
    assert "146 members" in demo.stdout
    assert "Congrats! You're now #1 on our referral leaderboard and unlocked a 30% discount." in demo.stdout
    assert "10 messages sent, 10 discounts pushed" in demo.stdout
    assert "make up" in demo.stdout
    assert "Traceback" not in demo.stdout + demo.stderr


def test_every_planted_row_is_in_quarantine_for_its_reason(demo: "subprocess.CompletedProcess[str]") -> None:
    for reason, _ in PLANTED:
        assert reason in demo.stdout


def test_no_address_of_a_household_is_printed(demo: "subprocess.CompletedProcess[str]") -> None:
    assert "@example.com" not in demo.stdout + demo.stderr


def test_it_writes_nothing_into_the_user_s_home(
    demo: "subprocess.CompletedProcess[str]", users_home: Path
) -> None:
    assert demo.returncode == 0
    assert list(users_home.iterdir()) == []

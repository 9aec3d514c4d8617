"""A child leaves nothing behind, however it or its parent ends. Real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from laurels.errors import LaurelsError
from laurels.orchestrator.processes import child

ENVIRONMENT = {"PATH": os.defpath}
SLEEPS = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
HAS_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {DEAF!r}])"


def lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(log: Path, word: str) -> None:
    end = time.monotonic() + 10
    while word not in log.read_text():
        assert time.monotonic() < end, f"no {word} in 10 s"
        time.sleep(0.02)


@pytest.mark.parametrize("program", [SLEEPS, DEAF, HAS_CHILD], ids=["polite", "deaf", "deaf grandchild"])
def test_nothing_is_left_after_the_block(tmp_path: Path, program: str) -> None:
    command = [sys.executable, "-c", program]
    with child("it", command, environment=ENVIRONMENT, log=tmp_path / "log", grace_seconds=0.3) as running:
        if program != SLEEPS:
            wait_for(running.log, "deaf")
        running.require_alive()
    assert not lives(running.process.pid)


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SLEEPS]
    with (
        pytest.raises(KeyboardInterrupt),
        child("it", command, environment=ENVIRONMENT, log=tmp_path / "log") as running,
    ):
        raise KeyboardInterrupt
    assert not lives(running.process.pid)


def test_one_that_ended_is_named_with_the_end_of_its_log_and_no_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('password is hunter2'); raise SystemExit(7)"]
    with child(
        "The worker", command, environment=ENVIRONMENT, log=tmp_path / "log", secrets=["hunter2", ""]
    ) as running:
        running.process.wait(10)
        with pytest.raises(LaurelsError, match="The worker ended with status 7") as caught:
            running.require_alive()
    assert "password is ***" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_its_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "log"
    with child("it", [sys.executable, "-c", SLEEPS], environment=ENVIRONMENT, log=log):
        assert log.stat().st_mode & 0o777 == 0o600
        assert log.parent.stat().st_mode & 0o777 == 0o700


def test_it_sees_only_what_it_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNTOLD", "1")
    program = "import os; print(sorted(set(os.environ) & {'TOLD', 'UNTOLD'}))"
    command = [sys.executable, "-c", program]
    with child("it", command, environment=ENVIRONMENT | {"TOLD": "1"}, log=tmp_path / "log") as running:
        running.process.wait(10)
    assert running.log.read_text() == "['TOLD']\n"


def test_it_hears_an_interrupt_even_where_its_parent_was_told_not_to(tmp_path: Path) -> None:
    """A script's `make up &` ignores SIGINT and hands that on; Prefect's worker ends by nothing else."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        command = [sys.executable, "-c", f"print('ready', flush=True); {SLEEPS}"]
        with child("it", command, environment=ENVIRONMENT, log=tmp_path / "log") as running:
            wait_for(running.log, "ready")
            running.process.send_signal(signal.SIGINT)
            assert running.process.wait(10) == -signal.SIGINT
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_killed_parent_takes_its_child_along(tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from laurels.orchestrator.processes import child
with child("it", [{sys.executable!r}, "-c", {SLEEPS!r}], environment={{}}, log=Path({str(tmp_path / "log")!r})) as running:
    print(running.process.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        assert lives(group)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    end = time.monotonic() + 10
    while lives(group):
        assert time.monotonic() < end, "the child outlives its killed parent"
        time.sleep(0.05)

"""Child processes that leave nothing behind: each has its own group, and the group ends as a whole."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from laurels.errors import LaurelsError

_TAIL_LINES = 15
_KILL_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """A running program with the file that takes what it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say which, not what it was told."""
        return f"Child({self.name}, pid {self.process.pid})"

    def require_alive(self) -> None:
        """Raise LaurelsError with the end of its log where it has ended."""
        status = self.process.poll()
        if status is not None:
            raise LaurelsError(f"{self.name} ended with status {status}. {self.tail()}")

    def tail(self) -> str:
        """Return the end of its log, its secrets struck out."""
        text = self.log.read_text(errors="replace")
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return f"The end of {self.log}:\n" + "\n".join(text.splitlines()[-_TAIL_LINES:])


@contextmanager
def child(
    name: str,
    command: Sequence[str],
    *,
    environment: dict[str, str],
    log: Path,
    secrets: Sequence[str] = (),
    cwd: Path = Path("/"),
    grace_seconds: float = 5.0,
) -> Iterator[Child]:
    """Run the program while the block runs; afterwards neither it nor anything in its group is left."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and fixed words
            list(command),
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_begin,  # noqa: PLW1509  two system calls, no lock taken
        )
    try:
        yield Child(name, process, log, tuple(filter(None, secrets)))
    finally:
        _stop(process, grace_seconds)


def _stop(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Ask the leader, then its group, each for the time of grace; then kill. Another Ctrl-C kills at once."""
    try:
        with suppress(ProcessLookupError):
            process.terminate()
            if _gone(process, grace_seconds):
                return
            os.killpg(process.pid, signal.SIGTERM)
            if _gone(process, grace_seconds):
                return
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
            _gone(process, _KILL_SECONDS)
        process.wait()


def _gone(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the leader and its whole group end within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None and not _group_lives(process.pid):
            return True
        time.sleep(0.05)
    return False


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _begin() -> None:
    """Have the kernel send SIGTERM when the parent is killed outright and can stop nobody any more.

    And hear SIGINT, which who was started with `&` or nohup inherits as ignored: Prefect ends by it.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

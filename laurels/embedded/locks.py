"""Locks that die with their holder: the kernel frees them, whatever killed the process.

A lock belongs to an open file, and a child that inherits the file holds it too. So a lock that was handed to
a server is free exactly when the last process of that server is gone; no process id is guessed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """Return a new descriptor of the lock file, made 0600 if absent; whoever opens it closes it."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


@contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Wait until nobody else is inside, and yield the descriptor that holds the lock."""
    held = open_lock(path)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield held
    finally:
        os.close(held)


@contextmanager
def counted(path: Path) -> Iterator[None]:
    """Be one of any number of users."""
    held = open_lock(path)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield
    finally:
        os.close(held)


def is_used(path: Path) -> bool:
    """Whether any process is one of its users."""
    return path.exists() and not _can_take(path, fcntl.LOCK_EX)


def is_held(path: Path) -> bool:
    """Whether any process holds it for itself. Asks for a share only: two who ask never see each other."""
    return path.exists() and not _can_take(path, fcntl.LOCK_SH)


def _can_take(path: Path, how: int) -> bool:
    probe = open_lock(path)
    try:
        fcntl.flock(probe, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(probe)
    return True

"""One server's life, whichever server it is: a port, a start, a sign of life, an end."""

import os
import socket
import time
from pathlib import Path
from typing import Protocol

from laurels.embedded.locks import exclusive, is_held
from laurels.errors import LaurelsError, TransientError

LOCALHOST = "127.0.0.1"
PATIENCE_SECONDS = 120.0  # a crash recovery replays up to max_wal_size
POLL_SECONDS = 0.01
ATTEMPTS = 4  # somebody may take the port between our look and the server's


class Server(Protocol):
    """What differs between PostgreSQL and Valkey."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def lock(self) -> Path:
        """The file that every process of the server holds; its text is the port."""

    @property
    def log(self) -> Path:
        """File of its messages."""

    def launch(self, port: int, held: int) -> None:
        """Start it apart from this process, handing it the descriptor of its lock."""

    def answers(self, port: int) -> bool:
        """Whether our server, and not somebody else's, takes commands on the port."""

    def ask_to_stop(self) -> None:
        """Ask it to end in order: what it has acknowledged is on disk."""


def port_of(server: Server) -> int | None:
    """Return the port that the server has, or had last; None where that is not written or not readable."""
    try:
        port = int(server.lock.read_text())
    except (OSError, ValueError):
        return None
    return port if 0 < port < 1 << 16 else None


def known_port(server: Server) -> int:
    """Return the port of a server that is up. Raises TransientError where none is written."""
    port = port_of(server)
    if port is None:
        raise TransientError(f"{server.name} does not run ({server.log})")
    return port


def is_up(server: Server) -> bool:
    """Whether it takes commands now."""
    port = port_of(server)
    return is_held(server.lock) and port is not None and server.answers(port)


def bring_up(server: Server) -> bool:
    """Make it take commands, and return whether it had to be started. The caller holds the home's lock.

    Raises LaurelsError where it dies at each attempt, TransientError where it lives and does not answer.
    """
    port = port_of(server)
    if is_held(server.lock):  # it runs, or is just starting or dying
        if port is not None and _becomes_ready(server, port):
            return False
        halt(server)
    for _ in range(ATTEMPTS):
        port = _usable(port)
        _launch(server, port)
        if _becomes_ready(server, port):
            return True
        port = None
    raise LaurelsError(f"{server.name} does not start: {_last_words(server)} ({server.log})")


def halt(server: Server) -> None:
    """Stop it and wait until its last process is gone. Raises TransientError where it does not end."""
    if not is_held(server.lock):
        return
    server.ask_to_stop()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_held(server.lock):
        if time.monotonic() > deadline:
            raise TransientError(
                f"{server.name} has not ended within {PATIENCE_SECONDS:.0f} s ({server.log})"
            )
        time.sleep(POLL_SECONDS)


def _launch(server: Server, port: int) -> None:
    with exclusive(server.lock) as held:
        os.ftruncate(held, 0)
        os.pwrite(held, str(port).encode(), 0)
        server.launch(port, held)


def _becomes_ready(server: Server, port: int) -> bool:
    """Wait until it answers (True) or its last process is gone (False)."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_held(server.lock):
        if server.answers(port):
            return True
        if time.monotonic() > deadline:
            raise TransientError(
                f"{server.name} runs and does not answer on {LOCALHOST}:{port} ({server.log})"
            )
        time.sleep(POLL_SECONDS)
    return False


def _usable(remembered: int | None) -> int:
    """Return the remembered port where it is free, else any free one."""
    for port in (remembered or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as both servers do
            try:
                probe.bind((LOCALHOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise LaurelsError(f"no port is free on {LOCALHOST}")


def _last_words(server: Server) -> str:
    try:
        lines = [line for line in server.log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    fatal = [line for line in lines[-10:] if "FATAL" in line]
    return (fatal or lines or ["it says nothing"])[-1].strip()

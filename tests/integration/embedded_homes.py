"""What the tests of the embedded servers do to a home: use it from another process, kill it, read it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psycopg
import redis

from laurels.embedded import Servers
from laurels.embedded.lodging import lodged
from laurels.settings import Settings

USE = """
import sys
from pathlib import Path
from laurels import embedded
from laurels.settings import Settings
with embedded.servers(Settings(home=Path(sys.argv[1]), _env_file=None)) as at:
    print(at.owned, at.database_url, at.redis_url, flush=True)
    sys.stdin.readline()
"""


class Command:
    """Another process that uses the servers until it is told to end."""

    def __init__(self, home: Path) -> None:
        words = [sys.executable, "-c", USE, str(home)]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def found(self) -> tuple[bool, str, str]:
        assert self.process.stdout is not None
        owned, database_url, redis_url = self.process.stdout.readline().split()
        return owned == "True", database_url, redis_url

    def end(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.kill()


def alive(home: Path) -> list[int]:
    """Every process that works in the home or in the folder that it wrote down: servers, their children, initdb."""
    folders = [str(folder.resolve()) for folder in (home, lodged(home)) if folder is not None]
    found = []
    for entry in Path("/proc").iterdir():
        try:
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if any(str(where).startswith(folder) for folder in folders):
            found.append(int(entry.name))
    return found


def kill_all(home: Path) -> None:
    while pids := alive(home):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.005)


def ask(home: Path) -> Settings:
    return Settings(home=home, _env_file=None)


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.005)


def write(at: Servers, value: str) -> None:
    """Leave a mark in both servers, on disk by the time that this returns."""
    with psycopg.connect(at.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS marks (value text)")
        connection.execute("INSERT INTO marks VALUES (%s)", (value,))
    with redis.Redis.from_url(at.redis_url, decode_responses=True) as client:
        client.sadd("marks", value)
        client.execute_command("WAITAOF", 1, 0, 5000)


def marks(at: Servers) -> tuple[set[str], set[str]]:
    with psycopg.connect(at.database_url) as connection:
        rows = {value for (value,) in connection.execute("SELECT value FROM marks")}
    with redis.Redis.from_url(at.redis_url, decode_responses=True) as client:
        return rows, set(client.smembers("marks"))

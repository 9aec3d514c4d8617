"""Who starts the servers and who stops them.

Each command counts itself as a user by a lock that dies with it. The first one in starts what does not run,
the last one out stops it; `laurels up` is a user like any other, for as long as it runs. So commands at once
share one start, a killed starter leaves nothing to clean up, and the next command finds the servers up or down.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from laurels.embedded import given
from laurels.embedded.keys import kept_secret, make_home
from laurels.embedded.locks import counted, exclusive, is_held, is_used
from laurels.embedded.lodging import lodge, lodged
from laurels.embedded.postgres import Postgres
from laurels.embedded.process import Server, bring_up, halt, is_up, known_port
from laurels.embedded.valkey import Valkey
from laurels.errors import RuleRefusedError
from laurels.settings import Settings


@dataclass(frozen=True)
class Servers:
    """Addresses with their passwords, and whether this call started any of them. Not for printing."""

    database_url: str
    redis_url: str
    prefect_database_url: str
    owned: bool

    def __repr__(self) -> str:
        """Say nothing: the addresses hold passwords."""
        return f"Servers(owned={self.owned})"


@dataclass(frozen=True)
class _Home:
    """The servers that these settings leave to us, and the files by which commands agree about them."""

    folder: Path
    database_url: str | None
    redis_url: str | None

    @property
    def gate(self) -> Path:
        """Held by the one command that is starting or stopping."""
        return self.folder / "gate.lock"

    @property
    def users(self) -> Path:
        """Shared by all commands that use the servers."""
        return self.folder / "users.lock"

    @property
    def locks(self) -> list[Path]:
        """One for each embedded server; none where both are given."""
        wanted = {"valkey.lock": self.redis_url, "postgres.lock": self.database_url}
        return [self.folder / name for name, given_url in wanted.items() if given_url is None]

    @property
    def postgres(self) -> Postgres:
        """PostgreSQL, if it is not given."""
        return Postgres(self.folder / "postgres.lock", lodge(self.folder), self.password)

    @property
    def valkey(self) -> Valkey:
        """Valkey, if it is not given."""
        return Valkey(self.folder / "valkey.lock", lodge(self.folder), self.password)

    @property
    def password(self) -> str:
        """One for both, made once."""
        return kept_secret(self.folder / "password")

    def servers(self) -> list[Server]:
        """Return the embedded ones; Valkey first, it is the quicker one."""
        valkey: list[Server] = [self.valkey] if self.redis_url is None else []
        postgres: list[Server] = [self.postgres] if self.database_url is None else []
        return valkey + postgres

    def addresses(self, *, owned: bool) -> Servers:
        """Return where the given and the embedded ones are."""
        database_url = self.database_url or self.postgres.url(known_port(self.postgres), "laurels")
        redis_url = self.redis_url or self.valkey.url(known_port(self.valkey))
        return Servers(database_url, redis_url, given.for_prefect(database_url), owned)

    def bring_up(self) -> Servers:
        """Start what does not run. Inside the gate only."""
        started = [bring_up(server) for server in self.servers()]
        return self.addresses(owned=any(started))

    def halt_if_unused(self) -> bool:
        """Stop what runs if nobody uses it; whether nothing runs now. Inside the gate only."""
        if is_used(self.users):
            return False
        if any(is_held(lock) for lock in self.locks):
            for server in self.servers():
                halt(server)
        return True


def running(settings: Settings) -> Servers | None:
    """Return the servers if all of them are up, else None; start nothing.

    Raises UnreachableError for a given one that does not answer.
    """
    home = _home(settings)
    if not all(is_held(lock) for lock in home.locks):
        return None
    if not home.locks:
        return home.addresses(owned=False)
    with exclusive(home.gate):
        return home.addresses(owned=False) if all(is_up(server) for server in home.servers()) else None


@contextmanager
def servers(settings: Settings) -> Iterator[Servers]:
    """Yield servers that answer, and leave things as they were found.

    Raises UnreachableError where a given server does not answer, LaurelsError where an embedded one does not
    start.
    """
    home = _home(settings)
    if not home.locks:
        yield home.addresses(owned=False)
        return
    make_home(home.folder)
    try:
        with counted(home.users):
            with exclusive(home.gate):
                found = home.bring_up()
            yield found
    finally:
        with exclusive(home.gate):
            home.halt_if_unused()


def remove(settings: Settings) -> None:
    """Stop the servers and delete the home with all data and keys.

    Raises RuleRefusedError while a command uses them.
    """
    home = _whole_home(settings)
    if not home.folder.is_dir():
        return
    with exclusive(home.gate):
        if not home.halt_if_unused():
            raise RuleRefusedError(f"another command uses the servers of {home.folder}: end it first")
        for folder in filter(None, (lodged(home.folder), home.folder)):
            shutil.rmtree(folder)


def _whole_home(settings: Settings) -> _Home:
    """Return the home with both servers, whether or not the settings give one by now."""
    return _Home(settings.home.absolute(), None, None)


def _home(settings: Settings) -> _Home:
    database_url = settings.database_url.get_secret_value() if settings.database_url else None
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
    if database_url:
        given.require_database(database_url)
    if redis_url:
        given.require_redis(redis_url)
    return _Home(settings.home.absolute(), database_url, redis_url)

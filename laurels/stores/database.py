"""The door to PostgreSQL: one engine, short transactions, and the driver's own connection for COPY."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from laurels.errors import TransientError, UnreachableError

_TRANSIENT = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.AdminShutdown,
)

_LOCK = "hashtextextended(%s, 0)"


@dataclass(frozen=True, slots=True)
class Database:
    """A database of Laurels. Share one per process."""

    engine: Engine
    connection: Connection | None = None

    @contextmanager
    def pinned(self) -> Iterator["Database"]:
        """Keep one connection over several transactions: temporary tables live as long as it does."""
        try:
            with self.engine.connect() as connection:
                yield Database(self.engine, connection)
        except (DBAPIError, psycopg.Error) as error:
            raise _translated(self.engine, error) from error

    @contextmanager
    def alone(self, work: str) -> Iterator["Database"]:
        """Pin a connection and do a named work on it, one caller at a time: the next waits, and a death lets go."""
        with self.pinned() as database:
            with database.transaction() as session:
                driver(session).execute(f"select pg_advisory_lock({_LOCK})".encode(), (work,))
            try:
                yield database
            finally:
                with (
                    suppress(TransientError),
                    database.transaction() as session,
                ):  # a lost connection let go of it
                    driver(session).execute(f"select pg_advisory_unlock({_LOCK})".encode(), (work,))

    @contextmanager
    def transaction(self, *, seconds: float | None = None) -> Iterator[Session]:
        """Commit at the end, roll back on any error.

        With `seconds`, PostgreSQL itself ends a transaction that takes longer: a frozen holder blocks nobody.
        Raises UnreachableError where there is no server, TransientError where trying again may help.
        """
        try:
            with Session(self.connection or self.engine, expire_on_commit=False) as session, session.begin():
                if seconds is not None:
                    _limit(session, seconds)
                yield session
        except (DBAPIError, psycopg.Error) as error:
            raise _translated(self.engine, error) from error

    def close(self) -> None:
        """Give the pool's connections back."""
        self.engine.dispose()


def connect(url: str) -> Database:
    """Open the database at a plain postgresql:// URL. Nothing is sent until the first transaction."""
    parts = make_url(url).set(drivername="postgresql+psycopg")
    return Database(
        create_engine(parts, hide_parameters=True, pool_size=5, max_overflow=5, pool_pre_ping=True)
    )


def driver(session: Session) -> psycopg.Connection[tuple[object, ...]]:
    """Return psycopg's connection of this transaction: COPY and set SQL without bind parsing."""
    raw = session.connection().connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError("the engine does not run on psycopg 3")
    return raw


def is_idle(session: Session, work: str) -> bool:
    """Return whether nobody else does a work `alone`; if so, nobody begins it before this transaction ends."""
    row = driver(session).execute(f"select pg_try_advisory_xact_lock({_LOCK})".encode(), (work,)).fetchone()
    return row == (True,)


def freeze(session: Session) -> None:
    """Let every later statement of this transaction see one state, and write none. Must be its first statement."""
    driver(session).execute("set transaction isolation level repeatable read, read only")


def steady(session: Session) -> None:
    """Let every later statement of this transaction see one state. Must be its first statement.

    What it writes on rows that somebody else changed meanwhile is a TransientError.
    """
    driver(session).execute("set transaction isolation level repeatable read")


def _limit(session: Session, seconds: float) -> None:
    milliseconds = int(seconds * 1000)
    session.connection().execute(text(f"set local transaction_timeout = {milliseconds}"))
    session.connection().execute(text(f"set local idle_in_transaction_session_timeout = {milliseconds}"))


def _translated(engine: Engine, error: DBAPIError | psycopg.Error) -> Exception:
    """Return what a failure means to the caller; statements of `driver` fail with psycopg's own errors."""
    place = f"PostgreSQL at {engine.url.host}:{engine.url.port}/{engine.url.database}"
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, OperationalError) and "connection failed" in str(cause):
        return UnreachableError(f"{place} cannot be reached")
    if isinstance(cause, _TRANSIENT) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return TransientError(f"{place}: {type(cause).__name__}, try again")
    return error

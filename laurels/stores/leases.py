"""Leases with a fencing token: exactly one holder works, and one that froze can no longer write."""

from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from laurels.errors import FencedError, TransientError

# Who asks for a lease that is held locks nothing: frozen as it asks, it would else keep the holder itself out.
_TAKE = text("""
insert into lease (name, token, holder, expires_at)
select :name, 1, :holder, clock_timestamp() + make_interval(secs => :seconds)
 where not exists (select from lease where name = :name and expires_at > clock_timestamp())
on conflict (name) do update
   set token = lease.token + 1, holder = excluded.holder, expires_at = excluded.expires_at
 where lease.expires_at <= clock_timestamp()
returning token
""")
_EXTEND = text("""
update lease set expires_at = clock_timestamp() + make_interval(secs => :seconds)
 where name = :name and token = :token
""")
_RELEASE = text("update lease set expires_at = clock_timestamp() where name = :name and token = :token")
_WAIT = text("select set_config('lock_timeout', '100ms', true)")
_WAIT_NO_MORE = text("set local lock_timeout to default")
_NO_LONGER_IDLE = text("select set_config('idle_in_transaction_session_timeout', :idle, true)")
_LOCK = text("select token from lease where name = :name for update")


def take(session: Session, name: str, holder: str, seconds: float) -> int | None:
    """Return the new fencing token, or None while somebody else holds the lease or has its row locked.

    Times are the database's. It ends a transaction that took the lease and then is silent for as long as it holds.
    """
    values = {"name": name, "holder": holder, "seconds": seconds}
    connection = session.connection()
    try:
        with connection.begin_nested():
            connection.execute(_WAIT)
            token: int | None = connection.execute(_TAKE, values).scalar_one_or_none()
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            return None
        raise
    connection.execute(_WAIT_NO_MORE)
    connection.execute(_NO_LONGER_IDLE, {"idle": f"{int(seconds * 1000)}ms"})
    return token


def extend(session: Session, name: str, token: int, seconds: float) -> None:
    """Give a sign of life. Raises FencedError if somebody took over."""
    result = session.connection().execute(_EXTEND, {"name": name, "token": token, "seconds": seconds})
    if result.rowcount != 1:
        raise FencedError(f"lease {name}: token {token} is no longer the holder's")


def release(session: Session, name: str, token: int) -> None:
    """Let the next holder in at once; nothing happens if there is one already."""
    session.connection().execute(_RELEASE, {"name": name, "token": token})


def fence(session: Session, name: str, token: int) -> None:
    """Lock the lease row for the rest of the transaction. Raises FencedError unless the token still holds."""
    current = session.connection().execute(_LOCK, {"name": name}).scalar_one_or_none()
    if current != token:
        raise FencedError(f"lease {name}: token {token} was overtaken by {current}")


def take_when_free(session: Session, name: str, holder: str, seconds: float) -> int:
    """Take the lease within a transaction that does all its work itself. Raises TransientError while it is held."""
    token = take(session, name, holder, seconds)
    if token is None:
        raise TransientError(f"lease {name} is held: try again when its holder is done")
    return token

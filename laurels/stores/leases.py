"""Leases with a fencing token: exactly one holder works, and one that froze can no longer write."""

from sqlalchemy import text
from sqlmodel import Session

from laurels.errors import FencedError, TransientError

_TAKE = text("""
insert into lease (name, token, holder, expires_at)
values (:name, 1, :holder, clock_timestamp() + make_interval(secs => :seconds))
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
_LOCK = text("select token from lease where name = :name for update")


def take(session: Session, name: str, holder: str, seconds: float) -> int | None:
    """Return the new fencing token, or None while somebody else holds the lease. Times are the database's."""
    values = {"name": name, "holder": holder, "seconds": seconds}
    token: int | None = session.connection().execute(_TAKE, values).scalar_one_or_none()
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

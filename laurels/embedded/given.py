"""Servers that somebody else runs: their addresses, and whether they answer. No message holds a password."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
import redis
from psycopg import conninfo
from redis.backoff import NoBackoff
from redis.retry import Retry

from laurels.errors import LaurelsError, UnreachableError

TIMEOUT_SECONDS = 5
DATABASE_FORM = "LAURELS_DATABASE_URL is not of the form postgresql://user:password@host:port/name"
REFUSED_LOGIN = re.compile("authentication failed|no password supplied|no pg_hba.conf entry")
REDIS_FORM = "LAURELS_REDIS_URL is not of the form redis://host:port/db"


def require_database(url: str) -> None:
    """Return if PostgreSQL answers there.

    Raises UnreachableError naming host and port, LaurelsError for a bad address.
    """
    place = _database_place(url)
    try:
        psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS).close()
    except psycopg.OperationalError as error:
        raise UnreachableError(f"PostgreSQL at {place} {_reason(error)}") from None


def require_redis(url: str) -> None:
    """Return if Redis answers there.

    Raises UnreachableError naming host and port, LaurelsError for a bad address.
    """
    client = _redis_client(url)
    known = client.get_connection_kwargs()
    place = known.get("path") or f"{known.get('host', 'localhost')}:{known.get('port', 6379)}"
    try:
        client.ping()
    except redis.RedisError as error:
        raise UnreachableError(f"Redis at {place} {_reason(error)}") from None
    finally:
        client.close()


def _database_place(url: str) -> str:
    """Return host and port.

    An unescaped / or @ cuts a password in two, and half of it must not be shown as a host or a port.
    """
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its text quotes the address
        raise LaurelsError(DATABASE_FORM) from None
    host, port = str(parts.get("host") or "localhost"), str(parts.get("port") or 5432)
    if "@" in host + str(parts.get("dbname")) or not port.replace(",", "").isdigit():
        raise LaurelsError(DATABASE_FORM)
    return f"{host}:{port}"


def _redis_client(url: str) -> redis.Redis:
    limits = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    if "@" in urlsplit(url).path:  # as above
        raise LaurelsError(REDIS_FORM)
    try:
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **limits)
    except ValueError:
        raise LaurelsError(REDIS_FORM) from None


def _reason(error: psycopg.OperationalError | redis.RedisError) -> str:
    """Return why, in our words: a driver's may quote what it was given."""
    told = str(error).lower()
    if isinstance(error, redis.AuthenticationError) or REFUSED_LOGIN.search(told):
        return "refuses the user or the password"
    if 'database "' in told and "does not exist" in told:
        return "has no database of that name"
    if "refused" in told:
        return "cannot be reached: the connection was refused"
    return "cannot be reached"


def for_prefect(url: str) -> str:
    """Return the address of the database `prefect` on the same server, as Prefect's driver wants it.

    libpq's sslmode is asyncpg's ssl; other options of libpq are unknown to it and are left out.
    """
    parts = urlsplit(url)
    options = [("ssl", value) for name, value in parse_qsl(parts.query) if name == "sslmode"]
    return urlunsplit(("postgresql+asyncpg", parts.netloc, "/prefect", urlencode(options), ""))

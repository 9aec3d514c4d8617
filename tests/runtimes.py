"""Runtimes for tests: a fresh database each, made from one migrated template, and a Redis of its own number."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Barrier, Thread
from typing import Any

import psycopg
import redis
from pydantic import SecretStr
from sqlalchemy import make_url

from laurels.services.runtime import Runtime, runtime_at
from laurels.settings import Settings
from laurels.stores import schema
from laurels.stores.database import connect

TEMPLATE = "laurels_test_template"
_numbers = count(1)


def make_template(database_url: str) -> None:
    """Migrate one database that every test copies: 0.1 s instead of a migration each."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"drop database if exists {TEMPLATE} with (force)".encode())
        connection.execute(f"create database {TEMPLATE}".encode())
    database = connect(url_of(database_url, TEMPLATE))
    schema.upgrade(database)
    database.close()


@contextmanager
def fresh_runtime(settings: Settings, **changes: object) -> Iterator[Runtime]:
    """A runtime on a new database and an emptied Redis database of its own; both are gone afterwards."""
    assert settings.database_url and settings.redis_url
    server, number = settings.database_url.get_secret_value(), next(_numbers)
    name, redis_number = f"laurels_test_{number}", number % 15 + 1
    database_url = url_of(server, name)
    redis_url = f"{settings.redis_url.get_secret_value().rstrip('/').removesuffix('/0')}/{redis_number}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())
        # by files: half the cost of creating and dropping by the log, where nobody waits for the disk
        connection.execute(f"create database {name} template {TEMPLATE} strategy file_copy".encode())
    with redis.Redis.from_url(redis_url) as emptied:
        emptied.flushdb()
    own = {"database_url": SecretStr(database_url), "redis_url": SecretStr(redis_url)}
    runtime = runtime_at(settings.model_copy(update={**own, **changes}), database_url, redis_url)
    try:
        yield runtime
    finally:
        runtime.views.close()
        runtime.gate.close()
        runtime.database.close()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)".encode())


def url_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def another(runtime: Runtime, **changes: object) -> Iterator[Runtime]:
    """A second runtime on the same database and Redis, as another process or thread has one."""
    settings = runtime.settings.model_copy(update=changes)
    assert settings.database_url and settings.redis_url
    urls = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    opened = runtime_at(settings, *urls)
    try:
        yield opened
    finally:
        opened.views.close()
        opened.gate.close()
        opened.database.close()


def at_once(work: Callable[[Runtime], Any], runtime: Runtime, holders: int, **changes: object) -> list[Any]:
    """Let several do the same work at once, each with a runtime of its own; return what came of it, errors too."""
    start, found = Barrier(holders), list[Any]()

    def one() -> None:
        try:
            with another(runtime, **changes) as own:
                start.wait(timeout=60)
                found.append(work(own))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
            found.append(error)

    threads = [Thread(target=one) for _ in range(holders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found

"""The door to PostgreSQL: what went wrong is told apart by what the caller should do, whoever spoke to the driver."""

import threading
import time

import pytest
from psycopg.errors import CheckViolation, DivisionByZero
from sqlalchemy import text
from sqlalchemy.exc import DataError

from laurels.errors import TransientError, UnreachableError
from laurels.services.runtime import Runtime
from laurels.stores.database import connect, driver
from tests.battery.gate_rows import one


def backend(session: object) -> int:
    (row,) = driver(session).execute("select pg_backend_pid()").fetchall()  # type: ignore[arg-type]
    return int(str(row[0]))


def two_leases(runtime: Runtime) -> None:
    with runtime.database.transaction() as session:
        driver(session).execute("insert into lease values ('a', 1, 'x', now()), ('b', 1, 'x', now())")


def test_a_deadlock_in_the_driver_s_own_statements_may_be_tried_again(runtime: Runtime) -> None:
    two_leases(runtime)
    met, found = threading.Barrier(2), list[Exception | None]()

    def lock(first: str, second: str) -> None:
        try:
            with runtime.database.transaction() as session:
                driver(session).execute("update lease set token = 2 where name = %s", (first,))
                met.wait()
                driver(session).execute("update lease set token = 2 where name = %s", (second,))
            found.append(None)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
            found.append(error)

    threads = [threading.Thread(target=lock, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = (one for one in found if one is not None)
    assert isinstance(error, TransientError), repr(error)
    assert "DeadlockDetected" in str(error)


@pytest.mark.parametrize("spoken", ["driver", "session"])
def test_a_connection_cut_in_the_middle_may_be_tried_again(runtime: Runtime, spoken: str) -> None:
    lost = pytest.raises(TransientError, match=r"^PostgreSQL at .*try again$")
    with lost, runtime.database.transaction() as session:
        victim = backend(session)
        with runtime.database.transaction() as other:
            driver(other).execute("select pg_terminate_backend(%s, 5000)", (victim,))
        if spoken == "driver":
            driver(session).execute("select 1")
        else:
            session.connection().execute(text("select 1"))
    assert one(runtime, "select 1") == 1  # and the pool gives a sound one to the next


@pytest.mark.parametrize("pinned", [False, True])
def test_a_transaction_over_its_time_is_ended_by_postgresql_and_may_be_tried_again(
    runtime: Runtime, pinned: bool
) -> None:
    def work(database: object) -> None:
        with database.transaction(seconds=0.2) as session:  # type: ignore[attr-defined]
            driver(session).execute("insert into lease values ('late', 1, 'x', now())")
            time.sleep(0.5)
            driver(session).execute("select 1")

    with pytest.raises(TransientError):
        if pinned:
            with runtime.database.pinned() as database:
                work(database)
        else:
            work(runtime.database)
    assert one(runtime, "select count(*) from lease") == 0


def test_what_is_simply_wrong_is_not_tried_again(runtime: Runtime) -> None:
    with pytest.raises(DivisionByZero), runtime.database.transaction() as session:
        driver(session).execute("select 1 / 0")
    with pytest.raises(DataError), runtime.database.transaction() as session:
        session.connection().execute(text("select 1 / 0"))
    with pytest.raises(CheckViolation), runtime.database.transaction() as session:
        driver(session).execute("insert into actor values ('ann', 'owner')")


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    database = connect("postgresql://ann:secret@127.0.0.1:1/laurels")
    away = pytest.raises(UnreachableError, match=r"^PostgreSQL at 127\.0\.0\.1:1/laurels cannot be reached$")
    with away, database.transaction() as session:
        driver(session)
    with pytest.raises(UnreachableError, match="cannot be reached"), database.pinned() as pinned:
        del pinned
    database.close()

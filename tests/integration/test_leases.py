"""Exactly one holder, and a token that fences out the one before."""

import time

import pytest

from laurels.errors import FencedError, TransientError
from laurels.services.runtime import Runtime
from laurels.stores import leases
from laurels.stores.database import driver


def take(runtime: Runtime, holder: str, seconds: float = 30) -> int | None:
    with runtime.database.transaction() as session:
        return leases.take(session, "work", holder, seconds)


def test_one_holder_at_a_time(runtime: Runtime) -> None:
    assert take(runtime, "ada") == 1
    assert take(runtime, "bob") is None
    assert take(runtime, "ada") is None


def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_token(runtime: Runtime) -> None:
    assert take(runtime, "ada", seconds=0.05) == 1
    time.sleep(0.1)
    assert take(runtime, "bob") == 2
    with pytest.raises(FencedError), runtime.database.transaction() as session:
        leases.fence(session, "work", 1)
    with pytest.raises(FencedError), runtime.database.transaction() as session:
        leases.extend(session, "work", 1, 30)
    with runtime.database.transaction() as session:
        leases.fence(session, "work", 2)


def test_a_released_lease_is_free_at_once(runtime: Runtime) -> None:
    assert take(runtime, "ada") == 1
    with runtime.database.transaction() as session:
        leases.release(session, "work", 1)
    assert take(runtime, "bob") == 2
    with runtime.database.transaction() as session:
        leases.release(session, "work", 1)  # the one before: nothing happens
    assert take(runtime, "cyd") is None


def test_a_held_lease_is_said_to_be_held(runtime: Runtime) -> None:
    take(runtime, "ada")
    with pytest.raises(TransientError, match="held"), runtime.database.transaction() as session:
        leases.take_when_free(session, "work", "bob", 30)


def test_a_frozen_transaction_is_ended_by_postgresql(runtime: Runtime) -> None:
    with pytest.raises(TransientError), runtime.database.transaction(seconds=0.2) as session:
        leases.take(session, "work", "ada", 30)
        time.sleep(0.6)
        leases.fence(session, "work", 1)
    assert take(runtime, "bob") == 1


def test_a_lease_that_ran_out_is_not_to_be_had_while_its_holder_writes(runtime: Runtime) -> None:
    assert take(runtime, "ada", seconds=0.05) == 1
    time.sleep(0.1)
    with runtime.database.transaction() as session:
        leases.fence(session, "work", 1)
        assert take(runtime, "bob") is None
    assert take(runtime, "bob") == 2


def test_who_takes_a_lease_and_falls_silent_in_that_very_transaction_is_ended_with_it(
    runtime: Runtime,
) -> None:
    with pytest.raises(TransientError), runtime.database.transaction() as session:
        leases.take_when_free(session, "work", "ada", 0.2)
        time.sleep(0.6)
        driver(session).execute("select 1")
    assert take(runtime, "bob") == 1

"""What may go through later is tried again; what cannot is tried once. The real step, without its waiting."""

from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from laurels.errors import (
    DataRejectedError,
    FencedError,
    GateError,
    LaurelsError,
    RuleRefusedError,
    TransientError,
    UnreachableError,
)
from tasks.step import RETRIES, step

pytestmark = pytest.mark.usefixtures("in_process")


def tries_until(errors: list[LaurelsError]) -> tuple[State[Any], int]:
    """Run a step that raises these errors one after the other; return its end and how often it was tried."""
    tries = 0

    @step
    def attempt() -> int:
        nonlocal tries
        tries += 1
        if tries <= len(errors):
            raise errors[tries - 1]
        return tries

    @flow
    def one_step() -> State[Any]:
        at_once = attempt.with_options(retry_delay_seconds=0)
        return at_once(return_state=True)

    return one_step(return_state=True), tries


@pytest.mark.parametrize("kind", [TransientError, UnreachableError])
def test_a_transient_error_is_tried_again_until_it_goes_through(kind: type[LaurelsError]) -> None:
    state, tries = tries_until([kind("busy")] * 2)
    assert state.is_completed()
    assert tries == 3


def test_a_transient_error_that_lasts_is_given_up() -> None:
    state, tries = tries_until([TransientError("busy")] * 50)
    assert state.is_failed()
    assert tries == RETRIES + 1


@pytest.mark.parametrize("kind", [LaurelsError, RuleRefusedError, DataRejectedError, GateError, FencedError])
def test_a_permanent_error_is_tried_once(kind: type[LaurelsError]) -> None:
    state, tries = tries_until([kind("no")] * 50)
    assert state.is_failed()
    assert tries == 1


def test_a_permanent_error_after_a_transient_one_ends_it() -> None:
    state, tries = tries_until([TransientError("busy"), RuleRefusedError("no"), TransientError("busy")])
    assert state.is_failed()
    assert tries == 2

"""What every step has in common: only what may go through later is tried again; nothing is kept on disk."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from laurels.errors import TransientError

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 4
LONGEST_SECONDS = 3600


def step(function: Callable[P, R]) -> Task[P, R]:
    """Make a task of it: for a TransientError four more tries after 2, 4, 8 and 16 seconds, else none."""
    return task(
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(backoff_factor=2),
        retry_jitter_factor=0.5,
        retry_condition_fn=may_go_through_later,
        timeout_seconds=LONGEST_SECONDS,
        cache_policy=NO_CACHE,
        persist_result=False,
        result_serializer="json",
    )(function)


def may_go_through_later(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether the step failed by a TransientError: a permanent one would fail the same way for ever."""
    return isinstance(state.data, TransientError)

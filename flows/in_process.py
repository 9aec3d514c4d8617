"""Flows called as functions, in one warm process, and still seen in Prefect: for the demo and the tests."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

_DRAIN_SECONDS = 30


@contextmanager
def flows_in_process(api_url: str, environment: Mapping[str, str]) -> Iterator[None]:
    """Let this process call flows against a server, with the names of `orchestrator.flow_environment`.

    Leave this block before the server stops: at its end `hand_over` is called.
    """
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    home = Path(environment["LAURELS_HOME"]) / "prefect"
    try:
        with temporary_settings({PREFECT_API_URL: api_url, PREFECT_HOME: home}):
            try:
                yield
            finally:
                hand_over()
    finally:
        for name, text in before.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text


def hand_over() -> None:
    """Send the server every log and event that is still in this process. Safe to repeat.

    To be called before the server stops: else the process waits at its end, for more than a minute, for what is
    gone.
    """
    APILogWorker.drain_all(timeout=_DRAIN_SECONDS, at_exit=False)
    EventsWorker.drain_all(timeout=_DRAIN_SECONDS, at_exit=False)

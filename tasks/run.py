"""What the steps of one flow run share: the open stores, and the one time that its rules go by."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from prefect.runtime import flow_run

from laurels.clock import business_time
from laurels.services.runtime import Runtime, open_runtime
from laurels.settings import Settings


class Run:
    """Open stores and a time. No dataclass: Prefect would walk through its fields at every step."""

    __slots__ = ("as_of", "runtime")

    def __init__(self, runtime: Runtime, as_of: datetime) -> None:
        self.runtime = runtime
        self.as_of = as_of


@contextmanager
def opened(as_of: datetime | None = None) -> Iterator[Run]:
    """Open the stores for one flow run and settle its time: the caller's, else the fixed one, else now."""
    settings, run_id = Settings(), flow_run.get_id()
    with open_runtime(settings, f"flow-run:{run_id}" if run_id else None) as runtime:
        yield Run(runtime, business_time(as_of, settings.as_of))

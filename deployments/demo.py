"""The demo: real purchases, simulated referrals and shares, one season, through Prefect by one warm process.

`make demo` runs it. It has a home of its own, made anew each time, and leaves nothing running.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from importlib import import_module
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from deployments.simulation import PLANTED, write_simulated
from laurels import embedded, orchestrator
from laurels.errors import LaurelsError
from laurels.services import boards, deliveries, discounts, figures, quarantine, statehash, versions
from laurels.services.programs import check_program
from laurels.services.runtime import Runtime, open_runtime
from laurels.settings import Settings
from models.values.season import Season

PURCHASES = Path("examples/complete_journey_summer_2017.parquet")
SUMMER = Path("deployments/programs/summer-race.yaml")
SEASON = Season(starts=date(2017, 6, 1), ends=date(2017, 9, 1))
START = datetime.fromisoformat("2017-06-01T00:00:00-04:00")
NOW = datetime.fromisoformat("2017-08-31T23:59:00-04:00")
PROGRAM = "summer-race"
SOURCE = "shop"

console = Console()


def main() -> int:
    """Run the demo; return the exit status."""
    began = time.monotonic()
    try:
        with _fresh_home() as settings, embedded.servers(settings) as servers:
            warm = threading.Thread(target=import_module, args=("great_expectations",), daemon=True)
            warm.start()
            with _prefect(settings, servers) as api_url:
                warm.join()
                os.environ.update(
                    orchestrator.client_environment(settings, api_url)
                )  # before Prefect is imported
                environment = orchestrator.flow_environment(settings, servers)
                with _flows_in_process(api_url, environment), open_runtime(settings) as runtime:
                    _run(runtime)
                    _show(runtime)
    except LaurelsError as error:
        console.print(f"demo: {error}", style="red", highlight=False, markup=False)
        return error.exit_status
    seconds = time.monotonic() - began
    console.print(f"\nDone in {seconds:.0f} s. To start it all for good: [bold]make up[/bold]")
    return 0


@contextmanager
def _fresh_home() -> Iterator[Settings]:
    """Give the demo a home of its own, empty, and take it away again.

    Servers that the settings name are somebody's real ones: nothing simulated goes there.
    """
    usual = Settings()
    own = {"home": usual.home / "demo", "database_url": None, "redis_url": None, "master_key": None}
    settings = usual.model_copy(update={**own, "as_of": NOW})
    embedded.remove(settings)
    try:
        yield settings
    finally:
        embedded.remove(settings)


@contextmanager
def _prefect(settings: Settings, servers: embedded.Servers) -> Iterator[str]:
    with console.status("Starting Prefect on the embedded PostgreSQL ...") as status:

        def tell(seconds: float) -> None:
            status.update(f"Starting Prefect on the embedded PostgreSQL ... {seconds:.0f} s")

        with orchestrator.prefect_server(settings, servers, on_wait=tell) as api_url:
            status.stop()
            console.print(f"Prefect is up: {api_url.removesuffix('/api')} (while the demo runs)")
            yield api_url


def _flows_in_process(api_url: str, environment: dict[str, str]) -> AbstractContextManager[None]:
    """Point this process's flow calls at the server; Prefect's own console log stays quiet, its API log does not."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")
    in_process: Callable[..., AbstractContextManager[None]] = import_module(
        "flows.in_process"
    ).flows_in_process
    return in_process(api_url, environment)


def _run(runtime: Runtime) -> None:
    """Apply the program to the data's own time, then let each flow run once."""
    program = check_program(SUMMER).model_copy(update={"season": SEASON})
    versions.apply_version(runtime, program, actor="demo", effective_from=START)
    console.print(
        f"Program {PROGRAM} applies from {START:%d %B %Y}; the business clock stands at {NOW:%d %B %Y}"
    )
    flows = {
        name: import_module(f"flows.{name}") for name in ("activity", "discounts", "deliveries", "nightly")
    }
    with tempfile.TemporaryDirectory() as folder:
        simulated = Path(folder) / "simulated.jsonl"
        households = sorted(
            set(pq.read_table(PURCHASES, columns=["household_id"])["household_id"].to_pylist())
        )
        rows = write_simulated(simulated, households)
        with console.status(f"flow ingest_activity: real purchases from {PURCHASES.name}"):
            flows["activity"].ingest_activity(PURCHASES.absolute(), SOURCE, "complete-journey")
        with console.status(
            f"flow ingest_activity: {rows} simulated referrals and shares, {len(PLANTED)} of them wrong"
        ):
            flows["activity"].ingest_activity(simulated, SOURCE, "activity-jsonl")
    with console.status("flow assign_discounts"):
        flows["discounts"].assign_discounts(PROGRAM)
    with console.status("flow send_deliveries"):
        flows["deliveries"].send_deliveries()
    with console.status("flow run_nightly: what waits, every promise checked"):
        flows["nightly"].run_nightly()


def _show(runtime: Runtime) -> None:
    found = figures.program_figures(runtime, PROGRAM)
    kinds = ", ".join(f"{count:,} {kind}s" for kind, count in found.activity.items())
    console.print(
        f"\n[bold]{found.members:,} members[/bold] hold [bold]{found.points:,} points[/bold] from {kinds}"
    )
    console.print("Top ten referrers of the season (referrals are simulated):")
    ranking = Table()
    for name in ("rank", "member", "referrals", "tier", "discount"):
        ranking.add_column(name, justify="right")
    for row in boards.top(runtime, PROGRAM, "referrals", "season"):
        ranking.add_row(
            f"#{row.rank}", str(row.member_id)[:8], str(row.score), _tier(row.rank), f"{row.percent} %"
        )
    console.print(ranking)
    console.print("In quarantine, by reason (all of them planted):")
    reasons = Table()
    reasons.add_column("reason")
    reasons.add_column("rows", justify="right")
    for reason, count in quarantine.count_reasons(runtime).items():
        reasons.add_row(reason, str(count))
    console.print(reasons)
    messages = deliveries.list_deliveries(runtime, state="accepted", limit=1000)
    pushes = discounts.list_pushes(runtime, state="accepted", limit=1000)
    console.print(
        f"{len(messages)} messages sent, {len(pushes)} discounts pushed, both to the console. The best one:"
    )
    console.print(f"  {min(message.text for message in messages)}", style="green", highlight=False)
    console.print(f"State hash {statehash.state_hash(runtime).hash}")


def _tier(rank: int) -> str:
    return "1" if rank == 1 else "2-5" if rank <= 5 else "6-10"  # noqa: PLR2004  # the sample's own ranges


if __name__ == "__main__":
    sys.exit(main())

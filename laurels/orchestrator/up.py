"""`laurels up`: everything on this machine, until Ctrl-C."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType

from laurels import embedded
from laurels.errors import LaurelsError, UnreachableError
from laurels.orchestrator.automations import tell_operators
from laurels.orchestrator.deployments import deploy
from laurels.orchestrator.environment import flow_environment
from laurels.orchestrator.pages import serving
from laurels.orchestrator.processes import Child
from laurels.orchestrator.server import running_server
from laurels.orchestrator.worker import worker
from laurels.settings import Settings

Say = Callable[[str], None]
_WATCH_SECONDS = 1.0
_ID_OF_JSON = """python3 -c 'import json,sys; print(json.load(sys.stdin)["id"])'"""


def up(settings: Settings, say: Say = print) -> None:
    """Start databases, Prefect, deployments and a worker, print the links, end all at one Ctrl-C or SIGTERM.

    Raises LaurelsError naming the part that did not start or that ended by itself.
    """
    try:
        with _interruptible(), embedded.servers(settings) as servers:
            say("Databases are up. Starting Prefect (10 to 30 seconds the first time) ...")
            with running_server(settings, servers) as (api_url, server):
                say("Prefect is up. Deploying the flows ...")
                deploy(api_url)
                say(tell_operators(api_url, settings.operators_block))
                with _pages(settings) as pages:
                    told = settings.model_copy(update={"quality_docs_url": pages})
                    with worker(api_url, flow_environment(told, servers)) as hand:
                        say(_links(api_url, told))
                        _watch(settings, server, hand)
    except KeyboardInterrupt:
        say("Stopped.")


def _pages(settings: Settings) -> AbstractContextManager[str]:
    """Serve the pages of Data Docs, unless somebody else does."""
    elsewhere = settings.quality_docs_url
    return nullcontext(elsewhere) if elsewhere else serving(settings.quality_docs.absolute())


def _watch(settings: Settings, *children: Child) -> None:
    while True:
        for each in children:
            each.require_alive()
        if _lost(settings):
            raise LaurelsError(
                "PostgreSQL or Valkey has ended: `laurels up` again recovers what was committed"
            )
        time.sleep(_WATCH_SECONDS)


def _lost(settings: Settings) -> bool:
    """Whether an embedded server is gone. A given one that is away comes back by itself; runs try again."""
    try:
        return embedded.running(settings) is None
    except UnreachableError:
        return False


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end things the way Ctrl-C does (in the main thread).

    Ctrl-C, too: a shell that starts it with `&` has it ignore SIGINT.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _links(api_url: str, settings: Settings) -> str:
    root = api_url.removesuffix("/api")
    landing = settings.landing.absolute()
    return f"""Laurels is up.

  Prefect UI    {root}
  Prefect API   {root}/docs
  Data Docs     {settings.quality_docs_url}
  Landing       {landing}/SOURCE/MAPPING/FILE   (ingested within a minute)

Start a flow run by HTTP:

  API={api_url}
  ID=$(curl -s $API/deployments/name/refresh-boards/refresh-boards | {_ID_OF_JSON})
  curl -X POST $API/deployments/$ID/create_flow_run -H 'content-type: application/json' \\
    -d '{{"parameters": {{"program": "summer-race"}}}}'

Stop everything with Ctrl-C."""

"""The Prefect server of this machine: API, UI, scheduler and event triggers, on PostgreSQL."""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx

from laurels.embedded import Servers
from laurels.errors import UnreachableError
from laurels.orchestrator.environment import prefect_home, server_environment
from laurels.orchestrator.processes import Child, child
from laurels.settings import Settings

HOST = "127.0.0.1"
USUAL_PORT = 4200
READY_SECONDS = 180.0


@contextmanager
def prefect_server(
    settings: Settings, servers: Servers, *, on_wait: Callable[[float], None] | None = None
) -> Iterator[str]:
    """Yield the API's URL once the server answers; stop it afterwards, whatever happened.

    `on_wait` hears the seconds waited so far. Raises UnreachableError where it does not come up, LaurelsError
    where it ends by itself, both with the end of its log.
    """
    with running_server(settings, servers, on_wait=on_wait) as (url, _):
        yield url


@contextmanager
def running_server(
    settings: Settings, servers: Servers, *, on_wait: Callable[[float], None] | None = None
) -> Iterator[tuple[str, Child]]:
    """Yield the API's URL and the process, for who watches it. Raises as `prefect_server` does."""
    with _own_port() as port, _server_on(port, settings, servers) as process:
        url = f"http://{HOST}:{port}/api"
        _wait(url, process, on_wait or (lambda _: None))
        yield url, process


def _server_on(port: int, settings: Settings, servers: Servers) -> AbstractContextManager[Child]:
    return child(
        "Prefect server",
        [sys.executable, "-m", "prefect", "server", "start"],
        environment=server_environment(settings.home, servers.prefect_database_url, HOST, port),
        log=prefect_home(settings.home) / "server.log",
        secrets=[httpx.URL(servers.prefect_database_url).password],
        grace_seconds=10.0,
    )


def _wait(url: str, process: Child, on_wait: Callable[[float], None]) -> None:
    started = time.monotonic()
    with httpx.Client(trust_env=False, timeout=2.0) as client:
        while not _answers(client, url):
            process.require_alive()
            waited = time.monotonic() - started
            if waited > READY_SECONDS:
                raise UnreachableError(
                    f"{process.name} does not answer after {waited:.0f} s. {process.tail()}"
                )
            on_wait(waited)
            time.sleep(0.25)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


@contextmanager
def _own_port() -> Iterator[int]:
    """Yield a port that no other Laurels takes meanwhile.

    A port is free until its server listens, seconds later. Two that start at once would pick the same one; the
    second would find the first one's server in good health, and run its flows on a stranger's data.
    """
    for wanted in (USUAL_PORT, *[0] * 20):
        port = _free_port(wanted)
        with socket.socket(socket.AF_UNIX) as claim:
            if port is not None and _claimed(claim, port):
                yield port
                return
    raise UnreachableError(f"no free port on {HOST}")


def _claimed(claim: socket.socket, port: int) -> bool:
    """Whether nobody else has claimed the port: a name in the kernel, gone with the process that bound it."""
    if sys.platform != "linux":
        return True
    try:
        claim.bind(f"\0laurels-prefect-{port}")
    except OSError:
        return False
    return True


def _free_port(wanted: int) -> int | None:
    """Return the wanted port (any, for 0) if nobody listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return None
        port: int = probe.getsockname()[1]
        return port

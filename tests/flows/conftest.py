"""One real Prefect server with our deployments and a worker, on databases of its own, for all flow tests.

Prefect's test harness is not used: our own server is ready sooner (5 to 10 s against 26 s), and flows called in this
process talk to it the way the demo's do. All of it ends with the last flow test: its schedules start runs for as long
as it lives, and no later test is to share the machine with them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from flows.in_process import flows_in_process
from laurels.embedded import Servers
from laurels.orchestrator import deploy, flow_environment, prefect_server, worker
from laurels.services.programs import check_program
from laurels.services.runtime import Runtime, open_runtime
from laurels.settings import Settings
from laurels.stores.programs import add_version
from tests.flows.prefect_api import PrefectApi

ROOT = Path(__file__).parents[2]
REDIS_DATABASE = 7


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/flows" in item.path.as_posix():
            item.add_marker(pytest.mark.flows)


@pytest.fixture(scope="package")
def flow_servers(servers: Servers) -> Servers:
    """The test run's servers with fresh databases: nothing here meets what other tests wrote."""
    database_url = made(servers.database_url, "flows")
    prefect_url = made(servers.database_url, "flows_prefect").replace(
        "postgresql://", "postgresql+asyncpg://"
    )
    redis_url = at(servers.redis_url, f"/{REDIS_DATABASE}")
    return replace(servers, database_url=database_url, redis_url=redis_url, prefect_database_url=prefect_url)


@pytest.fixture(scope="package")
def flow_settings(
    settings: Settings, flow_servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    home = tmp_path_factory.mktemp("flows")
    given = {
        "home": home,
        "landing": home / "landing",
        "quality_docs": home / "pages",
        "quality_docs_url": "http://pages.example/",
        "operators_block": "custom-webhook/operators",
        "database_url": SecretStr(flow_servers.database_url),
        "redis_url": SecretStr(flow_servers.redis_url),
    }
    return settings.model_copy(update=given)


@pytest.fixture(scope="package")
def runtime(flow_settings: Settings) -> Iterator[Runtime]:
    with open_runtime(flow_settings) as found:
        yield found


@pytest.fixture(scope="package")
def api_url(flow_settings: Settings, flow_servers: Servers) -> Iterator[str]:
    with prefect_server(flow_settings, flow_servers) as url:
        yield url


@pytest.fixture(scope="package")
def deployed(api_url: str, flow_settings: Settings, flow_servers: Servers) -> Iterator[str]:
    """The API's URL, with every deployment there and a worker that runs them."""
    deploy(api_url)
    with worker(api_url, flow_environment(flow_settings, flow_servers)):
        yield api_url


@pytest.fixture(scope="package")
def flow_environment_names(flow_settings: Settings, flow_servers: Servers) -> dict[str, str]:
    return flow_environment(flow_settings, flow_servers)


@pytest.fixture(scope="package")
def program(runtime: Runtime) -> None:
    """The sample program, in force since before anything happened."""
    summer_race = check_program(ROOT / "deployments" / "programs" / "summer-race.yaml")
    with runtime.database.transaction() as session:
        add_version(session, summer_race, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def prefect(deployed: str) -> Iterator[PrefectApi]:
    with httpx.Client(base_url=deployed, timeout=30.0, trust_env=False) as client:
        yield PrefectApi(client)


@pytest.fixture
def in_process(api_url: str, flow_environment_names: dict[str, str]) -> Iterator[None]:
    """Let flows be called here: they report to the shared server and use the same databases as the worker's."""
    with flows_in_process(api_url, flow_environment_names):
        yield


def made(url: str, name: str) -> str:
    """Return the address of a new, empty database beside the one at the address."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return at(url, f"/{name}")


def at(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))

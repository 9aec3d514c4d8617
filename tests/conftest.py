"""What all tests may ask for: real servers, settings that point at them, the shared data."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from xdist.scheduler import LoadFileScheduling

from laurels import embedded
from laurels.embedded import Servers
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from tests.runtimes import fresh_runtime, make_template

MASTER_KEY = "00" * 32


class ByCost(LoadFileScheduling):
    """Keeps what shares costly fixtures in one process: a file's tests, and all that need Prefect."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "flows" if file.startswith("tests/flows/") else file


# Not by marks of xdist_group: pytest-xdist 3.8 writes a group into the name of a test, which pytest 9.2 forbids.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByCost:
    return ByCost(config, log)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers for the whole run: LAURELS_TEST_DATABASE_URL and LAURELS_TEST_REDIS_URL where set, else embedded ones.

    Names of their own, because tests make and drop databases and empty Redis: not what a shell of work points at.
    """
    home = tmp_path_factory.mktemp("home")
    asked = Settings(home=home, _env_file=None, _env_prefix="LAURELS_TEST_")
    if (asked.database_url or asked.redis_url) and "PYTEST_XDIST_WORKER" in os.environ:
        pytest.exit("servers that are given are for one at a time: make test JOBS=0", returncode=2)
    try:
        with embedded.servers(asked) as found:
            if asked.database_url is None:
                _without_waiting_for_the_disk(found.database_url)
            yield found
    finally:
        embedded.remove(asked)


def _without_waiting_for_the_disk(database_url: str) -> None:
    """Spare each of many fresh databases its half second: these tests kill processes, never the machine."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("alter system set full_page_writes = off")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def settings(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the test run; a developer's .env plays no part."""
    home = tmp_path_factory.mktemp("settings")
    return Settings(
        home=home,
        landing=home / "landing",
        database_url=SecretStr(servers.database_url),
        redis_url=SecretStr(servers.redis_url),
        master_key=SecretStr(MASTER_KEY),
        _env_file=None,
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the clone."""
    folder = Path(__file__).parents[1] / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data is not beside this clone")
    return folder.resolve()


@pytest.fixture(scope="session")
def template(settings: Settings) -> None:
    """The migrated database that runtimes are copied from."""
    assert settings.database_url is not None
    make_template(settings.database_url.get_secret_value())


@pytest.fixture
def runtime(settings: Settings, template: None) -> Iterator[Runtime]:
    """A runtime on a database of this test's own."""
    with fresh_runtime(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def figures(shared_data: Path) -> dict[str, Any]:
    """The checked figures of the shared data."""
    found: dict[str, Any] = json.loads((shared_data / "figures.json").read_text())
    return found

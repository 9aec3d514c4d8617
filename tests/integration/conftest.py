"""Homes for the tests of the embedded servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from laurels import embedded
from tests.integration.embedded_homes import alive, ask


@pytest.fixture
def _embedded_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAURELS_DATABASE_URL", "LAURELS_REDIS_URL", "LAURELS_HOME", "LAURELS_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fresh(tmp_path: Path, _embedded_only: None) -> Iterator[Path]:
    """A home in which nothing was ever started."""
    home = tmp_path / "home of laurels"
    yield home
    embedded.remove(ask(home))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("made") / ".laurels"
    yield home
    embedded.remove(ask(home))


@pytest.fixture
def home(made: Path, _embedded_only: None) -> Iterator[Path]:
    """A home that several tests share; each leaves it stopped."""
    yield made
    if alive(made):  # a test killed whoever would have stopped them: the next user does
        with embedded.servers(ask(made)):
            pass
    assert alive(made) == []

"""Servers that somebody else runs."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from laurels import embedded
from laurels.embedded.lodging import lodge
from laurels.errors import TransientError
from laurels.settings import Settings
from tests.integration.embedded_homes import alive, ask

pytestmark = [
    pytest.mark.usefixtures("_embedded_only"),
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are read from /proc"),
]


def test_given_servers_are_used_and_nothing_is_started(home: Path, tmp_path: Path) -> None:
    with embedded.servers(ask(home)) as at:
        elsewhere = tmp_path / "none"
        given = Settings(
            home=elsewhere,
            database_url=SecretStr(at.database_url),
            redis_url=SecretStr(at.redis_url),
            _env_file=None,
        )
        with embedded.servers(given) as used:
            assert (used.database_url, used.redis_url, used.owned) == (at.database_url, at.redis_url, False)
        assert embedded.running(given) == used
        assert not elsewhere.exists()
        assert embedded.running(ask(home)) is not None


def test_one_given_server_leaves_the_other_to_us(home: Path, fresh: Path) -> None:
    with embedded.servers(ask(home)) as at:
        given = Settings(home=fresh, database_url=SecretStr(at.database_url), _env_file=None)
        assert embedded.running(given) is None
        with embedded.servers(given) as mixed:
            assert mixed.owned
            assert mixed.database_url == at.database_url
            assert mixed.redis_url != at.redis_url
            assert embedded.running(given) is not None
            assert not (lodge(fresh).folder / "postgres").exists()
        assert alive(fresh) == []


def use(given: Settings) -> None:
    with embedded.servers(given):
        pass


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("name", "url", "who"),
    [
        ("database_url", "postgresql://u:s3cret-word@127.0.0.1:{port}/laurels", "PostgreSQL"),
        ("redis_url", "redis://:s3cret-word@127.0.0.1:{port}/0", "Redis"),
    ],
)
def test_an_unreachable_server_is_one_line_without_its_password(
    tmp_path: Path, name: str, url: str, who: str
) -> None:
    port = closed_port()
    given = Settings.model_validate({"home": tmp_path / "none", name: url.format(port=port)})
    for ask_for in (use, embedded.running):
        with pytest.raises(TransientError) as refused:
            ask_for(given)
        said = str(refused.value)
        assert said == f"{who} at 127.0.0.1:{port} cannot be reached: the connection was refused"
        assert refused.value.__cause__ is None
    assert not (tmp_path / "none").exists()


def test_a_refused_password_and_a_missing_database_are_told_apart(home: Path, tmp_path: Path) -> None:
    with embedded.servers(ask(home)) as at:
        password = (home / "password").read_text().strip()
        wrong = {
            "refuses the user or the password": ("database_url", at.database_url.replace(password, "s3cret")),
            "has no database of that name": (
                "database_url",
                at.database_url.removesuffix("laurels") + "nowhere",
            ),
            "refuses the user": ("redis_url", at.redis_url.replace(password, "s3cret")),
        }
        for reason, (name, url) in wrong.items():
            given = Settings.model_validate({"home": tmp_path / "none", name: url})
            with pytest.raises(TransientError, match=reason) as refused:
                use(given)
            assert password not in str(refused.value)
            assert "s3cret" not in str(refused.value)

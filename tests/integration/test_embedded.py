"""Embedded servers: who starts and stops them, and how they are set up."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from laurels import embedded
from laurels.embedded import Servers, process
from laurels.embedded.lodging import lodge
from laurels.errors import LaurelsError, RuleRefusedError
from laurels.settings import Settings
from tests.integration.embedded_homes import Command, alive, ask, marks, wait_for, write

pytestmark = [
    pytest.mark.usefixtures("_embedded_only"),
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are read from /proc"),
]


def test_servers_run_while_they_are_used_and_leave_no_process(fresh: Path) -> None:
    assert embedded.running(ask(fresh)) is None
    assert not fresh.exists(), "asking makes nothing"
    with embedded.servers(ask(fresh)) as at:
        assert at.owned
        assert embedded.running(ask(fresh)) == Servers(
            at.database_url, at.redis_url, at.prefect_database_url, owned=False
        )
        assert len(alive(fresh)) > 2
        write(at, "kept")
    assert alive(fresh) == []
    assert embedded.running(ask(fresh)) is None
    with embedded.servers(ask(fresh)) as again:
        assert again == at, "the same ports and the same password"
        assert marks(again) == ({"kept"}, {"kept"})


def test_they_end_by_themselves_when_asked_and_are_not_killed(fresh: Path) -> None:
    with embedded.servers(ask(fresh)) as at, redis.Redis.from_url(at.redis_url) as client:
        client.set("unsynced", "1")  # said and not waited for
    logs = lodge(fresh).logs
    assert "database system is shut down" in (logs / "postgres.log").read_text()
    assert "bye bye" in (logs / "valkey.log").read_text()
    with embedded.servers(ask(fresh)) as at, redis.Redis.from_url(at.redis_url) as client:
        assert client.get("unsynced") == b"1"


def test_a_command_that_is_asked_to_end_takes_its_servers_along(fresh: Path) -> None:
    asked = [sys.executable, "-c", "from laurels.cli import app; app()", "schema", "upgrade"]
    told = os.environ | {"LAURELS_HOME": str(fresh)}
    with subprocess.Popen(asked, env=told, stdout=subprocess.DEVNULL) as command:
        wait_for(lambda: embedded.running(ask(fresh)))  # it has yet to make every table
        command.terminate()
        assert command.wait(60) == 128 + signal.SIGTERM
    assert alive(fresh) == []


def test_they_stop_when_the_work_fails(home: Path) -> None:
    with pytest.raises(ZeroDivisionError), embedded.servers(ask(home)):
        raise ZeroDivisionError
    assert alive(home) == []


def test_the_cluster_is_as_the_stores_need_it(home: Path) -> None:
    with embedded.servers(ask(home)) as at, psycopg.connect(at.database_url) as connection:

        def shown(name: str) -> str:
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row is not None
            return str(row[0])

        assert int(shown("server_version_num")) // 10_000 == 18
        assert [shown(name) for name in ("server_encoding", "TimeZone", "fsync", "wal_compression")] == [
            "UTF8",
            "UTC",
            "on",
            "pglz",
        ]
        assert (shown("shared_buffers"), shown("max_wal_size"), shown("max_connections")) == (
            "256MB",
            "2GB",
            "200",
        )
        assert (shown("listen_addresses"), shown("unix_socket_directories")) == ("127.0.0.1", "")
        databases = connection.execute(
            "SELECT datname, datlocprovider, datcollversion FROM pg_database"
        ).fetchall()
        assert {"laurels", "prefect"} <= {name for name, _, _ in databases}
        assert connection.execute("SELECT upper('é'), 'Z' < 'a'").fetchone() == ("É", True)


def test_nobody_gets_in_without_the_password(home: Path) -> None:
    with embedded.servers(ask(home)) as at:
        password = (home / "password").read_text().strip()
        assert password in at.database_url
        assert password not in repr(at)
        assert (home / "password").stat().st_mode & 0o777 == 0o600
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(at.database_url.replace(password, "wrong"))
        with (
            redis.Redis.from_url(at.redis_url.replace(password, "wrong")) as client,
            pytest.raises(redis.RedisError),
        ):
            client.ping()
        for pid in alive(home):
            assert password not in Path(f"/proc/{pid}/cmdline").read_text()


def test_a_refused_row_leaves_no_person_in_the_log(home: Path) -> None:
    with embedded.servers(ask(home)) as at, psycopg.connect(at.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (mail text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES ('ann@example.org')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES ('ann@example.org')")
        log = (lodge(home).logs / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "ann@example.org" not in log


def test_commands_at_once_share_one_start_and_the_last_one_out_stops(home: Path) -> None:
    with ExitStack() as stack:
        commands = [stack.enter_context(Command(home)) for _ in range(3)]
        found = [command.found() for command in commands]
        assert sorted(owned for owned, *_ in found) == [False, False, True]
        assert len({(database_url, redis_url) for _, database_url, redis_url in found}) == 1
        for command in sorted(commands, key=lambda one: found[commands.index(one)], reverse=True):
            assert embedded.running(ask(home)) is not None, "the starter going first stops nothing"
            command.end()
        assert alive(home) == []


def test_ports_that_somebody_took_are_replaced(home: Path) -> None:
    with embedded.servers(ask(home)) as at:
        write(at, "kept")
    with ExitStack() as stack:
        for name in ("postgres.lock", "valkey.lock"):
            stranger = stack.enter_context(socket.socket())
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stranger.bind(("127.0.0.1", int((home / name).read_text())))
            stranger.listen()
        with embedded.servers(ask(home)) as moved:
            assert moved.database_url != at.database_url
            assert moved.redis_url != at.redis_url
            rows, members = marks(moved)
            assert "kept" in rows & members


def test_a_port_taken_between_the_look_and_the_start_costs_one_attempt(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken, free = int(stranger.getsockname()[1]), process._usable
        looks = iter([taken])
        monkeypatch.setattr(process, "_usable", lambda port: next(looks, None) or free(port))
        with embedded.servers(ask(home)) as at:  # Valkey meets the stranger
            assert str(taken) not in at.redis_url
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = int(stranger.getsockname()[1])
        looks = iter([0, taken])
        with embedded.servers(ask(home)) as at:  # PostgreSQL does
            assert str(taken) not in at.database_url


def test_a_server_that_cannot_start_says_why_in_one_line(home: Path) -> None:
    with embedded.servers(ask(home)):
        version = lodge(home).folder / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    try:
        with (
            pytest.raises(LaurelsError, match=r"PostgreSQL does not start: .*incompatible") as refused,
            embedded.servers(ask(home)),
        ):
            pass
        assert "\n" not in str(refused.value)
        assert alive(home) == [], "Valkey was started for it, and stopped"
    finally:
        version.write_text("18\n")


def test_a_lost_password_is_named(home: Path) -> None:
    with embedded.servers(ask(home)):
        secret = home / "password"
        kept = secret.read_text()
    secret.write_text("1" * 64)
    try:
        with (
            pytest.raises(LaurelsError, match="is not the password of the cluster"),
            embedded.servers(ask(home)),
        ):
            pass
    finally:
        secret.write_text(kept)


def test_remove_refuses_while_they_are_used_and_then_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with embedded.servers(ask(home)):
        folder = lodge(home).folder
        with pytest.raises(RuleRefusedError, match="uses the servers"):
            embedded.remove(ask(home))
    embedded.remove(ask(home))
    assert not home.exists()
    assert not folder.exists()
    embedded.remove(ask(home))


def test_the_servers_of_the_test_run_answer(settings: Settings) -> None:
    found = embedded.running(settings)
    assert found is not None
    assert not found.owned
    assert list(settings.home.iterdir()) == [], "given to the tests, embedded or not"
    assert embedded.master_key(settings) == bytes(32)

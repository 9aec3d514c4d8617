"""Whatever is killed or spoiled, the next command finds its servers and all data."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from laurels import embedded
from laurels.embedded import Servers
from laurels.embedded.lodging import lodge, lodged
from tests.integration.embedded_homes import Command, alive, ask, kill_all, marks, wait_for, write

pytestmark = [
    pytest.mark.usefixtures("_embedded_only"),
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are read from /proc"),
]


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

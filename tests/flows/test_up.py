"""`laurels up`, as a person runs it: it comes up, says where things are, and ends without a trace."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from laurels import embedded
from laurels.embedded import Servers
from laurels.orchestrator import flow_environment
from laurels.settings import Settings
from tests.flows.prefect_api import waited_for
from tests.integration.embedded_homes import alive, ask

UP = """
from laurels.errors import LaurelsError
from laurels.orchestrator import up
from laurels.settings import Settings
try:
    up(Settings(_env_file=None), say=lambda text: print(text, flush=True))
except LaurelsError as error:
    raise SystemExit(f"error: {error}")
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which processes are left")


class Up:
    def __init__(self, process: subprocess.Popen[bytes], said: Path, home: Path) -> None:
        self.process, self.said, self.home = process, said, home

    def text(self) -> str:
        return self.said.read_text()

    def children(self) -> dict[int, str]:
        """Every process that was told about this home, itself left out: id and command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                told = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"PREFECT_HOME={self.home}/prefect".encode() in told and command:
                found[int(folder.name)] = command
        return found

    def pid_of(self, words: str) -> int:
        return next(pid for pid, command in self.children().items() if words in command)

    def ends(self) -> int:
        return self.process.wait(40)


def deaf() -> None:
    """As a shell without job control starts what it puts behind it: `laurels up &` in a script."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


StartUp = Callable[[], AbstractContextManager[Up]]


@contextmanager
def brought_up(command: Sequence[str], told: dict[str, str], folder: Path) -> Iterator[Up]:
    """Run the command in a folder that is not the project's, told so much by environment, until it says that it is up."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("LAURELS_", "PREFECT_"))}
    said = folder / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=kept | told,
            cwd=folder,
            stdout=output,
            stderr=output,
            preexec_fn=deaf,  # noqa: PLW1509  one system call
        )
    running = Up(process, said, Path(told["LAURELS_HOME"]))
    try:
        waited_for(lambda: "Laurels is up" in running.text() or process.poll() is not None, "laurels up", 90)
        assert "Laurels is up" in running.text(), running.text()
        yield running
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def start_up(flow_settings: Settings, servers: Servers, tmp_path: Path) -> StartUp:
    """Start it on the test run's own servers."""
    settings = flow_settings.model_copy(update={"home": tmp_path / "home"})
    return lambda: brought_up([sys.executable, "-c", UP], flow_environment(settings, servers), tmp_path)


@pytest.fixture
def fresh_home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    embedded.remove(ask(home))


def test_the_command_alone_brings_up_databases_too_and_ends_all_at_one_ctrl_c(
    fresh_home: Path, tmp_path: Path
) -> None:
    """As in a first hour: nothing is given, nothing was started before. What it prints can be opened and typed."""
    laurels = str(Path(sys.executable).with_name("laurels"))
    with brought_up([laurels, "up"], {"LAURELS_HOME": str(fresh_home)}, tmp_path) as running:
        links = dict(
            re.findall(r"^  (Prefect UI|Prefect API|Data Docs|Landing) +(\S+)", running.text(), re.MULTILINE)
        )
        assert "<title>" in httpx.get(links["Prefect UI"], follow_redirects=True, trust_env=False).text
        assert httpx.get(links["Prefect API"], trust_env=False).is_success
        assert httpx.get(links["Data Docs"], trust_env=False).status_code == 404  # no page yet, and no list
        assert "Operators are not told: LAURELS_OPERATORS_BLOCK names no block." in running.text()
        assert links["Landing"] == f"{tmp_path}/.laurels/landing/SOURCE/MAPPING/FILE"
        if curl := shutil.which("curl"):  # `make test` needs none
            assert '"state_type":"SCHEDULED"' in typed(running.text(), curl, tmp_path)
        assert len(alive(fresh_home)) > 2
        assert running.pid_of("server start") != running.pid_of("worker start")
        running.process.send_signal(signal.SIGINT)
        assert running.ends() == 0
        assert running.children() == {}
        assert alive(fresh_home) == []
        assert running.text().endswith("Stopped.\n")


def typed(said: str, curl: str, folder: Path) -> str:
    """Type the lines that start a run, on a machine that has curl and python3 and not much else."""
    lines = "\n".join(re.findall(r"^  (?:  )?((?:API=|ID=|curl|-d).*)$", said, re.MULTILINE))
    (folder / "bin").mkdir()
    for name, program in (("curl", curl), ("python3", sys.executable)):
        (folder / "bin" / name).symlink_to(program)
    told = {"PATH": str(folder / "bin"), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(["/bin/sh", "-c", lines], env=told, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_one_signal_and_leaves_no_process(start_up: StartUp, number: signal.Signals) -> None:
    with start_up() as running:
        [root] = re.findall(r"Prefect UI +(\S+)", running.text())
        assert "<title>" in httpx.get(root, follow_redirects=True, trust_env=False).text
        assert len(running.children()) >= 2
        waited = time.monotonic()
        running.process.send_signal(number)
        assert running.ends() == 0
        assert time.monotonic() - waited < 20
        assert running.children() == {}
        assert running.text().endswith("Stopped.\n")


def test_it_names_the_part_that_died_and_stops(start_up: StartUp) -> None:
    with start_up() as running:
        os.kill(running.pid_of("worker start"), signal.SIGKILL)
        assert running.ends() == 1
        assert "error: Prefect worker ended with status -9" in running.text()
        assert running.children() == {}


def test_killed_outright_it_takes_its_children_along(start_up: StartUp) -> None:
    with start_up() as running:
        running.process.kill()
        waited_for(lambda: running.children() == {}, "the end of its children", 40)

"""`laurels up`, as a person runs it: it comes up, says where things are, and ends without a trace."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from laurels.embedded import Servers
from laurels.orchestrator import flow_environment
from laurels.settings import Settings
from tests.flows.prefect_api import waited_for

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


@pytest.fixture
def start_up(flow_settings: Settings, servers: Servers, tmp_path: Path) -> StartUp:
    """Start it on the test run's own servers, from a directory that is not the project's."""

    @contextmanager
    def started() -> Iterator[Up]:
        home = tmp_path / "home"
        told = flow_environment(flow_settings.model_copy(update={"home": home}), servers)
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("LAURELS_", "PREFECT_"))
        }
        said = tmp_path / "said"
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", UP],
                env=kept | told,
                cwd=tmp_path,
                stdout=output,
                stderr=output,
                preexec_fn=deaf,  # noqa: PLW1509  one system call
            )
        running = Up(process, said, home)
        try:
            waited_for(
                lambda: "Laurels is up" in running.text() or process.poll() is not None, "laurels up", 90
            )
            assert "Laurels is up" in running.text(), running.text()
            yield running
        finally:
            process.kill()
            process.wait()

    return started


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

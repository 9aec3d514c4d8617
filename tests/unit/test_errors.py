"""The family of errors: what a caller should do next is in the class, and the README says the same statuses."""

import copy
import pickle
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from laurels import errors
from laurels.cli.activity import HELD, SOME_QUARANTINED
from laurels.cli.app import _Commands, app
from laurels.errors import LaurelsError, TransientError

FAMILY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LaurelsError)]
README = Path(__file__).parents[2] / "README.md"
each_kind = pytest.mark.parametrize("kind", FAMILY)


@each_kind
def test_an_error_crosses_processes_whole(kind: type[LaurelsError]) -> None:
    for again in (pickle.loads(pickle.dumps(kind("file a.csv: gone"))), copy.copy(kind("file a.csv: gone"))):
        assert type(again) is kind
        assert (str(again), again.exit_status) == ("file a.csv: gone", kind.exit_status)


@each_kind
def test_every_kind_says_what_it_is_for(kind: type[LaurelsError]) -> None:
    assert kind.__doc__
    assert kind.__name__.endswith("Error")


@each_kind
def test_no_kind_is_both_to_be_tried_again_and_not(kind: type[LaurelsError]) -> None:
    parents = [parent for parent in kind.__mro__[1:] if parent in FAMILY]
    assert len([parent for parent in parents if LaurelsError in parent.__bases__]) <= 1
    assert issubclass(kind, TransientError) == (kind.exit_status == 6)


def test_each_own_status_is_one_kind_s_only() -> None:
    """A child may share its parent's; two that are to be treated differently never do."""
    own = [
        kind
        for kind in FAMILY
        if kind.exit_status != kind.__base__.__dict__.get("exit_status", 1) or kind is LaurelsError
    ]
    statuses = [kind.exit_status for kind in own]
    assert len(set(statuses)) == len(statuses)
    assert not {0, SOME_QUARANTINED} & set(statuses)


def stated(text: str) -> set[int]:
    """The statuses in a list such as `0 done, 3 refused by a rule`."""
    return {int(number) for number in re.findall(r"(?:: |, |\n)([0-9]) [a-z]", text)}


def test_readme_and_help_state_every_status_that_there_is() -> None:
    wrong_usage = 2  # Typer's own
    there = {kind.exit_status for kind in FAMILY} | {0, wrong_usage, HELD, SOME_QUARANTINED}
    (sentence,) = re.findall(r"The exit status says[^.]*\.", README.read_text())
    assert stated(sentence) == there
    assert stated(app.info.help or "") == there


@each_kind
def test_the_command_line_says_it_in_one_line_and_exits_by_it(kind: type[LaurelsError]) -> None:
    failing = typer.Typer(cls=_Commands)

    @failing.command()
    def fail() -> None:
        raise kind(
            "orders.csv:7: [bold] is not markup, and this line is longer than eighty signs, but stays one"
        )

    failing.command("other")(lambda: None)
    before = signal.getsignal(signal.SIGTERM)
    result = CliRunner().invoke(failing, ["fail"])
    assert signal.getsignal(signal.SIGTERM) is before  # who called it goes on as it was
    assert result.exit_code == kind.exit_status
    assert result.stderr == (
        "laurels: orders.csv:7: [bold] is not markup, and this line is longer than eighty signs, but stays one\n"
    )
    assert result.stdout == ""


def test_a_fault_of_ours_is_no_error_of_the_family() -> None:
    """It keeps its traceback and status 1: nobody is told to mend a file for it."""
    program = (
        "import typer; from laurels.cli.app import _Commands\n"
        "app = typer.Typer(cls=_Commands, pretty_exceptions_enable=False)\n"
        "app.command('one')(lambda: 1 / 0); app.command('two')(lambda: None); app(['one'])"
    )
    found = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (found.returncode, "ZeroDivisionError" in found.stderr) == (1, True)

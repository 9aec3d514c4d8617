"""What the README tells a newcomer to type is there: commands with their options, make's targets, files, deployments."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from typer.core import TyperGroup

from laurels.cli import app
from laurels.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in (ROOT / "README.md", ROOT / "docs" / "operating.md")}
COMMANDS = typer.main.get_command(app)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
DEPLOYMENTS = {one["name"] for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}


def lines_of_code(text: str) -> Iterator[str]:
    """What stands in fences, in indented blocks and between backticks, without comments."""
    fenced = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    indented = re.findall(r"^    (.*)$", text, re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in (*"\n".join(fenced).splitlines(), *indented, *inline):
        yield re.sub(r"\s+#.*", "", line).strip()


def commands() -> list[str]:
    lines = (line for text in PAGES.values() for line in lines_of_code(text))
    return sorted(
        {part.strip() for line in lines for part in line.split("&&") if re.match(r"\s*laurels [a-z]", part)}
    )


def test_the_first_hour_is_found() -> None:
    """Were the README written in another way, the tests below would look at nothing."""
    assert len(commands()) >= 12
    assert {line.split()[1] for line in commands()} >= {
        "program",
        "ingest",
        "quarantine",
        "board",
        "member",
        "up",
    }


def taken(line: str) -> bool:
    """Whether the command line takes this; a command alone, as in a sentence, may leave out what it needs."""
    words, command = shlex.split(line)[1:], COMMANDS
    while isinstance(command, TyperGroup) and words:
        if words[0] not in command.commands:
            return False
        command = command.commands[words.pop(0)]
    try:
        command.make_context(line, list(words), resilient_parsing=not words)
    except Exception:  # noqa: BLE001 - whatever it is, a newcomer would meet it
        return False
    return True


@pytest.mark.parametrize("line", commands())
def test_every_command_is_one_that_the_command_line_takes(line: str) -> None:
    assert taken(line)


@pytest.mark.parametrize(
    "line",
    [
        "laurels nothing",
        "laurels program chek x.yaml",
        "laurels ingest a.csv",
        "laurels ingest a.csv --sauce shop --mapping activity",
        "laurels quarantine replay seven",
        "laurels program apply x.yaml --effective-from 2026-06-01",
        "laurels state hash --export",
        "laurels up --now",
    ],
)
def test_a_command_that_is_not_there_would_be_noticed(line: str) -> None:
    assert not taken(line)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)\b(?= |`|\n)", README)) - {"and"}))
def test_every_target_of_make_is_there(target: str) -> None:
    assert target in TARGETS


def test_make_help_lists_every_target() -> None:
    described = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert described == TARGETS
    assert (
        set(re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split())
        == TARGETS
    )


def test_the_deployments_that_are_named_are_those_that_are_declared() -> None:
    (sentence,) = re.findall(r"Ten deployments stand in `prefect.yaml`:(.*?)\.\s+A run", README, re.DOTALL)
    named = set(re.findall(r"`([a-z-]+)`", sentence))
    assert named == DEPLOYMENTS
    assert len(DEPLOYMENTS) == 10
    called = re.findall(r"deployments/name/([a-z-]+)/([a-z-]+)", "".join(PAGES.values()))
    assert called
    assert all(flow == name and name in DEPLOYMENTS for flow, name in called)


ROOMS = "flows|tasks|laurels|models|deployments|tests|benchmarks|docs"
FILES = {
    path
    for text in PAGES.values()
    for path in re.findall(
        rf"(?<![\w./])((?:{ROOMS})/[\w./-]*\w/?|\.env\.example|requirements\.lock|prefect\.yaml)", text
    )
    if not path.startswith("deployments/name/")
}


@pytest.mark.parametrize("path", sorted(FILES))
def test_every_file_that_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_files_are_found_in_the_text() -> None:
    assert {"docs/operating.md", "models/values/earning.py", ".env.example"} <= FILES


def test_every_setting_that_is_named_is_one() -> None:
    named = set(re.findall(r"LAURELS_(?:TEST_)?([A-Z_]+)", "".join(PAGES.values())))
    assert {"DATABASE_URL", "REDIS_URL"} <= named <= {name.upper() for name in Settings.model_fields}


def test_the_rooms_inside_laurels_are_named() -> None:
    (house,) = re.findall(r"## The house\n(.*?)\n## ", README + "\n## ", re.DOTALL)
    for room in ("rules", "services", "stores", "quality", "channels", "platforms", "cli"):
        assert f"`{room}`" in house
        assert (ROOT / "laurels" / room).is_dir()

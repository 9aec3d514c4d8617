"""What every command shares: the runtime, output as a table or as JSON, errors as one line, progress by bytes."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from laurels.cli.tables import Listing, literal, printable
from laurels.services.fetching import fetched
from laurels.services.runtime import Runtime, open_runtime
from laurels.settings import Settings
from models.values.durations import read_duration

out = Console(emoji=False)  # `trim:email:` is a name, not a picture
err = Console(stderr=True, emoji=False)


def aware(text: str) -> datetime:
    """Return an option's time. Raises typer.BadParameter where it has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no time: write 2026-07-01T12:00:00Z") from error
    if time.tzinfo is None:
        whole = time.isoformat()
        raise typer.BadParameter(f"{text} has no zone: write {whole}Z or {whole}-04:00")
    return time


def span(text: str) -> timedelta:
    """Return an option's span of time. Raises typer.BadParameter."""
    try:
        return read_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no span: {error}") from None


JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        help="Business time, with its zone: 2026-07-01T12:00:00+00:00. Default: now.",
        parser=aware,
        metavar="TIME",
    ),
]
Reason = Annotated[str | None, typer.Option(help="Why, for the audit.")]


@contextmanager
def runtime() -> Iterator[Runtime]:
    """Open the runtime that the environment and `.env` describe."""
    with open_runtime(Settings()) as opened:
        yield opened


def actor(opened: Runtime) -> str:
    """Return who acts, for the audit: LAURELS_ACTOR, else the login name."""
    return opened.settings.actor or getpass.getuser()


def show(value: Any, as_json: bool, table: Callable[[], Listing | str]) -> None:
    """Print a result as JSON, or as the table or text that a person reads."""
    if as_json:
        sys.stdout.write(json.dumps(_plain(value), indent=2) + "\n")
        return
    shown = table()
    if isinstance(shown, str):
        plain = Text("\n").join(literal(line) for line in shown.split("\n"))
        out.print(plain, highlight=False, soft_wrap=True)  # a line stays one, for who pipes it on
        return
    draw(shown)


def draw(listing: Listing) -> None:
    """Print a table as wide as the terminal is."""
    width = _width(listing)
    Console(width=width).print(listing.drawn(width))


def _width(shown: Listing) -> int:
    """Return the width that COLUMNS states, or the terminal's; in a pipe or a file nothing is folded."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal():
        return int(stated)
    return out.width if out.is_terminal else shown.natural


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], note: str | None = None
) -> Listing:
    """Return a table with a note below it; numbers stand at the right, and one of nothing says so."""
    cells = tuple(tuple(_lines(value) for value in row) for row in rows)
    numeric = (
        bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))
    )
    return Listing(title, tuple(columns), cells, tuple(numeric), note if rows else "nothing")


@contextmanager
def at_hand(place: str) -> Iterator[Path]:
    """Give a file on this machine's disk; of one that lies elsewhere, show how much has come."""
    with ExitStack() as here:
        with _bar() as progress:
            task = progress.add_task("fetching", total=None, visible=False)
            path = here.enter_context(
                fetched(
                    place,
                    lambda done, size: progress.update(task, completed=done, total=size, visible=True),
                )
            )
        yield path


@contextmanager
def reading(path: Path) -> Iterator[Callable[[int], None]]:
    """Show how much of a file is read, where somebody looks."""
    with _bar() as progress:
        size = path.stat().st_size if path.is_file() else None
        task = progress.add_task(printable(path.name), total=size)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def counting(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many rows of a known number are done, where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def short(member: UUID) -> str:
    """Return the part of an opaque id that people compare."""
    return str(member)[:8]


def _lines(value: object) -> tuple[str, ...]:
    """Return a cell's lines; several values stand one below the other."""
    values = value if isinstance(value, tuple) else (value,)
    return tuple(printable(_cell(one)) for one in values)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""YAML as plain data with the line of every key and entry, for files that people write.

Built from PyYAML's events (SafeLoader), not by its constructors: a key is always text (YAML 1.1 reads `on` as
true), a decimal keeps its digits, a date stays text, and nothing can be made to expand or to build objects.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from laurels.rules.findings import Place

MOST_BYTES: Final = 1_000_000
MOST_DEPTH: Final = 20
MOST_VALUES: Final = 20_000
WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}", re.ASCII)
# Not the two that text may hold, tab and line feed. Surrogates cannot be encoded, NUL cannot be stored.
CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
UNSEEN_BREAK: Final = re.compile("[\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """Why a file is refused, and on which line (from 1)."""

    line: int
    reason: str


@dataclass(slots=True)
class YamlDocument:
    """A file's data: dict, list, str, int, bool, Decimal or None.

    `lines` maps each place, from () for the whole, to its line. It is empty where the file could not be read
    to its end. Use `data` only if `problems` is empty.
    """

    data: object = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[YamlProblem] = field(default_factory=list)

    def line_of(self, place: Place) -> int:
        """Return the line of the place, or of the nearest thing around it that the file holds."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml_file(path: Path) -> YamlDocument:
    """Read a file of at most 1 MB in UTF-8. Raises OSError where it cannot be read at all."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return YamlDocument(problems=[YamlProblem(1, "the file is larger than 1 MB")])
    try:
        return read_yaml(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return YamlDocument(problems=[YamlProblem(line, "the file is not UTF-8 text")])


def read_yaml(text: str) -> YamlDocument:
    """Read one YAML document. Never raises: what is wrong stands in `problems`."""
    if len(text) > MOST_BYTES:
        return YamlDocument(problems=[YamlProblem(1, "the file is larger than 1 MB")])
    if unseen := UNSEEN_BREAK.search(text):
        line = text.count("\n", 0, unseen.start()) + 1
        return YamlDocument(problems=[YamlProblem(line, f"line break U+{ord(unseen[0]):04X} is not allowed")])
    building = _Building()
    try:
        for event in _events(text):
            building.take(event)
    except _UnreadableError as stop:
        return YamlDocument(problems=[*building.problems, stop.problem])
    return YamlDocument(building.root, building.lines or {(): 1}, building.problems)


class _UnreadableError(Exception):
    """Reading cannot go on: what follows would be guessed."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.problem = YamlProblem(line, reason)


def _events(text: str) -> Iterator[Event]:
    """Yield PyYAML's events, its errors in our words."""
    loader: Any = None  # the stubs leave get_event untyped
    try:
        loader = yaml.SafeLoader(text)
        while loader.check_event():
            yield loader.get_event()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _UnreadableError(line, f"character U+{ord(text[error.position]):04X} is not allowed") from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(error) from None
    except (ValueError, OverflowError):  # an escape past U+10FFFF, a version of thousands of digits
        line = loader.get_mark().line + 1
        raise _UnreadableError(line, "not readable: an escape or a number is out of range") from None
    finally:
        if loader:
            loader.dispose()


def _syntax(error: yaml.MarkedYAMLError) -> _UnreadableError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    problem = error.problem or "not readable"
    if "'\\t'" in problem:
        return _UnreadableError(line, "a tab: indent with spaces")
    opened = error.context_mark.line + 1 if error.context_mark else line
    context = f" ({error.context} that begins on line {opened})" if opened != line else ""
    return _UnreadableError(line, f"not YAML: {problem}{context}")


@dataclass(slots=True)
class _Open:
    """A mapping or list that has not ended yet."""

    into: dict[str, object] | list[object]
    place: Place
    key: str | None = None


@dataclass(slots=True)
class _Building:
    """Data growing from events. Keeps its own stack, so depth costs no recursion."""

    root: object = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[YamlProblem] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    documents: int = 0
    values: int = 0

    def take(self, event: Event) -> None:
        """Build in one event. Raises _UnreadableError where reading must stop."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _UnreadableError(line, "a second document: one file holds one")
        elif isinstance(event, CollectionEndEvent):
            self.open.pop()
        elif isinstance(event, NodeEvent):
            self.values += 1
            if self.values > MOST_VALUES:
                raise _UnreadableError(line, f"more than {MOST_VALUES} values")
            self.problems += [YamlProblem(line, reason) for reason in _refusals(event)]
            self._node(event, line)

    def _node(self, event: NodeEvent, line: int) -> None:
        parent = self.open[-1] if self.open else None
        if parent and isinstance(parent.into, dict) and parent.key is None:
            self._key(event, line, parent, parent.into)
            return
        place, value = _place(parent), _value(event)
        self.lines.setdefault(place, line)
        if parent is None:
            self.root = value
        elif isinstance(parent.into, list):
            parent.into.append(value)
        elif parent.key is not None:
            parent.into.setdefault(parent.key, value)  # of a repeated key the first counts
            parent.key = None
        if isinstance(value, dict | list):
            if len(self.open) == MOST_DEPTH:
                raise _UnreadableError(line, f"nested deeper than {MOST_DEPTH} levels")
            self.open.append(_Open(value, place))

    def _key(self, event: NodeEvent, line: int, parent: _Open, into: dict[str, object]) -> None:
        if not isinstance(event, ScalarEvent):
            raise _UnreadableError(line, "a key must be plain text")
        parent.key = event.value
        if event.value in into:
            first = self.lines[*parent.place, event.value]
            reason = f"{ascii(event.value)[:60]} is given twice: first on line {first}"
            self.problems.append(YamlProblem(line, reason))
        self.lines.setdefault((*parent.place, event.value), line)


def _place(parent: _Open | None) -> Place:
    if parent is None:
        return ()
    step = len(parent.into) if isinstance(parent.into, list) else parent.key or ""
    return (*parent.place, step)


def _refusals(event: NodeEvent) -> Iterator[str]:
    """Say what a file may not use: aliases multiply, tags name types, some characters cannot be stored."""
    if isinstance(event, AliasEvent):
        yield f"alias *{event.anchor}: write the value out"
    elif event.anchor is not None:
        yield f"anchor &{event.anchor}: write each value where it is used"
    tag = getattr(event, "tag", None)
    if tag is not None:
        yield f"tag {ascii(tag)[:60]}: values here have no tags"
    if isinstance(event, ScalarEvent) and (control := CONTROL.search(event.value)):
        yield f"character U+{ord(control[0]):04X} is not allowed"


def _value(event: NodeEvent) -> object:
    """Return a new dict or list for what begins here, else the scalar; an alias is nothing."""
    if isinstance(event, CollectionStartEvent):
        return {} if isinstance(event, MappingStartEvent) else []
    if not isinstance(event, ScalarEvent):
        return None
    return _plain(event.value) if event.style is None else event.value


def _plain(text: str) -> object:
    """Return what an unquoted text means by YAML 1.2: no octal 010, no 1_000, no yes, no 1:30."""
    if text in {"true", "false"}:
        return text == "true"
    if WHOLE.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text):
        return Decimal(text)
    return None if text in {"", "~", "null"} else text

"""JSON lines, or one JSON document over many lines: told apart without holding more than a document may be."""

from collections.abc import Iterator
from io import BytesIO
from itertools import chain

from laurels.errors import DataRejectedError
from laurels.stores.files.content import Content, Dropped, lines_of
from laurels.stores.files.json_text import decoded, goes_on, parsed
from laurels.stores.files.texts import RefusedError

DOCUMENT_LIMIT = 16 << 20

Lines = Iterator[bytes | Dropped]


def texts_of(lines: Lines, name: str) -> Iterator[tuple[int, bytes | Dropped]]:
    """Yield each JSON text with the line it starts on: every line by itself, or all of them together.

    They are read together if the first one is JSON that only its end is missing from. Raises DataRejectedError
    if they are more than DOCUMENT_LIMIT bytes then (`name` is the file's).
    """
    for number, line in enumerate(lines, start=1):  # noqa: B007 (used below)
        if isinstance(line, Dropped) or not line.isspace():
            break
    else:
        return
    head: Lines = iter((line,))
    if not isinstance(line, Dropped) and goes_on(line):
        text, too_long = _together(line, lines)
        if not too_long and _is_one(text, name):
            yield number, text
            return
        head = chain(_cut(text), too_long)
    yield from enumerate(chain(head, lines), start=number)


def _together(first: bytes, lines: Lines) -> tuple[bytes, list[Dropped]]:
    """Join lines to the end of the file or of what a document may be, or to one that is too long itself."""
    text = bytearray(first)
    for line in lines:
        if isinstance(line, Dropped):
            return bytes(text), [line]
        text += line
        if len(text) > DOCUMENT_LIMIT:
            break
    return bytes(text), []


def _cut(text: bytes) -> Lines:
    stream = BytesIO(text)
    return lines_of(Content("", stream, stream))


def _is_one(text: bytes, name: str) -> bool:
    """Return whether lines are one text. So is a broken one, unless another line is an object by itself."""
    if isinstance(_value(text), dict | list):
        return True
    if any(isinstance(_value(line), dict) for line in _cut(text) if not isinstance(line, Dropped)):
        return False
    if len(text) > DOCUMENT_LIMIT:
        limit = DOCUMENT_LIMIT >> 20
        raise DataRejectedError(f"{name}: one JSON document of more than {limit} MB: write one object a line")
    return True


def _value(body: bytes) -> object:
    try:
        return parsed(decoded(body))
    except RefusedError:
        return None

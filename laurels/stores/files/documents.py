"""JSON lines, or one JSON document over many lines: told apart without holding more than a document may be."""

from collections.abc import Iterator
from itertools import chain

from laurels.errors import DataRejectedError
from laurels.stores.files.content import Dropped
from laurels.stores.files.json_text import decoded, goes_on, parsed
from laurels.stores.files.texts import RefusedError

DOCUMENT_LIMIT = 16 << 20

Lines = Iterator[bytes | Dropped]


def texts_of(lines: Lines, encoding: str, name: str) -> Iterator[tuple[int, bytes | Dropped]]:
    """Yield each JSON text with the line it starts on: every line by itself, or all of them together.

    They are read together if the first one is JSON that only its end is missing from. Raises DataRejectedError
    if they are more than DOCUMENT_LIMIT bytes then (`name` is the file's).
    """
    head = list(_to_first(lines))
    blank = len(head) - 1
    if head and not isinstance(head[-1], Dropped) and goes_on(head[-1], encoding):
        head += _to_limit(lines)
        together = [line for line in head[blank:] if not isinstance(line, Dropped)]
        if blank + len(together) == len(head) and _is_one(together, encoding, name):
            yield blank + 1, b"".join(together)
            return
    yield from enumerate(chain(head, lines), start=1)


def _to_first(lines: Lines) -> Lines:
    for line in lines:
        yield line
        if isinstance(line, Dropped) or not line.isspace():
            return


def _to_limit(lines: Lines) -> Lines:
    size = 0
    for line in lines:
        yield line
        size += 0 if isinstance(line, Dropped) else len(line)
        if size > DOCUMENT_LIMIT:
            return


def _is_one(lines: list[bytes], encoding: str, name: str) -> bool:
    """Return whether lines are one text. So is a broken one, unless another line is an object by itself."""
    whole = b"".join(lines)
    if isinstance(_value(whole, encoding), dict | list):
        return True
    if any(isinstance(_value(line, encoding), dict) for line in lines if line.lstrip().startswith(b"{")):
        return False
    if len(whole) > DOCUMENT_LIMIT:
        limit = DOCUMENT_LIMIT >> 20
        raise DataRejectedError(f"{name}: one JSON document of more than {limit} MB: write one object a line")
    return True


def _value(body: bytes, encoding: str) -> object:
    try:
        return parsed(decoded(body, encoding))
    except RefusedError:
        return None

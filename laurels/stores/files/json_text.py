"""One JSON text, strictly: numbers exact, keys unique; and where in it the items of its list begin."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from laurels.stores.files.texts import RefusedError
from models.values.problem import Refusal


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RefusedError(Refusal.JSON_DUPLICATE_KEY)  # which of the two is meant, nobody knows
    return fields


def _not_finite(_: str) -> None:
    raise RefusedError(Refusal.JSON_NOT_FINITE)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_not_finite)
_SPACE = re.compile(r"[ \t\r\n]*")


def decoded(body: bytes, encoding: str | None = None) -> str:
    """Return bytes as text, UTF-8 if nothing else is said, without a byte order mark. Raises RefusedError."""
    try:
        text = body.decode(encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise RefusedError(Refusal.NUL_BYTE if b"\0" in body else Refusal.NOT_TEXT) from error
    if "\0" in text:
        raise RefusedError(Refusal.NUL_BYTE)
    return text


def parsed(text: str) -> object:
    """Return the value that a text is, numbers with a point as Decimal. Raises RefusedError."""
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise RefusedError(Refusal.JSON_TOO_DEEP) from error
    except RefusedError:
        raise
    except (ValueError, ArithmeticError) as error:  # the second from a number with an absurd exponent
        raise RefusedError(Refusal.JSON_BROKEN) from error


def goes_on(line: bytes) -> bool:
    """Return whether a line is the start of a JSON text that only its end is missing from."""
    try:
        text = decoded(line).rstrip()
        parsed(text)
    except RefusedError as refused:
        cause = refused.__cause__
        return isinstance(cause, json.JSONDecodeError) and cause.pos >= len(text)
    return False


def item_lines(text: str, key: str | None, line: int) -> Iterator[int]:
    """Yield the line on which each item of a list begins: of the list that the text is, or has under this key.

    The text has been read before and starts on this line.
    """
    at = _SPACE.match(text).end()  # type: ignore[union-attr]
    if key is not None:
        inside = _steps(text, at)
        at = next(value for name, value in zip(inside, inside, strict=True) if _read(text, name)[0] == key)
    done = 0
    for start in _steps(text, at):
        line += text.count("\n", done, start)
        done = start
        yield line


def _steps(text: str, at: int) -> Iterator[int]:
    """Yield where the items of the list at this place begin; of an object its keys and values in turn."""
    at += 1
    while text[at := _SPACE.match(text, at).end()] not in "]}":  # type: ignore[union-attr]
        yield at
        at = _SPACE.match(text, _read(text, at)[1]).end()  # type: ignore[union-attr]
        at += text[at] in ",:"


def _read(text: str, at: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, at)

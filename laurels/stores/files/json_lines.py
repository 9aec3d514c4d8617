"""JSON, one object a line: numbers exact, keys unique, nothing that PostgreSQL could not keep."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from laurels.stores.files.content import FIELD_LIMIT, Dropped
from laurels.stores.files.texts import RefusedError, check_texts
from models.values.activity import RefusedRow
from models.values.format import JsonLines
from models.values.problem import Refusal
from models.values.record import Record


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RefusedError(Refusal.JSON_DUPLICATE_KEY)  # which of the two is meant, nobody knows
    return fields


def _not_finite(_: str) -> None:
    raise RefusedError(Refusal.JSON_NOT_FINITE)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_not_finite)


def json_records(lines: Iterator[bytes | Dropped], shape: JsonLines) -> Iterator[Record | RefusedRow]:
    """Yield the records of each line, or the reason why there is none. Blank lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if isinstance(line, Dropped):
            yield RefusedRow(number, Refusal.TOO_LONG)
        elif not line.isspace():
            yield from records_in(line, shape, number)


def records_in(body: bytes, shape: JsonLines, line: int = 1) -> Iterator[Record | RefusedRow]:
    """Yield the records in one JSON text: a line of a file, or the body of a request (then `line` is 1).

    A text that is no JSON is refused whole; a flaw in one of its items takes no other item with it.
    """
    try:
        value = _parsed(body, shape.encoding)
    except RefusedError as refused:
        yield RefusedRow(line, refused.reason)
        return
    suspect = len(body) > FIELD_LIMIT or b"\\u" in body
    found = (one for item in _items(value, shape) for one in _objects(item, shape, suspect=suspect))
    for part, fields in enumerate(found):
        yield RefusedRow(line, fields, part) if isinstance(fields, Refusal) else Record(line, fields, part)


def _parsed(body: bytes, encoding: str) -> object:
    if b"\0" in body:
        raise RefusedError(Refusal.NUL_BYTE)
    try:
        return _DECODER.decode(body.decode("utf-8-sig" if encoding == "utf-8" else encoding))
    except UnicodeDecodeError as error:
        raise RefusedError(Refusal.NOT_TEXT) from error
    except RecursionError as error:
        raise RefusedError(Refusal.JSON_TOO_DEEP) from error
    except RefusedError:
        raise
    except (ValueError, ArithmeticError) as error:  # the second from a number with an absurd exponent
        raise RefusedError(Refusal.JSON_BROKEN) from error


def _items(value: object, shape: JsonLines) -> list[Any]:
    if isinstance(value, dict):
        value = next((value[key] for key in shape.unwrap if isinstance(value.get(key), dict | list)), value)
    return value if isinstance(value, list) and shape.unwrap else [value]


def _objects(item: object, shape: JsonLines, *, suspect: bool) -> Iterator[dict[str, Any] | Refusal]:
    """Yield the objects that one item stands for, or why it stands for none."""
    if not isinstance(item, dict):
        yield Refusal.JSON_NOT_AN_OBJECT
        return
    try:
        if suspect:
            check_texts(item)
        yield from _split(item, shape.records.split(".")) if shape.records else [item]
    except RefusedError as refused:
        yield refused.reason
    except RecursionError:  # from Python 3.12 on the decoder goes deeper than the check can follow
        yield Refusal.JSON_TOO_DEEP


def _split(fields: dict[str, Any], path: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the object once for each item of the list at this path, with the item in the list's place."""
    key, rest = path[0], path[1:]
    inner = fields.get(key)
    if rest and isinstance(inner, dict):
        yield from ({**fields, key: one} for one in _split(inner, rest))
    elif rest or not isinstance(inner, list):
        raise RefusedError(Refusal.RECORDS_MISSING)
    else:
        yield from ({**fields, key: item} for item in inner)

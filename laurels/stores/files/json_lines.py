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
    """Yield the records in one JSON text: a line of a file, or the body of a request (then `line` is 1)."""
    try:
        for part, fields in enumerate(_objects(_parsed(body, shape.encoding), shape)):
            yield Record(line, fields, part)
    except RefusedError as refused:
        yield RefusedRow(line, refused.reason)


def _parsed(body: bytes, encoding: str) -> object:
    if b"\0" in body:
        raise RefusedError(Refusal.NUL_BYTE)
    try:
        value = _DECODER.decode(body.decode("utf-8-sig" if encoding == "utf-8" else encoding))
    except UnicodeDecodeError as error:
        raise RefusedError(Refusal.NOT_TEXT) from error
    except RecursionError as error:
        raise RefusedError(Refusal.JSON_TOO_DEEP) from error
    except RefusedError:
        raise
    except (ValueError, ArithmeticError) as error:  # the second from a number with an absurd exponent
        raise RefusedError(Refusal.JSON_BROKEN) from error
    if len(body) > FIELD_LIMIT or b"\\u" in body:
        check_texts(value)
    return value


def _objects(value: object, shape: JsonLines) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        value = next((value[key] for key in shape.unwrap if isinstance(value.get(key), dict | list)), value)
    for item in value if isinstance(value, list) and shape.unwrap else [value]:
        if not isinstance(item, dict):
            raise RefusedError(Refusal.JSON_NOT_AN_OBJECT)
        yield from _split(item, shape.records.split(".")) if shape.records else [item]


def _split(fields: dict[str, Any], path: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the object once for each item of the list at this path, with the item in the list's place."""
    key, rest = path[0], path[1:]
    inner = fields.get(key)
    if rest and isinstance(inner, dict):
        yield from ({**fields, key: one} for one in _split(inner, rest))
    elif rest or not isinstance(inner, list):
        raise RefusedError(Refusal.RECORDS_MISSING)
    elif not inner:
        raise RefusedError(Refusal.RECORDS_EMPTY)
    else:
        yield from ({**fields, key: item} for item in inner)

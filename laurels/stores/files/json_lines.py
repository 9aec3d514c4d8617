"""JSON, one object a line or one document over many: cut into records, a flaw in one costing no other."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any

from laurels.stores.files.content import FIELD_LIMIT, Dropped
from laurels.stores.files.documents import texts_of
from laurels.stores.files.json_text import decoded, item_lines, parsed
from laurels.stores.files.texts import RefusedError, check_texts
from models.values.activity import RefusedRow
from models.values.format import JsonLines
from models.values.problem import Refusal
from models.values.record import Record


def json_records(
    lines: Iterator[bytes | Dropped], shape: JsonLines, name: str
) -> Iterator[Record | RefusedRow]:
    """Yield the records of each line (in UTF-8), or the reason why there is none. Blank lines are passed over.

    Raises DataRejectedError for a document over many lines that is too large to be held (`name` is the file's).
    """
    shape = shape.model_copy(update={"encoding": None})  # a file's is undone by now, a body's is not
    for number, text in texts_of(lines, name):
        if isinstance(text, Dropped):
            yield RefusedRow(number, Refusal.TOO_LONG)
        elif not text.isspace():
            yield from records_in(text, shape, number)


def records_in(body: bytes, shape: JsonLines, line: int = 1) -> Iterator[Record | RefusedRow]:
    """Yield the records in one JSON text: a line of a file, a document, or the body of a request.

    A text that is no JSON is refused whole; a flaw in one of its items takes no other item with it. `line` is
    where the text starts: in a list over many lines each item has its own.
    """
    try:
        text = decoded(body, shape.encoding)
        value = parsed(text)
    except RefusedError as refused:
        yield RefusedRow(line, refused.reason)
        return
    suspect = len(body) > FIELD_LIMIT or b"\\u" in body
    part = 0
    for at, item in _items(value, text, shape, line):
        for found in _objects(item, shape, suspect=suspect):
            yield (
                RefusedRow(at, found, part)
                if isinstance(found, Refusal)
                else Record(at, found, part, 0 if part else len(body))
            )
            part += 1


def _items(value: object, text: str, shape: JsonLines, line: int) -> Iterable[tuple[int, object]]:
    """Return the objects, or what stands in their place, each with the line that it begins on."""
    key = None
    if isinstance(value, dict):
        key = next((key for key in shape.unwrap if isinstance(value.get(key), dict | list)), None)
        value = value if key is None else value[key]
    if not (isinstance(value, list) and shape.unwrap):
        return ((line, value),)
    if "\n" in text.strip():
        return zip(item_lines(text, key, line), value, strict=True)
    return zip(repeat(line), value, strict=False)


def _objects(item: object, shape: JsonLines, *, suspect: bool) -> Iterable[dict[str, Any] | Refusal]:
    """Return the objects that one item stands for, or why it stands for none."""
    if not isinstance(item, dict):
        return (Refusal.JSON_NOT_AN_OBJECT,)
    try:
        if suspect:
            check_texts(item)
        return list(_split(item, shape.records.split("."))) if shape.records else (item,)
    except RefusedError as refused:
        return (refused.reason,)
    except RecursionError:  # from Python 3.12 on the decoder goes deeper than the check can follow
        return (Refusal.JSON_TOO_DEEP,)


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

"""Parquet: read in small batches, only the declared columns, as Python values."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from laurels.errors import DataRejectedError
from laurels.stores.files.content import FIELD_LIMIT
from laurels.stores.files.texts import RefusedError, check_texts
from models.values.activity import RefusedRow
from models.values.mapping import Mapping
from models.values.problem import Refusal
from models.values.record import Record

_BATCH_ROWS = 4096
# What Arrow raises for bytes that are no text, times that Python does not have, zones nobody knows.
_UNREADABLE = (ValueError, ArithmeticError, LookupError)


def parquet_records(
    path: Path, mapping: Mapping, on_progress: Callable[[int], None] | None = None
) -> Iterator[Record | RefusedRow]:
    """Yield a record for each row; the line is the row's number from 1. Progress is the file's share by rows.

    Raises DataRejectedError if the file is no Parquet, or damaged.
    """
    with _opened(path) as file:
        wanted = {name for column in mapping.columns for name in (column, column.partition(".")[0])}
        columns = [name for name in file.schema_arrow.names if name in wanted]
        size, done, rows = path.stat().st_size, 0, file.metadata.num_rows
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            yield from _batch_records(batch, done)
            done += batch.num_rows
            if on_progress:
                on_progress(size * done // rows)


def parquet_facts(path: Path) -> tuple[tuple[str, ...], int]:
    """Return the names of the columns and the number of rows. Raises DataRejectedError as reading does."""
    with _opened(path) as file:
        return tuple(file.schema_arrow.names), file.metadata.num_rows


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path) as file:
            check_texts(file.schema_arrow.names)
            yield file
    except OSError as error:
        raise DataRejectedError(f"{path.name}: {error.strerror or 'damaged Parquet file'}") from error
    except pa.ArrowException as error:
        raise DataRejectedError(f"{path.name}: no Parquet file, or a damaged one") from error
    except (UnicodeDecodeError, RefusedError) as error:
        raise DataRejectedError(f"{path.name}: a column's name cannot be read") from error


def _batch_records(batch: Any, done: int) -> Iterator[Record | RefusedRow]:
    names = batch.schema.names
    flaws: dict[int, Refusal] = {}
    values = [_values(column, flaws) for column in batch.columns]
    rows = zip(*values, strict=True) if names else ((),) * batch.num_rows
    for index, row in enumerate(rows):
        line = done + index + 1
        if index in flaws:
            yield RefusedRow(line, flaws[index])
        else:
            yield Record(line, dict(zip(names, row, strict=True)))


def _values(column: Any, flaws: dict[int, Refusal]) -> list[object]:
    """Return a column's values as Python has them; rows that have none, or none to be kept, go to `flaws`."""
    column = _typed(column)
    try:
        values: list[object] = column.to_pylist()
    except _UNREADABLE:  # one at a time, for the sake of the others: ten times slower
        values = [_value(scalar) for scalar in column]
        flaws.update({index: value for index, value in enumerate(values) if isinstance(value, Refusal)})
    flaws.update(_text_flaws(column) if _is_text(column.type) else _deep_flaws(column.type, values))
    return values


def _value(scalar: Any) -> object:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return Refusal.NOT_TEXT
    except _UNREADABLE:
        return Refusal.VALUE_UNREADABLE


def _typed(column: Any) -> Any:
    """Return texts as texts, and times with their digits beyond Python's microseconds cut."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":  # a coarser one would overflow unseen
        return column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return column


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text_flaws(column: Any) -> dict[int, Refusal]:
    """Return the rows whose text is too long or has a NUL, which PostgreSQL cannot keep."""
    found: dict[int, Refusal] = {}
    for reason, mask in (
        (Refusal.NUL_BYTE, pc.match_substring(column, "\0")),
        (Refusal.FIELD_TOO_LONG, pc.greater(pc.binary_length(column), FIELD_LIMIT)),
    ):
        found |= dict.fromkeys(pc.indices_nonzero(pc.fill_null(mask, fill_value=False)).to_pylist(), reason)
    return found


def _deep_flaws(kind: Any, values: list[object]) -> dict[int, Refusal]:
    """Return the same of texts inside lists and structs, or of a type that Arrow cannot search."""
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind):
        return {}
    found: dict[int, Refusal] = {}
    for index, value in enumerate(values):
        try:
            check_texts(value)
        except RefusedError as refused:
            found[index] = refused.reason
    return found

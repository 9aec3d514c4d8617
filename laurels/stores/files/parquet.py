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
from models.values.activity import RefusedRow
from models.values.mapping import Mapping
from models.values.problem import Refusal
from models.values.record import Record

_BATCH_ROWS = 4096


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
            yield file
    except OSError as error:
        raise DataRejectedError(f"{path.name}: {error.strerror or 'damaged Parquet file'}") from error
    except pa.ArrowException as error:
        raise DataRejectedError(f"{path.name}: no Parquet file, or a damaged one") from error


def _batch_records(batch: Any, done: int) -> Iterator[Record | RefusedRow]:
    names = batch.schema.names
    flaws: dict[int, Refusal] = {}
    for column in batch.columns:
        flaws |= _flaws(column)
    values = [_typed(column).to_pylist() for column in batch.columns]
    rows = zip(*values, strict=True) if names else ((),) * batch.num_rows
    for index, row in enumerate(rows):
        line = done + index + 1
        if index in flaws:
            yield RefusedRow(line, flaws[index])
        else:
            yield Record(line, dict(zip(names, row, strict=True)))


def _typed(column: Any) -> Any:
    """Return times in microseconds, as Python has them: finer digits are cut."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return column


def _flaws(column: Any) -> dict[int, Refusal]:
    """Return the rows whose text is too long or has a NUL, which PostgreSQL cannot keep."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return {}
    found: dict[int, Refusal] = {}
    for reason, mask in (
        (Refusal.NUL_BYTE, pc.match_substring(column, "\0")),
        (Refusal.FIELD_TOO_LONG, pc.greater(pc.binary_length(column), FIELD_LIMIT)),
    ):
        found |= dict.fromkeys(pc.indices_nonzero(pc.fill_null(mask, fill_value=False)).to_pylist(), reason)
    return found

"""Parquet: read in small batches, only the declared columns, as Python values."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laurels.errors import DataRejectedError
from laurels.stores.files.columns import column_type, column_values
from laurels.stores.files.content import Stamp, opened, seekable
from laurels.stores.files.survey import check_inflated
from laurels.stores.files.texts import RefusedError, check_texts
from models.values.activity import RefusedRow
from models.values.mapping import Mapping
from models.values.problem import Refusal
from models.values.record import Record

INFLATED_LIMIT = 4 << 30
_BATCH_ROWS = 1024
_BLOCK = 1 << 20
# Buffered, Arrow holds one block a column; by itself it reads whole row groups ahead.
_SPARING = {"pre_buffer": False, "buffer_size": _BLOCK, "page_checksum_verification": True}


def parquet_records(
    path: Path,
    mapping: Mapping,
    on_progress: Callable[[int], None] | None = None,
    stamp: Stamp | None = None,
) -> Iterator[Record | RefusedRow]:
    """Yield a record for each row; the line is the row's number from 1. Progress is the file's share by rows.

    Raises DataRejectedError if the file is no Parquet, or damaged.
    """
    with _opened(path, stamp) as file:
        wanted = {name for column in mapping.columns for name in (column, column.partition(".")[0])}
        columns = [name for name in file.schema_arrow.names if name in wanted]
        size, done, rows = path.stat().st_size, 0, file.metadata.num_rows
        batches = file.iter_batches(
            _BATCH_ROWS, columns=columns, use_threads=False
        )  # threads: memory for each
        for batch in batches:
            yield from _batch_records(batch, done)
            done += batch.num_rows
            if on_progress:
                on_progress(size * done // rows)


def parquet_facts(path: Path, max_bytes: int) -> tuple[tuple[str, ...], int, dict[str, str]]:
    """Return the columns, the number of rows and the columns' types. Raises DataRejectedError as reading does.

    Also where its row groups, by their own word, inflate to more than `max_bytes` or than any export does.
    """
    with _opened(path) as file:
        groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
        inflated = sum(group.total_byte_size for group in groups)
        check_inflated(path.name, path.stat().st_size, inflated, max_bytes)
        types = {one.name: column_type(one.type) for one in file.schema_arrow}
        return tuple(file.schema_arrow.names), file.metadata.num_rows, types


@contextmanager
def _opened(path: Path, stamp: Stamp | None = None) -> Iterator[Any]:
    with opened(path, stamp=stamp) as content, seekable(content, INFLATED_LIMIT) as source:
        try:
            with pq.ParquetFile(source, **_SPARING) as file:
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
    values = [column_values(column, flaws) for column in batch.columns]
    size = batch.nbytes // max(batch.num_rows, 1)
    rows = zip(*values, strict=True) if names else ((),) * batch.num_rows
    for index, row in enumerate(rows):
        line = done + index + 1
        if index in flaws:
            yield RefusedRow(line, flaws[index])
        else:
            yield Record(line, dict(zip(names, row, strict=True)), size=size)

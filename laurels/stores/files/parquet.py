"""Parquet: read in small batches, only the declared columns, as Python values."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laurels.errors import DataRejectedError
from laurels.stores.files.columns import column_type, column_values, decoded
from laurels.stores.files.content import ROW_LIMIT, Stamp, opened, seekable
from laurels.stores.files.pieces import batch_rows, dictionary_columns, listed_bytes, long_columns, pieces
from laurels.stores.files.survey import check_inflated
from laurels.stores.files.texts import RefusedError, check_texts
from models.values.activity import RefusedRow
from models.values.mapping import Mapping
from models.values.problem import Refusal
from models.values.record import Record

INFLATED_LIMIT = 4 << 30
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

    A row of more text than a row may have is refused before it is made Python's. Raises DataRejectedError if the file
    is no Parquet, or damaged, or if its dictionaries make more of it than any export does.
    """
    wanted = {name for column in mapping.columns for name in (column, column.partition(".")[0])}
    with _opened(path, stamp, wanted) as file:
        columns = [name for name in file.schema_arrow.names if name in wanted]
        size, done, rows, inflated = path.stat().st_size, 0, file.metadata.num_rows, 0
        check_inflated(path.name, size, listed_bytes(file.metadata), mapping.bounds.max_bytes)
        batches = file.iter_batches(
            batch_rows(file.metadata), columns=columns, use_threads=False
        )  # threads: memory for each
        for piece, text in (found for batch in batches for found in pieces(batch)):
            inflated += text
            check_inflated(path.name, size, inflated, mapping.bounds.max_bytes)
            too_long = piece.num_rows == 1 and text > ROW_LIMIT
            yield from [RefusedRow(done + 1, Refusal.TOO_LONG)] if too_long else _batch_records(piece, done)
            done += piece.num_rows
            if on_progress:
                on_progress(size * done // rows)


def parquet_facts(path: Path, max_bytes: int) -> tuple[tuple[str, ...], int, dict[str, str]]:
    """Return the columns, the number of rows and the columns' types. Raises DataRejectedError as reading does.

    Also where its row groups, by their own word, inflate to more than `max_bytes` or than any export does.
    """
    with _opened(path) as file:
        groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
        inflated = sum(group.total_byte_size for group in groups) + listed_bytes(file.metadata)
        check_inflated(path.name, path.stat().st_size, inflated, max_bytes)
        types = {one.name: column_type(one.type) for one in file.schema_arrow}
        return tuple(file.schema_arrow.names), file.metadata.num_rows, types


@contextmanager
def _opened(path: Path, stamp: Stamp | None = None, wanted: Collection[str] = ()) -> Iterator[Any]:
    with opened(path, stamp=stamp) as content, seekable(content, INFLATED_LIMIT) as source:
        try:
            with pq.ParquetFile(source, **_SPARING) as file:
                check_texts(file.schema_arrow.names)
                columns = [name for name in file.schema_arrow.names if name in wanted]
                texts = dictionary_columns(file.metadata) if columns else []
                if texts:
                    with _again(source, file, texts) as trial:
                        texts = long_columns(trial, columns, texts)
                with _again(source, file, texts) as sparing:
                    yield sparing
        except OSError as error:
            raise DataRejectedError(f"{path.name}: {error.strerror or 'damaged Parquet file'}") from error
        except pa.ArrowException as error:
            raise DataRejectedError(f"{path.name}: no Parquet file, or a damaged one") from error
        except (UnicodeDecodeError, RefusedError) as error:
            raise DataRejectedError(f"{path.name}: a column's name cannot be read") from error


def _again(source: Any, file: Any, texts: list[str]) -> Any:
    return pq.ParquetFile(source, metadata=file.metadata, read_dictionary=texts, **_SPARING)


def _batch_records(batch: Any, done: int) -> Iterator[Record | RefusedRow]:
    names = batch.schema.names
    flaws: dict[int, Refusal] = {}
    columns = [decoded(column) for column in batch.columns]
    values = [column_values(column, flaws) for column in columns]
    size = sum(column.nbytes for column in columns) // max(batch.num_rows, 1)
    rows = zip(*values, strict=True) if names else ((),) * batch.num_rows
    for index, row in enumerate(rows):
        line = done + index + 1
        if index in flaws:
            yield RefusedRow(line, flaws[index])
        else:
            yield Record(line, dict(zip(names, row, strict=True)), size=size)

"""Pieces of a Parquet batch, small however often its rows point at one long text of a dictionary."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from laurels.stores.files.content import ROW_LIMIT

BATCH_ROWS = 1024
_PIECE_BYTES = 2 * ROW_LIMIT
_LISTED_WIDTH = 8


def dictionary_columns(footer: Any) -> list[str]:
    """Return the paths of the texts that lie in dictionaries, in some row group."""
    groups = (footer.row_group(number) for number in range(footer.num_row_groups))
    chunks = (group.column(number) for group in groups for number in range(group.num_columns))
    kept = {
        chunk.path_in_schema
        for chunk in chunks
        if chunk.has_dictionary_page or any("DICTIONARY" in encoding for encoding in chunk.encodings)
    }
    leaves = (footer.schema.column(number) for number in range(len(footer.schema)))
    texts = [leaf for leaf in leaves if leaf.physical_type == "BYTE_ARRAY" and leaf.path in kept]
    return [leaf.path for leaf in texts if leaf.logical_type.type != "DECIMAL"]


def long_columns(file: Any, columns: list[str], paths: list[str]) -> list[str]:
    """Return those of the paths to read as dictionaries: a batch of their longest value would be large.

    `file` reads all of them so, and with the first row of each row group comes its whole dictionary, or hardly
    anything, which tells nothing. Not all are read so: where a writer gave up on its dictionary half way, Arrow would
    build another as large as the row group.
    """
    found: set[str] = set()
    for group in range(file.num_row_groups):
        for batch in islice(file.iter_batches(1, row_groups=[group], columns=columns, use_threads=False), 1):
            found |= {
                name
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
                if _is_long(column)
            }
    return [path for path in paths if any(f"{path}.".startswith(f"{name}.") for name in found)]


def _is_long(column: Any) -> bool:
    kind = column.type
    if pa.types.is_dictionary(kind):
        values = column.dictionary
        longest = pc.max(pc.binary_length(values)).as_py() or 0
        return len(values) <= 1 or bool(longest * BATCH_ROWS > _PIECE_BYTES)
    if pa.types.is_struct(kind):
        return any(_is_long(column.field(number)) for number in range(kind.num_fields))
    if pa.types.is_map(kind):
        return _is_long(column.keys) or _is_long(column.items)
    return pa.types.is_nested(kind) and _is_long(column.values)


def batch_rows(footer: Any) -> int:
    """Return how many rows to read at once: fewer where values of a fixed width are wide, or lists long."""
    schema = footer.schema
    width: int = sum(schema.column(number).length for number in range(len(schema)))
    width += listed_bytes(footer) // max(footer.num_rows, 1)
    return max(1, min(BATCH_ROWS, _PIECE_BYTES // max(width, 1)))


def listed_bytes(footer: Any) -> int:
    """Return the bytes of all values in lists, by the footer's word: a few bytes on disk may stand for millions."""
    groups = (footer.row_group(number) for number in range(footer.num_row_groups))
    repeated = [
        number
        for number in range(len(footer.schema))
        if footer.schema.column(number).max_repetition_level > 0
    ]
    return sum(_LISTED_WIDTH * group.column(number).num_values for group in groups for number in repeated)


def pieces(batch: Any) -> Iterator[tuple[Any, int]]:
    """Yield a batch in parts and the bytes of each one's texts, a few MB at most, or one row of whatever size."""
    size = sum(text_bytes(column) for column in batch.columns)
    if size <= _PIECE_BYTES or batch.num_rows == 1:
        yield batch, size
        return
    half = batch.num_rows // 2
    yield from pieces(batch.slice(0, half))
    yield from pieces(batch.slice(half))


def text_bytes(column: Any) -> int:
    """Return the bytes of a column's texts, however deep, each as often as a row has it, and of what lists hold."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        if not _has_length(kind.value_type):
            return 0
        lengths = pc.cast(pc.binary_length(column.dictionary), pa.int64())
        return pc.sum(lengths.take(column.indices)).as_py() or 0
    if pa.types.is_struct(kind):
        return sum(text_bytes(part) for part in column.flatten())
    if pa.types.is_map(kind):  # its keys and items are those of all rows, whatever the slice
        first, last = column.offsets[0].as_py(), column.offsets[-1].as_py()
        return sum(text_bytes(part.slice(first, last - first)) for part in (column.keys, column.items))
    if pa.types.is_nested(kind):
        held = column.flatten()
        return text_bytes(held) + _LISTED_WIDTH * len(held)
    return (pc.sum(pc.cast(pc.binary_length(column), pa.int64())).as_py() or 0) if _has_length(kind) else 0


def _has_length(kind: Any) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)

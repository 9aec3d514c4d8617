"""A file's records, one by one, whatever its format."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from laurels.stores.files.content import Stamp, lines_of, opened
from laurels.stores.files.delimited import delimited_records
from laurels.stores.files.excel import excel_records
from laurels.stores.files.format import settled
from laurels.stores.files.json_lines import json_records
from laurels.stores.files.parquet import parquet_records
from models.values.activity import RefusedRow
from models.values.format import Delimited, Excel, JsonLines
from models.values.mapping import Mapping
from models.values.record import Record


def read_records(
    path: Path,
    mapping: Mapping,
    on_progress: Callable[[int], None] | None = None,
    stamp: Stamp | None = None,
) -> Iterator[Record | RefusedRow]:
    """Yield a file's records in order, in bounded memory: one block and one row at a time.

    It ends with the first row beyond the mapping's `max_rows`: that one row tells the gate. `on_progress` is told
    the bytes read of the file on disk. What the mapping's format leaves open is found first, by reading all of it
    once more. Raises DataRejectedError, also half way through, if the file as a whole cannot be read or changes
    while it is read, or since it had the `stamp` of its facts.
    """
    records = _records(path, settled(path, mapping), on_progress, stamp)
    yield from islice(records, mapping.bounds.max_rows + 1)


def _records(
    path: Path, mapping: Mapping, on_progress: Callable[[int], None] | None, stamp: Stamp | None
) -> Iterator[Record | RefusedRow]:
    shape = mapping.format
    if isinstance(shape, Excel):
        yield from excel_records(path, shape, stamp)
        return
    if not isinstance(shape, Delimited | JsonLines):
        yield from parquet_records(path, mapping, on_progress, stamp)
        return
    with opened(path, shape.encoding, stamp) as content:
        lines = lines_of(content, on_progress)
        if isinstance(shape, Delimited):
            yield from delimited_records(lines, shape, path.name)
        else:
            yield from json_records(lines, shape, path.name)

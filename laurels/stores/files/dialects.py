"""Dialects: which sign parts the fields, told by the columns that a mapping declares: no sniffer's guess."""

from collections.abc import Collection, Iterator
from itertools import islice

from laurels.errors import DataRejectedError
from laurels.stores.files.content import Dropped
from laurels.stores.files.delimited import delimited_columns, delimited_records
from models.values.format import Delimited
from models.values.record import Record

_CANDIDATES = (",", ";", "\t", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE_LINES = 50

Lines = list[bytes | Dropped]


def delimiter_name(delimiter: str) -> str:
    """Return a delimiter as it is told: the name of a sign, or the sign."""
    return _NAMES.get(delimiter, delimiter)


def found_delimiter(
    lines: Iterator[bytes | Dropped], shape: Delimited, declared: Collection[str], name: str
) -> str:
    """Return the delimiter under which most of the declared columns stand in the header, a comma if none do.

    Without a header it is the one that cuts most of the first rows into as many fields as there are columns. Raises
    DataRejectedError where two do so equally.
    """
    sample = list(islice(lines, _SAMPLE_LINES))
    rate = _by_header if shape.header else _by_width
    rated = {
        sign: rate(sample, shape.model_copy(update={"delimiter": sign}), declared) for sign in _CANDIDATES
    }
    best = [sign for sign in _CANDIDATES if rated[sign] == max(rated.values())]
    if len(best) > 1 and any(rated[best[0]]) and not _is_one_column(sample):
        signs = " and ".join(map(delimiter_name, best))
        raise DataRejectedError(
            f"{name}: {signs} part its fields equally well: declare `delimiter` in the mapping's `format`"
        )
    return best[0]


def _by_header(sample: Lines, shape: Delimited, declared: Collection[str]) -> tuple[int, int]:
    """Return how many declared columns the header has, and how many whatever their case."""
    try:
        columns = set(delimited_columns(iter(sample), shape, ""))
    except DataRejectedError:
        return 0, 0
    folded = {column.casefold() for column in declared}
    return len(columns & set(declared)), len({column.casefold() for column in columns} & folded)


def _by_width(sample: Lines, shape: Delimited, _: Collection[str]) -> tuple[int, int]:
    return sum(isinstance(one, Record) for one in delimited_records(iter(sample), shape, "")), 0


def _is_one_column(sample: Lines) -> bool:
    """Whether nothing in the first line parts anything: every delimiter would do."""
    first = next((line for line in sample if isinstance(line, bytes) and not line.isspace()), b"")
    return not any(sign.encode() in first for sign in _CANDIDATES)

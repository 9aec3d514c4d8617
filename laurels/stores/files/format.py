"""A mapping's format with everything filled in that it leaves to be found, and what was found beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laurels.stores.files.content import Stamp, lines_of, opened
from laurels.stores.files.dialects import delimiter_name, found_delimiter
from laurels.stores.files.survey import Survey, survey, survey_text
from models.values.format import Delimited, Format, JsonLines
from models.values.mapping import Mapping


@dataclass(frozen=True, slots=True)
class FoundFormat:
    """How a file is written: `format` settled, the survey of its bytes, its stamp, whether it is gzip."""

    format: Format
    survey: Survey
    stamp: Stamp
    is_packed: bool

    def told(self) -> dict[str, Any]:
        """Return it for people and for JSON, without what a format does not have."""
        seen, shape = self.survey, self.format
        told = {
            "format": shape.type,
            "compressed": "gzip" if self.is_packed else None,
            "bytes": seen.bytes,
            "encoding": seen.encoding,
            "bom": seen.bom if seen.encoding else None,
            "delimiter": delimiter_name(shape.delimiter or ",") if isinstance(shape, Delimited) else None,
            "newline": seen.newline,
            "newlines": {way: count for way, count in seen.newlines.items() if count} or None,
        }
        return {name: value for name, value in told.items() if value is not None}


def found_format(path: Path, mapping: Mapping) -> FoundFormat:
    """Read a whole file once and say how it is written. Raises DataRejectedError where that cannot be told."""
    shape, most = mapping.format, mapping.bounds.max_bytes
    with opened(path) as content:
        if isinstance(shape, Delimited | JsonLines):
            seen = survey_text(content, most, shape.encoding)
        else:
            seen = survey(content, most)
        stamp, is_packed = content.stamp(), content.is_packed
    if isinstance(shape, Delimited | JsonLines) and seen.bytes:
        shape = shape.model_copy(update={"encoding": seen.encoding})
    if isinstance(shape, Delimited) and shape.delimiter is None and seen.bytes:
        with opened(path, seen.encoding, stamp) as content:
            delimiter = found_delimiter(lines_of(content), shape, mapping.columns, path.name)
        shape = shape.model_copy(update={"delimiter": delimiter})
    return FoundFormat(shape, seen, stamp, is_packed)


def is_settled(shape: Format) -> bool:
    """Whether nothing is left to be found."""
    if isinstance(shape, Delimited) and shape.delimiter is None:
        return False
    return not isinstance(shape, Delimited | JsonLines) or shape.encoding is not None


def settled(path: Path, mapping: Mapping) -> Mapping:
    """Return the mapping with its format settled for a file."""
    if is_settled(mapping.format):
        return mapping
    return mapping.model_copy(update={"format": found_format(path, mapping).format})

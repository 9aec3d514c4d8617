"""A record as a file gives it, and what is known of the file itself, before any of it is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.values.format import Format


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file or request body, told apart into fields but not yet read.

    `line` is the physical line (the first one, if quotes carry the record over several), for Parquet the
    row number, for a spreadsheet the sheet's; all count from 1. `part` counts from 0 what came out of one line or
    document, refused items among it. `size` is about what it weighs, in bytes.
    """

    line: int
    fields: Mapping[str, object]
    part: int = 0
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the gate needs to judge a file as a whole. Nothing of its rows is in here.

    `size` and `sha256` (hex) are of the bytes on disk; `content_sha256` is over the content with gzip undone:
    of it a delta file's ids are made, so that an export packed twice is the same file. `missing_columns` are
    declared and not optional; `unknown_columns` are there and not declared; `duplicate_columns` are names that
    stand more than once in the header. `rows` is None where only reading would tell.
    """

    size: int
    sha256: str
    content_sha256: str
    columns: tuple[str, ...]
    missing_columns: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    duplicate_columns: tuple[str, ...] = ()
    rows: int | None = None
    format: Format | None = None
    found: Mapping[str, object] = field(default_factory=dict)
    stamp: tuple[int, int] | None = None

    @property
    def is_readable(self) -> bool:
        """Return whether each declared column is there, and there once: else its rows would be guessed at."""
        return not self.missing_columns and set(self.duplicate_columns) <= set(self.unknown_columns)

"""A file's bytes: opened, inflated and cut into lines of bounded length."""

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from laurels.errors import DataRejectedError
from laurels.stores.files.encodings import utf8

FIELD_LIMIT = 1 << 20
ROW_LIMIT = 4 << 20
_BLOCK = 1 << 18

_SHEET = "of a spreadsheet the mapping says `format: {type: excel}`"
_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": f"a ZIP archive or a spreadsheet: {_SHEET}",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\xd0\xcf\x11\xe0": f"an old spreadsheet: {_SHEET}",
    b"PAR1": "Parquet",
    b"BZh": "bzip2: only gzip is undone",
    b"\xfd7zXZ": "xz: only gzip is undone",
    b"\x28\xb5\x2f\xfd": "zstandard: only gzip is undone",
}
_NUL_SHARE = 10  # one byte in so many

Stamp = tuple[int, int]  # size in bytes, time of the last change in ns


@dataclass(frozen=True, slots=True)
class Dropped:
    """Stands for a line that was longer than a row may be; `quotes` were in it."""

    quotes: int


@dataclass(frozen=True, slots=True)
class Content:
    """An open file: `stream` gives its bytes with gzip undone and texts in UTF-8, `packed` those on disk."""

    name: str
    stream: IO[bytes]
    packed: IO[bytes]
    is_packed: bool = False

    def bytes_read(self) -> int:
        """Return how far the file on disk has been read, in bytes."""
        return self.packed.tell()

    def size(self) -> int:
        """Return the size on disk, in bytes."""
        return self.stamp()[0]

    def stamp(self) -> Stamp:
        """Return what changes when somebody writes to the file."""
        found = os.fstat(self.packed.fileno())
        return found.st_size, found.st_mtime_ns


@contextmanager
def opened(path: Path, encoding: str | None = None, stamp: Stamp | None = None) -> Iterator[Content]:
    """Open a file; gzip is known by its first bytes, not by its name. DataRejectedError if it cannot be read.

    A text in another encoding than UTF-8 comes as UTF-8. Errors name the file without its folder. A file that is
    written to while it is read is refused at the end, one that was since it had this stamp at once.
    """
    if path.exists() and not path.is_file():  # a pipe would keep the reader waiting
        raise DataRejectedError(f"{path.name}: not a file")
    try:
        with path.open("rb") as packed:
            magic = packed.read(2)
            packed.seek(0)
            is_packed = magic == b"\x1f\x8b"
            stream: IO[bytes] = gzip.GzipFile(fileobj=packed) if is_packed else packed  # type: ignore[assignment]
            content = Content(path.name, utf8(stream, encoding), packed, is_packed)
            before = stamp or content.stamp()
            _check_unchanged(content, before)
            yield content
            _check_unchanged(content, before)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataRejectedError(f"{path.name}: damaged gzip file") from error
    except OSError as error:
        raise DataRejectedError(f"{path.name}: {error.strerror or error}") from error


@contextmanager
def seekable(content: Content, limit: int) -> Iterator[IO[bytes]]:
    """Give the bytes so that they can be read from their end: gzip is undone into a file without a name.

    Raises DataRejectedError for more than `limit` bytes of it.
    """
    if not content.is_packed:
        yield content.packed
        return
    with TemporaryFile() as inflated:
        while block := content.stream.read(_BLOCK):
            if inflated.tell() + len(block) > limit:
                raise DataRejectedError(f"{content.name}: more than {limit >> 20} MB when inflated")
            inflated.write(block)
        inflated.seek(0)
        yield inflated


def _check_unchanged(content: Content, before: Stamp) -> None:
    size, _ = now = content.stamp()
    if now != before:
        what = f"changed from {before[0]} to {size} bytes" if size != before[0] else "was written to"
        raise DataRejectedError(f"{content.name}: {what} while it was read")


def refuse_foreign(name: str, start: bytes) -> None:
    """Raise DataRejectedError if a text file starts like something else."""
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise DataRejectedError(f"{name}: no text file, it looks like {what}")


def refuse_nuls(name: str, start: bytes) -> None:
    """Raise DataRejectedError if a file starts like nothing that is text."""
    if start.count(0) * _NUL_SHARE > len(start):
        raise DataRejectedError(
            f"{name}: no text file, it is full of NUL bytes (if it is UTF-16 or UTF-32, declare its `encoding`)"
        )


def lines_of(content: Content, on_progress: Callable[[int], None] | None = None) -> Iterator[bytes | Dropped]:
    """Yield the lines with their ends (CR, LF or both, also mixed), holding one block and one row at most."""
    carry, quotes = b"", None  # quotes: counted while a line that is too long passes by
    while block := content.stream.read(_BLOCK):
        lines = (carry + block).splitlines(keepends=True)
        # A CR at the end of a block may have its LF in the next one.
        carry = b"" if lines[-1].endswith(b"\n") else lines.pop()
        if quotes is not None and lines:
            yield Dropped(quotes + lines.pop(0).count(b'"'))
            quotes = None
        for line in lines:
            yield line if len(line) <= ROW_LIMIT else Dropped(line.count(b'"'))
        if len(carry) > ROW_LIMIT or quotes is not None:
            quotes, carry = (quotes or 0) + carry[:-1].count(b'"'), carry[-1:]
        if on_progress:
            on_progress(content.bytes_read())
    if quotes is not None:
        yield Dropped(quotes + carry.count(b'"'))
    elif carry:
        yield carry

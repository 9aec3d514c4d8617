"""A file's bytes: opened, inflated and cut into lines of bounded length."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from laurels.errors import DataRejectedError

FIELD_LIMIT = 1 << 20
ROW_LIMIT = 4 << 20
_BLOCK = 1 << 18

_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"PAR1": "Parquet",
    b"BZh": "bzip2: only gzip is undone",
    b"\xfd7zXZ": "xz: only gzip is undone",
    b"\x28\xb5\x2f\xfd": "zstandard: only gzip is undone",
    b"\xff\xfe": "UTF-16: convert it to UTF-8",
    b"\xfe\xff": "UTF-16: convert it to UTF-8",
    b"\0\0\xfe\xff": "UTF-32: convert it to UTF-8",
}
_NUL_SHARE = 10  # one byte in so many


@dataclass(frozen=True, slots=True)
class Dropped:
    """Stands for a line that was longer than a row may be; `quotes` were in it."""

    quotes: int


@dataclass(frozen=True, slots=True)
class Content:
    """An open file: `stream` gives its bytes with gzip undone, `packed` those on disk."""

    name: str
    stream: IO[bytes]
    packed: IO[bytes]

    def bytes_read(self) -> int:
        """Return how far the file on disk has been read, in bytes."""
        return self.packed.tell()

    def size(self) -> int:
        """Return the size on disk, in bytes."""
        return os.fstat(self.packed.fileno()).st_size


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """Open a file; gzip is known by its first bytes, not by its name. DataRejectedError if it cannot be read.

    Errors name the file without its folder. A file that changes its size while it is read is refused at the
    end.
    """
    if path.exists() and not path.is_file():  # a pipe would keep the reader waiting
        raise DataRejectedError(f"{path.name}: not a file")
    try:
        with path.open("rb") as packed:
            magic = packed.read(2)
            packed.seek(0)
            stream: IO[bytes] = gzip.GzipFile(fileobj=packed) if magic == b"\x1f\x8b" else packed  # type: ignore[assignment]
            content = Content(path.name, stream, packed)
            size = content.size()
            yield content
            if content.size() != size:
                raise DataRejectedError(
                    f"{path.name}: changed from {size} to {content.size()} bytes while it was read"
                )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataRejectedError(f"{path.name}: damaged gzip file") from error
    except OSError as error:
        raise DataRejectedError(f"{path.name}: {error.strerror or error}") from error


def digests(content: Content) -> tuple[str, str, bytes]:
    """Return the SHA-256 (hex) over the bytes on disk and over the inflated ones, and how those start."""
    digest, start = hashlib.sha256(), b""
    while block := content.stream.read(_BLOCK):
        start = start or block[:8192]
        digest.update(block)
    inflated = digest.hexdigest()
    if content.stream is content.packed:
        return inflated, inflated, start
    content.packed.seek(0)
    return hashlib.file_digest(content.packed, "sha256").hexdigest(), inflated, start  # type: ignore[arg-type]


def refuse_foreign(name: str, start: bytes) -> None:
    """Raise DataRejectedError if a text file starts like something else, or like nothing that is text."""
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise DataRejectedError(f"{name}: no text file, it looks like {what}")
    if start.count(0) * _NUL_SHARE > len(start):
        raise DataRejectedError(f"{name}: no text file, it is full of NUL bytes")


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

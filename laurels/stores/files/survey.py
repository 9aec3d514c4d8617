"""The one pass over all of a file's bytes before a row is read: digests, size, encoding, line ends, bombs."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from laurels.errors import DataRejectedError
from laurels.stores.files.content import Content, refuse_foreign, refuse_nuls
from laurels.stores.files.encodings import (
    CODE_PAGE,
    Evidence,
    Translator,
    check_declared,
    is_utf8,
    is_wide,
    marked,
    wide,
)

_BLOCK = 1 << 18
_HARMLESS = 1 << 30
_RATIO = 200  # deflate ends at 1032; real exports stay under 50


@dataclass(slots=True)
class Survey:
    """What was found. `sha256` (hex) is of the bytes on disk, `content_sha256` and `bytes` of those inflated.

    Of a text: its encoding, whether it opens with a byte order mark, and how many lines end in which way.
    """

    sha256: str = ""
    content_sha256: str = ""
    bytes: int = 0
    encoding: str | None = None
    bom: bool = False
    newlines: dict[str, int] = field(default_factory=dict)

    @property
    def newline(self) -> str | None:
        """Return `lf`, `crlf`, `cr` or `mixed`; None where no line ends."""
        ways = [way for way, count in self.newlines.items() if count]
        return "mixed" if len(ways) > 1 else next(iter(ways), None)


def survey(content: Content, max_bytes: int) -> Survey:
    """Return a file's digests and size. Raises DataRejectedError for more than `max_bytes`, and for a bomb."""
    found, digest = Survey(), hashlib.sha256()
    for block in _blocks(content, max_bytes):
        digest.update(block)
        found.bytes += len(block)
    return _digested(found, content, digest.hexdigest())


def survey_text(content: Content, max_bytes: int, declared: str | None) -> Survey:
    """Return the same of a text, and how it is written. Raises DataRejectedError where that cannot be told."""
    found, digest, seen, ends = Survey(), hashlib.sha256(), Evidence(), _LineEnds()
    to_utf8 = None
    for block in _blocks(content, max_bytes):
        if not found.bytes:
            refuse_foreign(content.name, block[:8192])
            found.bom, found.encoding = bool(marked(block)), marked(block) or declared or wide(block[:8192])
            to_utf8 = Translator(found.encoding) if found.encoding and is_wide(found.encoding) else None
            if to_utf8 is None:
                refuse_nuls(content.name, block[:8192])
        digest.update(block)
        found.bytes += len(block)
        if to_utf8 is None:
            seen.see(block)
        ends.see(to_utf8(block, final=False) if to_utf8 else block)
    seen.see(b"", final=True)
    found.newlines = ends.counts()
    if found.bytes:
        found.encoding = _encoding(content.name, found, declared, seen)
    return _digested(found, content, digest.hexdigest())


def _encoding(name: str, found: Survey, declared: str | None, seen: Evidence) -> str:
    if declared:
        check_declared(name, declared, found.encoding if found.bom else None, seen)
    stated = found.encoding if found.bom else declared or found.encoding
    told = stated or seen.encoding()
    if not stated and told == CODE_PAGE and seen.has_both:
        raise DataRejectedError(
            f"{name}: mixes Windows-1252 and UTF-8: write it in one of them, or declare in the mapping's `format` "
            "`encoding: cp1252` (keeps every line as it would read) or `encoding: utf-8` (refuses the other lines)"
        )
    if told is None:
        raise DataRejectedError(
            f"{name}: its encoding cannot be told, it is neither UTF-8 nor Windows-1252: "
            "declare `encoding` in the mapping's `format`"
        )
    return "utf-8" if is_utf8(told) else told


def _digested(found: Survey, content: Content, inflated: str) -> Survey:
    found.sha256 = found.content_sha256 = inflated
    if content.is_packed:
        content.packed.seek(0)
        found.sha256 = hashlib.file_digest(content.packed, "sha256").hexdigest()  # type: ignore[arg-type]
    return found


def _blocks(content: Content, max_bytes: int) -> Iterator[bytes]:
    """Yield the content. Raises DataRejectedError as soon as it is more than it may be."""
    done, size = 0, content.size()
    while block := content.stream.read(_BLOCK):
        done += len(block)
        check_inflated(content.name, size if content.is_packed else done, done, max_bytes)
        yield block


def check_inflated(name: str, packed: int, inflated: int, max_bytes: int) -> None:
    """Raise DataRejectedError if so many bytes inflate to more than any export does, or than is declared."""
    if inflated > max_bytes:
        raise DataRejectedError(f"{name}: more than {max_bytes:,} bytes (`bounds.max_bytes`)")
    if inflated > (most := max(_HARMLESS, _RATIO * packed)):
        raise DataRejectedError(f"{name}: {packed:,} bytes inflate to more than {most:,}: a bomb, no export")


class _LineEnds:
    """Counts line ends over blocks: a CR at the end of one may have its LF in the next."""

    def __init__(self) -> None:
        self._lf = self._cr = self._crlf = 0
        self._after_cr = False

    def see(self, block: bytes) -> None:
        if not block:
            return
        self._lf += block.count(b"\n")
        if self._after_cr and block.startswith(b"\n"):
            self._crlf += 1
        if crs := block.count(b"\r"):
            self._cr += crs
            self._crlf += block.count(b"\r\n")
        self._after_cr = block.endswith(b"\r")

    def counts(self) -> dict[str, int]:
        return {"lf": self._lf - self._crlf, "crlf": self._crlf, "cr": self._cr - self._crlf}

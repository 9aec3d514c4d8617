"""Encodings: told by a file's first bytes and by all of them; whatever is not UTF-8 is turned into it as it is read.

So everything after sees UTF-8 alone, with the same lines. Bytes that are nothing in their encoding become a byte that
is nothing in UTF-8 either: they cost their line, not the file.
"""

import codecs
import re
from typing import IO

from laurels.errors import DataRejectedError

_MARKS = {  # the longer ones first: UTF-32's begins with UTF-16's
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
CODE_PAGE = "cp1252"  # Latin-1 with signs in the place of controls that no text has
_HIGH = bytes(range(128, 256))
# Letters of cp1252 but the two that are rarest in words and commonest in what is no text.
_LETTER = rb"[\x8a\x8c\x8e\x9a\x9c\x9e\x9f\xc0-\xd6\xd8-\xf6\xf8-\xfd]"
_IN_A_WORD = re.compile(rb"(?<=[A-Za-z])" + _LETTER + rb"|" + _LETTER + rb"(?=[A-Za-z])")
_LOOKED_AT = 1 << 20  # broken bytes whose neighbours are looked at
_FEW, _FEW_SHARE = 100, 10_000  # broken bytes that are left to their lines: so many, or one in so many
_MANY_TIMES = 50
_WIDE_SHARE, _OTHER_SHARE = 0.3, 0.05  # of the bytes at odd or even places
_BROKEN = "laurels-broken"
codecs.register_error(_BROKEN, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]


def marked(start: bytes) -> str | None:
    """Return the encoding that a byte order mark names."""
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)


def wide(start: bytes) -> str | None:
    """Return UTF-16's name for bytes of which every other one is NUL, as in a text that is mostly ASCII."""
    half = len(start) // 2
    if not half:
        return None
    even, odd = start[::2].count(0) / half, start[1::2].count(0) / half
    if even <= _OTHER_SHARE and odd >= _WIDE_SHARE:
        return "utf-16-le"
    return "utf-16-be" if odd <= _OTHER_SHARE and even >= _WIDE_SHARE else None


class Evidence:
    """Counts over all blocks of a file how much of it is UTF-8, in little memory and in C."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._high = self._valid = 0  # bytes beyond ASCII, and those of them that are UTF-8
        self._looked = self._in_words = 0

    def see(self, block: bytes, *, final: bool = False) -> None:
        """Take in the next block."""
        if block.isascii() and not final and not self._decoder.getstate()[0]:
            return
        ascii_bytes = len(block.translate(None, _HIGH))
        high = len(block) - ascii_bytes
        valid = len(self._decoder.decode(block, final).encode()) - ascii_bytes
        self._high += high
        self._valid += valid
        if high > valid and self._looked < _LOOKED_AT:
            self._looked += high - valid
            self._in_words += len(_IN_A_WORD.findall(block))

    @property
    def is_utf8_beyond_ascii(self) -> bool:
        """Whether it is UTF-8 throughout, with signs enough that no other text would be it by chance."""
        return self._high == self._valid and self._high >= 2 * 4

    @property
    def has_both(self) -> bool:
        """Whether some of it is UTF-8 beyond ASCII and some is not: read as a code page, names would become others."""
        return 0 < self._valid < self._high

    def encoding(self) -> str | None:
        """Return `utf-8`, also where a few bytes are broken, or the code page of Western Europe, or None."""
        broken = self._high - self._valid
        if not broken or self._valid * _MANY_TIMES > broken:
            return "utf-8"
        if self._in_words >= 0.8 * self._looked:
            return CODE_PAGE
        return "utf-8" if broken <= _FEW else None


def check_declared(name: str, declared: str, mark: str | None, seen: Evidence) -> None:
    """Raise DataRejectedError where a file itself says that it is not in the encoding that is declared."""
    canonical = codecs.lookup(declared).name
    if mark and not mark.startswith(canonical.removesuffix("-sig")):
        raise DataRejectedError(f"{name}: declared as {declared}, but its byte order mark is that of {mark}")
    if not mark and not canonical.startswith("utf-") and seen.is_utf8_beyond_ascii:
        raise DataRejectedError(f"{name}: declared as {declared}, but all of it is UTF-8")


def utf8(stream: IO[bytes], encoding: str | None) -> IO[bytes]:
    """Return a stream of the same text in UTF-8."""
    if encoding is None or is_utf8(encoding):
        return stream
    return Utf8Stream(stream, encoding)  # type: ignore[return-value]


def is_utf8(encoding: str) -> bool:
    """Whether this names UTF-8."""
    return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}


def is_wide(encoding: str) -> bool:
    """Whether the ends of its lines are no ASCII bytes."""
    return not is_utf8(encoding) and "\n".encode(encoding) != b"\n"


class Utf8Stream:
    """Reads another stream's text as UTF-8, block by block."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._translate = Translator(encoding)

    def read(self, size: int) -> bytes:
        """Return the next bytes, about as many; none at the end."""
        while block := self._stream.read(size):
            if text := self._translate(block):
                return text
        return self._translate(b"", final=True)


class Translator:
    """Turns blocks of an encoding into UTF-8 one after another, told which is the last."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)(_BROKEN)

    def __call__(self, block: bytes, *, final: bool = False) -> bytes:
        """Return the next block in UTF-8."""
        return self._decoder.decode(block, final).encode("utf-8", "surrogateescape")

"""Fields as text, and canonical rows as a digest."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import orjson

_LONGEST_NUMBER = 30
_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True, default=str)


# What strip() leaves at the ends and nobody sees: zero-width signs, joiners, marks of direction, the BOM.
_ZERO_WIDTH = (
    0x00AD,
    0x061C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
)
_UNSEEN = "".join(chr(code) for code in range(0x3001) if chr(code).isspace()) + "".join(map(chr, _ZERO_WIDTH))


def trimmed(text: str) -> str:
    """Return a text without white space and unseen signs at its ends."""
    return text.strip() if text.isascii() else text.strip(_UNSEEN)


def field_text(value: object) -> str | None:
    """Return a field as text: numbers exact, times in ISO 8601, lists and objects as JSON; empty is None."""
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    if isinstance(value, Mapping | Sequence) and not isinstance(value, bytes):
        return _ENCODER.encode(value)
    return format(value, "f") if _written_out(value) else str(value)


def _written_out(value: object) -> bool:
    """Whether a number is a Decimal that is short without its exponent (1E+3 is, 1E+999999 is not)."""
    return isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _LONGEST_NUMBER


def canonical_digest(*fields: object) -> bytes:
    """Return 16 bytes (BLAKE2b) over the fields as compact JSON, which no two different rows share.

    Ids of snapshot files are made of it: a change here, or of the order of the fields, would double their
    rows.
    """
    return hashlib.blake2b(orjson.dumps(fields), digest_size=16).digest()

"""Ids: the producer's are text and are kept as they came; ours are derived from them."""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from laurels.rules.texts import trimmed

LONGEST_ID = 255
_CACHED = 65_536

# What spreadsheets and data frames make of a long number: 1.23E+15, 1.5e15, 12345.0. Not a hex id like 12e5.
_MANGLED = re.compile(r"[+-]?[0-9]+(\.[0-9]+[eE][+-]?[0-9]+|[eE][+-][0-9]+|\.0+)")


def id_text(value: object, field: str) -> tuple[str | None, str | None]:
    """Return an id as text, leading zeros kept, and the problem with it: one of them is None, both if empty.

    `field` (event_id, member_id, order_id, referred_id) opens the problem's name: `_scientific` for a number
    that went through a float and may have lost digits, `_too_long` past 255 signs, `_unreadable` for what is
    no id at all.
    """
    if isinstance(value, str):
        text = trimmed(value)
        if len(text) > LONGEST_ID:
            return None, f"{field}_too_long"
        if _MANGLED.fullmatch(text):
            return None, f"{field}_scientific"
        return text or None, None
    if value is None:
        return None, None
    if isinstance(value, int) and not isinstance(value, bool):
        return (
            id_text(format(value, "d"), field) if abs(value) < 10**LONGEST_ID else (None, f"{field}_too_long")
        )
    return None, f"{field}_scientific" if _is_float(value) else f"{field}_unreadable"


def _is_float(value: object) -> bool:
    return hasattr(value, "as_integer_ratio") and not isinstance(value, int)  # float and Decimal


def member_ids(source: str, member_key: bytes) -> Callable[[str], UUID]:
    """Return the function from a producer's member id to ours.

    It is the first 16 bytes of HMAC-SHA256(key, source NUL id): opaque without the key, the same for the same
    shop and id in every file, different between two shops. Not a versioned UUID: all 128 bits are the
    digest's.
    """
    prefix = f"{source}\0".encode()

    @lru_cache(maxsize=_CACHED)
    def member_id(external_id: str) -> UUID:
        return UUID(bytes=hmac.digest(member_key, prefix + external_id.encode(), "sha256")[:16])

    return member_id


def order_id(source: str, text: str) -> UUID:
    """Return our id of an order: 16 bytes of SHA-256(source NUL "order" NUL id). No person's, so no key."""
    return _digest_uuid(f"{source}\0order\0{text}")


def event_key(source: str, event_id: str) -> UUID:
    """Return the key under which an event is taken once and for ever: SHA-256(source NUL id), 16 bytes."""
    return _digest_uuid(f"{source}\0{event_id}")


def snapshot_event_id(digest: bytes, occurrence: int) -> str:
    """Return the event id of the n-th row with this digest in a snapshot file; the store counts from 1."""
    return f"{digest.hex()}:{occurrence}"


def _digest_uuid(text: str) -> UUID:
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])

"""The one store of personal data: AES-256-GCM under a key per member, itself wrapped by the master key."""

import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlmodel import Session

from laurels.stores.database import driver

_NONCE = 12
LARGEST_MEMORY = 250_000
_OF_THE_ID = "external_id"
"""The member's id is made of it: no other value contends with it, so when it was last seen does not matter."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys derived from the master key by HKDF-SHA256, one per purpose."""

    member_id: bytes
    wrap: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Observation:
    """One personal field of one member, as seen at a time."""

    member_id: UUID
    field: str
    value: str
    observed_at: datetime


class Known:
    """What one reading of a file has handed on already: most rows repeat their member's fields.

    A value that is only repeated is handed on once more, at the end, as of its last time: what comes late from
    elsewhere must not stand over it. Bounded: beyond `LARGEST_MEMORY` members' fields it hands that on at once and
    forgets, and then hands on some of them again.
    """

    def __init__(self) -> None:
        self._latest: dict[tuple[UUID, str], tuple[datetime, str]] = {}
        self._repeated: set[tuple[UUID, str]] = set()

    def news(self, observations: Iterable[Observation]) -> list[Observation]:
        """Return those that may change what is stored."""
        found = []
        if len(self._latest) > LARGEST_MEMORY:
            found = self.repeated()
            self._latest.clear()
        for seen in observations:
            place = seen.member_id, seen.field
            at, value = self._latest.get(place, (seen.observed_at, None))
            if seen.observed_at < at:
                continue
            if value != seen.value:
                found.append(seen)
                self._repeated.discard(place)
            elif seen.observed_at > at and seen.field != _OF_THE_ID:
                self._repeated.add(place)
            self._latest[place] = (seen.observed_at, seen.value)
        return found

    def repeated(self) -> list[Observation]:
        """Return the values that were seen again after they had been handed on, as of their last time, once."""
        places, self._repeated = self._repeated, set()
        return [Observation(*place, value, at) for place in places for at, value in [self._latest[place]]]


def derive(master_key: bytes) -> Keys:
    """Return the purposes' keys; the master key itself encrypts nothing."""
    return Keys(*(_hkdf(master_key, purpose) for purpose in (b"member-id", b"wrap", b"fingerprint")))


def remember(session: Session, keys: Keys, observations: Iterable[Observation]) -> int:
    """Store what is new or newer; return how many fields were written. The latest observation stands."""
    latest: dict[tuple[UUID, str], Observation] = {}
    for seen in observations:
        known = latest.get((seen.member_id, seen.field))
        if known is None or known.observed_at <= seen.observed_at:
            latest[seen.member_id, seen.field] = seen
    changed = _changed(session, keys, latest)
    changed.sort(key=lambda seen: (seen.member_id, seen.field))  # writers at once lock rows in one order
    if changed:
        member_keys = _member_keys(session, keys, {seen.member_id for seen in changed})
        _write(session, keys, changed, member_keys)
    return len(changed)


def recall(session: Session, keys: Keys, member_id: UUID) -> dict[str, str]:
    """Return a member's personal fields in clear, for the one place that shows them to who may see them."""
    rows = (
        driver(session)
        .execute(
            "select f.field, f.ciphertext, p.wrapped_key from person_field f join person p using (member_id) "
            "where member_id = %s",
            (member_id,),
        )
        .fetchall()
    )
    return {
        str(field): _open(
            _open(keys.wrap, wrapped, member_id.bytes), text, _place(member_id, str(field))
        ).decode()
        for field, text, wrapped in rows
        if isinstance(text, bytes) and isinstance(wrapped, bytes)
    }


def _changed(session: Session, keys: Keys, latest: dict[tuple[UUID, str], Observation]) -> list[Observation]:
    known = {
        (member_id, field): (fingerprint, observed_at)
        for member_id, field, fingerprint, observed_at in driver(session).execute(
            "select member_id, field, fingerprint, observed_at from person_field where member_id = any(%s)",
            ([*{member_id for member_id, _ in latest}],),
        )
    }
    return [seen for place, seen in latest.items() if _is_news(keys, seen, known.get(place))]


def _is_news(keys: Keys, seen: Observation, known: tuple[object, object] | None) -> bool:
    if known is None:
        return True
    fingerprint, observed_at = known
    if not isinstance(observed_at, datetime) or seen.observed_at < observed_at:
        return False
    again = seen.observed_at > observed_at and seen.field != _OF_THE_ID  # the same value, too, is newer then
    return again or _fingerprint(keys, seen) != fingerprint


def _member_keys(session: Session, keys: Keys, members: set[UUID]) -> dict[UUID, bytes]:
    """Return each member's own key, making those that are missing. A race is settled by the primary key."""
    connection = driver(session)
    fresh = [(member, _seal(keys.wrap, AESGCM.generate_key(256), member.bytes)) for member in sorted(members)]
    connection.cursor().execute(
        "insert into person (member_id, wrapped_key) select * from unnest(%s::uuid[], %s::bytea[]) "
        "on conflict do nothing",
        ([member for member, _ in fresh], [wrapped for _, wrapped in fresh]),
    )
    rows = connection.execute(
        "select member_id, wrapped_key from person where member_id = any(%s)", ([*members],)
    ).fetchall()
    return {
        member: _open(keys.wrap, wrapped, member.bytes)
        for member, wrapped in rows
        if isinstance(member, UUID) and isinstance(wrapped, bytes)
    }


def _write(session: Session, keys: Keys, changed: list[Observation], member_keys: dict[UUID, bytes]) -> None:
    sealed = [
        _seal(member_keys[seen.member_id], seen.value.encode(), _place(seen.member_id, seen.field))
        for seen in changed
    ]
    driver(session).execute(
        "insert into person_field (member_id, field, ciphertext, fingerprint, observed_at) "
        "select * from unnest(%s::uuid[], %s::text[], %s::bytea[], %s::bytea[], %s::timestamptz[]) "
        "on conflict (member_id, field) do update set ciphertext = excluded.ciphertext, "
        "fingerprint = excluded.fingerprint, observed_at = excluded.observed_at "
        "where person_field.observed_at <= excluded.observed_at",
        (
            [seen.member_id for seen in changed],
            [seen.field for seen in changed],
            sealed,
            [_fingerprint(keys, seen) for seen in changed],
            [seen.observed_at for seen in changed],
        ),
    )


def _fingerprint(keys: Keys, seen: Observation) -> bytes:
    place = _place(seen.member_id, seen.field)
    return hmac.digest(keys.fingerprint, place + b"\0" + seen.value.encode(), hashlib.sha256)[:16]


def _place(member_id: UUID, field: str) -> bytes:
    """Bind a ciphertext to its member and field: it opens nowhere else."""
    return member_id.bytes + field.encode()


def _seal(key: bytes, clear: bytes, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, clear, place)


def _open(key: bytes, sealed: bytes, place: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place)


def _hkdf(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"laurels " + purpose).derive(master_key)

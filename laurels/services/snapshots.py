"""Mended rows of snapshots: such a row has no id but what it says, so mended it is the row that it says now.

A later export that has it right brings the same row again, and nobody counts it twice (decision 21).
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlmodel import Session

from laurels.rules.identity import event_key, snapshot_event_id
from laurels.rules.intake import digest_again
from laurels.stores import inbox, quarantine
from laurels.stores.quarantine import Quarantined
from models.values.activity import InboxRow
from models.values.mapping import Mapping

Row = tuple[Quarantined, InboxRow]


def take_anew(
    session: Session, replay: int, root: int, mapping: Mapping, rows: Sequence[Row]
) -> dict[int, str]:
    """Take mended rows of one file in as what they say now, under a replay; return their event ids by row number.

    `root` is the file that they came in. A row that a later file brought already is not taken in again; the refused
    one is closed either way and names the event.
    """
    keyed, moved, event_ids = [], [], {}
    known = _Known(session, root, rows[0][0].source if rows else "")
    for refused, mended in rows:
        digest = digest_again(mended, mapping)
        event_id, key, is_there = known.place(digest)
        if not is_there:
            keyed.append(
                (key, event_id, replace(mended, digest=digest, event_id=event_id, line=refused.line))
            )
        moved.append((refused.id, key))
        event_ids[refused.id] = event_id
    inbox.prepare(session)
    inbox.accept(session, replay, keyed)
    quarantine.move(session, moved)
    return event_ids


class _Known:
    """Which equal rows have their place already: those of files up to this one come before the mended one."""

    def __init__(self, session: Session, root: int, source: str) -> None:
        self._session, self._root, self._source = session, root, source
        self._roots: dict[UUID, int | None] = {}

    def place(self, digest: bytes) -> tuple[str, UUID, bool]:
        """Return the event id and key of the next equal row, and whether a later file brought that one."""
        number = 1
        while True:
            event_id = snapshot_event_id(digest, number)
            key = event_key(self._source, event_id)
            root = self._root_of(key)
            if root is None:
                self._roots[key] = self._root
            if root is None or root > self._root:
                return event_id, key, root is not None
            number += 1

    def _root_of(self, key: UUID) -> int | None:
        if key not in self._roots:
            self._roots[key] = inbox.file_of(self._session, key)
        return self._roots[key]

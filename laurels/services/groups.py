"""Groups: what waits in quarantine by reason and source, how long, what may be done, and some rows to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from laurels.clock import business_time
from laurels.rules.advice import advice
from laurels.services.refusals import QuarantinedView, sentence, views_of
from laurels.services.runtime import Runtime
from laurels.services.selecting import check_selection
from laurels.stores import groups as stored
from laurels.stores import quarantine, replays, rules
from laurels.stores.quarantine import Quarantined, Selection
from models.values.activity import InboxRow

PLACES = 5


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Open rows of one source with one reason; a row with two reasons is in both groups.

    `file` is empty where files are not told apart. `days` are whole ones since the oldest came in, or was refused
    again. `places` are the first ones, FILE:LINE.
    """

    reason: str
    source: str
    file: str | None
    rows: int
    since: datetime
    days: int
    places: tuple[str, ...]
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True)
class Sampled:
    """One refused row and its fields by name, without personal ones."""

    row: QuarantinedView
    fields: dict[str, str] = field(default_factory=dict)


def groups(
    runtime: Runtime, selection: Selection, *, by_file: bool = False, as_of: datetime | None = None
) -> list[WaitingGroup]:
    """Return the groups of a selection, the largest first. Raises RuleRefusedError for a reason that does not exist."""
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        check_selection(session, selection)
        found = stored.groups(session, selection, by_file=by_file, places=PLACES)
        words = rules.sentences(session)
    return [
        WaitingGroup(
            *(one.reason, one.source, one.file, one.rows, one.since, max((now - one.since).days, 0)),
            *(tuple(one.places), sentence(one.reason, words), advice(one.reason)),
        )
        for one in found
    ]


def sample(runtime: Runtime, selection: Selection, *, rows: int = 5, seed: int = 0) -> list[Sampled]:
    """Return some rows of a selection with their fields: of the same rows and the same seed always the same ones.

    Raises RuleRefusedError for a reason or state that does not exist.
    """
    with runtime.database.transaction() as session:
        check_selection(session, selection)
        drawn = quarantine.drawn(session, selection, limit=rows, seed=seed)
        kept = replays.payloads(session, [row.key for row in drawn if row.key and row.batch_id is not None])
        views = views_of(session, drawn)
    return [Sampled(view, _fields(row, kept)) for view, row in zip(views, drawn, strict=True)]


def _fields(row: Quarantined, kept: Mapping[tuple[UUID, int], InboxRow]) -> dict[str, str]:
    """Return what is kept of a row; a conflict bears the key of the event that stands, whose fields are not its own."""
    if row.key is None or row.batch_id is None or (row.key, row.revision) not in kept:
        return {}
    return dict(kept[row.key, row.revision].raw)

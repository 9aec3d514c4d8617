"""Replays: refused rows read again, mended where asked, under their own keys through the same gate."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from laurels.clock import business_time
from laurels.errors import RuleRefusedError
from laurels.rules.repairs import edited_columns, why_not_replayed
from laurels.services import audit
from laurels.services.mending import Act, Kept, Mended, Readers, kept_rows, queue
from laurels.services.refusals import require
from laurels.services.runtime import Runtime
from laurels.services.selecting import in_chunks
from laurels.stores import quarantine
from laurels.stores.quarantine import Quarantined, Selection
from models.audit import Actor

GONE = "is no longer kept: send the file again"


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What waits for the gate again, the state of what was no longer open, and what the gate will refuse again.

    Of what is queued, `wrong` says what still cannot be read of which row.
    """

    queued: tuple[int, ...]
    skipped: dict[int, str]
    wrong: dict[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class SelectionReport:
    """What waits for the gate again, and how many rows stay open, by what stands against them."""

    queued: int = 0
    left: Counter[str] = field(default_factory=Counter)


def replay(
    runtime: Runtime,
    ids: Sequence[int],
    *,
    edits: Mapping[str, str],
    actor: str,
    reason: str | None = None,
    as_of: datetime | None = None,
) -> ReplayReport:
    """Read refused rows again through their mapping as it is now, with `edits` in place of what they held.

    `edits` are texts by column or field name, the same for all rows; none are needed where the mapping was
    mended or a time to come has come (rows are judged by `as_of`). Each row keeps its key and event id and is
    queued as a new revision; draining then passes it or refuses that revision anew. What a file must be as a
    whole (its volume, how fresh it is) is not asked of a replay. Edits of personal columns
    go to the personal store, and the audit names them only. Takes an editor. Rows that are no longer open are
    skipped, so that two replays at once queue once. Raises RuleRefusedError where one of the rows cannot be
    read again, and queues none of them.
    """
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        rows = quarantine.locked(session, ids)
        require(rows, ids)
        refused = [row for row in rows if row.state == "open"]
        mended = []
        for kept in kept_rows(session, refused, Readers(runtime, now)):
            if why := why_left(kept):
                raise RuleRefusedError(f"row {kept.row.id} ({kept.row.file}:{kept.row.line}) {why}")
            mended.append(mend(kept, edited_columns(kept.reader.mapping, edits)))
        queue(runtime, session, mended, Act("quarantine.replay", by, reason, now))
    skipped = {row.id: row.state for row in rows if row.state != "open"}
    wrong = {one.kept.row.id: one.wrong for one in mended if one.wrong}
    return ReplayReport(tuple(sorted(row.id for row in refused)), skipped, wrong)


def replay_selection(
    runtime: Runtime,
    selection: Selection,
    *,
    actor: str,
    reason: str | None = None,
    as_of: datetime | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> SelectionReport:
    """Read all rows of a selection again as they are, in chunks: for a mended mapping, or a time that has come.

    Takes an editor. Rows that cannot be read again are left open and counted. `on_progress` hears how many rows
    were looked at. Raises RuleRefusedError for a reason that does not exist.
    """
    now, report = business_time(as_of, runtime.settings.as_of), SelectionReport()
    readers = Readers(runtime, now)

    def work(session: Session, by: Actor, rows: list[Quarantined]) -> None:
        found = list(kept_rows(session, rows, readers))
        left = {kept.row.id: why_left(kept) for kept in found}
        mended = [mend(kept, {}) for kept in found if not left[kept.row.id]]
        queue(runtime, session, mended, Act("quarantine.replay", by, reason, now))
        report.queued += len(mended)
        report.left.update(why for why in left.values() if why)

    in_chunks(runtime, selection, actor, work, on_progress)
    return report


def why_left(kept: Kept) -> str | None:
    """Return why a row cannot be read again, None where it can."""
    if kept.found is None:
        return f"came in by mapping {kept.row.mapping}, which is not in the folder of mappings: put it there"
    why = why_not_replayed(kept.row.key, tuple(kept.row.reasons))
    return why or (GONE if kept.before is None else None)


def mend(kept: Kept, columns: Mapping[str, str]) -> Mended:
    """Return a row with these texts. Raises RuleRefusedError where nothing of it is kept any more."""
    if kept.before is None:
        raise RuleRefusedError(f"row {kept.row.id} {GONE}")
    return Mended(kept, columns, kept.reader.read(kept.before, columns))

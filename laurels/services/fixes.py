"""Fixes: refused rows mended by declared transformations, looked at before, replayed in chunks."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from laurels.clock import business_time
from laurels.rules.repairs import kept_texts
from laurels.rules.respelling import Doubt
from laurels.rules.transformations import Transformation, transformation, transformed
from laurels.services.mending import Act, Kept, Mended, Readers, kept_rows, queue
from laurels.services.refusals import sentence
from laurels.services.replays import mend, why_left
from laurels.services.runtime import Runtime
from laurels.services.selecting import in_chunks, looked_through
from laurels.stores.quarantine import Quarantined, Selection
from models.audit import Actor

UNCHANGED = "nothing of it is changed"


@dataclass(frozen=True, slots=True)
class Changed:
    """One row as a fix changes it: the texts before and after, by column. None of them is personal."""

    id: int
    place: str
    before: dict[str, str | None]
    after: dict[str, str]


@dataclass(slots=True)
class FixReport:
    """What a fix does, or would do: rows that can be read then and are queued, and why the others stay as they are.

    `sample` holds the first of those that can be read, `examples` a row's number for each reason to leave some.
    """

    transformations: tuple[str, ...]
    rows: int = 0
    fixed: int = 0
    left: Counter[str] = field(default_factory=Counter)
    examples: dict[str, int] = field(default_factory=dict)
    sample: list[Changed] = field(default_factory=list)


def fix(
    runtime: Runtime,
    selection: Selection,
    transformations: Sequence[str],
    *,
    actor: str,
    reason: str | None = None,
    as_of: datetime | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> FixReport:
    """Change the rows of a selection by declared transformations and queue those that can be read then.

    A row stays open as it was where a change would be a guess, where nothing of it changes, or where something of it
    could still not be read: the report counts these. Takes an editor; each queued row has its entry in the audit, with
    the transformations. Raises RuleRefusedError for a transformation or reason that does not exist, and for a column
    that it cannot be of; what whole chunks did by then stands.
    """
    changes = [transformation(text) for text in transformations]
    report, now = _report(changes), business_time(as_of, runtime.settings.as_of)
    readers = Readers(runtime, now)

    def work(session: Session, by: Actor, rows: list[Quarantined]) -> None:
        act = Act("quarantine.fix", by, reason, now, {"transformations": list(report.transformations)})
        queue(runtime, session, _fixed(session, rows, readers, changes, report), act)

    in_chunks(runtime, selection, actor, work, on_progress)
    return report


def preview_fix(
    runtime: Runtime,
    selection: Selection,
    transformations: Sequence[str],
    *,
    as_of: datetime | None = None,
    sample: int = 5,
    on_progress: Callable[[int], None] | None = None,
) -> FixReport:
    """Return what `fix` would do now, with the first `sample` rows before and after; nothing is written."""
    changes = [transformation(text) for text in transformations]
    report = _report(changes)
    readers = Readers(runtime, business_time(as_of, runtime.settings.as_of))

    def look(session: Session, rows: list[Quarantined]) -> None:
        for mended in _fixed(session, rows, readers, changes, report):
            if len(report.sample) < sample:
                report.sample.append(_changed(mended))

    looked_through(runtime, selection, look, on_progress)
    return report


def _report(changes: Sequence[Transformation]) -> FixReport:
    return FixReport(tuple(str(change) for change in changes))


def _fixed(
    session: Session,
    rows: Sequence[Quarantined],
    readers: Readers,
    changes: Sequence[Transformation],
    report: FixReport,
) -> list[Mended]:
    """Return the rows that can be read after the changes; count these and the others."""
    fixed = []
    for kept in kept_rows(session, rows, readers):
        found = _tried(kept, changes)
        report.rows += 1
        if isinstance(found, Mended):
            fixed.append(found)
        else:
            report.left[found] += 1
            report.examples.setdefault(found, kept.row.id)
    report.fixed += len(fixed)
    return fixed


def _tried(kept: Kept, changes: Sequence[Transformation]) -> Mended | str:
    if (why := why_left(kept)) or kept.before is None:
        return why or ""
    mapping = kept.reader.mapping
    columns = transformed(kept_texts(kept.before, mapping), mapping, changes)
    if isinstance(columns, Doubt):
        return columns.why
    if not columns:
        return UNCHANGED
    mended = mend(kept, columns)
    return (
        f"would still be refused: {sentence(mended.wrong[0], mended.kept.reader.ruleset.sentences)}"
        if mended.wrong
        else mended
    )


def _changed(mended: Mended) -> Changed:
    row, before = mended.kept.row, mended.kept.before
    texts = kept_texts(before, mended.kept.reader.mapping) if before else {}
    was = {column: texts.get(column) for column in mended.columns}
    return Changed(row.id, f"{row.file}:{row.line}", was, dict(mended.columns))

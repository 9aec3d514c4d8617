"""Selecting: which refused rows somebody means, checked before anything is done, and worked off in chunks."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Final

from sqlmodel import Session

from laurels.errors import NotFoundError, RuleRefusedError
from laurels.rules.reasons import SENTENCES
from laurels.services import audit
from laurels.services.rulesets import house_rules
from laurels.services.runtime import Runtime
from laurels.stores import groups, quarantine
from laurels.stores.quarantine import Quarantined, Selection
from models.audit import Actor
from models.intake import Intake

CHUNK: Final = 5_000
"""Rows in one transaction: whoever stops it finds whole chunks done and the rest open."""
STATES: Final = ("open", "replaying", "replayed", "superseded", "dismissed", "expired")

Work = Callable[[Session, Actor, list[Quarantined]], None]


def check_selection(session: Session, selection: Selection) -> None:
    """Raise RuleRefusedError, naming those that there are, for a state or a reason that does not exist.

    Raises NotFoundError for an intake that is none. A reason exists if some rule gives it, or some row has it.
    """
    if selection.state not in STATES:
        raise RuleRefusedError(f"no state {selection.state} ({', '.join(STATES)})")
    if selection.intake_id is not None and session.get(Intake, selection.intake_id) is None:
        raise NotFoundError(f"no intake {selection.intake_id}")
    if selection.reason is None:
        return
    known = {*SENTENCES, *(rule.rule for rule in house_rules() if not rule.check.read)}
    if selection.reason in known:
        return
    met = groups.met_reasons(session)
    known.update(met, groups.stated_reasons(session))
    if selection.reason not in known:
        meant = get_close_matches(selection.reason, known, n=3)
        told = f"here there are {', '.join(met)}" if met else "nothing was ever in quarantine"
        rest = f"did you mean {' or '.join(meant)}?" if meant else f"all: {', '.join(sorted(known))}"
        raise RuleRefusedError(f"no reason {selection.reason}: {told}; {rest}")


def count(runtime: Runtime, selection: Selection) -> int:
    """Return how many rows a selection has. Raises as `check_selection`."""
    with runtime.database.transaction() as session:
        check_selection(session, selection)
        return quarantine.counted(session, selection)


def in_chunks(
    runtime: Runtime,
    selection: Selection,
    actor: str,
    work: Work,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Do an editor's work on each chunk of a selection, whose rows are locked; each commits before the next begins.

    Rows that somebody else took meanwhile are left out. Raises as `check_selection`, and RuleRefusedError for an
    actor who may not.
    """
    seen = after = 0
    with runtime.database.transaction() as session:
        audit.authorise(session, actor, audit.Role.EDITOR)
        check_selection(session, selection)
    while True:
        with runtime.database.transaction() as session:
            by = audit.authorise(session, actor, audit.Role.EDITOR)
            ids = [row.id for row in quarantine.listed(session, selection, limit=CHUNK, after=after)]
            rows = quarantine.locked(session, ids)
            work(session, by, [row for row in rows if row.state == selection.state])
        if not ids:
            return
        after, seen = ids[-1], seen + len(ids)
        if on_progress is not None:
            on_progress(seen)


def looked_through(
    runtime: Runtime,
    selection: Selection,
    look: Callable[[Session, list[Quarantined]], None],
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Show each chunk of a selection, in order of arrival; nothing is written. Raises as `check_selection`."""
    with runtime.database.transaction() as session:
        check_selection(session, selection)
    seen = after = 0
    while True:
        with runtime.database.transaction() as session:
            rows = quarantine.listed(session, selection, limit=CHUNK, after=after)
            look(session, rows)
        if not rows:
            return
        after, seen = rows[-1].id, seen + len(rows)
        if on_progress is not None:
            on_progress(seen)

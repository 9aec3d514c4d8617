"""Explanations: an entry, a balance, a grant or a delivery, down to the file and line that it comes from.

What the chain says is computed again by the very steps that work the batches, in a savepoint that is taken back:
nothing is written, and a number that does not come out again is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Text, cast
from sqlmodel import Session, col, select

from laurels.errors import NotFoundError, RuleRefusedError
from laurels.rules.standings import takes
from laurels.services.explained import (
    Award,
    BalanceExplanation,
    DeliveryExplanation,
    EntryExplanation,
    GrantExplanation,
    Rule,
    in_line,
    rule_text,
)
from laurels.services.points import write_standings
from laurels.services.runtime import Runtime
from laurels.stores import explanations, points, programs
from laurels.stores.database import steady
from laurels.stores.explanations import Entry
from laurels.stores.programs import StoredProgram
from models import points as stored
from models.boards import BoardWindow, Standing
from models.grants import TierGrant
from models.outbox import Delivery

Row = TypeVar("Row", TierGrant, Delivery)
Key = tuple[UUID, str]
"""An activity and a rule."""


def explain_entry(runtime: Runtime, entry_id: int) -> EntryExplanation:
    """Explain one entry of the ledger. Raises NotFoundError."""
    with _one_state(runtime) as session:
        row = session.get(stored.LedgerEntry, entry_id)
        if row is None:
            raise NotFoundError(f"no entry {entry_id}")
        program = _program(session, row.program_id)
        entries = explanations.entries(session, program.id, row.member_id, row.activity_id, row.rule)
        again = _recomputed_awards(session, program, row.member_id)
        (award,) = _awards(session, program, [entries], again)
        return EntryExplanation(next(one for one in entries if one.id == entry_id), row.member_id, award)


def explain_balance(
    runtime: Runtime, member_id: UUID, program: str | None = None
) -> list[BalanceExplanation]:
    """Explain what a member has in each program, or in one. Raises NotFoundError for who has no entry there."""
    with _one_state(runtime) as session:
        found = [
            _balance(session, one, member_id)
            for one in programs.stored_programs(session)
            if program in {None, one.name}
        ]
    if not (told := [one for one in found if one.awards or one.lost]):
        raise NotFoundError(
            f"member {member_id} has no entry" + (f" in program {program}" if program else "")
        )
    return told


def explain_grant(runtime: Runtime, grant: str) -> GrantExplanation:
    """Explain one holding of a tier, by its id or how that begins. Raises NotFoundError."""
    with _one_state(runtime) as session:
        row = _found(session, TierGrant, grant, "grant")
        return _grant(session, row)


def explain_delivery(runtime: Runtime, delivery: str) -> DeliveryExplanation:
    """Explain one message, by its id or how that begins. Raises NotFoundError."""
    with _one_state(runtime) as session:
        row = _found(session, Delivery, delivery, "delivery")
        grant = _grant(session, session.get_one(TierGrant, row.grant_id))
        return DeliveryExplanation(row.id, row.channel, row.template, row.text, row.state, grant)


def _balance(session: Session, program: StoredProgram, member_id: UUID) -> BalanceExplanation:
    entries = explanations.entries(session, program.id, member_id)
    again = _recomputed_awards(session, program, member_id)
    by_key = sorted(entries, key=lambda one: (str(one.activity_id), one.rule, one.id))
    grouped = [list(of) for _, of in groupby(by_key, key=lambda one: (one.activity_id, one.rule))]
    awards = _awards(session, program, grouped, again)
    awards.sort(key=lambda one: one.entries[0].id)
    posted = {(one.activity_id, one.rule) for one in entries}
    lost = sum(1 for key, due in again.items() if due and key not in posted)
    points = sum(one.points for one in entries)
    return BalanceExplanation(program.name, member_id, points, tuple(awards), sum(again.values()), lost)


def _awards(
    session: Session, program: StoredProgram, grouped: Sequence[list[Entry]], again: Mapping[Key, int]
) -> list[Award]:
    """Return the awards of which these are the entries, each group one activity's by one rule."""
    activities = [entries[0].activity_id for entries in grouped]
    covered = explanations.covered(session, activities)
    bought = {purchase for purchases in covered.values() for purchase in purchases}
    facts = {one.activity_id: one for one in explanations.facts(session, [*activities, *bought])}
    return [
        Award(
            facts.get(last.activity_id),
            _rule(program, last),
            tuple(entries),
            again.get((last.activity_id, last.rule), 0),
            tuple(facts[purchase] for purchase in covered.get(last.activity_id, ())),
        )
        for entries in grouped
        for last in entries[-1:]
    ]


def _rule(program: StoredProgram, entry: Entry) -> Rule:
    version = next(one for one in program.versions if one.id == entry.version_id)
    text = rule_text(version.program, entry.rule)
    return Rule(program.name, version.number, version.effective_from, entry.rule, text)


def _grant(session: Session, grant: TierGrant) -> GrantExplanation:
    program, window = _program(session, grant.program_id), session.get_one(BoardWindow, grant.window_id)
    version = next(one for one in program.versions if one.id == grant.version_id)
    tiers = version.program.tiers
    tier = [one.model_dump(mode="json") for one in tiers.ranks if one.to == grant.tier] if tiers else []
    rule = Rule(
        program.name,
        version.number,
        version.effective_from,
        tiers.board if tiers else "",
        in_line(tier[0]) if tier else "",
    )
    there = explanations.facts(session, explanations.counted(session, grant.window_id, grant.member_id))
    metrics = [one.metric for one in version.program.boards if one.board == window.board]
    counted = [
        one for one in there if any(takes(metric, one.kind, verified=one.verified) for metric in metrics)
    ]
    return GrantExplanation(
        *(grant.id, grant.member_id, grant.percent, grant.rank, grant.pass_number),
        *(grant.starts_at, grant.ended_at, grant.ended_by, rule, f"{window.board}/{window.period}"),
        score=_score(session, grant),
        recomputed=_recomputed_score(session, program, grant),
        counted=tuple(counted),
    )


def _score(session: Session, grant: TierGrant) -> int:
    session.expire_all()
    standing = session.get(Standing, (grant.window_id, grant.member_id))
    return standing.score if standing else 0


def _recomputed_awards(session: Session, program: StoredProgram, member_id: UUID) -> dict[Key, int]:
    """Return what each of a member's activities earns by each rule when all of them are computed again."""
    with _tried(session, program, member_id):
        points.write_awards(session, program.id, program.by_id(), 0)
        of_member = select(stored.Award).where(
            stored.Award.program_id == program.id, stored.Award.member_id == member_id
        )
        return {(one.activity_id, one.rule): one.points for one in session.exec(of_member).all()}


def _recomputed_score(session: Session, program: StoredProgram, grant: TierGrant) -> int:
    with _tried(session, program, grant.member_id):
        write_standings(session, program)
        return _score(session, grant)


@contextmanager
def _tried(session: Session, program: StoredProgram, member_id: UUID) -> Iterator[None]:
    """Let a member be computed again, refunds first, and take back whatever that writes."""
    attempt = session.begin_nested()
    try:
        explanations.touch_member(session, program.id, member_id)
        points.settle(session)
        yield
    finally:
        attempt.rollback()


@contextmanager
def _one_state(runtime: Runtime) -> Iterator[Session]:
    """Open a transaction that sees one state: a batch that ends meanwhile is no difference."""
    with runtime.database.transaction() as session:
        steady(session)
        yield session


def _program(session: Session, program_id: int) -> StoredProgram:
    return next(one for one in programs.stored_programs(session) if one.id == program_id)


def _found(session: Session, table: type[Row], given: str, name: str) -> Row:
    beginning = given.lower()
    if not beginning or set(beginning) - set("0123456789abcdef-"):
        raise RuleRefusedError(f"{given} is no {name}'s id: it has hexadecimal digits, or begins with some")
    ids = col(table.id)
    rows = session.exec(select(table).where(cast(ids, Text).startswith(beginning)).limit(2)).all()
    if not rows:
        raise NotFoundError(f"no {name} {given}")
    if len(rows) > 1:
        raise RuleRefusedError(f"{given}: more than one {name} begins so")
    return rows[0]

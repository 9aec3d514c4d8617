"""What an explanation consists of: facts with their place, the rule that judged them, and the words for a terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import yaml

from laurels.stores.explanations import Entry, Fact
from models.values.money import minor_digits
from models.values.program import Program


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the version said it under which the activity counts; `text` is empty where it is no rule's."""

    program: str
    version: int
    effective_from: datetime
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Award:
    """One activity by one rule: what was posted for it, entry by entry, and what it comes to when computed again.

    `covers` are the purchases of which a refund gives something back.
    """

    fact: Fact | None
    rule: Rule
    entries: tuple[Entry, ...]
    recomputed: int
    covers: tuple[Fact, ...] = ()

    @property
    def posted(self) -> int:
        """The sum of its entries, in points."""
        return sum(entry.points for entry in self.entries)


@dataclass(frozen=True, slots=True)
class EntryExplanation:
    """One entry of the ledger, and the award that it is a part of."""

    entry: Entry
    member_id: UUID
    award: Award

    @property
    def agrees(self) -> bool:
        """Whether the entries come to what is computed again."""
        return self.award.posted == self.award.recomputed

    def text(self) -> str:
        """Return it for a terminal."""
        entry = self.entry
        when = instant(entry.recorded_at)
        head = f"entry {entry.id}: {entry.points:+,} points, {entry.kind}, {entry.account}, {when}"
        rows = [("member", f"{self.member_id} in program {self.award.rule.program}"), *award_rows(self.award)]
        return screen(head, rows)


@dataclass(frozen=True, slots=True)
class BalanceExplanation:
    """A member's points in one program, by the awards of which they are made.

    `recomputed` is what all of them come to when they are computed again, `lost` how many have no entry at all.
    """

    program: str
    member_id: UUID
    points: int
    awards: tuple[Award, ...]
    recomputed: int
    lost: int

    @property
    def agrees(self) -> bool:
        """Whether every award has its entries and comes out again."""
        return not self.lost and all(one.posted == one.recomputed for one in self.awards)


@dataclass(frozen=True, slots=True)
class GrantExplanation:
    """A holding of a tier: the rank that earned it, and the score as it stands, by the activities that make it."""

    grant_id: UUID
    member_id: UUID
    percent: int
    rank: int
    pass_number: int
    starts_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    rule: Rule
    board: str
    score: int
    recomputed: int
    counted: tuple[Fact, ...]

    @property
    def agrees(self) -> bool:
        """Whether the standing comes to what is computed again."""
        return self.score == self.recomputed

    def text(self) -> str:
        """Return it for a terminal."""
        return screen(f"grant {self.grant_id}: {self.percent} % for rank {self.rank}", list(self.rows()))

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield its lines, each with its name."""
        yield "member", f"{self.member_id} in program {self.rule.program}"
        ended = f", ended {instant(self.ended_at)} by {self.ended_by}" if self.ended_at else ""
        yield "held", f"from {instant(self.starts_at)}{ended}, decided by pass {self.pass_number}"
        yield from rule_rows(self.rule, "tier")
        yield "board", f"{self.board}: score {self.score:,} now; computed again: {self.recomputed:,}"
        yield from (("counted", place(fact)) for fact in self.counted)


@dataclass(frozen=True, slots=True)
class DeliveryExplanation:
    """A message: what it said, where it stands, and the grant that it tells of."""

    delivery_id: UUID
    channel: str
    template: str
    message: str
    state: str
    grant: GrantExplanation

    @property
    def agrees(self) -> bool:
        """Whether what it tells of comes out again."""
        return self.grant.agrees

    def text(self) -> str:
        """Return it for a terminal."""
        rows = [("said", self.message), ("template", self.template)]
        rows.append(("grant", f"{self.grant.grant_id}: {self.grant.percent} % for rank {self.grant.rank}"))
        return screen(
            f"delivery {self.delivery_id}: {self.state}, by {self.channel}", [*rows, *self.grant.rows()]
        )


def rule_text(program: Program, rule: str) -> str:
    """Return an earning rule as its program file says it, on one line; empty where there is none of that name."""
    found = [one for one in program.earning if one.rule == rule]
    return in_line(found[0].model_dump(mode="json", exclude_defaults=True)) if found else ""


def in_line(value: object) -> str:
    """Return a piece of YAML on one line; `on` stands as program files write it, where it is no truth value."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.strip().replace("'on':", "on:")


def award_rows(award: Award) -> Iterator[tuple[str, str]]:
    """Yield an award's lines, each with its name."""
    yield from rule_rows(award.rule, "rule")
    if award.fact:
        yield "activity", place(award.fact)
    yield from (("of", place(fact)) for fact in award.covers)
    yield from (
        ("posted", f"{one.points:+,} by entry {one.id}, batch {one.batch_id}") for one in award.entries
    )
    yield "sum", f"{award.posted:,} points; computed again: {award.recomputed:,}"


def rule_rows(rule: Rule, name: str) -> Iterator[tuple[str, str]]:
    """Yield a rule's lines."""
    yield name, f"{rule.rule}: {rule.text}" if rule.text else rule.rule
    yield (
        "version",
        f"{rule.version} of {rule.program}, in force from {instant(rule.effective_from)}",
    )


def place(fact: Fact) -> str:
    """Return an activity in words, with its file and line, its batch and who worked it."""
    mended = f", mended (revision {fact.revision})" if fact.revision else ""
    worked = f" by {fact.holder}" if fact.holder else ""
    amount = f" of {money(fact)}" if fact.amount_minor is not None else ""
    return (
        f"{fact.kind}{amount}, {instant(fact.occurred_at)}: {fact.file}:{fact.line} of {fact.source} "
        f"(intake {fact.intake_id}){mended}, batch {fact.batch_id}{worked}"
    )


def instant(time: datetime) -> str:
    """Return a time in UTC, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def money(fact: Fact) -> str:
    """Return an activity's amount in whole units and its currency."""
    digits = minor_digits(fact.currency) if fact.currency else 0
    return f"{Decimal(fact.amount_minor or 0).scaleb(-digits)} {fact.currency or 'minor units'}"


def screen(head: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return lines under a head, their names in one column."""
    return "\n".join([head, *(f"  {name:<9} {said}" for name, said in rows)])

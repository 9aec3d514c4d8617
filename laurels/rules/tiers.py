"""Tiers: who of a board's top ranks holds which discount. A rise counts at once, a fall after its grace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from models.values.tiers import TierRank, Tiers


@dataclass(frozen=True, slots=True)
class Holding:
    """An active grant, as far as the decision needs it."""

    grant_id: UUID
    member_id: UUID
    percent: int
    falling_since: datetime | None = None


class Ending(StrEnum):
    """Why a grant ended."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    LOST = "lost"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Give:
    """Give a member a tier; `replaces` ends with it."""

    member_id: UUID
    rank: int
    tier: TierRank
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class End:
    """End a grant."""

    grant_id: UUID
    ending: Ending


@dataclass(frozen=True, slots=True)
class Fall:
    """Note since when a grant's member is below its tier; None takes the note back."""

    grant_id: UUID
    since: datetime | None


Change = Give | End | Fall


def tier_of(tiers: Tiers, rank: int | None) -> TierRank | None:
    """Return the tier that holds a rank, None below the last one. Ranks 1, 2-5, 6-10 in the sample program."""
    if rank is None:
        return None
    return next((tier for tier in tiers.ranks if rank <= tier.to), None)


def decide(
    tiers: Tiers, ranks: Mapping[UUID, int], holdings: Sequence[Holding], as_of: datetime
) -> list[Change]:
    """Return the changes that make grants follow ranks; nothing where they already do.

    `ranks` holds the members whose rank is within the last tier. A member whose tier is worse keeps the grant until
    the grace (`downgrade.after`) has passed since it was first seen worse; coming back in time leaves no trace.
    """
    held = {holding.member_id: holding for holding in holdings}
    changes: list[Change] = []
    for holding in sorted(holdings, key=lambda holding: holding.member_id):
        changes += _follow(tiers, holding, ranks.get(holding.member_id), as_of)
    for member_id, rank in sorted(ranks.items(), key=lambda item: item[1]):
        tier = tier_of(tiers, rank)
        if member_id not in held and tier is not None:
            changes.append(Give(member_id, rank, tier))
    return changes


def withdraw(holdings: Sequence[Holding]) -> list[Change]:
    """Return the changes that end them all: the program no longer gives anything by this board's window."""
    return [
        End(holding.grant_id, Ending.WITHDRAWN)
        for holding in sorted(holdings, key=lambda holding: holding.member_id)
    ]


def _follow(tiers: Tiers, holding: Holding, rank: int | None, as_of: datetime) -> Iterator[Change]:
    tier = tier_of(tiers, rank)
    percent = tier.percent if tier else 0
    if percent >= holding.percent:
        if tier is not None and rank is not None and percent > holding.percent:
            yield End(holding.grant_id, Ending.UPGRADE)
            yield Give(holding.member_id, rank, tier, replaces=holding.grant_id)
        elif holding.falling_since is not None:
            yield Fall(holding.grant_id, None)
    elif holding.falling_since is None and tiers.downgrade.after:
        yield Fall(holding.grant_id, as_of)
    elif as_of - (holding.falling_since or as_of) >= tiers.downgrade.after:
        yield End(holding.grant_id, Ending.DOWNGRADE if tier else Ending.LOST)
        if tier is not None and rank is not None:
            yield Give(holding.member_id, rank, tier, replaces=holding.grant_id)

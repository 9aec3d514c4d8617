"""Who holds which tier: the mission's ranges, a rise at once, a fall after its grace."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.tiers import Change, End, Ending, Fall, Give, Holding, decide, tier_of
from models.values.tiers import Tiers

TIERS = Tiers.model_validate(
    {
        "board": "referrals/season",
        "ranks": [{"to": 1, "percent": 30}, {"to": 5, "percent": 20}, {"to": 10, "percent": 10}],
    }
)
NOW = datetime(2026, 6, 20, tzinfo=UTC)
ADA, BOB = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("rank", "percent"), [(1, 30), (2, 20), (5, 20), (6, 10), (10, 10), (11, None), (None, None)]
)
def test_the_mission_s_ranges(rank: int | None, percent: int | None) -> None:
    tier = tier_of(TIERS, rank)
    assert (tier and tier.percent) == percent


def test_six_to_four_upgrades_ten_to_twenty() -> None:
    held = Holding(uuid4(), ADA, 10)
    assert decide(TIERS, {ADA: 4}, [held], NOW) == [
        End(held.grant_id, Ending.UPGRADE),
        Give(ADA, 4, TIERS.ranks[1], replaces=held.grant_id),
    ]


def test_a_fall_waits_and_coming_back_leaves_no_trace() -> None:
    held = Holding(uuid4(), ADA, 20)
    assert decide(TIERS, {ADA: 7}, [held], NOW) == [Fall(held.grant_id, NOW)]
    falling = Holding(held.grant_id, ADA, 20, falling_since=NOW)
    assert decide(TIERS, {ADA: 7}, [falling], NOW + timedelta(hours=23, minutes=59)) == []
    assert decide(TIERS, {ADA: 3}, [falling], NOW + timedelta(hours=5)) == [Fall(held.grant_id, None)]


@pytest.mark.parametrize(
    ("ranks", "ending", "given"), [({ADA: 7}, Ending.DOWNGRADE, True), ({}, Ending.LOST, False)]
)
def test_the_grace_ends_to_the_second(ranks: dict[UUID, int], ending: Ending, given: bool) -> None:
    falling = Holding(uuid4(), ADA, 20, falling_since=NOW)
    changes = decide(TIERS, ranks, [falling], NOW + timedelta(hours=24))
    assert changes[0] == End(falling.grant_id, ending)
    assert changes[1:] == ([Give(ADA, 7, TIERS.ranks[2], replaces=falling.grant_id)] if given else [])


def test_without_grace_a_fall_counts_at_once() -> None:
    strict = TIERS.model_copy(
        update={"downgrade": TIERS.downgrade.model_copy(update={"after": timedelta(0)})}
    )
    held = Holding(uuid4(), ADA, 20)
    assert decide(strict, {}, [held], NOW) == [End(held.grant_id, Ending.LOST)]


members = st.lists(st.uuids(), unique=True, max_size=15)


@given(members, members, st.randoms())
def test_after_the_grace_everybody_in_the_top_holds_their_tier(
    top: list[UUID], before: list[UUID], chance: object
) -> None:
    del chance
    ranks = {member: rank for rank, member in enumerate(top[:10], start=1)}
    holdings = [Holding(UUID(int=n), member, 20, falling_since=NOW) for n, member in enumerate(before)]
    held = settle(holdings, decide(TIERS, ranks, holdings, NOW + timedelta(hours=24)))
    assert held == {member: tier.percent for member, rank in ranks.items() if (tier := tier_of(TIERS, rank))}


def settle(holdings: list[Holding], changes: list[Change]) -> dict[UUID, int]:
    held = {holding.grant_id: (holding.member_id, holding.percent) for holding in holdings}
    for change in changes:
        if isinstance(change, End):
            del held[change.grant_id]
    given = {change.member_id: change.tier.percent for change in changes if isinstance(change, Give)}
    kept = dict(held.values())
    assert not kept.keys() & given.keys()
    return kept | given

"""Which ranks of a board hold which discount."""

from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator

from models.values.boards import Window
from models.values.part import Duration, Part, Percent


class TierRank(Part):
    """Ranks up to `to`, from the one after the tier before, hold so many percent."""

    to: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    percent: Percent


class Downgrade(Part):
    """A member who falls keeps the tier for so long, so that discounts do not flap."""

    after: Duration


class Tiers(Part):
    """Ranges of ranks in one window of one board. A rise counts at once, a fall after a grace (24 h)."""

    board: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}/(day|week|month|season)$")]
    ranks: Annotated[tuple[TierRank, ...], Field(min_length=1, max_length=50)]
    upgrade: Literal["immediately"] = "immediately"
    downgrade: Downgrade = Downgrade(after=timedelta(hours=24))

    @field_validator("ranks")
    @classmethod
    def _ranks_rise(cls, ranks: tuple[TierRank, ...]) -> tuple[TierRank, ...]:
        for before, rank in pairwise(ranks):
            if rank.to <= before.to:
                raise ValueError(f"`to` must rise from tier to tier: {rank.to} comes after {before.to}")
        return ranks

    @property
    def board_name(self) -> str:
        """The board's name: referrals, of referrals/season."""
        return self.board.partition("/")[0]

    @property
    def window(self) -> Window:
        """The board's window: season, of referrals/season."""
        return Window(self.board.partition("/")[2])

"""A program: one promotion's rules as a file states them. Whether its parts agree is for a lint to judge."""

from datetime import datetime
from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from models.values.boards import Board
from models.values.earning import EarningRule
from models.values.messages import Messages
from models.values.money import currencies, minor_digits
from models.values.part import Part, Slug
from models.values.rewards import PointsValue, Reward
from models.values.rules import ProgramRules
from models.values.season import Season, local_instant
from models.values.tiers import Tiers

PLANNED: Final = {
    "hold": "points can be spent at once",
    "expiry": "points do not expire",
    "campaigns": "no codes are released",
}
"""Fields of the design that nothing acts on yet, with what happens instead. Accepting them would be a lie."""


@cache
def zones() -> frozenset[str]:
    """Return the IANA zones that have a place or a name; not this machine's own `localtime`."""
    return frozenset(available_timezones() - {"localtime", "Factory", "posixrules"})


def _known_zone(name: str) -> str:
    if name not in zones():
        raise ValueError(f"{ascii(name)[:60]} is no IANA time zone: write one like America/New_York")
    return name


def _known_currency(code: str) -> str:
    if code not in currencies():
        raise ValueError(f"{ascii(code)[:60]} is no ISO 4217 currency in use: write one like USD")
    return code


Zone = Annotated[
    str, AfterValidator(_known_zone), WithJsonSchema({"type": "string", "examples": ["America/New_York"]})
]
Currency = Annotated[
    str, AfterValidator(_known_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})
]


class Program(Part):
    """One promotion programme. Times are local to `time_zone`, money is in `currency`."""

    model_config = ConfigDict(title="Laurels program")

    program: Slug
    time_zone: Zone
    currency: Currency
    season: Season | None = None
    earning: Annotated[tuple[EarningRule, ...], Field(max_length=100)] = ()
    points_value: PointsValue
    rewards: Annotated[tuple[Reward, ...], Field(max_length=500)] = ()
    boards: Annotated[tuple[Board, ...], Field(max_length=50)] = ()
    tiers: Tiers | None = None
    messages: Messages = Messages()
    rules: ProgramRules = ()

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days, weeks, months and the season begin."""
        return ZoneInfo(self.time_zone)

    @property
    def minor_digits(self) -> int:
        """Decimals of the currency's minor unit: 2 for USD."""
        return minor_digits(self.currency)

    @property
    def season_bounds(self) -> tuple[datetime, datetime] | None:
        """The season as instants in UTC, half open: start <= t < end."""
        if self.season is None:
            return None
        return local_instant(self.season.starts, self.zone), local_instant(self.season.ends, self.zone)

"""What points are worth and what they buy."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from models.values.part import Amount, Part, Percent, Points, Slug


class PointsValue(Part):
    """So many points are worth so much money: 100 points = 5.00."""

    points: Points
    worth: Amount


class PercentOff(Part):
    """A discount of so many percent."""

    percent: Percent


class AmountOff(Part):
    """A discount of a fixed amount, in currency units."""

    amount: Amount


def _benefit_kind(value: Any) -> str | None:
    if value == "free_shipping":
        return "free shipping"
    if isinstance(value, PercentOff) or (isinstance(value, dict) and "percent" in value):
        return "percent off"
    if isinstance(value, AmountOff) or (isinstance(value, dict) and "amount" in value):
        return "amount off"
    return None


Benefit = Annotated[
    Annotated[PercentOff, Tag("percent off")]
    | Annotated[AmountOff, Tag("amount off")]
    | Annotated[Literal["free_shipping"], Tag("free shipping")],
    Discriminator(
        _benefit_kind,
        custom_error_type="benefit_kind",
        custom_error_message="must be {percent: 10}, {amount: 5.00} or free_shipping",
    ),
]


class Reward(Part):
    """One entry of the catalogue: so many points buy this benefit."""

    reward: Slug
    points: Points
    benefit: Benefit

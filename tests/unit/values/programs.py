"""Small programs to change, and what a model says when it refuses."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.values.program import Program

SMALL: dict[str, Any] = {
    "program": "small",
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "earning": [{"rule": "login", "on": "login", "points": 1}],
    "points_value": {"points": 100, "worth": "5.00"},
}
CONGRATS = "Congrats! You're now #{rank} on our referral leaderboard and unlocked a {percent}% discount."


def program(**changes: Any) -> Program:
    return Program.model_validate(SMALL | changes)


def refusal(model: Any, **fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    return str(caught.value)

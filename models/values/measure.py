"""Measures: figures of one file, what they are judged by, and those of files before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Severity = Literal["critical", "warning", "info"]
ABSENT_IS_NONE = frozenset({"problem_rate", "refused_rate", "ahead_rate"})
"""Figures that are noted only where there is something: of a file without one it is zero."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one file is like in one respect. `rows` is the size of the sample; `told` what the value cannot say."""

    name: str
    field: str
    value: float | None
    rows: int = 0
    told: str = ""
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a figure must keep within; none are open sides. `basis` says what the bounds are from."""

    low: float | None = None
    high: float | None = None
    severity: Severity = "critical"
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """An accepted file: when it came in, in the zone of its mapping, and its figures by name and field."""

    intake_id: int
    at: datetime
    values: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def value(self, name: str, of: str) -> float | None:
        """Return a figure of it, None where it has none."""
        return self.values.get((name, of), 0.0 if name in ABSENT_IS_NONE else None)

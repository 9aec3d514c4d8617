"""Judging the sound parts of a broken program, so that one check reports everything there is to repair."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from laurels.rules.findings import Finding
from models.values.program import Program

PARTS: Final[dict[str, Any]] = {
    "program": "stand-in",
    "time_zone": "UTC",
    "currency": "USD",
    "points_value": {"points": 1, "worth": 1},
    "season": {"starts": "2026-01-01", "ends": "2026-02-01"},
}
ENTRIES: Final[dict[str, dict[str, Any]]] = {
    "earning": {"on": "login", "points": 1},
    "rewards": {"points": 1, "benefit": "free_shipping"},
    "boards": {"metric": {"count": "login"}, "windows": ["day"]},
}
NAMES: Final = {"earning": "rule", "rewards": "reward", "boards": "board"}
LEANS_ON: Final = {
    "currency": ("points_value", "rewards"),
    "boards": ("tiers",),
    "tiers": ("messages",),
}
"""What cannot be judged once a section is broken: an amount without its currency, tiers without boards."""


def sound_parts(data: object, findings: Iterable[Finding]) -> Program | None:
    """Return the program with harmless stand-ins where `findings` lie; None if it is no program even so."""
    if not isinstance(data, dict):
        return None
    broken: dict[str, set[int | None]] = {}
    for finding in findings:
        section, position = (*finding.place, None, None)[:2]
        broken.setdefault(str(section), set()).add(position if isinstance(position, int) else None)
    for section, leaning in LEANS_ON.items():  # in order: what leans on boards has others leaning on it
        if section in broken:
            broken.update({name: {None} for name in leaning})
    patched = {name: value for name, value in data.items() if name in Program.model_fields}
    for section, positions in broken.items():
        _patch(patched, section, positions)
    try:
        return Program.model_validate(patched)
    except ValidationError:
        return None


def _patch(data: dict[str, Any], section: str, positions: set[int | None]) -> None:
    if section in PARTS:
        data[section] = PARTS[section]
    elif section not in ENTRIES or section not in data:
        data.pop(section, None)
    elif None in positions or not isinstance(data[section], list):
        data[section] = [_entry(section, 0)]
    else:
        data[section] = [
            _entry(section, position) if position in positions else value
            for position, value in enumerate(data[section])
        ]


def _entry(section: str, position: int) -> dict[str, Any]:
    return {NAMES[section]: f"stand-in-{position}", **ENTRIES[section]}

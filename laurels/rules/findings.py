"""What is wrong with a file's data, and where: Pydantic's errors in words that a marketer can act on."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
"""Keys and list positions from the root: ("earning", 0, "cap")."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: where in the data, and why."""

    place: Place
    reason: str

    def __str__(self) -> str:
        """Read as `earning[0].cap: reason`; a problem of the whole file has no place."""
        return f"{written(self.place)}: {self.reason}" if self.place else self.reason


REASONS: Final = {
    "int_type": "must be a whole number, not {shown}",
    "string_type": "must be text, not {shown}",
    "string_pattern_mismatch": "{shown} does not fit: {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than_equal": "must be at least {ge}, not {shown}",
    "less_than_equal": "must be at most {le}, not {shown}",
    "literal_error": "must be {expected}, not {shown}",
    "enum": "must be {expected}, not {shown}",
    "tuple_type": "must be a list, not {shown}",
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
    "model_type": "must be a mapping of fields, not {shown}",
    "value_error": "{error}",
}
PATTERNS: Final = {
    r"^[a-z][a-z0-9-]{1,40}$": "2 to 41 small letters, digits and hyphens, a letter first",
    r"^[a-z][a-z0-9-]{1,40}/(day|week|month|season)$": "write board/window, like referrals/season",
}


def findings_of(
    error: ValidationError, data: object, model: type[BaseModel], planned: Mapping[str, str]
) -> list[Finding]:
    """Return a finding for each of Pydantic's errors.

    `planned` maps fields that are refused for now to what happens without them.
    """
    details = (detail for detail in error.errors(include_url=False) if not _follows(detail))
    return [_finding(detail, data, model, planned) for detail in details]


def empties(data: object, place: Place = ()) -> Iterator[Finding]:
    """Yield every field that has a name and no value: a forgotten cap must not mean no cap."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from empties(value, (*place, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            yield from empties(value, (*place, position))
    elif data is None:
        yield Finding(place, "is empty: give a value or take the line out")


def shown(value: object) -> str:
    """Write a value as a message may quote it: short, in printable ASCII."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None:
        return "nothing"
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}..."  # noqa: PLR2004 - a line stays readable


def written(place: Place) -> str:
    """Write a place: earning[0].cap."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in place)
    return "".join(steps).removeprefix(".")


def _name(key: str) -> str:
    return key if re.fullmatch(r"[\w/-]{1,60}", key, re.ASCII) else shown(key)


def _finding(
    detail: ErrorDetails, data: object, model: type[BaseModel], planned: Mapping[str, str]
) -> Finding:
    place = _place(detail["loc"], data)
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    if detail["type"] == "missing":
        return Finding(place, f"{last} is missing")
    if detail["type"] == "extra_forbidden":
        return Finding((*place[:-1], last), _unknown(detail["loc"], model, planned))
    words = dict(detail.get("ctx", {}), shown=shown(detail["input"]))
    words["pattern"] = PATTERNS.get(str(words.get("pattern")), words.get("pattern"))
    template = REASONS.get(detail["type"])
    return Finding(place, template.format_map(words) if template else detail["msg"])


def _follows(detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because its entries were refused, each with its own reason."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _place(loc: tuple[int | str, ...], data: object) -> Place:
    """Follow the steps that the data has: Pydantic's also name branches of a union and missing fields."""
    place: list[str | int] = []
    here: Any = data
    for step in loc:
        steps = here if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        if step in steps:
            here = here[step]
            place.append(step)
    return tuple(place)


def _unknown(loc: tuple[int | str, ...], model: type[BaseModel], planned: Mapping[str, str]) -> str:
    name = str(loc[-1])
    if name in planned:
        return f"is not supported yet, so it is refused: {planned[name]}"
    known = _fields_at(loc[:-1], model)
    if name in known:
        return "does not go together with the other fields here"
    near = get_close_matches(name[:60], known, n=1)
    return "is no field here: " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}")


def _fields_at(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    owners = {model}
    for step in loc:
        inner = {part for owner in owners for part in _parts(owner.model_fields.get(str(step)))}
        owners = inner or owners  # a list position or a union's branch names no field
    return sorted({name for owner in owners for name in owner.model_fields})


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    annotation = getattr(annotation, "annotation", annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)

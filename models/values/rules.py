"""A rule of quality: what must hold for every row, as a sentence, with a severity, an owner and one check."""

import hashlib
import json
import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from models.values.activity import Kind
from models.values.part import Duration, Part

FIELDS: Final = ("kind", "member", "occurred_at", "amount", "currency", "order", "referred", "verified")
"""What every activity has or may have; attributes of a mapping are written `attributes.NAME`."""


MOST_REPEATED: Final = 255
"""PostgreSQL's own bound of one repetition (DUPMAX); here also of those within one another, multiplied."""


class Severity(StrEnum):
    """What happens to a row that breaks a rule: it is quarantined, passes and is counted, or is only noted."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


def _known_field(name: str) -> str:
    if name not in FIELDS and not re.fullmatch(r"attributes\.[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name[:60]} is no field: write {', '.join(FIELDS)} or attributes.NAME")
    return name


def _most_repeated(pattern: str) -> int:
    """Return how often a part may be repeated by counts like {2,20}, those of groups within groups multiplied."""
    levels, last = [1], 1
    for part in re.findall(r"\\.|\[\^?\]?[^\]]*\]|\{(?:\d+,)?\d+\}|.", pattern):
        if part == "(":
            levels.append(1)
        elif part == ")" and len(levels) > 1:
            last = levels.pop()
            levels[-1] = max(levels[-1], last)
        elif re.fullmatch(r"\{.+\}", part):
            last *= int(part.strip("{}").rpartition(",")[2])
            levels[-1] = max(levels[-1], last)
        else:
            last = 1
    return max(levels)


def _portable(pattern: str) -> str:
    """Refuse what PostgreSQL and Python do not read alike, or what can take for ever."""
    if re.search(r"\\[^.dsw\\/+*?()\[\]{}^$|-]|\(\?|\\[0-9]", pattern):
        raise ValueError(f"{pattern!r}: no lookaround, back reference or other escape than \\d \\s \\w")
    if re.search(r"[*+?}]\+", pattern):
        raise ValueError(f"{pattern!r}: no possessive repetition")
    if _most_repeated(pattern) > MOST_REPEATED:
        raise ValueError(
            f"{pattern!r}: repeats more than {MOST_REPEATED} times in all, which PostgreSQL refuses"
        )
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from error
    return pattern


def _words(name: str) -> str:
    if not re.fullmatch(_WORDS, name):
        raise ValueError(
            f"{name!r}: two words or more in small letters with _ between: amount_too_large, say"
        )
    return name


def _whole(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be a whole number; amounts are in minor units, so 50.00 is 5000")


def _bounded(value: int) -> int:
    if abs(value) > 2**53:
        raise ValueError("must stay within 2^53")
    return value


FieldName = Annotated[str, AfterValidator(_known_field)]
Whole = Annotated[int, BeforeValidator(_whole), AfterValidator(_bounded)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_WORDS = r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$"
Reason = Annotated[
    str,
    StringConstraints(max_length=60),
    AfterValidator(_words),
    Field(json_schema_extra={"pattern": _WORDS}),
]


class Between(Part):
    """A number within bounds that both belong to it. Amounts are in minor units."""

    field: FieldName
    min: Whole | None = None
    max: Whole | None = None

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("between: name min, max or both")
        if self.field != "amount" and not self.field.startswith("attributes."):
            raise ValueError(f"between: {self.field} is no number")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"between: nothing is between {self.min} and {self.max}")
        return self


_READ_AS = {"verified": frozenset({"true", "false"}), "kind": frozenset(kind.value for kind in Kind)}
"""What a mapping makes of a field whose texts it declares: a rule sees these, not the file's."""


class OneOf(Part):
    """A text out of a list."""

    field: FieldName
    values: Annotated[tuple[Text, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        known = _READ_AS.get(self.field)
        if known and not known & set(self.values):
            raise ValueError(
                f"one_of: {self.field} is read as {' or '.join(sorted(known))}, whatever the file says"
            )
        return self


class Matches(Part):
    """A text that fits a regular expression of the common kind, as a whole if it says ^ and $."""

    field: FieldName
    pattern: Annotated[Text, AfterValidator(_portable)]


class NotAfterNow(Part):
    """A time that is not later than the business time, give or take a tolerance for clocks."""

    field: Literal["occurred_at"]
    tolerance: Duration = timedelta()


class Form(Part):
    """A personal text of a common form. It is looked at while the file is read: what is kept of it is encrypted."""

    personal: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    form: Literal["email", "phone", "birthday", "ip"]


class Check(Part):
    """What a rule looks at: one of these, and a row that lacks the field breaks `required` alone.

    `read`: what the mapping must be able to read; the reasons are the mapping's own (`amount_unreadable`).
    """

    required: FieldName | None = None
    between: Between | None = None
    one_of: OneOf | None = None
    matches: Matches | None = None
    differ: tuple[FieldName, FieldName] | None = None
    not_after_now: NotAfterNow | None = None
    form: Form | None = None
    read: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")] | None = None

    @field_validator("differ")
    @classmethod
    def _are_two(cls, fields: tuple[str, str] | None) -> tuple[str, str] | None:
        if fields and fields[0] == fields[1]:
            raise ValueError(f"differ: {fields[0]} never differs from itself")
        return fields

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        said = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"check: say one of {', '.join(type(self).model_fields)}")
        return self


class When(Part):
    """Which rows a rule is about: all of it must be so; nothing said, every row."""

    kind: tuple[Kind, ...] = ()
    not_kind: tuple[Kind, ...] = ()
    has: tuple[FieldName, ...] = ()


class Rule(Part):
    """One rule. Its name is the reason that a row bears which breaks it; `sentence` says to a person what should be."""

    rule: Reason
    sentence: Annotated[str, StringConstraints(min_length=10, max_length=200, pattern=r"^[A-Z][^\n]*\.$")]
    family: Annotated[str, StringConstraints(pattern=r"^[a-z]{3,20}$")]
    severity: Severity = Severity.CRITICAL
    owner: Text
    when: When = When()
    check: Check

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that it looks at."""
        check = self.check
        single = [
            part.field for part in (check.between, check.one_of, check.matches, check.not_after_now) if part
        ]
        return (*self.when.has, *single, *(check.differ or ()), *filter(None, [check.required]))

    @property
    def attributes(self) -> tuple[str, ...]:
        """Return the names of the attributes that it looks at."""
        return tuple(f.partition(".")[2] for f in self.fields if f.startswith("attributes."))


def _told_apart(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    names = [rule.rule for rule in rules]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{min(twice)} is declared twice")
    return rules


def _of_activities(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    for rule in rules:
        if rule.check.read or rule.check.form:
            raise ValueError(f"{rule.rule} looks at how a file is written: it belongs to a mapping")
    return rules


Rules = Annotated[tuple[Rule, ...], Field(max_length=200), AfterValidator(_told_apart)]
ProgramRules = Annotated[Rules, AfterValidator(_of_activities)]
"""A program's rules are about activities, whatever file they came in."""


class Applied(Part):
    """A rule and when it applies: the rules of a program's version from its time on, until the next one's."""

    rule: Rule
    since: datetime | None = None
    until: datetime | None = None


class Ruleset(Part):
    """All rules that a batch is judged by; its version is a digest of them, whatever their words and order."""

    rules: tuple[Applied, ...]

    @property
    def version(self) -> str:
        """Return 12 hex digits over what is refused and how severely; a reworded sentence changes nothing."""
        told = sorted(one.model_dump_json(exclude={"rule": {"sentence", "owner"}}) for one in self.rules)
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]

    def of(self, severity: Severity) -> "Ruleset":
        """Return those of one severity."""
        return Ruleset(rules=tuple(one for one in self.rules if one.rule.severity is severity))

    @property
    def noted(self) -> frozenset[str]:
        """Return the reasons of severity info."""
        return frozenset(one.rule.rule for one in self.of(Severity.INFO).rules)

    @property
    def sentences(self) -> dict[str, str]:
        """Return what each reason says to a person."""
        return {one.rule.rule: one.rule.sentence for one in self.rules}

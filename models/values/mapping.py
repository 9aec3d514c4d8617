"""A mapping: which column of somebody's file is what to us. Written in YAML under `deployments/mappings`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from models.values.activity import Kind
from models.values.bounds import Bounds
from models.values.expected import Expected, Zone
from models.values.format import Delimited, Excel, Format, JsonLines, ParquetFormat
from models.values.money import currencies
from models.values.part import Part
from models.values.rules import Rules

__all__ = ["Bounds", "Delimited", "Excel", "JsonLines", "Mapping", "ParquetFormat"]

Column = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


def _known_currency(code: str) -> str:
    if code not in currencies():
        raise ValueError(f"{code!r} is no ISO 4217 currency code in use")
    return code


def _whole_date(pattern: str) -> str:
    """Refuse a pattern that does not say year, month and day: strptime would fill in 1900-01-01."""
    if pattern in {"iso", "unix", "unix_ms"}:
        return pattern
    sample = datetime(2019, 11, 28, 13, 47, 59, tzinfo=UTC)
    try:
        read = datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007 (only its date matters)
    except ValueError as error:
        raise ValueError(f"{pattern!r} is no time format") from error
    if read.date() != sample.date():
        raise ValueError(f"{pattern!r} does not say year, month and day")
    return pattern


Currency = Annotated[str, AfterValidator(_known_currency)]


class FromColumn(Part):
    """A value that stands in a column."""

    column: Column


class IdColumn(FromColumn):
    """The producer's id of the event. A prefix keeps apart what shares one source (`order:`, `refund:`)."""

    prefix: str = ""


class KindColumn(FromColumn):
    """The kind of activity, by the producer's words for it."""

    values: dict[str, Kind] = Field(min_length=1)


class TimeColumn(FromColumn):
    """When it was. Naive times need a zone; `fold` and `gap` decide the repeated and the missing hour."""

    format: Annotated[str, AfterValidator(_whole_date)] = "iso"
    zone: Zone | None = None
    fold: Literal["first", "second"] = "first"
    gap: Literal["forward", "refuse"] = "refuse"


class AmountColumn(FromColumn):
    """How much. `noise: round` takes a binary float within a millionth of a minor unit of a whole one."""

    unit: Literal["major", "minor"] = "major"
    currency: Currency | FromColumn
    currencies: tuple[Currency, ...] = ()
    noise: Literal["refuse", "round"] = "refuse"

    @model_validator(mode="after")
    def _accepts_something(self) -> Self:
        if isinstance(self.currency, FromColumn) and not self.currencies:
            raise ValueError("currencies: name those that are accepted where the currency is a column")
        if isinstance(self.currency, str) and self.currencies not in {(), (self.currency,)}:
            raise ValueError("currencies: a constant currency accepts only itself")
        return self

    @property
    def accepted(self) -> tuple[str, ...]:
        """Return the currencies that an amount may be in."""
        return (self.currency,) if isinstance(self.currency, str) else self.currencies


class VerifiedColumn(FromColumn):
    """Whether the producer verified it: true for the listed texts, false for any other, unknown if empty."""

    values: tuple[str, ...] = Field(min_length=1)


class Mapping(Part):
    """The declared meaning of a file's columns. A column may be a dotted path into JSON (`customer.id`).

    Without an `id` column, `mode` says what a repeated file is: a *snapshot* (ids from content: adding an
    attribute later gives every row a new id) or a *delta* (ids from file and line). `accept` refuses rows
    whose column holds another text. Only a mapping with an `order` may leave out the `member`, who is then
    the order's.
    """

    mapping: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    format: Format
    mode: Literal["snapshot", "delta"] | None = None
    id: IdColumn | None = None
    kind: Kind | KindColumn
    member: FromColumn | None = None
    occurred_at: TimeColumn
    amount: AmountColumn | None = None
    order: FromColumn | None = None
    referred: FromColumn | None = None
    verified: VerifiedColumn | None = None
    personal: dict[Name, Column] = Field(default_factory=dict)
    attributes: dict[Name, Column] = Field(default_factory=dict)
    accept: dict[Column, tuple[str, ...]] = Field(default_factory=dict)
    optional: tuple[Column, ...] = ()
    rules: Rules = ()
    bounds: Bounds = Bounds()
    expect: tuple[Expected, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which its days and hours are counted."""
        return ZoneInfo(self.occurred_at.zone or "UTC")

    @property
    def counted_fields(self) -> dict[str, str]:
        """Return the fields whose empty values are counted, each with the column that it is from."""
        roles = {name: column for name, column in self._roles() if name != "id"}
        ids = {"member": self.member, "referred": self.referred}
        parties = {name: part.column for name, part in ids.items() if part}
        return roles | parties | self.attributes | self.personal

    @cached_property
    def raw_columns(self) -> dict[str, str]:
        """Return the columns that are no personal data, by the name under which their text is kept."""
        named = dict(self._roles())
        taken = set(named.values()) | set(self.attributes.values())
        return named | self.attributes | {column: column for column in self.accept if column not in taken}

    @cached_property
    def person_columns(self) -> dict[str, str]:
        """Return the columns of personal data, by the name under which their text is kept."""
        ids = {"external_id": self.member, "referred_external_id": self.referred}
        return {name: part.column for name, part in ids.items() if part} | self.personal

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return every declared column, once."""
        return tuple(dict.fromkeys([*self.raw_columns.values(), *self.person_columns.values()]))

    def _roles(self) -> Iterator[tuple[str, str]]:
        for name in ("id", "kind", "occurred_at", "amount", "order", "verified"):
            part = getattr(self, name)
            if isinstance(part, FromColumn):
                yield name, part.column
        if self.amount and isinstance(self.amount.currency, FromColumn):
            yield "currency", self.amount.currency.column

    @model_validator(mode="before")
    @classmethod
    def _lets_snapshots_repeat(cls, declared: object) -> object:
        """Hold no snapshot for its duplicates unless told to: a longer export repeats all of the one before.

        It lies in what a snapshot is, so no mapping has to say it.
        """
        if not isinstance(declared, dict) or declared.get("mode") != "snapshot":
            return declared
        bounds = declared.get("bounds", {})
        return declared | {
            "bounds": {"max_duplicate_rate": 1} | bounds if isinstance(bounds, dict) else bounds
        }

    @field_validator("expect", mode="before")
    @classmethod
    def _one_or_several(cls, declared: object) -> object:
        return (declared,) if isinstance(declared, dict) else declared

    @model_validator(mode="after")
    def _bounds_what_there_is(self) -> Self:
        if unknown := set(self.bounds.max_null_rates) - set(self.counted_fields):
            raise ValueError(f"bounds: {min(unknown)} is no field of this mapping")
        if len({one.source for one in self.expect}) < len(self.expect):
            raise ValueError("expect: a source is named twice")
        return self

    @model_validator(mode="after")
    def _tells_rows_apart(self) -> Self:
        if self.id is None and self.mode is None:
            raise ValueError("mode: say snapshot or delta, or name an id column")
        if self.id is not None and self.mode is not None:
            raise ValueError("mode: an id column already tells rows apart")
        if self.member is None and self.order is None:
            raise ValueError("member: name a column, or an order whose member it is")
        return self

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        words = {"id", "kind", "occurred_at", "amount", "order", "verified", "currency"}
        if taken := words & set(self.attributes):
            raise ValueError(f"attributes: {min(taken)} is already a field's name")
        if taken := {"external_id", "referred_external_id"} & set(self.personal):
            raise ValueError(f"personal: {min(taken)} is already a field's name")
        if taken := (words | set(self.attributes)) & (set(self.accept) - set(self._roles_and_attributes())):
            raise ValueError(f"accept: {min(taken)} is already a field's name")
        if unknown := set(self.optional) - set(self.columns):
            raise ValueError(f"optional: {min(unknown)} is no declared column")
        return self

    @model_validator(mode="after")
    def _rules_see_what_is_kept(self) -> Self:
        for rule in self.rules:
            personal = rule.check.form and rule.check.form.personal
            if personal and personal not in self.person_columns:
                raise ValueError(f"rules: {rule.rule} looks at {personal}, which is no personal column here")
            for name in rule.attributes:
                if name not in self.attributes:
                    raise ValueError(
                        f"rules: {rule.rule} looks at attributes.{name}, which is no attribute here"
                    )
        return self

    def _roles_and_attributes(self) -> list[str]:
        return [*dict(self._roles()).values(), *self.attributes.values()]

    @model_validator(mode="after")
    def _keeps_persons_apart(self) -> Self:
        for personal in self.person_columns.values():
            for name, column in self.raw_columns.items():
                if f"{personal}.".startswith(f"{column}.") or f"{column}.".startswith(f"{personal}."):
                    part = "attributes" if name in self.attributes else "accept" if name == column else name
                    raise ValueError(f"{part}: column {column} holds personal data and is kept apart")
        return self

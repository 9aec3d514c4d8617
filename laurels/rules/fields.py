"""Fields with a small vocabulary of their own: kind, amount with currency, verified."""

from collections.abc import Callable, Mapping

from laurels.rules.money import minor_units
from laurels.rules.texts import field_text
from models.values.activity import Kind
from models.values.mapping import AmountColumn, FromColumn, KindColumn, VerifiedColumn
from models.values.money import minor_digits
from models.values.problem import Problem

Fields = Mapping[str, object]
Problems = list[tuple[str, str]]


def kind_field(declared: Kind | KindColumn) -> Callable[[Fields, Problems], str | None]:
    """Return the reader of the kind: a constant, or the producer's word looked up."""
    if isinstance(declared, Kind):
        constant = declared.value
        return lambda _fields, _problems: constant
    column, kinds = declared.column, {word: kind.value for word, kind in declared.values.items()}

    def read(fields: Fields, problems: Problems) -> str | None:
        word = (field_text(fields.get(column)) or "").strip()
        if word not in kinds:
            problems.append((Problem.KIND_UNKNOWN if word else Problem.KIND_MISSING, column))
        return kinds.get(word)

    return read


def amount_field(
    declared: AmountColumn | None,
) -> Callable[[Fields, Problems], tuple[int | None, str | None]]:
    """Return the reader of amount and currency. A row without an amount has no currency either."""
    if declared is None:
        return lambda _fields, _problems: (None, None)
    column, round_noise = declared.column, declared.noise == "round"
    major = declared.unit == "major"
    digits = {code: minor_digits(code) if major else 0 for code in declared.accepted}
    currency_of = _currency_field(declared)

    def read(fields: Fields, problems: Problems) -> tuple[int | None, str | None]:
        value = fields.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None, None
        currency = currency_of(fields, problems)
        if currency is None:
            return None, None
        minor, problem = minor_units(value, digits[currency], round_noise=round_noise)
        if problem:
            problems.append((problem, column))
        return minor, currency

    return read


def _currency_field(declared: AmountColumn) -> Callable[[Fields, Problems], str | None]:
    if not isinstance(declared.currency, FromColumn):
        constant = declared.currency
        return lambda _fields, _problems: constant
    column, accepted = declared.currency.column, frozenset(declared.currencies)

    def read(fields: Fields, problems: Problems) -> str | None:
        code = (field_text(fields.get(column)) or "").strip()
        if code in accepted:
            return code
        problems.append((Problem.CURRENCY_UNKNOWN if code else Problem.CURRENCY_MISSING, column))
        return None

    return read


def verified_field(declared: VerifiedColumn | None) -> Callable[[Fields], bool | None]:
    """Return the reader of `verified`: whether the text is one of those listed, None if there is no text."""
    if declared is None:
        return lambda _fields: None
    column, yes = declared.column, frozenset(declared.values)

    def read(fields: Fields) -> bool | None:
        text = (field_text(fields.get(column)) or "").strip()
        return text in yes if text else None

    return read

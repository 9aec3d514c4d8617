"""Transformations: declared changes of a refused row's texts, for many rows at once. What is in doubt is left alone."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from laurels.errors import RuleRefusedError
from laurels.rules import respelling
from laurels.rules.repairs import column_of, personal
from laurels.rules.respelling import Doubt
from laurels.rules.texts import trimmed
from models.values import mapping as declared
from models.values.money import currencies

_WRITTEN = re.compile(r"(?P<name>[a-z-]+)(:(?P<column>[^=]+))?(=(?P<argument>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Transformation:
    """One declared change: its name, the column (or field) it is of, and its argument, empty where it takes none."""

    name: str
    column: str
    argument: str = ""

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.name}:{self.column}" + (f"={self.argument}" if self.argument else "")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of transformation is written and what it does; `column` is its own one, empty: any may be named."""

    shape: str
    change: Callable[[str, str, declared.Mapping], str | Doubt]
    check: Callable[[str], None]
    column: str = ""
    only: bool = False


def transformation(text: str) -> Transformation:
    """Return what NAME[:COLUMN][=ARGUMENT] declares. Raises RuleRefusedError, naming those that there are."""
    match = _WRITTEN.fullmatch(text)
    name, argument = (match["name"], match["argument"] or "") if match else (text, "")
    if why := _NEVER.get(name):
        raise RuleRefusedError(f"{name}: {why}")
    if match is None or name not in _KINDS:
        shapes = ", ".join(kind.shape for kind in _KINDS.values())
        raise RuleRefusedError(f"{text}: no such transformation: there are {shapes}")
    kind = _KINDS[name]
    column = match["column"] or kind.column
    if not column:
        raise RuleRefusedError(f"{text}: name the column: {kind.shape}")
    try:
        kind.check(argument)
    except ValueError as error:
        raise RuleRefusedError(f"{text}: {error}: write {kind.shape}") from None
    return Transformation(name, column, argument)


def transformed(
    texts: Mapping[str, str], mapping: declared.Mapping, changes: Sequence[Transformation]
) -> dict[str, str] | Doubt:
    """Return the changed texts by column, one change after the other; a Doubt where one of them would be a guess.

    `texts` are a row's kept ones by column. Raises RuleRefusedError for a column that the mapping does not know,
    that is the event's id or personal (its text is not kept with the row), or that the transformation is not for.
    """
    now = dict(texts)
    for one in changes:
        column = _column(mapping, one)
        found = _KINDS[one.name].change(now.get(column, ""), one.argument, mapping)
        if isinstance(found, Doubt):
            return Doubt(f"{column} {found.why}")
        now[column] = found
    return {column: text for column, text in now.items() if text != texts.get(column, "")}


def _column(mapping: declared.Mapping, change: Transformation) -> str:
    column = column_of(mapping, change.column)
    if personal(mapping, {column: ""}):
        raise RuleRefusedError(
            f"{change}: {column} is personal and its text not kept with the row: `laurels quarantine replay ID --set`, "
            f"or `laurels quarantine export FILE --column {column}`, fill it in, `laurels quarantine repair FILE`"
        )
    kind = _KINDS[change.name]
    if kind.only and column != mapping.raw_columns.get(kind.column):
        raise RuleRefusedError(f"{change}: {column} is not the mapping's {kind.column}")
    return column


def _nothing(argument: str) -> None:
    if argument:
        raise ValueError("it takes no argument")


def _currency(argument: str) -> None:
    if argument not in currencies():
        raise ValueError(f"{argument or 'nothing'} is no ISO 4217 currency code in use")


_KINDS = {
    "zone": _Kind(
        "zone=AREA/CITY (or zone=AREA/CITY,first or ,second for the hour that comes twice)",
        lambda text, argument, mapping: respelling.zoned(text, argument, mapping.occurred_at.format),
        respelling.check_zone,
        "occurred_at",
        only=True,
    ),
    "date-order": _Kind(
        "date-order=dmy or date-order=mdy",
        lambda text, argument, mapping: respelling.ordered_date(text, argument, mapping.occurred_at.format),
        respelling.check_order,
        "occurred_at",
        only=True,
    ),
    "decimal-comma": _Kind(
        "decimal-comma[:COLUMN]", lambda text, _, __: respelling.decimal_point(text), _nothing, "amount"
    ),
    "trim": _Kind("trim:COLUMN", lambda text, _, __: trimmed(text), _nothing),
    "currency": _Kind(
        "currency=USD", lambda text, argument, _: text or argument, _currency, "currency", only=True
    ),
    "kind": _Kind(
        "kind=WORD:WORD (what stands there, and the mapping's word for it)",
        respelling.kind_word,
        respelling.check_words,
        "kind",
        only=True,
    ),
}
_NEVER = {
    "scientific": "digits are lost, and no transformation gives them back: take the id from where the file came from, "
    "by `quarantine export FILE --column COLUMN` and `quarantine repair FILE`, or send the file again under text ids"
}

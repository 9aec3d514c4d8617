"""Repairs: a kept row is read again through its mapping, with some of its columns mended."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from laurels.errors import RuleRefusedError
from laurels.rules.intake import record_again
from laurels.rules.reasons import CONFLICT
from models.values import mapping as declared
from models.values.activity import InboxRow
from models.values.record import Record
from models.values.rules import Rule, Severity

Edits = Mapping[str, str]
"""The mended text by column; an empty text empties the field."""


def edited_columns(mapping: declared.Mapping, edits: Edits) -> dict[str, str]:
    """Return the edits by column; they may be named by column or by field (`amount`, `member`, `email`).

    Raises RuleRefusedError for a name that the mapping does not know, for a column named twice, and for the
    event's id: with another id it would be another event.
    """
    columns: dict[str, str] = {}
    for name, text in edits.items():
        column = column_of(mapping, name)
        if column in columns:
            raise RuleRefusedError(f"{column} is mended twice: {name} is another name of it")
        columns[column] = text
    return columns


def column_of(mapping: declared.Mapping, name: str) -> str:
    """Return the column that is named by itself or by its field. Raises RuleRefusedError as `edited_columns` does."""
    column = name if name in mapping.columns else _fields(mapping).get(name)
    if column is None:
        raise RuleRefusedError(
            f"mapping {mapping.mapping} has no {name}: its columns are {', '.join(mapping.columns)}"
        )
    if mapping.id and column == mapping.id.column:
        raise RuleRefusedError(f"{name} is the event's id and stays: mend it in the file and send that again")
    return column


def kept_texts(kept: InboxRow, mapping: declared.Mapping) -> dict[str, str]:
    """Return what is kept of a row by column: texts that are not empty, none of a personal column."""
    columns = mapping.raw_columns
    return {columns[name]: text for name, text in kept.raw.items() if name in columns}


def personal(mapping: declared.Mapping, columns: Edits) -> list[str]:
    """Return which of the edited columns hold personal data, sorted: only their names may be told."""
    return sorted(set(columns) & set(mapping.person_columns.values()))


def read_again(
    kept: InboxRow,
    mapping: declared.Mapping,
    columns: Edits,
    to_row: Callable[[Record], InboxRow],
    rules: Iterable[Rule] = (),
) -> InboxRow:
    """Return what the mapping makes of a kept row with its edited columns.

    The personal ids themselves are not kept with the row: where their columns are not edited, ours stand as
    they were, and so does what was wrong with them. So does an amount that its kept text does not give. `person`
    holds what was edited, nothing else.
    """
    known = {name: text for name, text in kept.raw.items() if name in mapping.raw_columns}
    record = record_again(replace(kept, raw=known, person={}), mapping)
    again = to_row(Record(kept.line, {**record.fields, **columns}))
    for name, part in (("member_id", mapping.member), ("referred_id", mapping.referred)):
        if part is None or part.column not in columns:
            again = _as_it_was(again, kept, name)
    again = replace(again, problems=(*again.problems, *_still_misformed(kept, mapping, columns, rules)))
    if mapping.amount is None or mapping.amount.column in columns:
        return again
    return _with_the_amount_read(again, kept)


def stopping(problems: Iterable[str], rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return those of a row's problems that will stop it at the gate: all but those that a rule lets pass."""
    lenient = [rule for rule in rules if rule.severity is not Severity.CRITICAL]
    forms = {rule.rule for rule in lenient if rule.check.form}
    read = tuple(rule.check.read for rule in lenient if rule.check.read)
    return tuple(
        problem
        for problem in problems
        if problem not in forms and not any(problem == one or problem.startswith(f"{one}_") for one in read)
    )


def why_not_replayed(key: object, reasons: tuple[str, ...]) -> str | None:
    """Return what to do with a row that cannot be read again, None for one that can."""
    if key is None:
        return "could not be told apart into fields, so nothing of it is kept: mend the file, or dismiss"
    if CONFLICT in reasons:
        return "is a conflict, and the event that came first stands: send it under a new event id, or dismiss"
    if any(reason.startswith("event_id_") for reason in reasons):
        return "has no event id, which keeps events apart: mend the file and send it again, or dismiss"
    return None


def _fields(mapping: declared.Mapping) -> dict[str, str]:
    ids = {"member": mapping.member, "referred": mapping.referred}
    named = {name: part.column for name, part in ids.items() if part}
    return mapping.person_columns | mapping.raw_columns | named


def _still_misformed(
    kept: InboxRow, mapping: declared.Mapping, columns: Edits, rules: Iterable[Rule]
) -> list[str]:
    """Return what was wrong with the form of personal texts that are not edited: they are not here to be looked at."""
    looked_at = {
        rule.rule: mapping.personal.get(rule.check.form.personal) for rule in rules if rule.check.form
    }
    return [one for one in kept.problems if (column := looked_at.get(one)) and column not in columns]


def _as_it_was(again: InboxRow, kept: InboxRow, name: str) -> InboxRow:
    others = [problem for problem in again.problems if not problem.startswith(f"{name}_")]
    same = [problem for problem in kept.problems if problem.startswith(f"{name}_")]
    value = kept.member_id if name == "member_id" else kept.referred_id
    if name == "member_id":
        return replace(again, member_id=value, problems=(*others, *same))
    return replace(again, referred_id=value, problems=(*others, *same))


def _with_the_amount_read(again: InboxRow, kept: InboxRow) -> InboxRow:
    """Keep an amount that can no longer be read: it came as a number, and of a float the text shows the noise."""
    lost = again.amount_minor is None and again.currency == kept.currency
    if kept.amount_minor is None or not lost:
        return again
    others = tuple(problem for problem in again.problems if not problem.startswith("amount_"))
    return replace(again, amount_minor=kept.amount_minor, problems=others)

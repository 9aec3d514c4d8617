"""Intake: one record and its mapping make one inbox row. Nothing is judged here, only read or not readable.

A mapping is compiled once for a file; what comes out is called for each of its rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from laurels.errors import RuleRefusedError
from laurels.rules.fields import amount_field, kind_field, verified_field
from laurels.rules.forms import FormCheck, form_checks
from laurels.rules.identity import id_text, member_ids, order_id
from laurels.rules.texts import canonical_digest, field_text
from laurels.rules.times import EPOCH, time_reader
from models.values import mapping as declared
from models.values.activity import InboxRow
from models.values.problem import Problem
from models.values.record import Record
from models.values.rules import Rule

Fields = Mapping[str, object]


def inbox_row(
    record: Record, mapping: declared.Mapping, source: str, member_key: bytes, file_sha256: str | None = None
) -> InboxRow:
    """Return what the mapping makes of one record (`compile_mapping` does the same for many)."""
    return compile_mapping(mapping, source, member_key, file_sha256)(record)


def compile_mapping(
    mapping: declared.Mapping,
    source: str,
    member_key: bytes,
    file_sha256: str | None = None,
    *,
    rules: Iterable[Rule] = (),
    today: date | None = None,
) -> Callable[[Record], InboxRow]:
    """Return the function from a record to its inbox row.

    Of `rules` those about the form of personal texts are looked at here, where the texts are: what breaks one has
    its reason among its problems. `today` is for birthdays.

    `member_key` keys member ids; `file_sha256` (`content_sha256` of its facts) is needed for a delta file
    only, whose ids are `<digest>:<line>`, and `.<part>` after it if one line held several. Raises
    RuleRefusedError for a delta file without it.
    """
    if mapping.mode == "delta" and not file_sha256:
        raise RuleRefusedError(
            f"mapping {mapping.mapping} makes ids from file and line: the file's digest is missing"
        )
    return _Compiled(mapping, source, member_key, file_sha256, form_checks(mapping, rules, today)).row


def digest_again(row: InboxRow, mapping: declared.Mapping) -> bytes:
    """Return the digest that a kept row without problems would have had if it had come in as it is now."""
    parties = (
        row.kind,
        row.member_id,
        row.occurred_at,
        row.amount_minor,
        row.currency,
        row.order_id,
        row.referred_id,
    )
    attributes = [(name, row.raw.get(name)) for name in sorted(mapping.attributes)]
    return canonical_digest(*_canonical(*parties, row.verified), [], attributes)


def record_again(row: InboxRow, mapping: declared.Mapping) -> Record:
    """Return the record that a kept row came from, to read it anew after a repair of `raw` or `person`."""
    kept: dict[str, object] = {mapping.raw_columns[name]: text for name, text in row.raw.items()}
    person = {mapping.person_columns[name]: text for name, text in row.person.items()}
    return Record(row.line, kept | person)


class _Compiled:
    """A mapping with all decisions taken that do not depend on the row."""

    def __init__(
        self,
        mapping: declared.Mapping,
        source: str,
        member_key: bytes,
        file_sha256: str | None,
        forms: Sequence[FormCheck],
    ) -> None:
        self._forms = forms
        self._source = source
        self._delta = file_sha256 if mapping.mode == "delta" else None
        self._id = mapping.id
        self._member = _column(mapping.member)
        self._referred = _column(mapping.referred)
        self._order = _column(mapping.order)
        self._member_id = member_ids(source, member_key)
        self._kind = kind_field(mapping.kind)
        self._time = time_reader(mapping.occurred_at)
        self._time_column = mapping.occurred_at.column
        self._amount = amount_field(mapping.amount)
        self._verified = verified_field(mapping.verified)
        self._accept = [(column, frozenset(texts)) for column, texts in mapping.accept.items()]
        self._raw = list(mapping.raw_columns.items())
        self._person = list(mapping.person_columns.items())
        self._attributes = sorted(mapping.attributes)
        self._dotted = [(column, column.split(".")) for column in mapping.columns if "." in column]
        self._ids = [
            (name, column)
            for name, column in (
                ("member_id", self._member),
                ("order_id", self._order),
                ("referred_id", self._referred),
            )
            if column
        ]

    def row(self, record: Record) -> InboxRow:
        """Read one record."""
        fields = _flat(record.fields, self._dotted) if self._dotted else record.fields
        problems: list[tuple[str, str]] = []  # and the column that has it
        event_id = self._event_id(record, fields, problems)
        kind = self._kind(fields, problems)
        occurred_at = self._occurred_at(fields, problems)
        amount, currency = self._amount(fields, problems)
        member, order, referred = self._parties(fields, problems)
        verified = self._verified(fields)
        self._check_accepted(fields, problems)
        raw = _texts(fields, self._raw)
        person = _texts(fields, self._person)
        misformed = [
            one.reason for one in self._forms if one.name in person and not one.test(person[one.name])
        ]
        return InboxRow(
            line=record.line,
            source=self._source,
            event_id=event_id,
            digest=canonical_digest(
                *_canonical(kind, member, occurred_at, amount, currency, order, referred, verified),
                [(problem, field_text(fields.get(column))) for problem, column in problems],
                [(name, raw.get(name)) for name in self._attributes],
            ),
            kind=kind,
            member_id=member,
            occurred_at=occurred_at,
            amount_minor=amount,
            currency=currency,
            order_id=order,
            referred_id=referred,
            verified=verified,
            problems=(*(problem for problem, _ in problems), *misformed),
            raw=raw,
            person=person,
        )

    def _event_id(self, record: Record, fields: Fields, problems: list[tuple[str, str]]) -> str | None:
        if self._id is not None:
            text, problem = id_text(fields.get(self._id.column), "event_id")
            if text is None:
                problems.append((problem or Problem.EVENT_ID_MISSING, self._id.column))
            return text and self._id.prefix + text
        if self._delta:
            return f"{self._delta}:{record.line}" + (f".{record.part}" if record.part else "")
        return None

    def _occurred_at(self, fields: Fields, problems: list[tuple[str, str]]) -> datetime | None:
        moment, problem = self._time(fields.get(self._time_column))
        if problem:
            problems.append((problem, self._time_column))
        return moment

    def _parties(
        self, fields: Fields, problems: list[tuple[str, str]]
    ) -> tuple[UUID | None, UUID | None, UUID | None]:
        found: dict[str, str] = {}
        for name, column in self._ids:
            text, problem = id_text(fields.get(column), name)
            if text is not None:
                found[name] = text
            elif problem or name == "member_id":
                problems.append((problem or Problem.MEMBER_ID_MISSING, column))
        member, order, referred = found.get("member_id"), found.get("order_id"), found.get("referred_id")
        return (
            self._member_id(member) if member else None,
            order_id(self._source, order) if order else None,
            self._member_id(referred) if referred else None,
        )

    def _check_accepted(self, fields: Fields, problems: list[tuple[str, str]]) -> None:
        for column, texts in self._accept:
            if field_text(fields.get(column)) not in texts:
                problems.append((Problem.NOT_ACCEPTED, column))


def _column(part: declared.FromColumn | None) -> str | None:
    return part.column if part else None


def _texts(fields: Fields, columns: list[tuple[str, str]]) -> dict[str, str]:
    """Return the texts of those columns that are there and not empty; most are text already."""
    found = {}
    for name, column in columns:
        value = fields.get(column)
        text = value if value.__class__ is str else field_text(value)
        if text:
            found[name] = text
    return found


def _flat(fields: Fields, dotted: list[tuple[str, list[str]]]) -> Fields:
    """Add the values of dotted paths under the whole path, unless a column bears it as its name."""
    flat = dict(fields)
    for column, path in dotted:
        if column not in flat:
            value: object = fields
            for key in path:
                value = value.get(key) if isinstance(value, Mapping) else None
            flat[column] = value
    return flat


def _canonical(
    kind: str | None,
    member: UUID | None,
    occurred_at: datetime | None,
    amount: int | None,
    currency: str | None,
    order: UUID | None,
    referred: UUID | None,
    verified: bool | None,
) -> tuple[object, ...]:
    """Return the typed fields of a row as the digest takes them, in its order."""
    return (
        kind,
        _text(member),
        _micros(occurred_at),
        amount,
        currency,
        _text(order),
        _text(referred),
        verified,
    )


def _text(part: UUID | None) -> str | None:
    return part.hex if part else None


def _micros(moment: datetime | None) -> int | None:
    return (moment - EPOCH) // timedelta(microseconds=1) if moment else None

"""What a mapping may say, and what it may not."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.values.mapping import Bounds, Delimited, JsonLines, Mapping
from tests.mappings import mapping_of

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"bounds": {"max_null_rates": {"email": 0.1}}}, "bounds: email is no field of this mapping"),
    ({"bounds": {"max_null_rates": {"order": 1.1}}}, "less than or equal to 1"),
    ({"bounds": {"max_age": "soon"}}, "must be a whole number and a unit"),
    ({"bounds": {"max_category_drift": 0}}, "greater than 0"),
    ({"bounds": {"hold_for": ["moved"]}}, "'added', 'missing', 'renamed', 'reordered' or 'retyped'"),
    ({"expect": [{"source": "a", "by": "06:00"}, {"source": "a", "by": "07:00"}]}, "a source is named twice"),
    ({"id": None}, "mode: say snapshot or delta"),
    ({"mode": "delta"}, "an id column already tells rows apart"),
    ({"member": None, "order": None}, "member: name a column"),
    ({"colour": "red"}, "Extra inputs"),
    ({"mapping": "Über"}, "pattern"),
    ({"kind": "sale"}, "purchase"),
    ({"kind": {"column": "k", "values": {}}}, "at least 1"),
    ({"kind": {"column": "k", "values": {"x": "sale"}}}, "purchase"),
    ({"occurred_at": {"column": "at", "zone": "CET+1"}}, "no IANA time zone"),
    ({"occurred_at": {"column": "at", "zone": "../etc/passwd"}}, "no IANA time zone"),
    ({"occurred_at": {"column": "at", "format": "%H:%M"}}, "does not say year, month and day"),
    ({"occurred_at": {"column": "at", "format": "%m/%d"}}, "no"),
    ({"occurred_at": {"column": "at", "format": "%Q"}}, "no"),
    ({"occurred_at": {"column": "at", "fold": "third"}}, "first"),
    ({"amount": {"column": "a"}}, "currency"),
    ({"amount": {"column": "a", "currency": "XTS"}}, "no ISO 4217"),
    ({"amount": {"column": "a", "currency": "usd"}}, "no ISO 4217"),
    ({"amount": {"column": "a", "currency": {"column": "c"}}}, "currencies: name those"),
    ({"amount": {"column": "a", "currency": "USD", "currencies": ["EUR"]}}, "accepts only itself"),
    ({"personal": {"external_id": "x"}}, "external_id is already a field's name"),
    ({"attributes": {"amount": "x"}}, "amount is already a field's name"),
    ({"attributes": {"Name with space": "x"}}, "pattern"),
    ({"attributes": {"who": "member"}}, "column member holds personal data"),
    (
        {"attributes": {"all": "customer"}, "personal": {"email": "customer.email"}},
        "column customer holds personal data",
    ),
    (
        {"attributes": {"part": "contact.email"}, "personal": {"contact": "contact"}},
        "column contact.email holds",
    ),
    ({"id": {"column": "member"}}, "id: column member holds personal data"),
    (
        {"accept": {"amount": ["1"]}, "amount": {"column": "total", "currency": "USD"}},
        "accept: amount is already",
    ),
    ({"accept": {"member": ["1"]}}, "accept: column member holds personal data"),
    ({"optional": ["nowhere"]}, "optional: nowhere is no declared column"),
    ({"bounds": {"max_refused_rate": 1.1}}, "less than or equal to 1"),
    ({"bounds": {"max_rows": 0}}, "greater than or equal to 1"),
    ({"format": {"type": "xml"}}, "xml"),
    ({"format": {"type": "csv", "header": False}}, "columns: name them"),
    ({"format": {"type": "csv", "columns": ["a"]}}, "columns: name them"),
    ({"format": {"type": "csv", "header": False, "columns": ["a", "a"]}}, "one is named twice"),
    ({"format": {"type": "csv", "delimiter": "::"}}, "neither one ASCII sign"),
    ({"format": {"type": "csv", "delimiter": '"'}}, "neither one ASCII sign"),
    ({"format": {"type": "csv", "delimiter": "\n"}}, "neither one ASCII sign"),
    ({"format": {"type": "csv", "encoding": "klingon"}}, "no text encoding"),
    ({"format": {"type": "csv", "encoding": "base64"}}, "no text encoding"),
    ({"format": {"type": "csv", "encoding": "rot13"}}, "no text encoding"),
    ({"format": {"type": "parquet", "delimiter": ","}}, "Extra inputs"),
    ({"format": {"type": "excel", "sheet": -1}}, "greater than or equal to 0"),
    ({"format": {"type": "excel", "sheet": ""}}, "at least 1 character"),
    ({"bounds": {"max_bytes": 0}}, "greater than or equal to 1"),
]


@pytest.mark.parametrize(("parts", "reason"), REFUSED)
def test_what_makes_no_sense_is_refused(parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=r"(?s)" + reason.replace(".", r"\.").replace("(", r"\(")):
        mapping_of(**parts)


def test_defaults_are_the_cautious_ones() -> None:
    mapping = mapping_of()
    assert mapping.bounds == Bounds(
        min_rows=1, max_rows=100_000_000, max_bytes=64 << 30, max_duplicate_rate=0.5, max_refused_rate=0.5
    )
    assert (mapping.occurred_at.format, mapping.occurred_at.zone) == ("iso", None)
    assert (mapping.occurred_at.fold, mapping.occurred_at.gap) == ("first", "refuse")
    assert mapping.amount is not None
    assert (mapping.amount.unit, mapping.amount.noise, mapping.amount.accepted) == (
        "major",
        "refuse",
        ("USD",),
    )


def test_a_snapshot_may_repeat_all_it_said_before_unless_its_mapping_says_otherwise() -> None:
    snapshot = {"id": None, "mode": "snapshot"}
    assert mapping_of(**snapshot).bounds == Bounds(max_duplicate_rate=1)
    assert mapping_of(**snapshot, bounds={"min_rows": 5}).bounds == Bounds(min_rows=5, max_duplicate_rate=1)
    assert mapping_of(**snapshot, bounds={"max_duplicate_rate": 0.5}).bounds == Bounds()
    assert mapping_of(id=None, mode="delta").bounds == Bounds()


def test_a_mapping_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        mapping_of().mapping = "other"  # type: ignore[misc]


def test_columns_are_parted_into_open_and_personal_ones() -> None:
    mapping = mapping_of(
        referred={"column": "friend"},
        personal={"email": "mail"},
        attributes={"channel": "via"},
        accept={"status": ["paid"], "via": ["web"]},
        amount={"column": "amount", "currency": {"column": "cur"}, "currencies": ["USD"]},
    )
    assert mapping.raw_columns == {
        "id": "id",
        "occurred_at": "at",
        "amount": "amount",
        "order": "order",
        "currency": "cur",
        "channel": "via",
        "status": "status",
    }
    assert mapping.person_columns == {
        "external_id": "member",
        "referred_external_id": "friend",
        "email": "mail",
    }
    assert set(mapping.columns) == {
        "id",
        "at",
        "amount",
        "order",
        "cur",
        "via",
        "status",
        "member",
        "friend",
        "mail",
    }
    assert len(mapping.columns) == len(set(mapping.columns))


def test_a_member_may_be_the_orders() -> None:
    assert mapping_of(member=None).person_columns == {}


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-8", "latin-1", "cp1252", "ascii", "utf-16", "utf-16-be", "utf-32", "shift_jis"],
)
def test_encodings_of_text_are_taken(encoding: str) -> None:
    assert isinstance(mapping_of(format={"type": "jsonl", "encoding": encoding}), Mapping)


def test_the_fields_whose_nulls_count_are_those_that_there_are() -> None:
    mapping = mapping_of(
        kind={"column": "k", "values": {"x": "purchase"}},
        referred={"column": "r"},
        amount={"column": "amount", "currency": {"column": "c"}, "currencies": ["USD"]},
        attributes={"channel": "ch"},
        personal={"email": "e"},
    )
    assert mapping.counted_fields == {
        "kind": "k",
        "occurred_at": "at",
        "amount": "amount",
        "order": "order",
        "currency": "c",
        "member": "member",
        "referred": "r",
        "channel": "ch",
        "email": "e",
    }


def test_one_expectation_needs_no_list() -> None:
    assert (
        mapping_of(expect={"source": "a", "by": "06:00"}).expect
        == mapping_of(expect=[{"source": "a", "by": "06:00"}]).expect
    )


def test_days_are_counted_in_the_zone_of_the_times() -> None:
    assert mapping_of(occurred_at={"column": "at", "zone": "Asia/Tokyo"}).zone.key == "Asia/Tokyo"
    assert mapping_of().zone.key == "UTC"


def test_encoding_and_delimiter_are_left_to_be_found() -> None:
    csv = mapping_of().format
    assert isinstance(csv, Delimited)
    assert (csv.encoding, csv.delimiter) == (None, None)
    jsonl = mapping_of(format={"type": "jsonl"}).format
    assert isinstance(jsonl, JsonLines)
    assert jsonl.encoding is None

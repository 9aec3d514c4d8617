"""Repairs: a kept row read again with some columns mended, and which rows cannot be."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import RuleRefusedError
from laurels.rules.intake import compile_mapping
from laurels.rules.repairs import edited_columns, personal, read_again, why_not_replayed
from models.values.activity import InboxRow
from models.values.mapping import Mapping
from models.values.record import Record
from tests.mappings import KEY, SOURCE, mapping_of

MAPPING = mapping_of(
    referred={"column": "friend"},
    personal={"email": "mail"},
    attributes={"channel": "via"},
    accept={"test": ("no",)},
)
FIELDS = {
    "id": "e1",
    "member": "m1",
    "friend": "f1",
    "at": "2026-06-10T12:00:00Z",
    "amount": "12.50",
    "order": "o1",
    "mail": "a@example.org",
    "via": "web",
    "test": "no",
}


def kept(mapping: Mapping = MAPPING, **changes: str) -> InboxRow:
    """A row as the store keeps it: without what is personal."""
    return replace(compile_mapping(mapping, SOURCE, KEY)(Record(1, FIELDS | changes)), person={})


def again(row: InboxRow, mapping: Mapping = MAPPING, **edits: str) -> InboxRow:
    return read_again(row, mapping, edited_columns(mapping, edits), compile_mapping(mapping, SOURCE, KEY))


@pytest.mark.parametrize(
    ("bad", "edits"),
    [
        ({"amount": "12,50"}, {"amount": "12.50"}),
        ({"at": "10/06/2026"}, {"occurred_at": "2026-06-10T12:00:00Z"}),
        ({"member": "1.23E+15"}, {"member": "m1"}),
        ({"member": ""}, {"external_id": "m1"}),
        ({"friend": "1.23E+15"}, {"referred": "f1"}),
        ({"test": "yes"}, {"test": "no"}),
        ({"via": "wbe"}, {"channel": "web"}),
        ({"order": "4.5E+08", "amount": "NaN"}, {"order": "o1", "amount": "12.50"}),
    ],
)
def test_a_mended_row_is_what_it_had_been_without_the_fault(
    bad: dict[str, str], edits: dict[str, str]
) -> None:
    mended, good = again(kept(**bad), **edits), kept()
    assert replace(mended, digest=good.digest, person={}) == good
    assert mended.problems == ()


@pytest.mark.parametrize("value", [11.770000000000001, 4.44e-16, 0.1 + 0.2, 1e16 / 1e7, 12.5])
def test_an_amount_that_was_read_from_a_float_is_not_read_anew_from_its_text(value: float) -> None:
    rounding = mapping_of(amount={"column": "amount", "currency": "USD", "noise": "round"})
    row = compile_mapping(rounding, SOURCE, KEY)(Record(1, FIELDS | {"at": "", "amount": value}))
    assert row.problems == ("time_missing",)
    mended = again(row, rounding, at="2026-06-10T12:00:00Z")
    assert (mended.amount_minor, mended.currency, mended.problems) == (round(value * 100), "USD", ())


@pytest.mark.parametrize(
    ("was", "edits", "problems"),
    [
        ("12.50", {"amount": "12,50"}, ("amount_decimal_comma",)),
        ("12,50", {"at": "2026-06-10T12:00:00Z"}, ("amount_decimal_comma",)),
        ("12.50", {"amount": ""}, ()),
    ],
)
def test_an_amount_that_is_edited_or_was_wrong_before_is_read_anew(
    was: str, edits: dict[str, str], problems: tuple[str, ...]
) -> None:
    mended = again(kept(amount=was, at=""), **{"at": "2026-06-10T12:00:00Z", **edits})
    assert (mended.amount_minor, mended.problems) == (None, problems)


def test_a_mapping_that_reads_the_amount_otherwise_now_is_followed() -> None:
    cents = mapping_of(amount={"column": "amount", "currency": "USD", "unit": "minor"})
    assert again(kept(amount="1250"), cents).amount_minor == 1250
    yen = mapping_of(amount={"column": "amount", "currency": "JPY"})
    assert again(kept(amount="12.50"), yen).problems == ("amount_too_precise",)


def test_what_is_personal_goes_to_the_person_and_nowhere_else() -> None:
    mended = again(kept(), mail="b@example.org", member="m2")
    assert mended.person == {"email": "b@example.org", "external_id": "m2"}
    assert "b@example.org" not in repr(mended.raw)
    assert personal(MAPPING, edited_columns(MAPPING, {"email": "x", "member": "y", "amount": "1"})) == [
        "mail",
        "member",
    ]


@given(
    st.dictionaries(
        st.sampled_from(["member", "friend", "at", "amount", "order", "test"]),
        st.sampled_from(["", "1E+9", "x,y", "no"]),
    )
)
def test_without_edits_everything_stays_as_it_was(changes: dict[str, str]) -> None:
    row = kept(**changes)
    same = again(row)
    assert sorted(same.problems) == sorted(row.problems)
    assert replace(same, digest=row.digest, problems=row.problems) == row


def test_a_member_that_could_not_be_read_stays_unread_until_its_column_is_mended() -> None:
    row = kept(member="1.23E+15", amount="12,50")
    assert again(row, amount="12.50").problems == ("member_id_scientific",)
    assert again(row, amount="12.50", member="m1").problems == ()
    assert again(kept(), member="").problems == ("member_id_missing",)


def test_a_field_that_the_mapping_has_no_more_is_left_out() -> None:
    row = kept()
    assert again(row, mapping_of()).raw == {
        name: row.raw[name] for name in ("id", "occurred_at", "amount", "order")
    }


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ({"colour": "red"}, "has no colour: its columns are"),
        ({"id": "e2"}, "event's id and stays"),
        ({"at": "x", "occurred_at": "y"}, "at is mended twice"),
    ],
)
def test_edits_that_cannot_be_meant_are_refused(edits: dict[str, str], why: str) -> None:
    with pytest.raises(RuleRefusedError, match=why):
        edited_columns(MAPPING, edits)


def test_what_cannot_be_replayed_says_what_to_do_instead() -> None:
    assert "mend the file" in str(why_not_replayed(None, ("row_ragged",)))
    assert "new event id" in str(why_not_replayed("key", ("conflict",)))
    assert "no event id" in str(why_not_replayed("key", ("event_id_scientific", "time_missing")))
    assert why_not_replayed("key", ("time_missing",)) is None

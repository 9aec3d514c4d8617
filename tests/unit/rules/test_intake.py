"""One record and its mapping make one inbox row."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import RuleRefusedError
from laurels.rules.identity import member_ids, order_id
from laurels.rules.intake import compile_mapping, digest_again, inbox_row, record_again
from laurels.rules.texts import canonical_digest, field_text
from models.values.activity import InboxRow
from models.values.mapping import Mapping
from models.values.record import Record
from tests.mappings import KEY, SOURCE, mapping_of

WHOLE = mapping_of(
    id={"column": "id", "prefix": "order:"},
    kind={"column": "type", "values": {"sale": "purchase", "invite": "referral"}},
    amount={"column": "amount", "currency": {"column": "cur"}, "currencies": ["USD", "JPY"]},
    referred={"column": "friend"},
    verified={"column": "ok", "values": ["yes", "true"]},
    personal={"email": "mail"},
    attributes={"channel": "via"},
    accept={"status": ["paid"]},
)
FIELDS: dict[str, object] = {
    "id": "1001",
    "type": "sale",
    "member": "00042",
    "at": "2026-07-01T12:00:00+02:00",
    "amount": "12.50",
    "cur": "USD",
    "order": "7",
    "friend": "00043",
    "ok": "yes",
    "mail": "ann@example.org",
    "via": "web",
    "status": "paid",
    "not declared": "dropped",
}
SNAPSHOT = WHOLE.model_copy(update={"id": None, "mode": "snapshot"})


def row_of(changes: dict[str, object], mapping: Mapping = WHOLE, line: int = 2) -> InboxRow:
    return inbox_row(Record(line, FIELDS | changes), mapping, SOURCE, KEY)


def test_a_whole_row() -> None:
    member = member_ids(SOURCE, KEY)
    row = row_of({})
    assert row == InboxRow(
        line=2,
        source=SOURCE,
        event_id="order:1001",
        digest=row.digest,
        kind="purchase",
        member_id=member("00042"),
        occurred_at=datetime(2026, 7, 1, 10, tzinfo=UTC),
        amount_minor=1250,
        currency="USD",
        order_id=order_id(SOURCE, "7"),
        referred_id=member("00043"),
        verified=True,
        problems=(),
        raw={
            "id": "1001",
            "kind": "sale",
            "occurred_at": "2026-07-01T12:00:00+02:00",
            "amount": "12.50",
            "order": "7",
            "verified": "yes",
            "currency": "USD",
            "channel": "web",
            "status": "paid",
        },
        person={"external_id": "00042", "referred_external_id": "00043", "email": "ann@example.org"},
    )


PROBLEMS: list[tuple[dict[str, object], tuple[str, ...]]] = [
    ({"id": ""}, ("event_id_missing",)),
    ({"id": "1.23E+15"}, ("event_id_scientific",)),
    ({"member": None}, ("member_id_missing",)),
    ({"member": "1.23E+15"}, ("member_id_scientific",)),
    ({"member": "x" * 300}, ("member_id_too_long",)),
    ({"order": 1.5}, ("order_id_scientific",)),
    ({"order": ""}, ()),
    ({"friend": "1E+12"}, ("referred_id_scientific",)),
    ({"friend": ""}, ()),
    ({"type": "gift"}, ("kind_unknown",)),
    ({"type": ""}, ("kind_missing",)),
    ({"type": "Sale"}, ("kind_unknown",)),
    ({"at": "yesterday"}, ("time_unreadable",)),
    ({"at": "2026-07-01 12:00"}, ("time_without_zone",)),
    ({"at": None}, ("time_missing",)),
    ({"amount": "12,50"}, ("amount_decimal_comma",)),
    ({"amount": "NaN"}, ("amount_not_a_number",)),
    ({"amount": "-5"}, ()),  # the gate's to judge, as is a time in the future
    ({"at": "2099-01-01T00:00:00Z"}, ()),
    ({"amount": "12.50", "cur": "JPY"}, ("amount_too_precise",)),
    ({"cur": "XYZ"}, ("currency_unknown",)),
    ({"cur": "usd"}, ("currency_unknown",)),
    ({"cur": ""}, ("currency_missing",)),
    ({"amount": "", "cur": ""}, ()),
    ({"status": "open"}, ("not_accepted",)),
    ({"status": None}, ("not_accepted",)),
    (
        {
            "id": "",
            "type": "",
            "at": "",
            "amount": "x",
            "member": "",
            "order": 1.0,
            "friend": 2.0,
            "status": "",
        },
        (
            *("event_id_missing", "kind_missing", "time_missing", "amount_unreadable", "member_id_missing"),
            *("order_id_scientific", "referred_id_scientific", "not_accepted"),
        ),
    ),
]


@pytest.mark.parametrize(("changes", "problems"), PROBLEMS)
def test_what_cannot_be_read_is_named_and_left_empty(
    changes: dict[str, object], problems: tuple[str, ...]
) -> None:
    row = row_of(changes)
    assert row.problems == problems
    for name, problem in {
        "event_id": "event_id",
        "kind": "kind",
        "occurred_at": "time",
        "amount_minor": "amount",
        "currency": "currency",
        "member_id": "member_id",
        "order_id": "order_id",
        "referred_id": "referred_id",
    }.items():
        if any(one.startswith(f"{problem}_") for one in problems):
            assert getattr(row, name) is None


@pytest.mark.parametrize(
    ("text", "verified"), [("yes", True), (True, True), ("no", False), (False, False), ("", None)]
)
def test_verified_is_true_false_or_not_known(text: object, verified: bool | None) -> None:
    assert row_of({"ok": text}).verified is verified


def test_personal_data_is_nowhere_but_in_person() -> None:
    row = row_of({"at": "broken", "amount": "broken"})
    elsewhere = repr(replace(row, person={}))
    assert not [text for text in ("ann@example.org", "00042", "00043") if text in elsewhere]
    assert "dropped" not in repr(row)


def test_an_amount_in_minor_units_is_taken_as_it_is() -> None:
    mapping = mapping_of(amount={"column": "amount", "unit": "minor", "currency": "USD"})
    assert row_of({"amount": "1250"}, mapping).amount_minor == 1250
    assert row_of({"amount": "12.5"}, mapping).problems == ("amount_too_precise",)


def test_a_path_leads_into_objects_unless_a_column_bears_its_name() -> None:
    mapping = mapping_of(member={"column": "customer.id"})
    member = member_ids(SOURCE, KEY)
    assert row_of({"customer": {"id": 7}}, mapping).member_id == member("7")
    assert row_of({"customer": {"id": 7}, "customer.id": "8"}, mapping).member_id == member("8")
    for broken in (None, "7", [7], {}, {"id": None}):
        assert row_of({"customer": broken}, mapping).problems == ("member_id_missing",)
    assert row_of({}, mapping).problems == ("member_id_missing",)


def test_a_refund_without_a_member_of_its_own_has_no_problem() -> None:
    row = row_of({}, mapping_of(member=None, kind="refund"))
    assert (row.member_id, row.problems, row.person) == (None, (), {})


def test_ids_of_a_delta_file_are_its_digest_and_line() -> None:
    mapping = WHOLE.model_copy(update={"id": None, "mode": "delta"})
    read = compile_mapping(mapping, SOURCE, KEY, "ab12")
    assert read(Record(7, FIELDS)).event_id == "ab12:7"
    assert read(Record(7, FIELDS, part=2)).event_id == "ab12:7.2"
    with pytest.raises(RuleRefusedError, match="digest is missing"):
        compile_mapping(mapping, SOURCE, KEY)


def test_a_snapshot_leaves_the_id_to_the_store() -> None:
    assert row_of({}, SNAPSHOT).event_id is None


COUNTS: list[dict[str, object]] = [
    {"type": "invite"},
    {"member": "42"},
    {"at": "2026-07-01T12:00:01+02:00"},
    {"amount": "12.51"},
    {"cur": "JPY", "amount": "1250"},
    {"order": "8"},
    {"friend": "44"},
    {"ok": "no"},
    {"ok": ""},
    {"via": "shop"},
    {"via": ""},
    {"amount": "12,50"},
    {"amount": "12,51"},
    {"amount": "broken"},
    {"status": "open"},
]


def test_the_digest_tells_every_field_that_counts() -> None:
    digests = {row_of(changes, SNAPSHOT).digest for changes in [{}, *COUNTS]}
    assert len(digests) == 1 + len(COUNTS)


@pytest.mark.parametrize("changes", [{}, *COUNTS])
def test_a_row_that_is_kept_has_the_digest_with_which_it_came(changes: dict[str, object]) -> None:
    row = row_of(changes, SNAPSHOT)
    if not row.problems:
        assert digest_again(row, SNAPSHOT) == row.digest
    else:
        assert digest_again(row, SNAPSHOT) != row.digest


@given(st.text(), st.integers(1, 10**9), st.text(), st.text())
def test_the_digest_does_not_see_persons_lines_or_what_is_not_declared(
    mail: str, line: int, other: str, event_id: str
) -> None:
    row = row_of({"mail": mail, "not declared": other}, SNAPSHOT, line)
    assert row.digest == row_of({}, SNAPSHOT).digest
    assert row_of({"id": f"a{event_id[:100]}"}).digest == row_of({}).digest


def test_the_digest_sees_the_time_and_the_amount_not_how_they_are_written() -> None:
    written = row_of({"at": "2026-07-01T10:00:00Z", "amount": "12.5"}, SNAPSHOT)
    assert written.digest == row_of({}, SNAPSHOT).digest


def test_the_digest_is_the_same_for_ever() -> None:
    assert row_of({}, SNAPSHOT).digest.hex() == "81fc8d272de4d04ad6f1710e7ed8863c"


def test_fields_next_to_each_other_do_not_run_together() -> None:
    assert canonical_digest("a", "bc") != canonical_digest("ab", "c")
    assert canonical_digest(None) != canonical_digest("") != canonical_digest("null")
    assert canonical_digest([("a", None)], []) != canonical_digest([], [("a", None)])


@pytest.mark.parametrize(("changes", "_problems"), PROBLEMS)
def test_a_kept_row_is_read_again_to_the_same(changes: dict[str, object], _problems: object) -> None:
    texts = {name: value for name, value in changes.items() if not isinstance(value, float)}
    row = row_of(texts, SNAPSHOT)
    assert inbox_row(record_again(row, SNAPSHOT), SNAPSHOT, SOURCE, KEY) == row


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("", None),
        (None, None),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (Decimal("598.940"), "598.940"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E+999999"), "1E+999999"),
        (0.5, "0.5"),
        (date(2026, 7, 1), "2026-07-01"),
        (datetime(2026, 7, 1, 12, tzinfo=UTC), "2026-07-01T12:00:00+00:00"),
        ({"b": 1, "a": Decimal("1.5")}, '{"a":"1.5","b":1}'),
        ([1, "x"], '[1,"x"]'),
    ],
)
def test_every_value_has_one_text(value: Any, text: str | None) -> None:
    assert field_text(value) == text

"""Declared transformations: each text they change, each they leave alone, each they would have to guess."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import RuleRefusedError
from laurels.rules.intake import compile_mapping
from laurels.rules.money import minor_units
from laurels.rules.respelling import Doubt, decimal_point, ordered_date, zoned
from laurels.rules.texts import trimmed
from laurels.rules.times import time_reader
from laurels.rules.transformations import transformation, transformed
from models.values.mapping import Mapping, TimeColumn
from models.values.problem import Problem
from models.values.record import Record
from tests.mappings import KEY, SOURCE, mapping_of

WORDS = {"column": "kind", "values": {"purchase": "purchase", "return": "refund"}}
MAPPING = mapping_of(
    kind=WORDS,
    amount={"column": "Total", "currency": {"column": "cur"}, "currencies": ["USD", "EUR"]},
    accept={"status": ("paid",)},
    attributes={"channel": "via"},
    personal={"email": "mail"},
)


def change(texts: dict[str, str], *written: str, mapping: Mapping = MAPPING) -> dict[str, str] | Doubt:
    return transformed(texts, mapping, [transformation(text) for text in written])


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("12,50", "12.50"),
        ("-12,5", "-12.5"),
        ("+0,99", "+0.99"),
        ("1.234,56", "1234.56"),
        ("1.234.567,8", "1234567.8"),
        ("1.234.567", "1234567"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1\u00a0234", "1234"),
        ("1'234,5", "1234.5"),
        ("0,234", "0.234"),
        ("1234,567", "1234.567"),
        ("1.234,567", "1234.567"),
        ("12,50\u00a0", "12.50"),
        ("12.50", "12.50"),
        ("0.234", "0.234"),
        ("1234.567", "1234.567"),
        ("1250", "1250"),
        ("", ""),
    ],
)
def test_a_decimal_comma_becomes_a_point(text: str, mended: str) -> None:
    assert decimal_point(text) == mended


@pytest.mark.parametrize("text", ["1,234", "12,345", "-999,000", "+1.234", "123.456"])
def test_what_may_be_thousands_or_decimals_is_not_guessed(text: str) -> None:
    assert decimal_point(text) == Doubt("may be thousands or decimals: edit it")


@pytest.mark.parametrize(
    "text",
    [
        "1,234.56",
        "1,234,567",
        "1.23.456,7",
        "0.234,5",
        "12,",
        "€ 12,50",
        "NaN",
        "1.5E+10",
        "1.234 567,8",
        "--1,5",
    ],
)
def test_what_is_no_number_with_a_decimal_comma_is_left(text: str) -> None:
    assert decimal_point(text) == Doubt("is no number with a decimal comma")


@given(st.integers(-(10**12), 10**12), st.booleans())
def test_an_amount_written_with_a_comma_is_the_amount_or_in_doubt(cents: int, grouped: bool) -> None:
    clean = f"{Decimal(cents) / 100:.2f}"
    swapped = f"{Decimal(cents) / 100:,.2f}" if grouped else clean
    broken = swapped.translate(str.maketrans(",.", ".,"))
    found = decimal_point(broken)
    assert isinstance(found, str)  # two decimals are never thousands
    assert minor_units(found, 2) == minor_units(clean, 2) == (cents, None)


@given(st.text(alphabet="0123456789.,' -+", max_size=12))
def test_what_comes_of_any_text_is_a_plain_number_or_what_it_was(text: str) -> None:
    as_read = {None, Problem.AMOUNT_OUT_OF_RANGE}
    found = decimal_point(text)
    assert isinstance(found, Doubt) or found == text or minor_units(found, 12)[1] in as_read
    assert isinstance(found, Doubt) or decimal_point(found) in (
        found,
        Doubt("may be thousands or decimals: edit it"),
    )


@pytest.mark.parametrize(
    "text", [" paid ", "\u00a0paid", "paid\u200b", "\ufeffpaid\u200d\t", "\u202apaid\u202c", "paid\u00ad\r\n"]
)
def test_trimming_takes_what_nobody_sees(text: str) -> None:
    assert trimmed(text) == "paid"
    assert change({"status": text}, "trim:status") == {"status": "paid"}


@given(st.text())
def test_trimming_takes_at_least_what_strip_takes(text: str) -> None:
    assert trimmed(text) == trimmed(text.strip()) == trimmed(trimmed(text))
    assert trimmed(text) in text


def test_trimming_leaves_what_is_within() -> None:
    assert trimmed(" a\u200b b ") == "a\u200b b"


@pytest.mark.parametrize(
    ("text", "argument", "mended"),
    [
        ("2026-06-10T12:00:00", "America/New_York", "2026-06-10T12:00:00-04:00"),
        ("2026-01-10 12:00:00.25", "America/New_York", "2026-01-10T12:00:00.250000-05:00"),
        ("2026-06-10", "Asia/Kolkata", "2026-06-10T00:00:00+05:30"),
        ("2026-11-01T01:30:00", "America/New_York,first", "2026-11-01T01:30:00-04:00"),
        ("2026-11-01T01:30:00", "America/New_York,second", "2026-11-01T01:30:00-05:00"),
        ("2026-06-10T12:00:00Z", "America/New_York", "2026-06-10T12:00:00Z"),
        ("2026-06-10T12:00:00+02:00", "America/New_York", "2026-06-10T12:00:00+02:00"),
    ],
)
def test_a_naive_time_gets_its_zone(text: str, argument: str, mended: str) -> None:
    assert zoned(text, argument, "iso") == mended


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-01T01:30:00", "came twice"),
        ("2026-03-08T02:30:00", "the clock skipped"),
        ("2026-02-30T12:00:00", "no time"),
        ("yesterday", "no time"),
        ("", "no time"),
    ],
)
def test_a_time_that_a_zone_does_not_settle_is_in_doubt(text: str, why: str) -> None:
    found = zoned(text, "America/New_York", "iso")
    assert isinstance(found, Doubt)
    assert why in found.why


@given(st.datetimes(), st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kolkata", "UTC"]))
def test_a_zone_given_to_the_text_is_the_zone_given_to_the_mapping(moment: object, zone: str) -> None:
    text = moment.isoformat()  # type: ignore[attr-defined]
    declared = TimeColumn(column="at", zone=zone)
    found = zoned(text, f"{zone},first", "iso")
    if isinstance(found, Doubt):
        assert time_reader(declared)(text)[0] is None
    else:
        assert time_reader(TimeColumn(column="at"))(found) == time_reader(declared)(text)


@pytest.mark.parametrize(
    ("text", "order", "mended"),
    [
        ("01/02/2026", "dmy", "2026-02-01"),
        ("01/02/2026", "mdy", "2026-01-02"),
        ("1.2.2026 9:05", "dmy", "2026-02-01T09:05:00"),
        ("01-02-2026T10:00:30.5", "mdy", "2026-01-02T10:00:30.500000"),
        ("6/10/2026, 2:30 PM", "mdy", "2026-06-10T14:30:00"),
        ("6/10/2026 12:30 am", "mdy", "2026-06-10T00:30:00"),
        ("10/06/2026 12:00:00Z", "dmy", "2026-06-10T12:00:00+00:00"),
        ("10/06/2026 12:00 -04:00", "dmy", "2026-06-10T12:00:00-04:00"),
        ("2026-06-10T12:00:00Z", "dmy", "2026-06-10T12:00:00Z"),
    ],
)
def test_a_date_is_read_in_its_declared_order(text: str, order: str, mended: str) -> None:
    assert ordered_date(text, order, "iso") == mended


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("13/02/2026", "mdy"),
        ("30/02/2026", "dmy"),
        ("01/02/26", "dmy"),
        ("01/02.2026", "dmy"),
        ("1/2/2026 13:00 PM", "dmy"),
        ("1/2/2026 25:00", "dmy"),
        ("soon", "dmy"),
        ("", "dmy"),
    ],
)
def test_a_date_that_is_none_in_that_order_is_in_doubt(text: str, order: str) -> None:
    assert isinstance(ordered_date(text, order, "iso"), Doubt)


def test_times_are_written_as_the_mapping_reads_them() -> None:
    assert ordered_date("01/02/1997", "dmy", "%Y%m%d") == "19970201"
    assert zoned("20260610 1200", "America/New_York", "%Y%m%d %H%M") == Doubt(
        "would be 2026-06-10T12:00:00-04:00, which the mapping's format %Y%m%d %H%M has no place for"
    )
    assert zoned("20260610 1200 +0200", "America/New_York", "%Y%m%d %H%M %z") == "20260610 1200 +0200"
    assert isinstance(ordered_date("01/02/1997 10:30", "dmy", "%Y%m%d"), Doubt)
    assert isinstance(ordered_date("01/02/1997", "dmy", "unix"), Doubt)
    assert ZoneInfo("America/New_York")


def test_a_missing_currency_is_filled_in_and_another_stays() -> None:
    assert change({}, "currency=USD") == {"cur": "USD"}
    assert change({"cur": "EUR"}, "currency=USD") == {}


def test_a_word_for_a_kind_becomes_the_mapping_s() -> None:
    assert change({"kind": " Sale"}, "kind=Sale:purchase") == {"kind": "purchase"}
    assert change({"kind": "gift"}, "kind=Sale:purchase") == {}
    assert change({"kind": "Sale"}, "kind=Sale:sell") == Doubt(
        "kind would be sell, which mapping test does not know, either"
    )


def test_changes_follow_each_other_and_one_doubt_leaves_the_row() -> None:
    row = {"Total": "\u200b12,50 ", "at": "01/02/2026 10:00", "cur": ""}
    assert change(
        row, "trim:amount", "decimal-comma", "date-order=dmy", "zone=Europe/Berlin", "currency=EUR"
    ) == {
        "Total": "12.50",
        "at": "2026-02-01T10:00:00+01:00",
        "cur": "EUR",
    }
    assert change(row | {"Total": "1,234"}, "date-order=dmy", "decimal-comma") == Doubt(
        "Total may be thousands or decimals: edit it"
    )


def test_what_is_changed_is_read_as_if_it_had_never_been_broken() -> None:
    read = compile_mapping(MAPPING, SOURCE, KEY)
    clean = {
        "id": "e",
        "kind": "purchase",
        "member": "m",
        "at": "2026-02-01T10:00:00+01:00",
        "Total": "12.50",
    }
    clean |= {"cur": "EUR", "status": "paid", "order": "o"}
    broken = clean | {"Total": "12,50", "at": "01.02.2026 10:00", "cur": "", "status": "paid\u200b"}
    found = change(
        broken, "decimal-comma:Total", "date-order=dmy", "zone=Europe/Berlin", "currency=EUR", "trim:status"
    )
    assert isinstance(found, dict)
    assert len(read(Record(1, broken)).problems) == 3
    assert read(Record(1, broken | found)) == read(Record(1, clean))


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("scientific:member", "digits are lost"),
        ("guess:amount", "no such transformation: there are zone="),
        ("Decimal Comma", "no such transformation"),
        ("trim", "name the column"),
        ("zone=Mars/Olympus", "no IANA time zone"),
        ("zone", "no IANA time zone"),
        ("zone=Europe/Berlin,third", "neither first nor second"),
        ("date-order=ymd", "no order"),
        ("decimal-comma:amount=2", "takes no argument"),
        ("currency=DEM", "no ISO 4217"),
        ("kind=sale", "not one word for another"),
    ],
)
def test_what_is_not_declared_rightly_is_refused(written: str, why: str) -> None:
    with pytest.raises(RuleRefusedError, match=why):
        transformation(written)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("trim:colour", "has no colour"),
        ("trim:id", "event's id"),
        ("trim:member", "personal and its text not kept .* --column member"),
        ("trim:email", "personal"),
        ("zone:via=UTC", "via is not the mapping's occurred_at"),
        ("currency:via=USD", "via is not the mapping's currency"),
    ],
)
def test_a_column_that_it_is_not_for_is_refused(written: str, why: str) -> None:
    with pytest.raises(RuleRefusedError, match=why):
        change({}, written)


def test_a_transformation_is_shown_as_it_is_written() -> None:
    texts = ["zone:occurred_at=UTC", "decimal-comma:Total", "kind:kind=a=b:purchase"]
    assert [str(transformation(text)) for text in texts] == texts
    assert str(transformation("currency=USD")) == "currency:currency=USD"

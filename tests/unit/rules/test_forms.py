"""Forms of personal texts. What is refused here costs nobody an activity: it is counted for who keeps the profiles."""

from datetime import date

import pytest

from laurels.rules.forms import form_checks, is_birthday, is_email, is_ip, is_phone
from laurels.services.rulesets import house_rules
from tests.mappings import mapping_of

TODAY = date(2026, 6, 20)


@pytest.mark.parametrize("text", ["ada@lovelace.org", "a.b+tag@mail.lovelace.org", "müller@bücher.de"])
def test_addresses(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize("text", ["ada", "ada@", "@lovelace.org", "a b@lovelace.org", "ada@lovelace", "a@b@c.org", "ada@lovelace.org\r\nBcc: x@y.org", "a" * 65 + "@lovelace.org"])  # fmt: skip
def test_no_addresses(text: str) -> None:
    assert not is_email(text)


@pytest.mark.parametrize("text", ["+12125550123", "+44 20 7946 0958", "+49 (30) 901820"])
def test_numbers(text: str) -> None:
    assert is_phone(text)


@pytest.mark.parametrize("text", ["2125550123", "+1 900 555 0123", "phone", "+1", "+999 123", "+1-800-FLOWERSSS", "+449012345678"])  # fmt: skip
def test_no_numbers_and_those_that_cost(text: str) -> None:
    assert not is_phone(text)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("1980-02-29", True),
        ("1981-02-29", False),
        ("2026-06-20", True),
        ("2026-06-21", False),
        ("1876-01-01", True),
        ("1875-12-31", False),
        ("20/06/1980", False),
        ("", False),
    ],
)
def test_birthdays(text: str, possible: bool) -> None:
    assert is_birthday(text, TODAY) == possible


def test_addresses_of_machines() -> None:
    assert is_ip("192.0.2.7")
    assert is_ip("2001:db8::1")
    assert not is_ip("192.0.2.300")


def test_only_texts_that_the_mapping_has_are_looked_at() -> None:
    assert form_checks(mapping_of(), house_rules(), TODAY) == ()
    (check,) = form_checks(mapping_of(personal={"email": "mail"}), house_rules(), TODAY)
    assert (check.reason, check.name, check.test("ada"), check.test("ada@lovelace.org")) == (
        "email_malformed",
        "email",
        False,
        True,
    )


def test_a_birthday_is_judged_on_a_day() -> None:
    born = mapping_of(personal={"birthday": "born"})
    with pytest.raises(ValueError, match="depends on the day"):
        form_checks(born, house_rules(), None)
    (check,) = form_checks(born, house_rules(), TODAY)
    assert check.test("2026-06-20")
    assert not check.test("2026-06-21")

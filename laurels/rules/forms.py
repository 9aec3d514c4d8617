"""Forms of personal texts: an address that could receive mail, a number that could be called, a possible birthday."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType

from models.values import mapping as declared
from models.values.rules import Rule

OLDEST_YEARS: Final = 150
_CACHED: Final = 65_536
_COSTLY: Final = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}


@lru_cache(maxsize=_CACHED)
def is_email(text: str) -> bool:
    """Whether a text is one e-mail address by its form (RFC 5321, 6531); nobody is asked whether it is there."""
    try:
        validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True


@lru_cache(maxsize=_CACHED)
def is_phone(text: str) -> bool:
    """Whether a text is a number with + and country that its country's plan allows, and that costs no premium."""
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        return False
    costly = phonenumbers.number_type(number) in _COSTLY
    return text.strip().startswith("+") and not costly and phonenumbers.is_valid_number(number)


def is_birthday(text: str, today: date) -> bool:
    """Whether a text is an ISO date of the last 150 years, today included; 29 February of a leap year is one."""
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return False
    return today.year - OLDEST_YEARS <= born.year and born <= today


def is_ip(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class FormCheck:
    """One rule about one personal text of a mapping: the reason, the text's name, and the test that it must pass."""

    reason: str
    name: str
    test: Callable[[str], bool]


def form_checks(
    mapping: declared.Mapping, rules: Iterable[Rule], today: date | None
) -> tuple[FormCheck, ...]:
    """Return the checks of the personal texts that a mapping has. Raises ValueError for a birthday without a day."""
    found = []
    for rule in rules:
        form = rule.check.form
        if form and form.personal in mapping.personal:
            found.append(FormCheck(rule.rule, form.personal, _test(form.form, today)))
    return tuple(found)


def _test(form: str, today: date | None) -> Callable[[str], bool]:
    plain: Mapping[str, Callable[[str], bool]] = {"email": is_email, "phone": is_phone, "ip": is_ip}
    if form in plain:
        return plain[form]
    if today is None:
        raise ValueError("whether a birthday is possible depends on the day")
    return lambda text: is_birthday(text, today)

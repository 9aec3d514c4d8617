"""Amounts: from what a file says to whole minor units, exactly or not at all."""

import math
import re
from decimal import Decimal

from models.values.money import MOST_MINOR
from models.values.problem import Problem

_WHOLE_DIGITS = len(str(MOST_MINOR))
_NOISE = 1e-6  # of a minor unit

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
_COMMA = re.compile(r"[+-]?[0-9.]*[0-9]*,[0-9]+")
_NOT_A_NUMBER = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

Reading = tuple[int | None, Problem | None]


def minor_units(value: object, digits: int, *, round_noise: bool = False) -> Reading:
    """Return an amount in minor units of a currency with so many decimals, or the problem; empty is neither.

    Text and exact numbers are never rounded: "11.770" is 1177, "11.775" is refused. A binary float is taken
    if it is the one nearest to a whole minor unit, and with `round_noise` also within a millionth of a unit
    of one.
    """
    if isinstance(value, str):
        return _of_text(value.strip(), digits) if value else (None, None)
    if value is None:
        return None, None
    if isinstance(value, bool):
        return None, Problem.AMOUNT_UNREADABLE
    if isinstance(value, int):
        return _bounded(value * 10**digits)
    if isinstance(value, Decimal):
        return _of_decimal(value, digits)
    return (
        _of_float(value, digits, round_noise)
        if isinstance(value, float)
        else (None, Problem.AMOUNT_UNREADABLE)
    )


def _of_text(text: str, digits: int) -> Reading:
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return None, _why_unreadable(text) if text else None
    sign, whole, fraction = match[1], match[2].lstrip("0"), (match[3] or "").rstrip("0")
    if len(whole) > _WHOLE_DIGITS:
        return None, Problem.AMOUNT_OUT_OF_RANGE
    if len(fraction) > digits:
        return None, Problem.AMOUNT_TOO_PRECISE
    minor = int(whole + fraction.ljust(digits, "0") or "0")
    return _bounded(-minor if sign == "-" else minor)


def _why_unreadable(text: str) -> Problem:
    if _NOT_A_NUMBER.fullmatch(text):
        return Problem.AMOUNT_NOT_A_NUMBER
    return Problem.AMOUNT_DECIMAL_COMMA if _COMMA.fullmatch(text) else Problem.AMOUNT_UNREADABLE


def _of_decimal(value: Decimal, digits: int) -> Reading:
    if not value.is_finite():
        return None, Problem.AMOUNT_NOT_A_NUMBER
    if value and value.adjusted() > _WHOLE_DIGITS:  # looked at first: 1e999999 must not be written out
        return None, Problem.AMOUNT_OUT_OF_RANGE
    if value and value.adjusted() < -digits:
        return None, Problem.AMOUNT_TOO_PRECISE
    return _of_text(format(value, "f"), digits) if value else (0, None)


def _of_float(value: float, digits: int, round_noise: bool) -> Reading:
    if not math.isfinite(value):
        return None, Problem.AMOUNT_NOT_A_NUMBER
    if abs(value) > MOST_MINOR:
        return None, Problem.AMOUNT_OUT_OF_RANGE
    scale = 10**digits
    minor = round(value * scale)
    if minor / scale == value or (round_noise and abs(value * scale - minor) <= _NOISE):
        return _bounded(minor)
    return None, Problem.AMOUNT_TOO_PRECISE


def _bounded(minor: int) -> Reading:
    return (minor, None) if abs(minor) <= MOST_MINOR else (None, Problem.AMOUNT_OUT_OF_RANGE)

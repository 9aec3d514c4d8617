"""Respelling: the same amount, time or word, written as the mapping reads it. Nothing is guessed."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from laurels.rules.texts import trimmed
from laurels.rules.times import naive_or_aware
from models.values.mapping import KindColumn, Mapping


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a text is left as it is."""

    why: str


_GROUPS = r"[1-9][0-9]{0,2}(?:(?P<group>[.' \u00a0\u202f\u2019])[0-9]{3})(?:(?P=group)[0-9]{3})*"
_DECIMAL_COMMA = re.compile(rf"(?P<sign>[+-]?)(?P<whole>[0-9]+|{_GROUPS})(?:,(?P<fraction>[0-9]+))?")
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_PLAIN = re.compile(r"[+-]?[0-9]*\.?[0-9]*")
_DATE = re.compile(
    r"(?P<first>[0-9]{1,2})(?P<sign>[/.-])(?P<second>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})"
    r"(?:[T ,]+(?P<hour>[0-9]{1,2}):(?P<rest>[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2}))?)?"
)
_ORDERS = {"dmy": ("second", "first"), "mdy": ("first", "second")}
_NOON = 12


def decimal_point(text: str) -> str | Doubt:
    """Return an amount with a decimal point for its comma: 1.234,56 is 1234.56.

    1,234 and 1.234 might be either and are in doubt; 0,234 and 1234,567 cannot be thousands.
    """
    plain = trimmed(text)
    if _EITHER.fullmatch(plain):
        return Doubt("may be thousands or decimals: edit it")
    match = _DECIMAL_COMMA.fullmatch(plain)
    if match is None:
        return text if _PLAIN.fullmatch(plain) else Doubt("is no number with a decimal comma")
    whole = re.sub("[^0-9]", "", match["whole"])
    return match["sign"] + whole + (f".{match['fraction']}" if match["fraction"] else "")


def zoned(text: str, argument: str, pattern: str) -> str | Doubt:
    """Return a time with the zone it is in, written by the mapping's format; one that has a zone stays.

    `argument` is ZONE, or ZONE,first and ZONE,second for the hour that comes twice when summer time ends.
    """
    moment = naive_or_aware(text, pattern)
    if moment is None:
        return Doubt("is no time as the mapping writes it")
    if moment.tzinfo is not None:
        return text
    name, _, which = argument.partition(",")
    first, second = (moment.replace(tzinfo=ZoneInfo(name), fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before is not None and after is not None and before < after:
        return Doubt(f"is a time that the clock skipped in {name}")
    if before != after and not which:
        return Doubt(f"came twice in {name}: say zone={name},first or zone={name},second")
    chosen, offset = (second, after) if which == "second" else (first, before)
    return _written(chosen.replace(tzinfo=timezone(offset or timedelta()), fold=0), pattern)


def ordered_date(text: str, order: str, pattern: str) -> str | Doubt:
    """Return a date like 01/02/2026 by the declared order, with its time of day, by the mapping's format."""
    plain = trimmed(text)
    match = _DATE.fullmatch(plain)
    if match is None:
        same = naive_or_aware(text, pattern) is not None
        return text if same else Doubt("is no date of three numbers with the year last")
    month, day = (int(match[place]) for place in _ORDERS[order])
    try:
        on = date(int(match["year"]), month, day)
        if match["hour"] is None and pattern == "iso":
            return on.isoformat()
        return _written(datetime.fromisoformat(f"{on.isoformat()}T{_clock(match)}"), pattern)
    except ValueError:
        return Doubt(f"is no date by {order}")


def kind_word(text: str, argument: str, mapping: Mapping) -> str | Doubt:
    """Return the mapping's word where the other one stands; what else stands there is left."""
    word, _, known = argument.rpartition(":")
    if isinstance(mapping.kind, KindColumn) and known not in mapping.kind.values:
        return Doubt(f"would be {known}, which mapping {mapping.mapping} does not know, either")
    return known if trimmed(text) == word else text


def check_zone(argument: str) -> None:
    """Raise ValueError unless it is a zone."""
    name, comma, which = argument.partition(",")
    if comma and which not in {"first", "second"}:
        raise ValueError(f"{which} is neither first nor second")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name or 'nothing'} is no IANA time zone") from None


def check_order(argument: str) -> None:
    """Raise ValueError unless it is an order of day, month and year."""
    if argument not in _ORDERS:
        raise ValueError(f"{argument or 'nothing'} is no order")


def check_words(argument: str) -> None:
    """Raise ValueError unless it is one word for another."""
    word, colon, known = argument.rpartition(":")
    if not (colon and word and known):
        raise ValueError(f"{argument or 'nothing'} is not one word for another")


def _clock(match: re.Match[str]) -> str:
    hour, half = int(match["hour"] or 0), (match["half"] or "").lower()
    if half and not 1 <= hour <= _NOON:
        raise ValueError("no hour of half a day")
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    return f"{hour:02}:{match['rest'] or '00'}{(match['zone'] or '').upper()}"


def _written(moment: datetime, pattern: str) -> str | Doubt:
    if pattern == "iso":
        return moment.isoformat()
    if pattern not in {"unix", "unix_ms"}:
        text = moment.strftime(pattern)
        again = naive_or_aware(text, pattern)
        if again == moment and again is not None and again.utcoffset() == moment.utcoffset():
            return text
    return Doubt(f"would be {moment.isoformat()}, which the mapping's format {pattern} has no place for")

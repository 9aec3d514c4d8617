"""Figures: what a file is like as a whole, from its counts."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from laurels.rules.drift import index_by_chance, median_power, stability_index
from laurels.rules.tallies import OTHER
from models.values.measure import Figure
from models.values.money import minor_digits

_FEWEST_TOLD = 10
"""Rows that must share a value for it to be told: what few have may say who they are."""
_COMMON, _EXPECTED, _MOST = 0.05, 10, 0.5
_TOLD = {OTHER: "the rest"}

Counts = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Whole:
    """The counts of a file that the inbox keeps itself, and its times."""

    rows: int
    duplicates: int
    conflicts: int
    refused: int
    as_of: datetime
    last_at: datetime | None


def figures(whole: Whole, tally: Counts, fields: Mapping[str, str], before: Counts) -> Iterator[Figure]:
    """Yield the figures of a file. `fields` are those whose nulls count; `before` is what comparable files add up to.

    Rates are shares of the rows; freshness is hours from the newest row to the clock; a median is a power of two of
    minor units; drifts are population stability indices, without a value where there is nothing to compare with.
    """
    rows, read = whole.rows, tally.get(("rows", ""), 0)
    yield Figure("volume", "", rows, rows)
    if whole.last_at is not None:
        yield Figure("freshness", "", (whole.as_of - whole.last_at).total_seconds() / 3600, rows)
    if not rows:
        return
    yield Figure("duplicate_rate", "", whole.duplicates / rows, rows)
    yield Figure("conflict_rate", "", whole.conflicts / rows, rows)
    yield Figure("refused_rate", "", whole.refused / rows, rows)
    yield Figure("ahead_rate", "", tally.get(("ahead", ""), 0) / rows, rows)
    if read:
        for name in fields:
            yield Figure("null_rate", name, tally.get(("null", name), 0) / read, read)
        for (what, problem), count in sorted(tally.items()):
            if what == "problem":
                yield Figure("problem_rate", problem, count / read, read)
    yield from _drifts(tally, before)


def _drifts(tally: Counts, before: Counts) -> Iterator[Figure]:
    now, then = _by_kind(tally), _by_kind(before)
    for what in sorted(now):
        if what in {"kind", "currency"} or what.startswith("="):
            bins = _bins(then.get(what, {}), sum(now[what].values()))
            if bins is not None:
                mixes = (_folded(one, bins) for one in (now[what], then.get(what, {})))
                yield _drift("category_drift", what.removeprefix("="), *mixes)
    amounts, earlier = _by_currency(now.get("amount", {})), _by_currency(then.get("amount", {}))
    for currency, powers in sorted(amounts.items()):
        yield _drift(
            "amount_drift",
            currency,
            *(_amounts(one, currency) for one in (powers, earlier.get(currency, {}))),
        )
        if found := median_power(powers):
            yield Figure("amount_median", currency, found[0], sum(powers.values()), spread=found[1])


def _bins(then: Mapping[str, int], rows: int) -> set[str] | None:
    """Return the values that a category's mix is told by; None of what is none: an id, a free text.

    Those that a twentieth shares, and of which ten are to be expected among so many rows, if together they are most
    of it: rarer ones come and go.
    """
    total = sum(then.values())
    least = max(_COMMON, _EXPECTED / max(rows, 1)) * total
    common = {name for name, count in then.items() if name != OTHER and count >= least}
    covered = sum(then[name] for name in common)
    return common if covered >= _MOST * total else None


def _folded(counts: Mapping[str, int], bins: set[str]) -> dict[str, int]:
    folded = {name: count for name, count in counts.items() if name in bins}
    rest = sum(counts.values()) - sum(folded.values())
    return folded | ({OTHER: rest} if rest else {})


def _drift(name: str, field: str, now: Mapping[str, int], then: Mapping[str, int]) -> Figure:
    rows, past = sum(now.values()), sum(then.values())
    chance = index_by_chance(len({*now, *then}), rows, past)
    return Figure(name, field, stability_index(now, then), rows, _moved(now, then), chance)


def _moved(now: Mapping[str, int], then: Mapping[str, int]) -> str:
    """Say which bin's share moved most."""
    rows, past = sum(now.values()), sum(then.values())
    if not rows or not past:
        return ""
    shares = {name: (then.get(name, 0) / past, now.get(name, 0) / rows) for name in sorted({*now, *then})}
    name, (was, is_now) = max(shares.items(), key=lambda one: abs(one[1][1] - one[1][0]))
    if max(then.get(name, 0), now.get(name, 0)) < _FEWEST_TOLD:
        name = "a rare value"
    return f"{_TOLD.get(name, name)} was {was:.0%} of it and is {is_now:.0%}"


def _amounts(powers: Mapping[str, int], currency: str) -> dict[str, int]:
    """Return counts under what a person calls the bins: the share of amounts from 5.12 on, up to twice that."""
    digits = minor_digits(currency)
    return {_from(power, digits): count for power, count in powers.items()}


def _from(power: str, digits: int) -> str:
    if power == "zero":
        return "amounts of zero"
    sign, exponent = ("-", power[1:]) if power.startswith("-") else ("", power)
    return f"amounts from {sign}{2 ** int(exponent) / 10**digits:,.{digits}f} to twice that"


def _by_kind(counts: Counts) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (what, item), count in counts.items():
        found[what][item] = count
    return found


def _by_currency(amounts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for item, count in amounts.items():
        currency, _, power = item.partition(":")
        found[currency][power] = count
    return found

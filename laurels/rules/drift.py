"""Drift: how far two distributions lie apart, and what became of a file's columns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import NormalDist

_HALF = 0.5  # of a row, added to each bin: an empty one would make the index infinite (Jeffreys' prior)
_SURE = NormalDist().inv_cdf(0.9999)
_ALIKE = 0.6  # what difflib itself calls close
NUMBERS = frozenset({"int", "integer", "int64", "int32", "float", "double", "decimal", "number", "float64"})


def stability_index(now: Mapping[str, int], before: Mapping[str, int]) -> float | None:
    """Return the population stability index of two counts by bin; None where one of them is empty.

    The sum over all bins of (a - b) * ln(a / b), with a and b the shares of now and before: symmetric, zero for equal
    shares. By convention below 0.1 is no change and above 0.25 a large one (Siddiqi, Credit Risk Scorecards, 2006).
    """
    bins = [name for name in {**before, **now} if now.get(name) or before.get(name)]
    total_now, total_before = sum(now.values()), sum(before.values())
    if not total_now or not total_before:
        return None
    padding = _HALF * len(bins)
    shares = (
        (
            (now.get(name, 0) + _HALF) / (total_now + padding),
            (before.get(name, 0) + _HALF) / (total_before + padding),
        )
        for name in sorted(bins)
    )
    return sum((a - b) * math.log(a / b) for a, b in shares)


def index_by_chance(bins: int, now: int, before: int) -> float:
    """Return the index that one in 10,000 samples of the same distribution would exceed.

    Between samples of n and m rows the index is about (1/n + 1/m) times chi-square of bins - 1 degrees of freedom
    (Yurdakul, Statistical Properties of Population Stability Index, 2018); chi-square by Wilson and Hilferty, 1931.
    """
    degrees = bins - 1
    if degrees < 1 or not now or not before:
        return 0.0
    part = 2 / (9 * degrees)
    return degrees * (1 - part + _SURE * math.sqrt(part)) ** 3 * (1 / now + 1 / before)


def median_power(powers: Mapping[str, int]) -> tuple[float, float] | None:
    """Return median and spread of positive amounts, as powers of two of minor units; None where there is none.

    Inside its bin the median is interpolated; the spread is the standard deviation of the bins.
    """
    bins = sorted((int(power), count) for power, count in powers.items() if power.isdigit() and count)
    total = sum(count for _, count in bins)
    if not total:
        return None
    mean = sum(power * count for power, count in bins) / total
    spread = math.sqrt(sum(count * (power - mean) ** 2 for power, count in bins) / total + 1 / 12)
    below = 0
    for power, count in bins:
        if below + count >= total / 2:
            return power + (total / 2 - below) / count, spread
        below += count
    return None  # not reached: the last bin holds the rest


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One change of a file's columns: `what` happened to `column`, and what there is to say about it."""

    what: str
    column: str
    told: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A file's columns in their order, and the types that they were read as, where that is known."""

    names: tuple[str, ...]
    types: Mapping[str, str]


def column_changes(
    now: Columns, past: Sequence[Columns], absent: Sequence[str], *, ordered: bool
) -> list[ColumnChange]:
    """Return what changed against the last accepted files, the last one first.

    Added is what none of them had; missing what all of them had, or what is declared and `absent`; a missing one and an
    added one whose names are alike are one column renamed. Order counts only where a file has one, and
    against the last; a type changed where it is another than in all of them that know it.
    """
    if not past:
        return []
    ever = {name for one in past for name in one.names}
    always = {name for one in past[:1] for name in one.names if all(name in other.names for other in past)}
    added = [name for name in dict.fromkeys(now.names) if name not in ever]
    lost = [
        name for name in dict.fromkeys([*past[0].names, *absent]) if name in ever and name not in now.names
    ]
    renamed = _pairs(lost, added)
    changes = [
        ColumnChange("renamed", old, f"{new} stands there and looks like it") for old, new in renamed.items()
    ]
    changes += [
        ColumnChange("missing", name, f"all of the last {len(past)} files had it")
        for name in lost
        if name in always and name not in renamed
    ]
    changes += [
        ColumnChange("added", name, f"none of the last {len(past)} files had it")
        for name in added
        if name not in renamed.values()
    ]
    if ordered and _order(now, past[0]) != _order(past[0], now):
        changes.append(
            ColumnChange("reordered", "", "the columns stand in another order than in the last file")
        )
    return changes + list(_retyped(now, past))


def _order(one: Columns, other: Columns) -> list[str]:
    return [name for name in dict.fromkeys(one.names) if name in other.names]


def _pairs(lost: Sequence[str], added: Sequence[str]) -> dict[str, str]:
    """Return each lost name's most alike new one, the most alike pairs first, each name once."""
    alike = sorted(
        ((_likeness(old, new), old, new) for old in lost for new in added),
        key=lambda one: (-one[0], *one[1:]),
    )
    pairs: dict[str, str] = {}
    for likeness, old, new in alike:
        if likeness >= _ALIKE and old not in pairs and new not in pairs.values():
            pairs[old] = new
    return pairs


def _likeness(old: str, new: str) -> float:
    plain = (
        old.casefold().replace("_", "").replace(" ", ""),
        new.casefold().replace("_", "").replace(" ", ""),
    )
    return SequenceMatcher(None, *plain).ratio()


def _retyped(now: Columns, past: Sequence[Columns]) -> list[ColumnChange]:
    changes = []
    for name, kind in now.types.items():
        before = {_family(one.types[name]) for one in past if one.types.get(name)}
        if kind and before and not before & {_family(kind), "text"}:  # what was text may be anything
            was = " or ".join(sorted(before))
            changes.append(ColumnChange("retyped", name, f"it was {was} and is {_family(kind)}"))
    return changes


def _family(kind: str) -> str:
    """Return a type without its width: whole numbers and fractions are numbers."""
    plain = kind.casefold().split("(")[0].split("[")[0]
    return "number" if plain in NUMBERS or plain.startswith(("int", "uint", "decimal", "float")) else plain

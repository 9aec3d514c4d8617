"""What awards, settlements and standings must be, in plain loops over plain values: slow, obvious, and nobody's SQL."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from models.values.boards import Board, CountMetric
from models.values.earning import EarningRule, Rounding
from models.values.program import Program


@dataclass(frozen=True)
class Act:
    """An accepted activity."""

    id: UUID
    kind: str
    member: UUID | None
    at: datetime
    minor: int = 0
    currency: str | None = None
    order: UUID | None = None
    verified: bool = False


@dataclass(frozen=True)
class Edition:
    """A version of a program, and when it begins to apply."""

    number: int
    start: datetime
    program: Program


@dataclass(frozen=True)
class Part:
    """What one purchase covers of a refund; nothing, of no purchase, where the refund is parked."""

    purchase: UUID | None
    matched: int
    member: UUID | None
    ordered_at: datetime | None


PARKED = Part(None, 0, None, None)
Awards = dict[tuple[UUID, str], tuple[int, UUID, int]]  # (activity, rule) -> version number, member, points
Standings = dict[tuple[str, str, datetime, UUID], tuple[int, datetime]]  # window, member -> score, reached at


def enrolled(acts: Iterable[Act], editions: list[Edition]) -> list[tuple[Act, Edition]]:
    """Each activity that counts, with the edition it counts under, in business order."""
    found = []
    for act in sorted(acts, key=lambda act: (act.at, act.id)):
        begun = [edition for edition in editions if edition.start <= act.at]
        if begun and act.member and _takes((edition := max(begun, key=lambda e: e.start)).program, act):
            found.append((act, edition))
    return found


def _takes(program: Program, act: Act) -> bool:
    kinds = {rule.on.value for rule in program.earning}
    for board in program.boards:
        kinds.add(board.metric.count.value if isinstance(board.metric, CountMetric) else "purchase")
    season = program.season_bounds
    in_season = season is None or season[0] <= act.at < season[1]
    return act.kind in kinds and in_season and act.currency in {None, program.currency}


def settlements(acts: Iterable[Act]) -> dict[UUID, list[Part]]:
    """Which purchases cover each refund: both taken as they occurred, money from the oldest that has some left."""
    found: dict[UUID, list[Part]] = {}
    for members in _by_order(acts).values():
        bought = [act for act in members if act.kind == "purchase"]
        buyers, left = {act.member for act in bought}, {act.id: act.minor for act in bought}
        for refund in (act for act in members if act.kind == "refund"):
            due, parts = refund.minor, []
            for act in bought:
                if len(buyers) == 1 or act.member == refund.member:
                    taken = min(due, left[act.id])
                    left[act.id], due = left[act.id] - taken, due - taken
                    parts += [Part(act.id, taken, act.member, act.at)] if taken else []
            found[refund.id] = parts or [PARKED]
    return found


def _by_order(acts: Iterable[Act]) -> dict[Any, list[Act]]:
    """An order in two currencies is two."""
    orders: dict[Any, list[Act]] = defaultdict(list)
    for act in sorted(acts, key=lambda act: (act.at, act.id)):
        if act.order and act.kind in {"purchase", "refund"}:
            orders[act.order, act.currency].append(act)
    return orders


def awards(acts: list[Act], editions: list[Edition]) -> Awards:
    """Points that are not zero, for activities and (below zero) for refunds."""
    earned: Awards = {}
    so_far: dict[Any, int] = defaultdict(int)
    for act, edition in enrolled(acts, editions):
        for rule in edition.program.earning:
            if rule.on.value == act.kind and (rule.when is None or act.verified):
                points = _capped(rule, act, edition, _base(rule, act, edition, so_far), so_far)
                earned[act.id, rule.rule] = (edition.number, act.member or UUID(int=0), points)
    taken = _clawed(acts, {key: award for key, award in earned.items() if award[2]})
    return {key: award for key, award in (earned | taken).items() if award[2]}


def _base(rule: EarningRule, act: Act, edition: Edition, so_far: dict[Any, int]) -> int:
    if rule.points_per_unit is None:
        return rule.points or 0
    unit = 10**edition.program.minor_digits
    if rule.rounding is Rounding.PER_ROW:
        return act.minor * rule.points_per_unit // unit
    before = so_far[spent := ("carry", act.member, rule.rule, edition.number)]
    so_far[spent] += act.minor
    return so_far[spent] * rule.points_per_unit // unit - before * rule.points_per_unit // unit


def _capped(rule: EarningRule, act: Act, edition: Edition, base: int, so_far: dict[Any, int]) -> int:
    if rule.cap is None:
        return base
    day = act.at.astimezone(edition.program.zone).date()
    period = {"day": day, "week": day - timedelta(days=day.weekday()), "program": None}[rule.cap.per.value]
    before = so_far[group := ("cap", act.member, rule.rule, act.kind, rule.cap.per, period)]
    so_far[group] += base
    return max(0, min(base, rule.cap.points - before))


def _clawed(acts: list[Act], earned: Awards) -> Awards:
    cost, settled = {act.id: act.minor for act in acts}, settlements(acts)
    back: dict[UUID, int] = defaultdict(int)
    found: Awards = {}
    for refund in (act for members in _by_order(acts).values() for act in members if act.kind == "refund"):
        for part in settled[refund.id] if settled[refund.id] != [PARKED] else ():
            before, now = back[part.purchase], back[part.purchase] + part.matched
            back[part.purchase] = now
            for rule in {rule for key, rule in earned if key == part.purchase}:
                version, member, points = earned[part.purchase, rule]
                taken = points * before // cost[part.purchase] - points * now // cost[part.purchase]
                of, _, so_far = found.get((refund.id, rule), (version, member, 0))
                found[refund.id, rule] = (min(of, version), member, so_far + taken)
    return found


def standings(acts: list[Act], editions: list[Edition]) -> Standings:
    """Scores above zero over what counts in the program, each window's by the edition in force when it ends."""
    counted = [act for act, _ in enrolled(acts, editions)]
    ids, settled = {act.id for act in counted}, settlements(acts)
    scores: dict[tuple[str, str, datetime, UUID], list[tuple[int, datetime]]] = defaultdict(list)
    for (name, period, start), (board, end) in _kept(acts, editions).items():
        rows = [(act.member, act.at, act.at, _worth(board, act)) for act in counted]
        if not isinstance(board.metric, CountMetric):
            parts = [
                (act.at, part) for act in acts for part in settled.get(act.id, ()) if part.purchase in ids
            ]
            rows += [(part.member, part.ordered_at, at, -part.matched) for at, part in parts]
        for member, at, changed, worth in rows:
            if worth and member and start <= at < end:
                reached = min(max(changed.replace(microsecond=0), start), end)
                scores[name, period, start, member].append((worth, reached))
    summed = {key: (sum(w for w, _ in found), max(at for _, at in found)) for key, found in scores.items()}
    return {key: score for key, score in summed.items() if score[0] > 0}


def _kept(
    acts: list[Act], editions: list[Edition]
) -> dict[tuple[str, str, datetime], tuple[Board, datetime]]:
    """The windows in which something was done; of two that begin at one time, the later edition's."""
    found = {}
    for edition in sorted(editions, key=lambda edition: edition.start):
        later = [other.start for other in editions if other.start > edition.start]
        for board in edition.program.boards:
            for period, start, end in {
                one for act in acts for one in _windows(edition.program, board, act.at)
            }:
                if edition.start < end and not any(other < end for other in later):
                    found[board.board, period, start] = (board, end)
    return found


def _worth(board: Board, act: Act) -> int:
    if not isinstance(board.metric, CountMetric):
        return act.minor if act.kind == "purchase" else 0
    return int(act.kind == board.metric.count.value and (board.metric.when is None or act.verified))


def _windows(program: Program, board: Board, at: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    day = at.astimezone(program.zone).date()
    monday, first = day - timedelta(days=day.weekday()), day.replace(day=1)
    bounds = {
        "day": (day, day + timedelta(days=1)),
        "week": (monday, monday + timedelta(days=7)),
        "month": (first, (first + timedelta(days=32)).replace(day=1)),
    }
    for period in (window.value for window in board.windows):
        if period in bounds:
            yield period, _midnight(program, bounds[period][0]), _midnight(program, bounds[period][1])
        elif program.season_bounds and program.season_bounds[0] <= at < program.season_bounds[1]:
            yield period, *program.season_bounds


def _midnight(program: Program, day: date) -> datetime:
    return datetime.combine(day, time(), program.zone).astimezone(UTC)

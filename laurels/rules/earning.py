"""Earning: points of each activity by each rule, as one Ibis expression over `dirty_activity`.

`dirty_activity` holds whole scopes: a capped rule sees all of a member's activities of its kind in the period,
a carried remainder all of them. A literal names nothing of a batch, so compiled SQL is good for the versions' life.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

import ibis
import ibis.expr.types as ir

from laurels.rules.arithmetic import quotient, total, wide
from models.values.activity import Kind
from models.values.earning import EarningRule, Period, Rounding
from models.values.program import Program

DIRTY_ACTIVITY = ibis.table(
    {
        "program_id": "int32",
        "version_id": "int32",
        "activity_id": "uuid",
        "member_id": "uuid",
        "kind": "string",
        "day": "date",
        "week": "date",
        "occurred_at": "timestamp('UTC')",
        "amount_minor": "int64",
        "verified": "boolean",
        "order_id": "uuid",
    },
    name="dirty_activity",
)
"""One row an activity of one program; `day` is its day in the program's zone, stored when it was
enrolled, `week` that week's Monday."""

_ONE_PERIOD = ibis.date("1970-01-01")


class Scope(IntEnum):
    """How far a change reaches: what has to be recomputed together, the widest last."""

    EVENT = 0
    DAY = 1
    WEEK = 2
    HISTORY = 3


def scope_of(rule: EarningRule) -> Scope:
    """Return the rule's declared scope: event, member-period or member-history."""
    if rule.rounding is Rounding.CARRY:
        return Scope.HISTORY
    if rule.cap is None:
        return Scope.EVENT
    return {Period.DAY: Scope.DAY, Period.WEEK: Scope.WEEK, Period.PROGRAM: Scope.HISTORY}[rule.cap.per]


def scopes(versions: Mapping[int, Program]) -> dict[Kind, Scope]:
    """Return the widest scope of each kind that any version's rules take."""
    widest: dict[Kind, Scope] = {}
    for rule in (rule for program in versions.values() for rule in program.earning):
        widest[rule.on] = max(scope_of(rule), widest.get(rule.on, Scope.EVENT))
    return widest


def awards(versions: Mapping[int, Program]) -> ir.Table | None:
    """Return program_id, activity_id, rule, version_id, member_id, points for every activity that earns.

    A cap accumulates by rule and kind across versions, in the order (occurred_at, activity_id), against the limit of
    each activity's own version: what is left of it, never below zero, never above the activity's own points. (A rule
    that a later version puts on another kind begins anew: a scope holds one kind.)
    """
    earned = [
        _base(version_id, program, rule)
        for version_id, program in versions.items()
        for rule in program.earning
    ]
    if not earned:
        return None
    rows = ibis.union(*earned, distinct=False) if len(earned) > 1 else earned[0]
    before = total(rows.base, _until_now(rows, rows.rule, rows.kind, rows.cap_per, rows.period)) - rows.base
    left = ibis.greatest(ibis.literal(0, "int64"), ibis.least(rows.base, rows.cap_points - before))
    net = ibis.cases((rows.cap_points.isnull(), rows.base), else_=left).cast("int64")
    points = rows.mutate(points=net)
    return points.select("program_id", "activity_id", "rule", "version_id", "member_id", "points")


def _base(version_id: int, program: Program, rule: EarningRule) -> ir.Table:
    """Return what one version's rule gives before its cap."""
    rows = DIRTY_ACTIVITY.filter(_applies(version_id, rule))
    cap = rule.cap
    return rows.select(
        "program_id",
        "activity_id",
        "version_id",
        "member_id",
        "kind",
        "occurred_at",
        rule=ibis.literal(rule.rule, "string"),
        base=_points(rows, program, rule),
        cap_per=ibis.literal(cap.per.value if cap else "none", "string"),
        period=_period(rows, cap.per if cap else None),
        cap_points=ibis.literal(cap.points if cap else None, "int64"),
    )


def _applies(version_id: int, rule: EarningRule) -> Sequence[ir.BooleanValue]:
    conditions = [DIRTY_ACTIVITY.version_id == version_id, DIRTY_ACTIVITY.kind == rule.on.value]
    if rule.when == "verified":
        conditions.append(DIRTY_ACTIVITY.verified)
    return conditions


def _points(rows: ir.Table, program: Program, rule: EarningRule) -> ir.IntegerValue:
    """Return points = amount x rate / unit, cut towards zero per row, or on the running total where carried."""
    if rule.points_per_unit is None:
        return ibis.literal(rule.points, "int64")
    unit = 10**program.minor_digits
    amount = rows.amount_minor.fill_null(0)
    if rule.rounding is Rounding.PER_ROW:
        return quotient(amount * rule.points_per_unit, unit)
    running = total(amount, _until_now(rows, rows.version_id))
    return quotient(wide(running) * rule.points_per_unit, unit) - quotient(
        wide(running - amount) * rule.points_per_unit, unit
    )


def _period(rows: ir.Table, per: Period | None) -> ir.DateValue:
    if per is Period.DAY:
        return rows.day
    if per is Period.WEEK:
        return rows.week
    return _ONE_PERIOD


def _until_now(rows: ir.Table, *groups: ir.Value) -> Any:
    return ibis.window(
        group_by=[rows.member_id, *groups],
        order_by=[rows.occurred_at, rows.activity_id],
        preceding=None,
        following=0,
    )

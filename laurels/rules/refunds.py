"""Refunds: how much of each its order covers, and the points that it claws back, whatever came in first."""

import ibis
import ibis.expr.types as ir

from laurels.rules.arithmetic import quotient, total, wide

DIRTY_ORDER_ACTIVITY = ibis.table(
    {
        "order_id": "uuid",
        "activity_id": "uuid",
        "member_id": "uuid",
        "kind": "string",
        "occurred_at": "timestamp('UTC')",
        "amount_minor": "int64",
        "currency": "string",
    },
    name="dirty_order_activity",
)
"""All purchases and refunds of the orders that a batch touched. An order in two currencies is as good as two."""

DIRTY_ORDER_AWARD = ibis.table(
    {
        "program_id": "int32",
        "order_id": "uuid",
        "currency": "string",
        "rule": "string",
        "version_id": "int32",
        "member_id": "uuid",
        "order_points": "int64",
        "order_minor": "int64",
    },
    name="dirty_order_award",
)
"""What each order earned by each rule, beside what it cost."""

DIRTY_SETTLEMENT = ibis.table(
    {
        "order_id": "uuid",
        "currency": "string",
        "activity_id": "uuid",
        "occurred_at": "timestamp('UTC')",
        "matched_minor": "int64",
    },
    name="dirty_settlement",
)
"""The settled refunds of those orders."""


def settlements() -> ir.Table:
    """Return activity_id, matched_minor, member_id, ordered_at for each refund.

    Refunds of an order are covered in the order they occurred, until its amount is used up. A refund whose
    order is not there, or not in its currency, matches nothing yet: it is parked, and settles when the order arrives.
    """
    purchases = DIRTY_ORDER_ACTIVITY.filter(DIRTY_ORDER_ACTIVITY.kind == "purchase")
    orders = purchases.group_by("order_id", "currency").agg(
        order_minor=total(purchases.amount_minor),
        member_id=purchases.member_id.cast("string").min().cast("uuid"),
        ordered_at=purchases.occurred_at.min(),
    )
    refunds = DIRTY_ORDER_ACTIVITY.filter(DIRTY_ORDER_ACTIVITY.kind == "refund").drop("member_id")
    running = _running(refunds, refunds.amount_minor)
    matched = running.left_join(orders, ["order_id", "currency"])
    covered = ibis.least(matched.running, matched.order_minor) - ibis.least(
        matched.running - matched.amount_minor, matched.order_minor
    )
    parked = matched.order_minor.isnull()
    return matched.select(
        "activity_id",
        matched_minor=ibis.cases((parked, ibis.literal(0, "int64")), else_=covered).cast("int64"),
        member_id=matched.member_id,
        ordered_at=matched.ordered_at,
    )


def clawbacks() -> ir.Table:
    """Return program_id, activity_id, rule, version_id, member_id, points (below zero) for each settled refund.

    An order's points are taken back in proportion to the money given back so far, cut towards zero, each refund
    the difference to the one before: a full refund takes back exactly what the order earned.
    """
    refunds = DIRTY_SETTLEMENT.filter(DIRTY_SETTLEMENT.matched_minor > 0)
    running = _running(refunds, refunds.matched_minor)
    both = running.join(DIRTY_ORDER_AWARD, ["order_id", "currency"])
    now = quotient(wide(both.order_points) * wide(both.running), wide(both.order_minor))
    before = quotient(
        wide(both.order_points) * wide(both.running - both.matched_minor), wide(both.order_minor)
    )
    rows = both.mutate(points=(before - now).cast("int64"))
    return rows.select("program_id", "activity_id", "rule", "version_id", "member_id", "points")


def _running(refunds: ir.Table, minor: ir.IntegerColumn) -> ir.Table:
    """Add what an order's refunds came to so far, each refund included."""
    until_now = ibis.window(
        group_by=[refunds.order_id, refunds.currency],
        order_by=[refunds.occurred_at, refunds.activity_id],
        preceding=None,
        following=0,
    )
    return refunds.mutate(running=total(minor, until_now))

"""Refunds: which purchases of its order cover each, and the points that it claws back, whatever came in first."""

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

DIRTY_PURCHASE_AWARD = ibis.table(
    {
        "program_id": "int32",
        "purchase_id": "uuid",
        "rule": "string",
        "version_id": "int32",
        "member_id": "uuid",
        "points": "int64",
        "amount_minor": "int64",
    },
    name="dirty_purchase_award",
)
"""What each purchase that covers a refund earned by each rule, beside what it cost."""

DIRTY_SETTLEMENT = ibis.table(
    {
        "activity_id": "uuid",
        "occurred_at": "timestamp('UTC')",
        "purchase_id": "uuid",
        "matched_minor": "int64",
    },
    name="dirty_settlement",
)
"""The settled refunds of those orders, part by part."""


def settlements() -> ir.Table:
    """Return activity_id, part, purchase_id, matched_minor, member_id, ordered_at: each refund's parts, from 0.

    The money of an order is given back in the order it was paid: refunds as they occurred, each from the oldest
    purchase of its owner that has something left. A refund that finds nothing is parked: one part, of no purchase.
    """
    purchases = DIRTY_ORDER_ACTIVITY.filter(DIRTY_ORDER_ACTIVITY.kind == "purchase")
    refunds = _running(_owned(purchases), ["order_id", "currency", "owner"], "amount_minor")
    paid = _running(purchases, ["order_id", "currency", "member_id"], "amount_minor")
    paid = paid.filter(paid.amount_minor > 0).select(
        "order_id",
        "currency",
        owner=paid.member_id,
        purchase_id=paid.activity_id,
        ordered_at=paid.occurred_at,
        since=paid.before,
        until=paid.running,
    )
    meet = [paid.until > refunds.before, paid.since < refunds.running]
    parts = refunds.left_join(paid, ["order_id", "currency", "owner", *meet])
    shared = ibis.least(parts.until, parts.running) - ibis.greatest(parts.since, parts.before)
    in_turn = ibis.window(group_by=parts.activity_id, order_by=[parts.ordered_at, parts.purchase_id])
    parked = parts.purchase_id.isnull()
    return parts.select(
        "activity_id",
        part=ibis.row_number().over(in_turn).cast("int32"),
        purchase_id=parts.purchase_id,
        matched_minor=ibis.cases((parked, ibis.literal(0, "int64")), else_=shared).cast("int64"),
        member_id=ibis.cases((parked, ibis.null("uuid")), else_=parts.owner),
        ordered_at=parts.ordered_at,
    )


def _owned(purchases: ir.Table) -> ir.Table:
    """Return the refunds with their owner: the order's member, and where it has several, whom the refund names."""
    member = purchases.member_id.cast("string")
    orders = purchases.group_by("order_id", "currency").agg(first=member.min(), last=member.max())
    refunds = DIRTY_ORDER_ACTIVITY.filter(DIRTY_ORDER_ACTIVITY.kind == "refund")
    both = refunds.left_join(orders, ["order_id", "currency"])
    alone = both.first == both.last
    return both.select(
        *("order_id", "currency", "activity_id", "occurred_at", "amount_minor"),
        owner=ibis.cases((alone, both.first.cast("uuid")), else_=both.member_id),
    )


def clawbacks() -> ir.Table:
    """Return program_id, activity_id, rule, version_id, member_id, points (below zero) for each settled refund.

    A purchase's points are taken back in proportion to the money given back so far, cut towards zero, each part
    the difference to the one before: a full refund takes back exactly what was earned.
    """
    parts = DIRTY_SETTLEMENT.filter(DIRTY_SETTLEMENT.matched_minor > 0)
    both = _running(parts, ["purchase_id"], "matched_minor").join(DIRTY_PURCHASE_AWARD, ["purchase_id"])
    now = quotient(wide(both.points) * wide(both.running), wide(both.amount_minor))
    before = quotient(wide(both.points) * wide(both.before), wide(both.amount_minor))
    taken = both.mutate(taken=before - now).group_by("program_id", "activity_id", "rule", "member_id")
    rows = taken.agg(version_id=lambda t: t.version_id.min(), points=lambda t: total(t.taken))
    return rows.select("program_id", "activity_id", "rule", "version_id", "member_id", "points")


def _running(rows: ir.Table, group: list[str], minor: str) -> ir.Table:
    """Add what each group came to before a row and with it, in the order of time, ties by activity id."""
    until_now = ibis.window(
        group_by=group, order_by=[rows.occurred_at, rows.activity_id], preceding=None, following=0
    )
    summed = rows.mutate(running=total(rows[minor], until_now))
    return summed.mutate(before=summed.running - summed[minor])

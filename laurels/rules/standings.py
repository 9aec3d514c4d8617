"""Standings: a member's score in a window, when it was reached, and the one number that ranks both."""

from datetime import datetime

import ibis
import ibis.expr.types as ir

from laurels.errors import RuleRefusedError
from laurels.rules.arithmetic import total
from models.values.boards import Board, CountMetric, Metric

BOARD_ACTIVITY = ibis.table(
    {
        "window_id": "int32",
        "board": "string",
        "starts_at": "timestamp('UTC')",
        "ends_at": "timestamp('UTC')",
        "member_id": "uuid",
        "kind": "string",
        "verified": "boolean",
        "net_minor": "int64",
        "occurred_at": "timestamp('UTC')",
    },
    name="board_activity",
)
"""What counts in the windows that changed: purchases with their amount, refunds with minus what they matched."""

LARGEST_EXACT = 2**53
"""Beyond this a double skips integers, and Redis keeps scores as doubles."""


def standings(boards: tuple[Board, ...]) -> ir.Table | None:
    """Return window_id, member_id, score, reached_at for each member with a score above zero.

    `reached_at` is when the last activity that changed the score occurred, in whole seconds, within the window.
    """
    scored = [_scored(board) for board in boards]
    if not scored:
        return None
    return ibis.union(*scored, distinct=False) if len(scored) > 1 else scored[0]


def _scored(board: Board) -> ir.Table:
    rows = BOARD_ACTIVITY.filter(BOARD_ACTIVITY.board == board.board)
    rows = rows.mutate(counts=_counts(rows, board))
    rows = rows.filter(rows.counts != 0)
    seconds = rows.occurred_at.truncate("s")
    clamped = ibis.least(ibis.greatest(seconds, rows.starts_at), rows.ends_at)
    grouped = rows.mutate(reached=clamped).group_by("window_id", "member_id")
    scores = grouped.agg(score=lambda t: total(t.counts), reached_at=lambda t: t.reached.max())
    return scores.filter(scores.score > 0)


def _counts(rows: ir.Table, board: Board) -> ir.IntegerValue:
    metric = board.metric
    if not isinstance(metric, CountMetric):
        return rows.net_minor.fill_null(0)
    counted = rows.kind == metric.count.value
    if metric.when == "verified":
        counted &= rows.verified
    return ibis.cases((counted, ibis.literal(1, "int64")), else_=ibis.literal(0, "int64"))


def takes(metric: Metric, kind: str, *, verified: bool | None) -> bool:
    """Return whether an activity counts by a metric: what `standings` adds up, for one row; refunds count against."""
    if not isinstance(metric, CountMetric):
        return kind in {"purchase", "refund"}
    return kind == metric.count.value and (metric.when != "verified" or verified is True)


def clock_bits(starts_at: datetime, ends_at: datetime) -> int:
    """Return how many bits hold every second of the window, its end included."""
    return int((ends_at - starts_at).total_seconds()).bit_length()


def composite(score: int, reached_at: datetime, starts_at: datetime, ends_at: datetime) -> int:
    """Return -(score << k) + t: ascending order is score descending, then first to reach it.

    `t` is in seconds since the window's start, k the bits that hold them. Raises RuleRefusedError where a
    double would no longer tell scores apart.
    """
    bits = clock_bits(starts_at, ends_at)
    seconds = int((reached_at - starts_at).total_seconds())
    number = -(score << bits) + seconds
    if abs(number) > LARGEST_EXACT or not 0 <= seconds < 1 << bits:
        raise RuleRefusedError(f"score {score} with {bits} bits of clock leaves the exact range of a double")
    return number


def decomposite(number: int, starts_at: datetime, ends_at: datetime) -> tuple[int, int]:
    """Return the score and the seconds since the window's start that `composite` put in."""
    bits = clock_bits(starts_at, ends_at)
    return -(number >> bits), number & ((1 << bits) - 1)

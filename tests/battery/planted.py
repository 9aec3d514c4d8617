"""Faults to plant in the code, one at a time, and the tests that must turn red: what proves that tests can fail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A text of one file, what stands in its place for a while, what is then wrong, and the tests that see it."""

    name: str
    file: str
    was: str
    becomes: str
    seen_by: str

    @property
    def row(self) -> str:
        """Its row in docs/planted-faults.md."""
        return f"| {self.name} | `{self.file}` | `{self.seen_by}` |"


EARNING, REFUNDS = "laurels/rules/earning.py", "laurels/rules/refunds.py"
UNIT = "tests/unit/rules"
ORACLE = "tests/battery/test_oracle.py"
GATE = "tests/battery/test_gate.py"
TWO_ENGINES = "tests/integration/test_two_engines.py"
FAULTS = (
    Fault(
        "a cap counts the row itself as given before",
        EARNING,
        "rows.cap_per, rows.period)) - rows.base",
        "rows.cap_per, rows.period))",
        f"{UNIT}/test_earning.py",
    ),
    Fault(
        "what is left of a cap may be below zero",
        EARNING,
        'left = ibis.greatest(ibis.literal(0, "int64"), ibis.least(rows.base, rows.cap_points - before))',
        "left = ibis.least(rows.base, rows.cap_points - before)",
        f"{UNIT}/test_earning.py",
    ),
    Fault(
        "equal times are in no order",
        EARNING,
        "order_by=[rows.occurred_at, rows.activity_id]",
        "order_by=[rows.occurred_at, rows.activity_id.desc()]",
        f"{UNIT}/test_earning.py",
    ),
    Fault(
        "a week's cap is a day's",
        EARNING,
        "    if per is Period.WEEK:\n        return rows.week",
        "    if per is Period.WEEK:\n        return rows.day",
        f"{UNIT}/test_earning.py",
    ),
    Fault(
        "only a carried remainder's own row is computed again",
        EARNING,
        "    if rule.rounding is Rounding.CARRY:\n        return Scope.HISTORY",
        "    if rule.rounding is Rounding.CARRY:\n        return Scope.EVENT",
        f"{UNIT}/test_earning.py",
    ),
    Fault(
        "a quotient is rounded, not cut",
        "laurels/rules/arithmetic.py",
        "whole = (dividend - dividend % divisor) / divisor",
        "whole = dividend / divisor",
        f"{UNIT}/test_earning.py",
    ),
    Fault(
        "products are floats",
        "laurels/rules/arithmetic.py",
        'value.cast("decimal(38, 0)")',
        'value.cast("float64")',
        TWO_ENGINES,
    ),
    Fault(
        "each part of a refund takes back all there was so far",
        REFUNDS,
        "taken=before - now",
        "taken=-now",
        f"{UNIT}/test_refunds.py",
    ),
    Fault(
        "a refund takes back from its newest purchase first",
        REFUNDS,
        "owner=paid.member_id,\n        purchase_id=paid.activity_id,\n        ordered_at=paid.occurred_at,\n        since=paid.before,",
        "owner=paid.member_id,\n        purchase_id=paid.activity_id,\n        ordered_at=paid.occurred_at,\n        since=paid.before - 1,",
        f"{UNIT}/test_refunds.py",
    ),
    Fault(
        "the moment at which a season ends belongs to it",
        "laurels/stores/participation.py",
        "where a.occurred_at >= %(start)s and a.occurred_at < %(end)s and a.kind = any",
        "where a.occurred_at >= %(start)s and a.occurred_at <= %(end)s and a.kind = any",
        "tests/integration/test_versions.py",
    ),
    Fault(
        "days are UTC's, not the program's",
        "laurels/stores/participation.py",
        "a.kind, (a.occurred_at at time zone %(zone)s)::date",
        "a.kind, (a.occurred_at at time zone 'UTC')::date",
        ORACLE,
    ),
    Fault(
        "the moment at which a window ends counts in it",
        "laurels/stores/boards.py",
        "a.occurred_at < w.ends_at\n  join participation",
        "a.occurred_at <= w.ends_at\n  join participation",
        "tests/integration/test_boards.py",
    ),
    Fault(
        "a score of zero has a rank",
        "laurels/rules/standings.py",
        "scores.filter(scores.score > 0)",
        "scores.filter(scores.score >= 0)",
        ORACLE,
    ),
    Fault(
        "a score was reached when it began",
        "laurels/rules/standings.py",
        "reached_at=lambda t: t.reached.max()",
        "reached_at=lambda t: t.reached.min()",
        ORACLE,
    ),
    Fault(
        "who reached a score last is ahead",
        "laurels/rules/standings.py",
        "number = -(score << bits) + seconds",
        "number = -(score << bits) - seconds",
        f"{UNIT}/test_standings.py",
    ),
    Fault(
        "an award that changes is posted whole again",
        "laurels/stores/points.py",
        "coalesce(old_member_id, member_id), -old_points from changed",
        "coalesce(old_member_id, member_id), 0::bigint from changed",
        ORACLE,
    ),
    Fault(
        "an award that no rule gives any more stays",
        "laurels/stores/points.py",
        "where a.program_id = %(program)s and a.points <> 0 and a.activity_id in ({scope})",
        "where false and a.program_id = %(program)s and a.activity_id in ({scope})",
        "tests/integration/test_versions.py",
    ),
    Fault(
        "who was overtaken writes on",
        "laurels/stores/leases.py",
        "    if current != token:",
        "    if current is None:",
        "tests/integration/test_leases.py",
    ),
    Fault(
        "the lease's row is not locked while its holder writes",
        "laurels/stores/leases.py",
        "select token from lease where name = :name for update",
        "select token from lease where name = :name",
        "tests/integration/test_batches.py",
    ),
    Fault(
        "rows that changed after the gate judged them are applied",
        "laurels/stores/batches.py",
        "    if batch.digest != digest(session, batch_id):",
        "    if batch.digest is None:",
        GATE,
    ),
    Fault(
        "a batch that lost rows is judged all the same",
        "laurels/quality/rules.py",
        "having count(*) <> {int(rows)}",
        "having count(*) < 0 * {int(rows)}",
        GATE,
    ),
    Fault(
        "five minutes from now are too late",
        "laurels/quality/compiled.py",
        "occurred_at > as_of + interval",
        "occurred_at >= as_of + interval",
        GATE,
    ),
    Fault(
        "the grace ends a moment late",
        "laurels/rules/tiers.py",
        ">= tiers.downgrade.after",
        "> tiers.downgrade.after",
        f"{UNIT}/test_tiers.py",
    ),
    Fault(
        "a tier's last rank is not in it",
        "laurels/rules/tiers.py",
        "if rank <= tier.to",
        "if rank < tier.to",
        f"{UNIT}/test_tiers.py",
    ),
    Fault(
        "an event's key forgets whose event it is",
        "laurels/rules/identity.py",
        'return _digest_uuid(f"{source}\\0{event_id}")',
        'return _digest_uuid(f"\\0{event_id}")',
        f"{UNIT}/test_identity.py",
    ),
    Fault(
        "the ledger has no unique key",
        "models/migrations/versions/0001_spine.py",
        '"program_id", "activity_id", "rule", "batch_id", "member_id", name="ledger_entry_once"',
        '"id", "program_id", "activity_id", "rule", "batch_id", "member_id", name="ledger_entry_once"',
        "tests/integration/test_schema.py",
    ),
    Fault(
        "facts can be changed",
        "models/migrations/versions/0001_spine.py",
        "_is_append_only before update or delete or truncate on {table} ",
        "_is_append_only before truncate on {table} ",
        "tests/integration/test_append_only.py",
    ),
    Fault(
        "a message whose sender died is sent again",
        "laurels/services/outbox.py",
        "left = dict.fromkeys(swept, State.UNKNOWN)",
        "left = dict.fromkeys(swept, State.PENDING)",
        "tests/integration/test_outbox_crashes.py",
    ),
)

"""Quality: rule sets, what a file was like, arrivals, and all rows of a file in one view"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What a mapping could not read it said already: a rule about the field is then silent.
UNREAD = {
    "kind_unread": "kind",
    "member_unread": "member_id",
    "time_unread": "time",
    "amount_unread": "amount|currency",
    "order_unread": "order_id",
    "referred_unread": "referred_id",
}
JUDGED = """
       p.key, p.revision, p.kind, p.member_id, p.occurred_at, p.amount_minor, p.currency, p.order_id,
       p.referred_id, p.verified, p.problems, p.raw, t.source, t.mapping, t.as_of,
""" + ",\n".join(
    f"       exists (select from unnest(p.problems) problem where problem ~ '^({fields})_') as {name}"
    for name, fields in UNREAD.items()
)

# What the gate reads: the rows of claimed batches, over its own connection.
CLAIMED_ROW = f"""
create view claimed_row as
select b.batch_id, {JUDGED}
from batch_item b
join payload p on p.key = b.key and p.revision = b.revision
join batch on batch.id = b.batch_id
join intake t on t.id = batch.intake_id
"""
# What reports read: the rows that a file brought, as they came.
INTAKE_ROW = f"""
create view intake_row as
select k.intake_id, k.line, {JUDGED}
from inbox_key k
join payload p on p.key = k.key and p.revision = k.revision
join intake t on t.id = k.intake_id
"""


def upgrade() -> None:
    time = sqlmodel.sql.sqltypes.UTCDateTime
    op.create_table(
        "ruleset",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", time(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.execute(
        "create trigger ruleset_is_append_only before update or delete or truncate on ruleset "
        "for each statement execute function refuse_change()"
    )
    op.create_table(
        "tally",
        sa.Column("intake_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("intake_id", "what", "item"),
    )
    op.create_table(
        "measure",
        sa.Column("intake_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.CheckConstraint("severity in ('critical', 'warning', 'info')", name="measure_severity"),
        sa.PrimaryKeyConstraint("intake_id", "name", "field"),
    )
    op.create_table(
        "arrival",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("due_at", time(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("intake_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state in ('awaited', 'arrived', 'late', 'missing')", name="arrival_state"),
        sa.PrimaryKeyConstraint("source", "mapping", "due_at"),
    )
    op.create_index(
        "arrival_open",
        "arrival",
        ["due_at"],
        unique=False,
        postgresql_where="state in ('awaited', 'missing')",
    )
    op.add_column(
        "intake",
        sa.Column(
            "found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("intake", sa.Column("ruleset", sa.Text(), nullable=True))
    op.add_column("intake", sa.Column("first_at", time(), nullable=True))
    op.add_column("intake", sa.Column("last_at", time(), nullable=True))
    op.add_column(
        "inbox_key", sa.Column("revision", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index("inbox_key_intake", "inbox_key", ["intake_id"], postgresql_using="brin")
    op.drop_constraint("quarantined_row_state", "quarantined_row")
    op.create_check_constraint(
        "quarantined_row_state",
        "quarantined_row",
        "state in ('open', 'replaying', 'replayed', 'superseded', 'dismissed', 'expired')",
    )
    op.add_column("quarantined_row", sa.Column("reopened_at", time(), nullable=True))
    op.add_column("quarantined_row", sa.Column("moved_to", sa.Uuid(), nullable=True))
    op.execute("drop view claimed_row")
    op.execute(CLAIMED_ROW)
    op.execute(INTAKE_ROW)


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only: restore a backup to go back")

"""The spine: inbox, gate, points, boards, grants, outbox"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY_PARTITIONS = 4

# Facts are never rewritten, whoever asks: the trigger binds the owner of the tables too.
APPEND_ONLY = ("ledger_entry", "audit_entry", "program_version", "activity", "payload")

REFUSE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$
"""

# What the gate reads: the rows of claimed batches, over its own connection.
CLAIMED_ROW = """
create view claimed_row as
select b.batch_id, b.key, p.revision, p.kind, p.member_id, p.occurred_at, p.amount_minor, p.currency,
       p.order_id, p.referred_id, p.verified, p.problems, t.as_of
from batch_item b
join payload p on p.key = b.key and p.revision = b.revision
join batch on batch.id = b.batch_id
join intake t on t.id = batch.intake_id
"""


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("referred_id", sa.Uuid(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("activity_member", "activity", ["member_id", "kind", "occurred_at"], unique=False)
    op.create_index(
        "activity_order", "activity", ["order_id"], unique=False, postgresql_where="order_id is not null"
    )
    op.create_table(
        "actor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role in ('viewer', 'editor', 'admin')", name="actor_role"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sqlmodel.sql.sqltypes.UTCDateTime(),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "award",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "activity_id", "rule"),
    )
    op.create_index("award_member", "award", ["program_id", "member_id"], unique=False)
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("intake_id", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("ruleset", sa.Text(), nullable=True),
        sa.Column("verdict", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "state in ('claimed', 'passed', 'held', 'gate_error', 'applied')", name="batch_state"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "batch_open", "batch", ["id"], unique=False, postgresql_where="state in ('claimed', 'passed')"
    )
    op.create_index(op.f("ix_batch_intake_id"), "batch", ["intake_id"], unique=False)
    op.create_table(
        "batch_item",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "key"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("claimed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'accepted', 'rejected', 'unknown', 'superseded')",
            name="delivery_state",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "delivery_due", "delivery", ["created_at"], unique=False, postgresql_where="state = 'pending'"
    )
    op.create_index(
        "delivery_in_flight", "delivery", ["claimed_at"], unique=False, postgresql_where="state = 'sending'"
    )
    op.create_index("delivery_once", "delivery", ["grant_id", "channel", "template"], unique=True)
    op.create_table(
        "dirty_standing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dirty_standing_window", "dirty_standing", ["window_id"], unique=False)
    op.create_table(
        "inbox_key",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("intake_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        postgresql_partition_by="HASH (key)",
    )
    op.create_table(
        "intake",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("replay_of", sa.BigInteger(), nullable=True),
        sa.Column("as_of", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("conflicts", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("seen_before", sa.Boolean(), nullable=False),
        sa.Column("seen_columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("missing_columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("unknown_columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("duplicate_columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("bounds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("verdict", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "state in ('reading', 'held', 'released', 'rejected', 'done')", name="intake_state"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("intake_digest", "intake", ["source", "digest"], unique=False)
    op.create_index("intake_open", "intake", ["id"], unique=False, postgresql_where="state = 'released'")
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "recorded_at",
            sqlmodel.sql.sqltypes.UTCDateTime(),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("account in ('pending', 'available', 'debt')", name="ledger_entry_account"),
        sa.CheckConstraint(
            "kind in ('award', 'spend', 'expire', 'clawback', 'adjust')", name="ledger_entry_kind"
        ),
        sa.CheckConstraint("points <> 0 and abs(points) < 9007199254740992", name="ledger_entry_points"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "program_id", "activity_id", "rule", "batch_id", "member_id", name="ledger_entry_once"
        ),
    )
    op.create_index("ledger_entry_member", "ledger_entry", ["program_id", "member_id"], unique=False)
    op.create_table(
        "participation",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "activity_id"),
    )
    op.create_index(
        "participation_member", "participation", ["program_id", "member_id", "kind", "day"], unique=False
    )
    op.create_table(
        "payload",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("referred_id", sa.Uuid(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column("problems", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key", "revision"),
    )
    op.create_table(
        "person",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member_id"),
    )
    op.create_table(
        "person_field",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("observed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "field"),
    )
    op.create_table(
        "program",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "push",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("claimed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'accepted', 'rejected', 'unknown', 'superseded')",
            name="push_state",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "push_due",
        "push",
        ["created_at"],
        unique=False,
        postgresql_where="state in ('pending', 'unknown')",
    )
    op.create_index(
        "push_in_flight", "push", ["member_id"], unique=True, postgresql_where="state = 'sending'"
    )
    op.create_index(
        "push_of_member",
        "push",
        ["member_id"],
        unique=False,
        postgresql_where="state in ('pending', 'sending', 'unknown')",
    )
    op.create_index("push_once", "push", ["grant_id", "action"], unique=True)
    op.create_table(
        "quarantined_row",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("intake_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("key", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("ruleset", sa.Text(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'replaying', 'replayed', 'superseded', 'dismissed')",
            name="quarantined_row_state",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "quarantined_row_event",
        "quarantined_row",
        ["key", "revision", "digest"],
        unique=True,
        postgresql_nulls_not_distinct=False,
    )
    op.create_index("quarantined_row_place", "quarantined_row", ["intake_id", "line"], unique=False)
    op.create_index(
        "quarantined_row_unreadable",
        "quarantined_row",
        ["intake_id", "line", "part"],
        unique=True,
        postgresql_where="key is null",
    )
    op.create_table(
        "queue_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("intake_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("queue_item_intake", "queue_item", ["intake_id", "id"], unique=False)
    op.create_table(
        "settlement",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("matched_minor", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("ordered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("activity_id", "part"),
    )
    op.create_index("settlement_member", "settlement", ["member_id", "ordered_at"], unique=False)
    op.create_table(
        "standing",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("window_id", "member_id"),
    )
    op.create_index(
        "standing_rank", "standing", ["window_id", "score", "reached_at", "member_id"], unique=False
    )
    op.create_table(
        "tier_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("pass_number", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("falling_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("percent between 1 and 100", name="tier_grant_percent"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "tier_grant_active",
        "tier_grant",
        ["window_id", "member_id"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    op.create_table(
        "board_window",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("board", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("pass_number", sa.BigInteger(), nullable=False),
        sa.Column("view", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["program.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("program_id", "board", "period", "starts_at"),
    )
    op.create_table(
        "program_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_from", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["program.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("program_id", "effective_from"),
        sa.UniqueConstraint("program_id", "number"),
    )
    for part in range(KEY_PARTITIONS):
        op.execute(
            f"create table inbox_key_p{part} partition of inbox_key "
            f"for values with (modulus {KEY_PARTITIONS}, remainder {part})"
        )
    op.execute(REFUSE)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.execute(CLAIMED_ROW)


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only: restore a backup to go back")

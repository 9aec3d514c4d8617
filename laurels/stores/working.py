"""Working tables: a transaction's scratch paper, emptied at its end, named like the rules' relations."""

from sqlmodel import Session

from laurels.stores.database import driver

_TABLES = {
    "fresh_activity": "activity_id uuid, kind text, occurred_at timestamptz, order_id uuid",
    "fresh_participation": "activity_id uuid, member_id uuid, kind text, day date, occurred_at timestamptz",
    "dirty_order": "order_id uuid",
    "dirty_order_activity": "order_id uuid, activity_id uuid, member_id uuid, kind text, occurred_at timestamptz, "
    "amount_minor bigint, currency text",
    "target_settlement": "activity_id uuid, part int, purchase_id uuid, matched_minor bigint, member_id uuid, "
    "ordered_at timestamptz",
    "moved_refund": "member_id uuid, ordered_at timestamptz",
    "dirty_activity": "program_id int, version_id int, activity_id uuid, member_id uuid, kind text, day date, "
    "week date, occurred_at timestamptz, amount_minor bigint, verified boolean, order_id uuid",
    "target_award": "program_id int, activity_id uuid, rule text, version_id int, member_id uuid, points bigint",
    "dirty_purchase_award": "program_id int, purchase_id uuid, rule text, version_id int, member_id uuid, "
    "points bigint, amount_minor bigint",
    "dirty_settlement": "activity_id uuid, occurred_at timestamptz, purchase_id uuid, matched_minor bigint",
    "current_window": "id int, version_id int",
    "dirty_window_member": "window_id int, member_id uuid",
    "board_activity": "window_id int, board text, starts_at timestamptz, ends_at timestamptz, member_id uuid, "
    "kind text, verified boolean, net_minor bigint, occurred_at timestamptz",
    "target_standing": "window_id int, member_id uuid, score bigint, reached_at timestamptz",
}


def prepare(session: Session) -> None:
    """Make the working tables on this connection, unless it has them."""
    connection = driver(session)
    if connection.execute("select to_regclass('pg_temp.target_standing')").fetchone() != (None,):
        return
    for name, columns in _TABLES.items():
        connection.execute(f"create temporary table {name} ({columns}) on commit delete rows".encode())


def clear(session: Session, *names: str) -> None:
    """Empty working tables between two programs of one transaction."""
    for name in names:
        driver(session).execute(f"delete from {name}".encode())


def counted(session: Session, *names: str) -> None:
    """Tell the planner how full the tables are: it knows nothing of a temporary table by itself."""
    for name in names:
        driver(session).execute(f"analyze {name}".encode())

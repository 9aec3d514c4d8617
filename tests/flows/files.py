"""Small files of activity."""

from pathlib import Path
from uuid import uuid4


def write_purchases(path: Path, count: int) -> Path:
    """Write purchases of so many new members, in July 2026, and return the path."""
    lines = [
        f"{uuid4()},purchase,member-{uuid4().hex[:8]},2026-07-01T10:00:{number:02d}Z,12.50,USD,order-{uuid4().hex[:8]}"
        for number in range(count)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    header = "event_id,kind,member_id,occurred_at,amount,currency,order_id"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path

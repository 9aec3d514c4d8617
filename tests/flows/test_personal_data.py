"""Prefect sees where a file lies and what became of it, and nothing of whom it is about."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from flows.activity import ingest_activity
from laurels.embedded import Servers
from tests.flows.prefect_api import waited_for

AS_OF = datetime(2026, 7, 1, 12, tzinfo=UTC)
CANARIES = {"email": "canary.flow@example.org", "phone": "+15550009876543", "name": "Canaria Flussvogel"}
MEMBERS = ["canary-flow-member-1", "canary-flow-member-2"]

pytestmark = pytest.mark.usefixtures("in_process", "program")


def test_prefect_keeps_nothing_personal(tmp_path: Path, flow_servers: Servers) -> None:
    row = {"kind": "purchase", "occurred_at": "2026-06-30T12:00:00Z", "currency": "USD", **CANARIES}
    rows = [
        row | {"event_id": f"{number}", "member_id": member, "amount": amount}
        for number, (member, amount) in enumerate(
            zip(MEMBERS * 3, ["1.00", "12,50", "-1", "2.00", "NaN", "3.00"], strict=True)
        )
    ]
    path = tmp_path / "canaries.jsonl"
    path.write_text(
        "".join(json.dumps(one) + "\n" for one in rows) + f'{{"email": "{CANARIES["email"]}", broken\n'
    )
    source = f"shop-{uuid4().hex[:8]}"
    done = ingest_activity(path, source, "activity-jsonl", AS_OF)
    assert (done.intake.refused, done.drain.passed, done.drain.quarantined) == (1, 3, 3)
    url = flow_servers.prefect_database_url.replace("+asyncpg", "")
    waited_for(
        lambda: told(url, f"{source}-activity-jsonl") and told(url, "3 rows passed"), "the run and its logs"
    )
    kept = everything(url)
    for canary in [*CANARIES.values(), *MEMBERS]:
        assert not [text[:200] for text in kept if canary in text]


def told(url: str, words: str) -> list[str]:
    return [text for text in everything(url) if words in text]


def everything(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        assert len(tables) > 20
        return [
            str(text)
            for (table,) in tables
            for (text,) in connection.execute(
                sql.SQL("select t::text from {} t").format(sql.Identifier(table))
            )
        ]

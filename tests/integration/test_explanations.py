"""Explanations: each number down to its file and line, and computed again from there."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from laurels.cli import app
from laurels.errors import NotFoundError, RuleRefusedError
from laurels.services import batches as drains
from laurels.services import boards, explanations, intake, quarantine
from laurels.services.explained import Award
from laurels.services.runtime import Runtime
from laurels.stores import explanations as stored
from laurels.stores.database import driver
from models.grants import TierGrant
from models.outbox import Delivery
from models.points import LedgerEntry
from tests.integration.activity import purchase, referral, refund, run_rows, share, write_jsonl
from tests.integration.race import JUNE, apply, member
from tests.runtimes import another

CAPPED = [
    {"rule": "buy", "on": "purchase", "points_per_unit": 10},
    {"rule": "share", "on": "share", "points": 5, "cap": {"per": "day", "points": 8}},
]


def entries(runtime: Runtime) -> list[LedgerEntry]:
    with runtime.database.transaction() as session:
        return list(session.exec(select(LedgerEntry).order_by(LedgerEntry.id)).all())  # type: ignore[arg-type]


def written(runtime: Runtime) -> list[tuple[object, ...]]:
    """All that an explanation could have changed."""
    tables = ("ledger_entry", "award", "standing", "dirty_standing", "settlement", "board_window")
    with runtime.database.transaction() as session:
        return [
            row
            for name in tables
            for row in driver(session).execute(f"select '{name}', t::text from {name} t order by 2".encode())
        ]


def test_an_entry_names_rule_version_file_and_line_and_comes_out_again(
    runtime: Runtime, tmp_path: Path
) -> None:
    apply(runtime, earning=CAPPED)
    run_rows(
        runtime, tmp_path, [share("s0", "bob"), purchase("p1", "ada", "12.59", order_id="o1")], "a.jsonl"
    )
    before = written(runtime)
    (bought,) = [one for one in entries(runtime) if one.rule == "buy"]
    told = explanations.explain_entry(runtime, bought.id or 0)
    assert (told.entry.points, told.award.posted, told.award.recomputed, told.agrees) == (125, 125, 125, True)
    assert told.member_id == member(runtime, "ada")
    fact = told.award.fact
    assert fact is not None
    assert (fact.source, fact.file, fact.line, fact.revision, fact.holder) == (
        "test",
        "a.jsonl",
        2,
        0,
        runtime.holder,
    )
    rule = told.award.rule
    assert (rule.program, rule.version, rule.text) == (
        "own",
        1,
        "{rule: buy, on: purchase, points_per_unit: 10}",
    )
    assert written(runtime) == before


def test_a_late_row_that_moves_a_cap_is_seen_in_the_entries(runtime: Runtime, tmp_path: Path) -> None:
    """Two shares fill the cap, 5 and 3; an earlier one comes in late, and the last one's 3 are taken back."""
    apply(runtime, earning=CAPPED)
    day = "2026-06-10T{}:00:00Z"
    run_rows(
        runtime,
        tmp_path,
        [share("s1", "ada", at=day.format(10)), share("s2", "ada", at=day.format(12))],
        "a.jsonl",
    )
    run_rows(runtime, tmp_path, [share("s0", "ada", at=day.format("08"))], "b.jsonl")
    (balance,) = explanations.explain_balance(runtime, member(runtime, "ada"))
    assert (balance.points, balance.agrees) == (8, True)
    found = {one.fact.line: one for one in balance.awards if one.fact and one.fact.file == "a.jsonl"}
    assert [entry.points for entry in found[1].entries] == [5, -2]
    assert [entry.points for entry in found[2].entries] == [3, -3]
    assert (found[2].posted, found[2].recomputed) == (0, 0)
    told = explanations.explain_entry(runtime, found[2].entries[0].id)
    assert told.agrees and len({entry.batch_id for entry in told.award.entries}) == 2


def test_a_clawback_names_its_refund_and_the_purchase_that_it_gives_back(
    runtime: Runtime, tmp_path: Path
) -> None:
    apply(runtime, earning=CAPPED)
    run_rows(runtime, tmp_path, [purchase("p1", "ada", "10.00", order_id="o1")], "bought.jsonl")
    run_rows(runtime, tmp_path, [refund("r1", "o1", "4.00")], "back.jsonl")
    (back,) = [one for one in entries(runtime) if one.kind == "clawback"]
    told = explanations.explain_entry(runtime, back.id or 0)
    assert (told.entry.points, told.award.recomputed) == (-40, -40)
    assert told.award.fact is not None and told.award.fact.file == "back.jsonl"
    assert [fact.file for fact in told.award.covers] == ["bought.jsonl"]
    text = told.text()
    assert "refund of 4.00 USD" in text and "of        purchase of 10.00 USD" in text


def test_a_mended_row_says_so(runtime: Runtime, tmp_path: Path) -> None:
    apply(runtime, earning=CAPPED)
    path = write_jsonl(tmp_path / "a.jsonl", [purchase("p1", "ada", "12,50")])
    intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    drains.drain(runtime)
    quarantine.replay(runtime, [1], edits={"amount": "12.50"}, actor="ann")
    drains.drain(runtime)
    (bought,) = entries(runtime)
    told = explanations.explain_entry(runtime, bought.id or 0)
    assert told.award.fact is not None and told.award.fact.revision == 1
    assert "a.jsonl:1 of test (intake 1), mended (revision 1), batch " in told.text()


RACE: dict[str, Any] = {
    "earning": [{"rule": "referral", "on": "referral", "points": 100}],
    "boards": [{"board": "referrals", "metric": {"count": "referral"}, "windows": ["season"]}],
    "tiers": {"board": "referrals/season", "ranks": [{"to": 1, "percent": 30}]},
    "messages": {"rank_change": "You are #{rank}: {percent}%"},
}


def raced(runtime: Runtime, folder: Path) -> tuple[TierGrant, Delivery]:
    apply(runtime, **RACE)
    run_rows(runtime, folder, [referral(f"r{n}", "ada", f"friend-{n}") for n in range(3)], "race.jsonl")
    boards.reconcile_boards(runtime, as_of=JUNE)
    with runtime.database.transaction() as session:
        return session.exec(select(TierGrant)).one(), session.exec(select(Delivery)).one()


def test_a_delivery_leads_to_its_grant_its_score_and_each_row_that_counted(
    runtime: Runtime, tmp_path: Path
) -> None:
    grant, delivery = raced(runtime, tmp_path)
    before = written(runtime)
    told = explanations.explain_delivery(runtime, str(delivery.id)[:8])
    assert (told.message, told.grant.grant_id, told.agrees) == ("You are #1: 30%", grant.id, True)
    assert (told.grant.score, told.grant.recomputed, told.grant.board) == (3, 3, "referrals/season")
    assert sorted(fact.line for fact in told.grant.counted) == [1, 2, 3]
    assert told.grant.rule.text == "{to: 1, percent: 30}"
    assert explanations.explain_grant(runtime, str(grant.id)) == told.grant
    assert written(runtime) == before


def test_only_what_the_board_counts_is_told_to_have_counted(runtime: Runtime, tmp_path: Path) -> None:
    verified = {"count": "referral", "when": "verified"}
    apply(
        runtime,
        **RACE
        | {"boards": [RACE["boards"][0] | {"metric": verified}], "earning": [*CAPPED, *RACE["earning"]]},
    )
    rows = [purchase("p1", "ada", "1.00"), share("s1", "ada"), referral("r1", "ada", "bob")]
    run_rows(runtime, tmp_path, [*rows, referral("r2", "ada", "cyd", verified="false")])
    boards.reconcile_boards(runtime, as_of=JUNE)
    with runtime.database.transaction() as session:
        grant = session.exec(select(TierGrant)).one()
    told = explanations.explain_grant(runtime, str(grant.id))
    assert (told.score, [fact.line for fact in told.counted]) == (1, [3])


def test_of_a_board_of_money_purchases_count_and_refunds_against(runtime: Runtime, tmp_path: Path) -> None:
    spend = {
        "board": "spend",
        "metric": {"sum": "amount", "of": "purchase", "net": "refunds"},
        "windows": ["season"],
    }
    tiers = {"board": "spend/season", "ranks": [{"to": 1, "percent": 30}]}
    apply(runtime, **RACE | {"boards": [spend], "tiers": tiers, "earning": CAPPED})
    rows = [purchase("p1", "ada", "10.00", order_id="o1"), share("s1", "ada"), refund("r1", "o1", "4.00")]
    run_rows(runtime, tmp_path, rows)
    boards.reconcile_boards(runtime, as_of=JUNE)
    with runtime.database.transaction() as session:
        grant = session.exec(select(TierGrant)).one()
    told = explanations.explain_grant(runtime, str(grant.id))
    assert (told.score, told.agrees, [fact.line for fact in told.counted]) == (600, True, [1, 3])


@pytest.mark.parametrize(
    ("damage", "agrees"),
    [
        (
            "update award set points = 99 where rule = 'referral'",
            True,
        ),  # a view: the ledger is what was posted
        ("update standing set score = 7", False),
    ],
)
def test_a_view_that_was_changed_by_hand_does_not_come_out_again(
    runtime: Runtime, tmp_path: Path, damage: str, agrees: bool
) -> None:
    grant, _ = raced(runtime, tmp_path)
    with runtime.database.transaction() as session:
        driver(session).execute(damage.encode())
    assert explanations.explain_grant(runtime, str(grant.id)).agrees == agrees
    assert explanations.explain_entry(runtime, entries(runtime)[0].id or 0).agrees


def test_an_entry_that_nothing_explains_is_told(runtime: Runtime, tmp_path: Path) -> None:
    raced(runtime, tmp_path)
    (first, *_) = entries(runtime)
    with runtime.database.transaction() as session:
        session.add(LedgerEntry(**{**first.model_dump(exclude={"id"}), "points": 50, "batch_id": 99}))
    told = explanations.explain_entry(runtime, first.id or 0)
    assert (told.award.posted, told.award.recomputed, told.agrees) == (150, 100, False)
    (balance,) = explanations.explain_balance(runtime, first.member_id)
    assert (balance.points, balance.agrees) == (350, False)


@pytest.mark.parametrize("gone", ["kind = 'award'", "true"], ids=["the award", "both, which come to nothing"])
def test_entries_that_were_lost_are_missed_also_where_their_sum_is_nothing(
    runtime: Runtime, tmp_path: Path, gone: str
) -> None:
    apply(runtime, earning=CAPPED)
    rows = [purchase("p1", "ada", "10.00", order_id="o1"), refund("r1", "o1", "10.00")]
    run_rows(runtime, tmp_path, rows)
    (balance,) = explanations.explain_balance(runtime, member(runtime, "ada"))
    assert (balance.points, balance.recomputed, balance.lost, balance.agrees) == (0, 0, 0, True)
    with runtime.database.transaction() as session:
        driver(session).execute("alter table ledger_entry disable trigger all")
        driver(session).execute(f"delete from ledger_entry where {gone}".encode())
    (balance,) = explanations.explain_balance(runtime, member(runtime, "ada"))
    assert not balance.agrees
    assert balance.lost == (2 if gone == "true" else 1)


def test_a_settlement_that_was_changed_by_hand_is_computed_again(runtime: Runtime, tmp_path: Path) -> None:
    apply(runtime, earning=CAPPED)
    run_rows(runtime, tmp_path, [purchase("p1", "ada", "10.00", order_id="o1"), refund("r1", "o1", "4.00")])
    with runtime.database.transaction() as session:
        driver(session).execute("update settlement set matched_minor = 900")
        driver(session).execute("update award set points = -90 where points < 0")
    (balance,) = explanations.explain_balance(runtime, member(runtime, "ada"))
    assert (balance.points, balance.recomputed, balance.agrees) == (60, 60, True)


def test_a_batch_that_ends_meanwhile_is_no_difference(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(runtime, earning=CAPPED)
    run_rows(runtime, tmp_path, [share("s1", "ada", at="2026-06-10T10:00:00Z")], "a.jsonl")
    touch = stored.touch_member

    def meanwhile(*given: Any) -> None:
        with another(runtime) as own:
            run_rows(own, tmp_path, [share("s2", "ada", at="2026-06-10T12:00:00Z")], "b.jsonl")
        touch(*given)

    monkeypatch.setattr(stored, "touch_member", meanwhile)
    (balance,) = explanations.explain_balance(runtime, member(runtime, "ada"))
    assert (balance.points, balance.agrees) == (5, True)
    monkeypatch.undo()
    (balance,) = explanations.explain_balance(runtime, member(runtime, "ada"))
    assert (balance.points, balance.agrees) == (8, True)


def test_what_is_not_there_is_said(runtime: Runtime, tmp_path: Path) -> None:
    grant, _ = raced(runtime, tmp_path)
    with pytest.raises(NotFoundError, match="no entry 99"):
        explanations.explain_entry(runtime, 99)
    with pytest.raises(NotFoundError, match="has no entry in program other"):
        explanations.explain_balance(runtime, grant.member_id, "other")
    with pytest.raises(NotFoundError, match="no grant ffffffff"):
        explanations.explain_grant(runtime, "ffffffff")
    with pytest.raises(RuleRefusedError, match=r"^% is no delivery's id"):
        explanations.explain_delivery(runtime, "%")


def test_an_award_without_an_activity_has_a_sum_all_the_same(runtime: Runtime, tmp_path: Path) -> None:
    raced(runtime, tmp_path)
    (balance,) = explanations.explain_balance(runtime, member(runtime, "ada"))
    one = balance.awards[0]
    assert Award(None, one.rule, one.entries, one.recomputed).posted == 100


def test_the_command_says_it_and_ends_with_1_where_it_does_not_come_out(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant, delivery = raced(runtime, tmp_path)
    settings = runtime.settings
    assert settings.database_url and settings.redis_url and settings.master_key
    monkeypatch.setenv("LAURELS_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("LAURELS_REDIS_URL", settings.redis_url.get_secret_value())
    monkeypatch.setenv("LAURELS_MASTER_KEY", settings.master_key.get_secret_value())

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, ["explain", *map(str, words)], catch_exceptions=False)

    assert "of test (intake 1)" in run("entry", 1).stdout
    assert "balance 300; computed again: 300" in run("balance", "ada", "--source", "test").stdout
    assert run("balance", grant.member_id).exit_code == 0
    assert json.loads(run("balance", grant.member_id, "--json").stdout)[0]["points"] == 300
    assert "rank 1" in run("grant", grant.id).stdout
    assert "said      You are #1: 30%" in run("delivery", delivery.id).stdout
    assert "--source SHOP" in run("balance", "ada").stderr
    with runtime.database.transaction() as session:
        driver(session).execute(b"update standing set score = 7")
    assert run("grant", grant.id).exit_code == 1


def test_times_are_told_in_utc(runtime: Runtime, tmp_path: Path) -> None:
    grant, _ = raced(runtime, tmp_path)
    assert explanations.explain_grant(runtime, str(grant.id)).text().count("2026-06-20T00:00:00Z") == 1
    assert grant.starts_at == datetime(2026, 6, 20, tzinfo=UTC)

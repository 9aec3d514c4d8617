"""The gate's own battery: exactly the planted rows are refused, with exactly their reasons, and it fails closed."""

import gc
import logging
import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.errors import GateError, TransientError
from laurels.quality import compiled
from laurels.quality.gate import Gate
from laurels.quality.rules import Clause, Family
from laurels.services import batches, boards, quarantine, versions
from laurels.services.rulesets import house_rules
from laurels.services.runtime import Runtime
from laurels.stores import batches as claims
from laurels.stores.database import driver
from models.batches import Batch
from models.values.rules import Applied, Ruleset
from tests.battery.gate_rows import (
    BORDERLINE,
    GOOD,
    NOW,
    PLANTED,
    REFERRAL,
    REFUND,
    ask,
    key_of,
    one,
    refused_lines,
    states_by_key,
    take_in,
)

SUMMER = Path("deployments/programs/summer-race.yaml")
MAY = datetime(2026, 5, 1, tzinfo=UTC)
APPLIED = "select id from activity"
HOUSE = Ruleset(rules=tuple(Applied(rule=rule) for rule in house_rules()))


def test_every_rule_has_its_planted_row() -> None:
    judged = [rule.rule for rule in house_rules() if not (rule.check.read or rule.check.form)]
    assert set(PLANTED) == set(judged)


@pytest.mark.parametrize("reason", PLANTED)
def test_the_planted_row_alone_is_refused_and_the_good_ones_reach_the_ledger(
    runtime: Runtime, reason: str
) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    take_in(runtime, [GOOD, PLANTED[reason], replace(GOOD, amount_minor=100)])
    report = batches.drain(runtime)
    assert (report.passed, report.quarantined, report.reasons) == (2, 1, {reason: 1})
    assert refused_lines(runtime) == {2: [reason]}
    assert {row for (row,) in ask(runtime, APPLIED)} == {key_of(1), key_of(3)}
    assert {row for (row,) in ask(runtime, "select distinct activity_id from ledger_entry")} == {
        key_of(1),
        key_of(3),
    }
    (view,) = quarantine.list_quarantine(runtime)
    assert (view.line, view.reasons) == (2, (reason,))
    assert view.sentences[0].endswith(".")


def test_rows_at_the_edge_of_each_rule_pass(runtime: Runtime) -> None:
    take_in(runtime, BORDERLINE)
    report = batches.drain(runtime)
    assert (report.passed, report.quarantined) == (len(BORDERLINE), 0)


FAULTS = [
    (
        replace(GOOD, kind=None, member_id=None, occurred_at=None),
        ["kind_missing", "member_missing", "time_missing"],
    ),
    (
        replace(GOOD, amount_minor=2**43, occurred_at=NOW.replace(year=2027)),
        ["amount_too_large", "time_in_future"],
    ),
    (replace(REFUND, amount_minor=-5, order_id=None), ["refund_not_positive", "refund_without_order"]),
    (replace(REFERRAL, member_id=None, referred_id=None), ["member_missing", "referred_missing"]),
    (
        replace(GOOD, amount_minor=None, occurred_at=None, problems=("time_unreadable",)),
        ["amount_missing", "time_unreadable"],
    ),
    (
        replace(
            REFUND, order_id=None, amount_minor=None, problems=("order_id_scientific", "amount_decimal_comma")
        ),
        ["amount_decimal_comma", "order_id_scientific"],
    ),
    (replace(REFERRAL, referred_id=None, problems=("referred_id_too_long",)), ["referred_id_too_long"]),
    (replace(GOOD, member_id=None, problems=("member_id_missing",)), ["member_id_missing"]),
    (replace(GOOD, kind=None, problems=("kind_unknown", "not_accepted")), ["kind_unknown", "not_accepted"]),
]


def test_a_row_with_several_faults_has_all_its_reasons_once(runtime: Runtime) -> None:
    take_in(runtime, [GOOD, *(row for row, _ in FAULTS)])
    report = batches.drain(runtime)
    found = {line: sorted(reasons) for line, reasons in refused_lines(runtime).items()}  # type: ignore[call-overload]
    assert found == {line: reasons for line, (_, reasons) in enumerate(FAULTS, 2)}
    assert sum(report.reasons.values()) == sum(len(reasons) for _, reasons in FAULTS)
    assert quarantine.count_reasons(runtime) == report.reasons


def test_any_mix_of_planted_rows_is_told_apart_exactly(runtime: Runtime) -> None:
    """Batches by chance, each compared with what was planted in it: 20 batches of up to 120 rows."""
    chance = random.Random(20260620)
    for number in range(20):
        source = f"shop-{number}"
        reasons = [chance.choice([None, None, *PLANTED]) for _ in range(chance.randint(1, 120))]
        rows = [PLANTED[reason] if reason else chance.choice(BORDERLINE) for reason in reasons]
        intake = take_in(runtime, rows, source)
        report = batches.drain(runtime)
        found = ask(runtime, "select line, reasons from quarantined_row where intake_id = %s", intake)
        assert dict(found) == {line: [reason] for line, reason in enumerate(reasons, 1) if reason}
        assert report.passed + report.quarantined == len(rows)


def test_more_than_200_bad_rows_are_all_listed(runtime: Runtime) -> None:
    """Great Expectations' own list stops at 200."""
    take_in(runtime, [GOOD if line % 3 == 0 else PLANTED["purchase_negative"] for line in range(1, 1501)])
    report = batches.drain(runtime)
    assert (report.passed, report.quarantined) == (500, 1000)
    assert set(refused_lines(runtime)) == {line for line in range(1, 1501) if line % 3}
    assert len(quarantine.list_quarantine(runtime, limit=10_000)) == 1000


BROKEN = [
    ("no such column", "no_such_column > 0"),
    ("division by zero", "1 / (coalesce(amount_minor, 0) * 0) > 0"),
    ("no boolean", "amount_minor"),
    ("literal braces", "kind ~ '^p{1,3}$'"),
    ("a cast that fails", "kind::bigint > 0"),
]


@pytest.mark.parametrize("sql", [sql for _, sql in BROKEN], ids=[name for name, _ in BROKEN])
def test_a_rule_that_cannot_be_judged_stops_the_batch_apart_from_bad_data(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    broken = Family("broken", (Clause("broken", sql),))
    whole = compiled.families(HOUSE)
    monkeypatch.setattr(compiled, "families", lambda _: (*whole, broken))
    take_in(runtime, [GOOD, PLANTED["self_referral"]])
    report = batches.drain(runtime)
    assert (report.held, report.batches, report.quarantined) == (1, 0, 0)
    assert one(runtime, "select state from batch") == "gate_error"
    assert "broken" in str(one(runtime, "select verdict->>'error' from batch"))
    assert ask(runtime, APPLIED) == refused_rows(runtime) == []
    monkeypatch.undo()
    quarantine.retry_batch(runtime, int(str(one(runtime, "select id from batch"))), actor="ann")
    again = batches.drain(runtime)
    assert (again.passed, again.quarantined, again.held) == (1, 1, 0)


def test_doubled_braces_are_literal_ones(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    braces = Family("braces", (Clause("self_referral", "kind ~ '^[a-z]{{8}}$'"),))
    monkeypatch.setattr(compiled, "families", lambda _: (braces,))
    take_in(runtime, [GOOD, REFERRAL])
    batches.drain(runtime)
    assert refused_lines(runtime) == {1: ["self_referral"], 2: ["self_referral"]}


def test_a_stopped_batch_does_not_stop_those_behind_it(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    picky = Family("picky", (Clause("picky", "1 / (amount_minor - 13) > 5"),))
    monkeypatch.setattr(compiled, "families", lambda _: (picky,))
    take_in(runtime, [replace(GOOD, amount_minor=13)], "shop-1")
    take_in(runtime, [GOOD], "shop-2")
    report = batches.drain(runtime)
    assert (report.held, report.passed) == (1, 1)


def test_a_payload_changed_after_the_verdict_is_not_applied(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(runtime, [GOOD, PLANTED["self_referral"], replace(GOOD, amount_minor=5)])

    def swap(*, point: str) -> None:
        if point == "judged":
            with runtime.database.transaction() as session:
                driver(session).execute("alter table payload disable trigger all")
                driver(session).execute(
                    "update payload set amount_minor = 99999999 where key = %s", (key_of(1),)
                )
                driver(session).execute("alter table payload enable trigger all")

    monkeypatch.setattr(batches, "failpoint", lambda point: swap(point=point))
    report = batches.drain(runtime)
    assert (report.held, report.passed) == (1, 0)
    assert ask(runtime, APPLIED) == []
    assert one(runtime, "select state from batch") == "gate_error"
    assert "changed after the gate" in str(one(runtime, "select verdict->>'error' from batch"))
    monkeypatch.undo()
    batch = int(str(one(runtime, "select id from batch")))
    with runtime.database.transaction() as session, pytest.raises(GateError, match="gate_error under token"):
        claims.check_passed(session, batch, 1)
    quarantine.retry_batch(runtime, batch, actor="ann")
    assert batches.drain(runtime).passed == 2  # the row that its first verdict refused is not missed
    assert refused_lines(runtime) == {2: ["self_referral"]}


@pytest.mark.parametrize(
    "loss",
    ["delete from batch_item where key = %s", "update batch_item set revision = 5 where key = %s"],
    ids=["rows", "payloads"],
)
def test_a_batch_whose_rows_vanish_is_not_applied(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    take_in(runtime, [GOOD, GOOD])

    def lose(point: str) -> None:
        if point == "claimed":
            with runtime.database.transaction() as session:
                driver(session).execute(loss.encode(), (key_of(1),))

    monkeypatch.setattr(batches, "failpoint", lose)
    assert batches.drain(runtime).held == 1
    assert ask(runtime, APPLIED) == []
    assert "not the 2 rows" in str(one(runtime, "select verdict->>'error' from batch"))
    quarantine.retry_batch(runtime, int(str(one(runtime, "select id from batch"))), actor="ann")
    assert batches.drain(runtime).held == 1


def test_a_batch_and_an_intake_that_are_not_there_are_errors_not_passes(runtime: Runtime) -> None:
    with pytest.raises(GateError, match="not the 3 rows"):
        runtime.gate.judge_batch(404, 3, HOUSE)
    with pytest.raises(GateError, match="not there"):
        runtime.gate.judge_intake(404)


def test_time_to_come_is_judged_by_the_clock_of_the_file(runtime: Runtime) -> None:
    take_in(runtime, [PLANTED["time_in_future"]])
    batches.drain(runtime)
    assert refused_lines(runtime) == {1: ["time_in_future"]}


def test_every_row_is_somewhere_once(runtime: Runtime) -> None:
    take_in(runtime, [GOOD, *PLANTED.values()])
    assert {tuple(states) for _, states in states_by_key(runtime)} == {("waiting",)}  # type: ignore[arg-type]
    batches.drain(runtime)
    states = [state for _, (state,) in states_by_key(runtime)]  # type: ignore[misc]
    assert sorted(states) == sorted(["applied"] + ["open"] * len(PLANTED))


def test_judging_again_and_again_keeps_nothing(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    intake = take_in(runtime, [GOOD])
    counts = []
    for judged in range(50):
        runtime.gate.judge_intake(intake)
        if judged in {9, 49}:
            gc.collect()
            counts.append(
                sum(type(found).__name__ == "ExpectationSuiteValidationResult" for found in gc.get_objects())
            )
    context = runtime.gate._context
    assert counts[1] == counts[0] <= 1
    assert len(context.validation_results_store.store_backend.list_keys()) <= 1
    assert list(context.suites.all()) == list(context.validation_definitions.all()) == []
    runtime.gate.close()
    assert list(tmp_path.iterdir()) == []


def test_threads_that_share_a_gate_get_each_their_own_verdict(runtime: Runtime) -> None:
    """Great Expectations by itself gave 34 of 53 threads another one's answer."""
    reasons = list(PLANTED)
    wanted: dict[int, dict[str, int]] = {}
    with runtime.database.transaction() as session:
        for at, reason in enumerate(reasons):
            batch = Batch(
                intake_id=take_in(runtime, [GOOD, *[PLANTED[reason]] * (at + 1)], f"shop-{at}"), token=1
            )
            session.add(batch)
            session.flush()
            driver(session).execute(
                "insert into batch_item (batch_id, key, revision) select %s, key, 0 from queue_item where intake_id = %s",
                (batch.id, batch.intake_id),
            )
            wanted[batch.id or 0] = {reason: at + 1}
    judged = {batch: sum(counts.values()) + 1 for batch, counts in wanted.items()}
    with ThreadPoolExecutor(8) as pool:
        verdicts = pool.map(
            lambda batch: (batch, runtime.gate.judge_batch(batch, judged[batch], HOUSE).counts), judged
        )
        assert dict(verdicts) == wanted


def test_the_password_is_in_no_error_and_no_log(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for url in (
        "postgresql://laurels:CANARY-PW@127.0.0.1:1/laurels",
        "postgresql://laurels:CANARY-PW@no-such-host.invalid/laurels",
    ):
        with pytest.raises(TransientError) as caught:
            Gate(url).judge_intake(1)
        assert caught.value.__context__ is caught.value.__cause__ is None
        assert "\n" not in str(caught.value)
        assert "CANARY-PW" not in str(caught.value) + repr(Gate(url))
    assert "CANARY-PW" not in caplog.text


def test_a_connection_that_the_server_dropped_is_no_verdict(runtime: Runtime) -> None:
    take_in(runtime, [GOOD])
    runtime.gate.judge_intake(1)
    drop = (
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    assert ask(runtime, drop)
    assert runtime.gate.judge_intake(1).reasons == ()
    assert batches.drain(runtime).passed == 1


def test_a_server_that_goes_away_meanwhile_is_transient(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_it = Family("gone", (Clause("gone", "pg_terminate_backend(pg_backend_pid())"),))
    monkeypatch.setattr(compiled, "families", lambda _: (ends_it,))
    take_in(runtime, [GOOD])
    with pytest.raises(TransientError):
        batches.drain(runtime)
    monkeypatch.undo()
    assert one(runtime, "select state from batch") == "claimed"
    assert batches.drain(runtime).passed == 1


def refused_rows(runtime: Runtime) -> list[tuple[object, ...]]:
    return ask(runtime, "select * from quarantined_row")


def test_nothing_of_a_refused_row_reaches_a_board(runtime: Runtime) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)

    take_in(runtime, list(PLANTED.values()))
    batches.drain(runtime)
    boards.reconcile_boards(runtime, as_of=NOW)
    for table in ("activity", "award", "ledger_entry", "standing", "tier_grant", "push", "delivery"):
        assert one(runtime, f"select count(*) from {table}") == 0, table


def test_the_rules_have_a_version_that_is_kept_with_each_refusal(runtime: Runtime) -> None:
    take_in(runtime, [PLANTED["self_referral"]])
    batches.drain(runtime)
    assert one(runtime, "select ruleset from quarantined_row") == HOUSE.version
    kept = one(runtime, "select body from ruleset where version = %s", HOUSE.version)
    assert Ruleset.model_validate(kept) == HOUSE

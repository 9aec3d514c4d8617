"""Refused rows: seen, mended, replayed and closed, by the store's own rows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from laurels.errors import NotFoundError, RuleRefusedError
from laurels.services import actors, batches, intake, quarantine, versions
from laurels.services.runtime import Runtime
from laurels.stores import people
from models.inbox import Payload
from tests.battery.gate_rows import ask, one, states_by_key
from tests.integration.activity import purchase, referral, run_rows, share, write_jsonl
from tests.runtimes import fresh_runtime

SUMMER = Path("deployments/programs/summer-race.yaml")
JUNE = datetime(2026, 6, 20, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 24, tzinfo=UTC)


def seven_bad(runtime: Runtime, folder: Path) -> dict[str, quarantine.QuarantinedView]:
    """One file of rows, most of them bad; what was refused, by event id or line."""
    rows: list[dict[str, Any]] = [
        purchase("good", "ada", "10.00"),
        purchase("comma", "ada", "12,50", channel="web", email="ada@example.org"),
        purchase("negative", "bob", "-3.00"),
        purchase("future", "bob", "4.00", at="2026-11-30T12:00:00Z"),
        referral("self", "cyd", "cyd"),
        purchase("mangled", "1.23E+15", "5.00"),
        purchase("good", "ada", "11.00"),
        {**purchase("", "ada", "1.00")},
    ]
    path = write_jsonl(folder / "bad.jsonl", rows)
    path.write_text(path.read_text() + "{broken\n")
    report = intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl", as_of=JUNE)
    assert (report.state, report.rows, report.accepted, report.conflicts, report.refused) == (
        "released",
        9,
        7,
        1,
        1,
    )
    batches.drain(runtime)
    return {
        "broken"
        if row.event_id is None
        else "conflict"
        if row.reasons == ("conflict",)
        else "nameless"
        if ":" in row.event_id
        else row.event_id: row
        for row in quarantine.list_quarantine(runtime)
    }


def test_refused_rows_are_listed_with_place_reasons_and_words(runtime: Runtime, tmp_path: Path) -> None:
    found = seven_bad(runtime, tmp_path)
    told = {name: (row.line, row.kind, row.reasons) for name, row in found.items()}
    assert told == {
        "comma": (2, "purchase", ("amount_decimal_comma",)),
        "negative": (3, "purchase", ("purchase_negative",)),
        "future": (4, "purchase", ("time_in_future",)),
        "self": (5, "referral", ("self_referral",)),
        "mangled": (6, "purchase", ("member_id_scientific",)),
        "conflict": (7, None, ("conflict",)),
        "nameless": (8, "purchase", ("event_id_missing",)),
        "broken": (9, None, ("json_broken",)),
    }
    assert {(row.file, row.source, row.state) for row in found.values()} == {("bad.jsonl", "test", "open")}
    assert found["comma"].sentences == ("The amount is written with a decimal comma: write 12.50.",)
    assert quarantine.count_reasons(runtime) == {row.reasons[0]: 1 for row in found.values()}
    assert [row.line for row in quarantine.list_quarantine(runtime, reason="conflict")] == [7]
    assert len(quarantine.list_quarantine(runtime, source="test", limit=3)) == 3
    assert quarantine.list_quarantine(runtime, source="other") == []
    assert quarantine.list_quarantine(runtime, state="replayed") == []
    assert quarantine.of_intake(runtime, 2) == []
    assert len(quarantine.of_intake(runtime, 1)) == 8


def test_what_is_shown_of_a_row_is_all_but_personal(runtime: Runtime, tmp_path: Path) -> None:
    row = seven_bad(runtime, tmp_path)["comma"]
    detail = quarantine.show(runtime, row.id)
    assert (detail.fields["amount"], detail.fields["channel"], detail.intake_id) == ("12,50", "web", 1)
    assert not {"email", "member", "external_id"} & set(detail.fields)
    assert "ada" not in repr(asdict(detail)) + "".join(detail.lines())
    assert "amount_decimal_comma: The amount" in "\n".join(detail.lines())
    with pytest.raises(NotFoundError, match="no quarantined row 999"):
        quarantine.show(runtime, 999)


def test_a_mended_row_counts_under_its_own_key_and_id(runtime: Runtime, tmp_path: Path) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC))
    row = seven_bad(runtime, tmp_path)["comma"]
    before = one(runtime, "select sum(points) from ledger_entry")
    report = quarantine.replay(
        runtime, [row.id], edits={"amount": "12.50"}, actor="ann", reason="comma", as_of=JUNE
    )
    assert (report.queued, report.skipped) == ((row.id,), {})
    assert quarantine.show(runtime, row.id).row.state == "replaying"
    drained = batches.drain(runtime)
    assert (drained.passed, drained.quarantined, drained.points) == (1, 0, 125)
    assert one(runtime, "select sum(points) from ledger_entry") == before + 125  # type: ignore[operator]
    applied = ask(
        runtime,
        "select a.amount_minor, a.revision, k.event_id, k.line from activity a join inbox_key k on k.key = a.id "
        "where a.revision > 0",
    )
    assert applied == [(1250, 1, "comma", 2)]
    detail = quarantine.show(runtime, row.id)
    assert detail.row.state == "replayed"
    (change,) = detail.changes
    assert (change.actor, change.action, change.reason) == ("ann", "quarantine.replay", "comma")
    assert change.before == {
        "revision": 0,
        "reasons": ["amount_decimal_comma"],
        "fields": {"amount": "12,50"},
    }
    assert change.after == {"fields": {"amount": "12.50"}, "personal": []}
    assert one(runtime, "select raw->>'amount' from payload where revision = 1") == "12.50"
    assert (
        one(runtime, "select count(distinct member_id) from activity where amount_minor in (1000, 1250)") == 1
    )


def test_a_row_refused_again_stands_open_as_a_new_revision(runtime: Runtime, tmp_path: Path) -> None:
    first = seven_bad(runtime, tmp_path)["comma"]
    quarantine.replay(runtime, [first.id], edits={"amount": "-12.50"}, actor="ann")
    assert batches.drain(runtime).reasons == {"purchase_negative": 1}
    (second,) = [row for row in quarantine.list_quarantine(runtime) if row.event_id == "comma"]
    assert (second.revision, second.reasons, second.line) == (1, ("purchase_negative",), 2)
    assert quarantine.show(runtime, first.id).row.state == "superseded"
    quarantine.replay(runtime, [second.id], edits={"amount": "12.50"}, actor="ann")
    assert batches.drain(runtime).passed == 1
    detail = quarantine.show(runtime, second.id)
    assert detail.row.state == "replayed"
    assert [(one.revision, one.state) for one in detail.earlier] == [(0, "superseded")]
    assert len(detail.changes) == 2
    assert "revision 0: amount_decimal_comma (superseded)" in "\n".join(detail.lines())


def test_a_time_to_come_passes_when_it_has_come(runtime: Runtime, tmp_path: Path) -> None:
    row = seven_bad(runtime, tmp_path)["future"]
    quarantine.replay(runtime, [row.id], edits={}, actor="ann", as_of=JUNE)
    assert batches.drain(runtime).quarantined == 1
    (again,) = [row for row in quarantine.list_quarantine(runtime) if row.event_id == "future"]
    quarantine.replay(runtime, [again.id], edits={}, actor="ann", as_of=DECEMBER)
    assert batches.drain(runtime).passed == 1


def test_a_mended_member_goes_to_the_personal_store_and_is_only_named_elsewhere(
    runtime: Runtime, tmp_path: Path
) -> None:
    row = seven_bad(runtime, tmp_path)["mangled"]
    edits = {"member_id": "customer-77", "email": "late@example.org"}
    quarantine.replay(runtime, [row.id], edits=edits, actor="ann", as_of=JUNE)
    assert batches.drain(runtime).passed == 1
    with runtime.database.transaction() as session:
        member = session.exec(member_of_revision(1)).one()
        assert people.recall(session, runtime.keys, member) == {
            "external_id": "customer-77",
            "email": "late@example.org",
        }
    (change,) = quarantine.show(runtime, row.id).changes
    assert change.after == {"fields": {}, "personal": ["email", "member_id"]}
    told = str(ask(runtime, "select * from audit_entry") + ask(runtime, "select raw from payload"))
    assert "customer-77" not in told
    assert "late@example.org" not in told


def member_of_revision(revision: int) -> Any:
    return select(Payload.member_id).where(Payload.revision == revision)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("broken", "bad.jsonl:9.* mend the file"),
        ("conflict", "under a new event id"),
        ("nameless", "no event id"),
    ],
)
def test_what_cannot_be_read_again_is_refused_and_nothing_is_queued(
    runtime: Runtime, tmp_path: Path, name: str, why: str
) -> None:
    found = seven_bad(runtime, tmp_path)
    with pytest.raises(RuleRefusedError, match=why):
        quarantine.replay(runtime, [found["comma"].id, found[name].id], edits={}, actor="ann")
    with pytest.raises(RuleRefusedError, match="has no colour"):
        quarantine.replay(runtime, [found["comma"].id], edits={"colour": "red"}, actor="ann")
    with pytest.raises(NotFoundError, match="no quarantined row 999"):
        quarantine.replay(runtime, [found["comma"].id, 999], edits={}, actor="ann")
    assert one(runtime, "select count(*) from queue_item") == 0
    assert one(runtime, "select count(*) from audit_entry") == 0
    assert quarantine.show(runtime, found["comma"].id).row.state == "open"
    closed = quarantine.dismiss(runtime, [found[name].id], actor="ann", reason="seen")
    assert closed.dismissed == (found[name].id,)


def test_two_replays_at_once_queue_once(runtime: Runtime, tmp_path: Path) -> None:
    found = seven_bad(runtime, tmp_path)
    ids = [found[name].id for name in ("comma", "negative", "self", "mangled")]
    actors.add_actor(runtime, by="ann", name="bo", role="editor")
    orders = [ids, ids[::-1]] * 4

    def ask_for(order: list[int]) -> quarantine.ReplayReport:
        return quarantine.replay(runtime, order, edits={"amount": "2.00"}, actor="bo", as_of=JUNE)

    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(ask_for, orders))
    assert sorted(len(report.queued) for report in reports) == [0] * 7 + [4]
    assert [set(report.skipped.values()) for report in reports if not report.queued] == [{"replaying"}] * 7
    assert one(runtime, "select count(*) from queue_item") == 4
    assert one(runtime, "select count(*) from payload where revision = 1") == 4
    assert quarantine.replay(runtime, ids, edits={}, actor="bo").queued == ()


def test_dismissing_closes_open_rows_once(runtime: Runtime, tmp_path: Path) -> None:
    found = seven_bad(runtime, tmp_path)
    ids = sorted([found["self"].id, found["conflict"].id])
    assert quarantine.dismiss(runtime, ids, actor="ann", reason="fraud").dismissed == tuple(ids)
    again = quarantine.dismiss(runtime, ids, actor="ann", reason="fraud")
    assert (again.dismissed, again.skipped) == ((), dict.fromkeys(ids, "dismissed"))
    (change,) = quarantine.show(runtime, ids[0]).changes
    assert (change.before, change.after, change.reason) == (
        {"state": "open"},
        {"state": "dismissed"},
        "fraud",
    )
    assert quarantine.replay(runtime, ids[:1], edits={}, actor="ann").skipped == {ids[0]: "dismissed"}
    with pytest.raises(NotFoundError):
        quarantine.dismiss(runtime, [999], actor="ann")


ACTS: list[tuple[str, Callable[[Runtime, str], object]]] = [
    ("replay", lambda runtime, actor: quarantine.replay(runtime, [1], edits={}, actor=actor)),
    ("dismiss", lambda runtime, actor: quarantine.dismiss(runtime, [1], actor=actor)),
    ("release", lambda runtime, actor: quarantine.release_intake(runtime, 1, actor=actor)),
    ("reject", lambda runtime, actor: quarantine.reject_intake(runtime, 1, actor=actor)),
    ("retry", lambda runtime, actor: quarantine.retry_batch(runtime, 1, actor=actor)),
]


@pytest.mark.parametrize("act", [act for _, act in ACTS], ids=[name for name, _ in ACTS])
def test_only_an_editor_may(runtime: Runtime, act: Callable[[Runtime, str], object]) -> None:
    for name, role in (("ann", "admin"), ("eve", "viewer"), ("ed", "editor")):
        actors.add_actor(runtime, by="ann", name=name, role=role)
    with pytest.raises(RuleRefusedError, match="viewer: this takes editor"):
        act(runtime, "eve")
    with pytest.raises(RuleRefusedError, match="no actor here"):
        act(runtime, "nobody")
    with pytest.raises(NotFoundError):
        act(runtime, "ed")


def test_every_row_has_one_state_through_it_all(runtime: Runtime, tmp_path: Path) -> None:
    found = seven_bad(runtime, tmp_path)
    quarantine.replay(
        runtime, [found["comma"].id, found["future"].id], edits={"amount": "1.00"}, actor="ann", as_of=JUNE
    )
    quarantine.dismiss(runtime, [found["self"].id], actor="ann")
    assert {len(states) for _, states in states_by_key(runtime)} == {1}  # type: ignore[arg-type]
    batches.drain(runtime)
    states = {str(name): states for name, states in states_by_key(runtime) if ":" not in str(name)}
    assert states == {
        "good": ["applied"],
        "comma": ["applied"],
        "negative": ["open"],
        "future": ["open"],
        "self": ["dismissed"],
        "mangled": ["open"],
    }


def test_a_mapping_mended_since_reads_the_row_anew(settings: Any, template: None, tmp_path: Path) -> None:
    """The same file of the same source, after somebody taught the mapping a new word."""
    text = Path("deployments/mappings/activity-jsonl.yaml").read_text()
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "activity-jsonl.yaml").write_text(text)
    with fresh_runtime(settings, mappings=folder) as runtime:
        report = run_rows(
            runtime, tmp_path, [purchase("p", "ada", "1.00"), share("s", "ada") | {"kind": "sharing"}]
        )
        assert report.reasons == {"kind_unknown": 1}
        (folder / "activity-jsonl.yaml").write_text(
            text.replace("share: share", "share: share, sharing: share")
        )
        (row,) = quarantine.list_quarantine(runtime)
        quarantine.replay(runtime, [row.id], edits={}, actor="ann")
        assert batches.drain(runtime).passed == 1

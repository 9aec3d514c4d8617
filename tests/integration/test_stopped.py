"""Held files and stopped batches: nothing goes on by itself, and what is rejected never counts."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from laurels.errors import NotFoundError, RuleRefusedError
from laurels.quality.rules import INTAKE_FAMILY
from laurels.services import batches, intake, quarantine
from laurels.services.intake import IntakeReport
from laurels.services.runtime import Runtime
from tests.battery.gate_rows import GOOD, ask, one, states_by_key, take_in
from tests.integration.activity import journey, purchase, write_jsonl
from tests.mappings import MAPPINGS

GOOD_ROWS = [purchase(f"p{number}", "ada", "1.00") for number in range(4)]


def held(runtime: Runtime, folder: Path, name: str = "half.jsonl") -> IntakeReport:
    """Four good rows among six that cannot be told apart: held for too_many_refused."""
    path = write_jsonl(folder / name, GOOD_ROWS)
    path.write_text(path.read_text() + "{broken\n" * 6)
    report = intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    assert (report.state, report.reasons, report.accepted) == ("held", ("too_many_refused",), 4)
    return report


def mended(runtime: Runtime, folder: Path, amount: str = "1.00", name: str = "mended.jsonl") -> IntakeReport:
    rows = [row | {"amount": amount} for row in GOOD_ROWS] + [purchase("p9", "bob", "1.00")]
    return intake.ingest_file(
        runtime, write_jsonl(folder / name, rows), source="test", mapping="activity-jsonl"
    )


def test_rows_of_a_held_file_wait_until_it_is_released(runtime: Runtime, tmp_path: Path) -> None:
    report = held(runtime, tmp_path)
    assert batches.drain(runtime).rows == 0
    assert [one.intake_id for one in quarantine.list_intakes(runtime, "held")] == [report.intake_id]
    released = quarantine.release_intake(runtime, report.intake_id, actor="ann", reason="known noise")
    assert released.state == "released"
    assert batches.drain(runtime).passed == 4
    assert [one.state for one in quarantine.list_intakes(runtime)] == ["done"]
    (entry,) = ask(runtime, "select actor, action, subject, before, after, reason from audit_entry")
    assert entry == (
        *("ann", "intake.released", "intake/1"),
        *({"state": "held", "reasons": ["too_many_refused"]}, {"state": "released"}, "known noise"),
    )
    with pytest.raises(RuleRefusedError, match="is done, not held"):
        quarantine.release_intake(runtime, report.intake_id, actor="ann")


def test_rows_of_a_rejected_file_never_count_and_have_one_state(runtime: Runtime, tmp_path: Path) -> None:
    report = held(runtime, tmp_path)
    rejected = quarantine.reject_intake(runtime, report.intake_id, actor="ann", reason="broken export")
    assert (rejected.unqueued, rejected.dismissed, rejected.send_again) == (4, 6, ())
    assert batches.drain(runtime).rows == 0
    assert quarantine.list_quarantine(runtime) == []
    assert (
        one(runtime, "select count(*) from activity") == one(runtime, "select count(*) from queue_item") == 0
    )
    assert [states for _, states in states_by_key(runtime)] == [["rejected"]] * 4
    for act in (quarantine.release_intake, quarantine.reject_intake):
        with pytest.raises(RuleRefusedError, match="is rejected, not held"):
            act(runtime, report.intake_id, actor="ann")  # type: ignore[operator]


@pytest.mark.parametrize("amount", ["1.00", "2.00"], ids=["as they were", "mended"])
def test_the_events_of_a_rejected_file_count_in_the_next(
    runtime: Runtime, tmp_path: Path, amount: str
) -> None:
    quarantine.reject_intake(runtime, held(runtime, tmp_path).intake_id, actor="ann")
    report = mended(runtime, tmp_path, amount)
    assert (report.state, report.accepted, report.duplicates, report.conflicts) == ("released", 5, 0, 0)
    assert batches.drain(runtime).passed == 5
    amounts = sorted(row for (row,) in ask(runtime, "select amount_minor from activity"))  # type: ignore[type-var]
    assert amounts == sorted([100] + [int(float(amount) * 100)] * 4)
    assert [states for _, states in states_by_key(runtime)] == [["applied"]] * 5
    again = mended(runtime, tmp_path, amount, "again.jsonl")
    assert (again.accepted, again.duplicates, again.seen_before, again.state) == (0, 5, True, "released")
    assert batches.drain(runtime).rows == 0


def test_a_file_that_met_a_held_one_is_named_to_be_sent_again(runtime: Runtime, tmp_path: Path) -> None:
    first = held(runtime, tmp_path)
    second = mended(runtime, tmp_path)
    assert (second.state, second.duplicates, second.reasons) == ("held", 4, ("too_many_duplicates",))
    quarantine.release_intake(runtime, second.intake_id, actor="ann")
    assert batches.drain(runtime).passed == 1
    assert quarantine.reject_intake(runtime, first.intake_id, actor="ann").send_again == ("mended.jsonl",)
    again = mended(runtime, tmp_path, name="sent-again.jsonl")
    assert (again.state, again.accepted, again.duplicates) == ("released", 4, 1)
    assert batches.drain(runtime).passed == 4


def test_a_rejected_file_sent_again_is_judged_again(runtime: Runtime, tmp_path: Path) -> None:
    quarantine.reject_intake(runtime, held(runtime, tmp_path).intake_id, actor="ann")
    again = held(runtime, tmp_path, "half-again.jsonl")
    assert not again.seen_before
    quarantine.release_intake(runtime, again.intake_id, actor="ann")
    assert batches.drain(runtime).passed == 4


COLUMNS = "event_id,kind,member_id,occurred_at,amount,currency,order_id"
LINE = "e1,purchase,m1,2026-06-10T12:00:00Z,1.00,USD,o1"
TWO = f"{COLUMNS}\n{LINE}\n{LINE.replace('e1', 'e2')}\n"
HELD: list[tuple[str, str, dict[str, int], tuple[str, ...]]] = [
    ("empty", "", {}, ("empty_file", "missing_column")),
    ("header only", COLUMNS + "\n", {}, ("no_rows",)),
    ("wrong delimiter", f"{COLUMNS}\n{LINE}\n".replace(",", "^"), {}, ("missing_column",)),
    ("missing column", f"{COLUMNS}\n{LINE}\n".replace("member_id", "client"), {}, ("missing_column",)),
    ("two columns of one name", f"{COLUMNS},amount\n{LINE},9.00\n", {}, ("duplicate_column",)),
    ("an undeclared name twice", f"{COLUMNS},x,x\n{LINE},1,2\n", {}, ("duplicate_column",)),
    ("the same row over and over", f"{COLUMNS}\n" + f"{LINE}\n" * 9, {}, ("too_many_duplicates",)),
    ("mostly ragged", f"{COLUMNS}\n{LINE}\n" + "ragged\n" * 2, {}, ("too_many_refused",)),
    ("smaller than agreed", TWO, {"min_rows": 3}, ("too_few_rows",)),
    ("larger than agreed", TWO, {"max_rows": 1}, ("too_many_rows",)),
]
NOT_READ_WHOLE = {
    "empty",
    "wrong delimiter",
    "missing column",
    "two columns of one name",
    "larger than agreed",
}


def bounded(folder: Path, name: str, bounds: dict[str, int]) -> str:
    """Return the path of a delivered mapping with other bounds."""
    path = folder / f"{name}.yaml"
    path.write_text(f"{(MAPPINGS / path.name).read_text()}bounds: {json.dumps(bounds)}\n")
    return str(path)


def test_every_rule_of_a_file_has_one_that_breaks_it() -> None:
    assert {reason for case in HELD for reason in case[3]} == {
        clause.reason for clause in INTAKE_FAMILY.clauses
    }


@pytest.mark.parametrize(("name", "text", "bounds", "reasons"), HELD, ids=[case[0] for case in HELD])
def test_a_file_that_is_wrong_as_a_whole_is_held_with_its_reason(
    runtime: Runtime, tmp_path: Path, name: str, text: str, bounds: dict[str, int], reasons: tuple[str, ...]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    report = intake.ingest_file(runtime, path, source="test", mapping=bounded(tmp_path, "activity", bounds))
    assert (report.state, tuple(sorted(report.reasons))) == ("held", reasons)
    assert report.rows == report.accepted + report.duplicates + report.conflicts + report.refused
    assert batches.drain(runtime).rows == 0
    if name in NOT_READ_WHOLE:
        with pytest.raises(
            RuleRefusedError, match=r"was not read whole \(.*\): reject it, mend file or mapping"
        ):
            quarantine.release_intake(runtime, report.intake_id, actor="ann")
    else:
        quarantine.release_intake(runtime, report.intake_id, actor="ann")
        assert batches.drain(runtime).passed == report.accepted


@pytest.mark.parametrize("mapping", ["activity", "complete-journey"])
def test_a_file_beyond_its_bound_is_read_no_further_and_counts_whole_once_the_bound_is_raised(
    runtime: Runtime, tmp_path: Path, mapping: str
) -> None:
    path = tmp_path / f"a.{mapping}"
    if mapping == "activity":
        path.write_text(f"{COLUMNS}\n" + "".join(f"{LINE.replace('e1', f'e{n}')}\n" for n in range(9)))
    else:
        pq.write_table(journey(9), path)
    small, large = ({"max_rows": 4}, {"max_rows": 9})
    held = intake.ingest_file(runtime, path, source="test", mapping=bounded(tmp_path, mapping, small))
    assert (held.state, held.reasons, held.rows) == ("held", ("too_many_rows",), 5)
    quarantine.reject_intake(runtime, held.intake_id, actor="ann")
    whole = intake.ingest_file(runtime, path, source="test", mapping=bounded(tmp_path, mapping, large))
    assert (whole.state, whole.accepted) == ("released", 9)
    assert batches.drain(runtime).passed == 9


def test_the_same_file_again_is_no_reason_to_hold_it(runtime: Runtime, tmp_path: Path) -> None:
    for name, accepted in (("a.jsonl", 4), ("b.jsonl", 0)):
        path = write_jsonl(tmp_path / name, GOOD_ROWS)
        report = intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
        assert (report.state, report.accepted, report.seen_before) == ("released", accepted, accepted == 0)
    assert batches.drain(runtime).passed == 4


def test_a_conflict_and_a_duplicate_are_counted_and_the_first_one_stands(
    runtime: Runtime, tmp_path: Path
) -> None:
    rows = [*GOOD_ROWS, GOOD_ROWS[0], GOOD_ROWS[1] | {"amount": "9.00"}]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    report = intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    assert (report.accepted, report.duplicates, report.conflicts) == (4, 1, 1)
    assert batches.drain(runtime).passed == 4
    assert one(runtime, "select sum(amount_minor) from activity") == 400
    (row,) = quarantine.list_quarantine(runtime)
    assert (row.line, row.event_id, row.reasons) == (6, "p1", ("conflict",))


def test_a_conflict_dismissed_with_its_rejected_file_is_listed_anew_where_it_comes_again(
    runtime: Runtime, tmp_path: Path
) -> None:
    intake.ingest_file(
        runtime, write_jsonl(tmp_path / "a.jsonl", GOOD_ROWS), source="test", mapping="activity-jsonl"
    )
    other = [GOOD_ROWS[0] | {"amount": amount} for amount in ("8.00", "9.00", "9.00")]
    broken = write_jsonl(tmp_path / "broken.jsonl", other[1:])
    broken.write_text(broken.read_text() + "{broken\n" * 6)
    held = intake.ingest_file(runtime, broken, source="test", mapping="activity-jsonl")
    assert (held.state, held.conflicts) == ("held", 2)
    quarantine.reject_intake(runtime, held.intake_id, actor="ann")
    assert quarantine.list_quarantine(runtime) == []
    for name in ("mended.jsonl", "again.jsonl"):
        report = intake.ingest_file(
            runtime, write_jsonl(tmp_path / name, other), source="test", mapping="activity-jsonl"
        )
        assert (report.state, report.conflicts) == ("released", 3)
        listed = {(row.file, row.line, row.reasons) for row in quarantine.list_quarantine(runtime)}
        assert listed == {("mended.jsonl", line, ("conflict",)) for line in (1, 2)}
    (dismissed, _) = quarantine.list_quarantine(runtime)
    quarantine.dismiss(runtime, [dismissed.id], actor="ann")
    intake.ingest_file(
        runtime, write_jsonl(tmp_path / "b.jsonl", other[::-1]), source="test", mapping="activity-jsonl"
    )
    assert len(quarantine.list_quarantine(runtime)) == 1  # by a person's word, not with its file


def test_only_a_stopped_batch_is_tried_again(runtime: Runtime) -> None:
    take_in(runtime, [GOOD])
    batches.drain(runtime)
    with pytest.raises(RuleRefusedError, match="is applied: only gate_error"):
        quarantine.retry_batch(runtime, 1, actor="ann")
    with pytest.raises(NotFoundError, match="no batch 9"):
        quarantine.retry_batch(runtime, 9, actor="ann")
    with pytest.raises(NotFoundError, match="no intake 9"):
        quarantine.reject_intake(runtime, 9, actor="ann")

"""What a batch is judged by: the house's rules, its mapping's as they were then, and each program version's in its time."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from laurels.errors import MappingInvalidError, ProgramInvalidError, RuleRefusedError
from laurels.quality import compiled
from laurels.quality.rules import Family
from laurels.services import batches, checks, intake, quarantine, rulesets, versions
from laurels.services.mappings import load_mapping
from laurels.services.programs import check_program, unknown_attributes
from laurels.services.runtime import Runtime
from laurels.stores.database import driver
from models.values import rules as values
from tests.battery.gate_rows import GOOD, ask, one, take_in
from tests.integration.activity import purchase, write_jsonl
from tests.mappings import MAPPINGS

SUMMER = Path("deployments/programs/summer-race.yaml")
NAMED = {
    "rule": "shop_named",
    "sentence": "A purchase says in which channel it was made.",
    "family": "origin",
    "owner": "growth",
    "when": {"kind": ["purchase"]},
    "check": {"required": "attributes.channel"},
}
SMALL = NAMED | {
    "rule": "purchase_small",
    "sentence": "A purchase of this program stays under ten dollars.",
    "check": {"between": {"field": "amount", "max": 1000}},
}


def mapping_with(folder: Path, *rules: dict[str, Any]) -> str:
    declared = yaml.safe_load((MAPPINGS / "activity-jsonl.yaml").read_text())
    path = folder / f"mapping-{len(list(folder.iterdir()))}.yaml"
    path.write_text(yaml.safe_dump(declared | {"rules": [*declared["rules"], *rules]}, sort_keys=False))
    return str(path)


def program_with(folder: Path, *rules: dict[str, Any]) -> Path:
    path = folder / "program.yaml"
    path.write_text(
        SUMMER.read_text() + yaml.safe_dump({"rules": [deepcopy(rule) for rule in rules]}, sort_keys=False)
    )
    return path


def refused(runtime: Runtime) -> dict[object, object]:
    query = "select k.event_id, q.reasons from quarantined_row q join inbox_key k using (key) where q.state = 'open'"
    return dict(ask(runtime, query))


def test_a_mapping_s_rule_refuses_its_rows_and_says_why(runtime: Runtime, tmp_path: Path) -> None:
    rows = [purchase("a", "ada", "1.00"), purchase("b", "bob", "2.00", channel="web")]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    intake.ingest_file(runtime, path, source="test", mapping=mapping_with(tmp_path, NAMED))
    report = batches.drain(runtime)
    assert (report.passed, report.reasons) == (1, {"shop_named": 1})
    assert refused(runtime) == {"a": ["shop_named"]}
    (row,) = quarantine.list_quarantine(runtime)
    assert row.sentences == ("A purchase says in which channel it was made.",)


def test_a_file_is_judged_by_the_rules_it_came_in_under(runtime: Runtime, tmp_path: Path) -> None:
    mapping = mapping_with(tmp_path, NAMED)
    path = write_jsonl(tmp_path / "rows.jsonl", [purchase("a", "ada", "1.00")])
    intake.ingest_file(runtime, path, source="test", mapping=mapping)
    Path(mapping).unlink()  # nobody reads it again
    assert batches.drain(runtime).reasons == {"shop_named": 1}
    (version,) = {v for (v,) in ask(runtime, "select ruleset from intake")}
    assert one(runtime, "select ruleset from quarantined_row") == version


def test_a_replay_is_judged_by_the_mapping_as_it_is_now(runtime: Runtime, tmp_path: Path) -> None:
    mapping = mapping_with(tmp_path, NAMED)
    path = write_jsonl(tmp_path / "rows.jsonl", [purchase("a", "ada", "1.00")])
    intake.ingest_file(runtime, path, source="test", mapping=mapping)
    batches.drain(runtime)
    with runtime.database.transaction() as session:  # the name under which a replay finds it
        driver(session).execute("update intake set mapping = %s", (mapping,))
    (row,) = quarantine.list_quarantine(runtime)
    quarantine.replay(runtime, [row.id], edits={}, actor="ann")
    assert batches.drain(runtime).reasons == {"shop_named": 1}
    Path(mapping).write_text((MAPPINGS / "activity-jsonl.yaml").read_text())
    (row,) = quarantine.list_quarantine(runtime)
    quarantine.replay(runtime, [row.id], edits={}, actor="ann")
    assert batches.drain(runtime).passed == 1


def test_warnings_and_notes_are_counted_and_refuse_nothing(runtime: Runtime, tmp_path: Path) -> None:
    wanted = NAMED | {"severity": "info"}
    rows = [
        purchase("a", "ada", "1.00", email="ada", phone="555"),
        purchase("b", "bob", "2.00", channel="fax", campaign="summer"),
        purchase("c", "cleo", "3.00", channel="web", campaign="SUMMER26_FREESHIP", email="cleo@nile.org"),
    ]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    intake.ingest_file(runtime, path, source="test", mapping=mapping_with(tmp_path, wanted))
    report = batches.drain(runtime)
    assert (report.passed, report.quarantined, report.reasons) == (3, 0, {})
    assert report.warnings == {
        "campaign_misnamed": 1,
        "channel_unknown": 1,
        "email_malformed": 1,
        "phone_malformed": 1,
    }
    assert report.notes == {"shop_named": 1}
    told = one(runtime, "select verdict from batch")
    assert told == {"reasons": {}, "warnings": report.warnings, "notes": report.notes}


def test_a_program_s_rules_judge_what_occurred_in_its_version_s_time(
    runtime: Runtime, tmp_path: Path
) -> None:
    may, june = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 10, tzinfo=UTC)
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=may)
    versions.apply_program(runtime, program_with(tmp_path, SMALL), actor="ann", effective_from=june)
    rows = [
        purchase("before", "ada", "50.00", at="2026-06-09T23:59:59Z"),
        purchase("at once", "ada", "50.00", at="2026-06-10T00:00:00Z"),
        purchase("small", "ada", "10.00", at="2026-06-10T00:00:00Z"),
    ]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    intake.ingest_file(
        runtime, path, source="test", mapping="activity-jsonl", as_of=datetime(2026, 7, 1, tzinfo=UTC)
    )
    assert batches.drain(runtime).reasons == {"purchase_small": 1}
    assert refused(runtime) == {"at once": ["purchase_small"]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("delete from ruleset", "are gone"),
        (
            """update ruleset set body = jsonb_set(body, '{rules,0,rule,severity}', '"info"')""",
            "not what they were",
        ),
    ],
)
def test_rules_that_are_gone_or_changed_stop_the_batch(
    runtime: Runtime, tmp_path: Path, change: str, words: str
) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", [purchase("a", "ada", "1.00")])
    intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    with runtime.database.transaction() as session:
        driver(session).execute("alter table ruleset disable trigger all")
        driver(session).execute(change.encode())
        driver(session).execute("alter table ruleset enable trigger all")
    report = batches.drain(runtime)
    assert (report.held, report.passed) == (1, 0)
    assert words in str(one(runtime, "select verdict->>'error' from batch"))
    assert ask(runtime, "select * from activity") == []


def test_a_reason_that_no_rule_gives_stops_the_batch(runtime: Runtime) -> None:
    take_in(runtime, [replace(GOOD, problems=("word_of_tomorrow",))])
    assert batches.drain(runtime).held == 1
    assert "unknown rule word_of_tomorrow" in str(one(runtime, "select verdict->>'error' from batch"))


def test_a_rule_of_the_house_is_nobody_else_s(tmp_path: Path) -> None:
    taken = NAMED | {"rule": "self_referral"}
    with pytest.raises(
        ProgramInvalidError, match=r"rules\[0\].rule: self_referral is a rule of the house already"
    ):
        check_program(program_with(tmp_path, taken))
    with pytest.raises(
        MappingInvalidError, match=r"rules\[2\].rule: self_referral is a rule of the house already"
    ):
        load_mapping(Path(mapping_with(tmp_path, taken)))


def test_the_rules_of_an_intake_are_those_of_all_three(runtime: Runtime, tmp_path: Path) -> None:
    versions.apply_program(
        runtime, program_with(tmp_path, SMALL), actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC)
    )
    path = write_jsonl(tmp_path / "rows.jsonl", [purchase("a", "ada", "1.00")])
    report = intake.ingest_file(runtime, path, source="test", mapping=mapping_with(tmp_path, NAMED))
    with runtime.database.transaction() as session:
        whole = rulesets.of_intake(session, report.intake_id)
    names = [applied.rule.rule for applied in whole.rules]
    assert names == [
        *(r.rule for r in rulesets.house_rules()),
        "channel_unknown",
        "campaign_misnamed",
        "shop_named",
        "purchase_small",
    ]
    assert [a.since for a in whole.rules if a.since] == [datetime(2026, 5, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (NAMED | {"check": {"read": "amount"}, "severity": "warning"}, "nobody else softens or repeats it"),
        (NAMED | {"rule": "amount_decimal_comma"}, "amount_decimal_comma is a rule of the house already"),
        (NAMED | {"rule": "row_ragged"}, "row_ragged is a rule of the house already"),
    ],
)
def test_a_mapping_takes_nothing_from_the_house(tmp_path: Path, rule: dict[str, Any], words: str) -> None:
    with pytest.raises(MappingInvalidError, match=words):
        load_mapping(Path(mapping_with(tmp_path, rule)))


def test_a_program_whose_pattern_postgresql_does_not_take_is_not_applied(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "MOST_REPEATED", 1000)  # as if the check of the file had missed it
    shaped = NAMED | {"check": {"matches": {"field": "currency", "pattern": "^[A-Z]{1,300}$"}}}
    with pytest.raises(RuleRefusedError, match="shop_named: PostgreSQL does not take its pattern"):
        versions.apply_program(runtime, program_with(tmp_path, shaped), actor="ann")
    assert ask(runtime, "select * from program_version") == []


def test_what_the_store_refuses_after_the_gate_waits_alone_and_is_named(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "families", lambda _: (Family("blind", (), None),))
    take_in(runtime, [replace(GOOD, occurred_at=None)], "shop-1")
    poisoned = batches.drain(runtime)
    monkeypatch.undo()
    take_in(runtime, [GOOD], "shop-2")
    assert (poisoned.held, batches.drain(runtime).passed) == (1, 1)
    (told,) = poisoned.stopped
    assert (
        "the store refuses a row of it: NotNullViolation; when that is mended: laurels intake retry-batch"
        in told
    )
    (finding,) = checks.check_invariants(runtime)
    assert "batch 1 of planted.jsonl (intake 1)" in str(finding)
    assert "retry-batch 1" in str(finding)
    quarantine.retry_batch(runtime, 1, actor="ann")
    assert batches.drain(runtime).reasons == {"time_missing": 1}
    assert checks.check_invariants(runtime) == []


def test_a_batch_is_judged_again_by_the_rules_that_were_mended(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = Path(mapping_with(tmp_path, NAMED))
    path = write_jsonl(tmp_path / "rows.jsonl", [purchase("a", "ada", "1.00")])
    intake.ingest_file(runtime, path, source="test", mapping=str(mapping))
    monkeypatch.setattr(compiled, "predicate", lambda _: "no_such_column")
    assert batches.drain(runtime).held == 1
    monkeypatch.undo()
    with runtime.database.transaction() as session:
        driver(session).execute("update intake set mapping = %s", (str(mapping),))
    mapping.write_text((MAPPINGS / "activity-jsonl.yaml").read_text())
    quarantine.retry_batch(runtime, int(str(one(runtime, "select id from batch"))), actor="ann")
    assert batches.drain(runtime).passed == 1


def test_attributes_that_no_mapping_keeps_are_told(tmp_path: Path) -> None:
    misspelt = NAMED | {"rule": "chanel_named", "check": {"required": "attributes.chanel"}}
    assert unknown_attributes(check_program(program_with(tmp_path, NAMED, misspelt)), MAPPINGS) == ["chanel"]

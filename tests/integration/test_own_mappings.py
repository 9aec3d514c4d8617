"""The shipped mappings of surveys, profiles and redemptions: what they take, and what they say of the rest."""

from pathlib import Path

import pytest

from laurels.services import batches, intake, quarantine
from laurels.services.runtime import Runtime
from tests.battery.gate_rows import ask

FILES = {
    "surveys": (
        ("response_id,member_id,answered_at,survey,score,channel\n"
        "1,m1,2026-06-10T12:00:00Z,nps-june,10,web\n"
        "2,m2,2026-06-10T12:00:00Z,nps-june,11,web\n"
        "3,m3,2026-06-10T12:00:00Z,,7,web\n"
        "4,m4,2026-06-10T12:00:00Z,nps-june,ten,web\n"
        "5,m5,2026-06-10T12:00:00Z,nps-june,,web\n"),
        {3: ["score_out_of_scale"], 4: ["survey_unnamed"], 5: ["score_out_of_scale"]},
        {},
        {"score_missing": 1},
    ),
    "profiles": (
        ("change_id,member_id,changed_at,email,birthday,language,country,household_size\n"
        "1,m1,2026-06-10T12:00:00Z,ada@lovelace.org,1980-02-29,en,GB,2\n"
        "2,m2,2026-06-10T12:00:00Z,ada,1981-02-29,english,UK!,90\n"
        "3,,2026-06-10T12:00:00Z,,,,,\n"),
        {4: ["member_id_missing"]},
        {"birthday_impossible": 1, "country_unknown": 1, "email_malformed": 1, "household_impossible": 1, "language_unknown": 1},
        {},
    ),
    "redemptions": (
        ("redemption_id,member_id,redeemed_at,reward,points,channel\n"
        "1,m1,2026-06-10T12:00:00Z,free-shipping,1000,store\n"
        "2,m2,2026-06-10T12:00:00Z,Free Shipping,1000,store\n"
        "3,m3,2026-06-10T12:00:00Z,,0,store\n"),
        {3: ["reward_unnamed"], 4: ["points_not_whole", "reward_missing"]},
        {},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("mapping", FILES)
def test_each_shipped_mapping_takes_its_good_rows_and_names_the_bad_ones(
    runtime: Runtime, tmp_path: Path, mapping: str
) -> None:
    text, refused, warnings, notes = FILES[mapping]
    path = tmp_path / f"{mapping}.csv"
    path.write_text(text)
    report = intake.ingest_file(runtime, path, source="crm", mapping=mapping)
    assert report.state == "released", report.reasons
    drained = batches.drain(runtime)
    found = {row.line: sorted(row.reasons) for row in quarantine.of_intake(runtime, report.intake_id)}
    assert found == refused
    assert (drained.warnings, drained.notes) == (warnings, notes)
    kinds = {"surveys": "survey", "profiles": "profile", "redemptions": "redemption"}
    assert {kind for (kind,) in ask(runtime, "select kind from activity")} == {kinds[mapping]}

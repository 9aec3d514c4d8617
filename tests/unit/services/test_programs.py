"""Checking program files: every problem with its file, its line and its reason."""

import pickle
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laurels.errors import NotFoundError, ProgramInvalidError
from laurels.services.programs import MOST_LISTED, check_program, parse_program

GOOD = """\
# comment
program: small
time_zone: Europe/Berlin
currency: EUR
season: {starts: 2026-06-01, ends: 2026-09-01}
earning:
  - {rule: buy, on: purchase, points_per_unit: 10}
  - rule: refer
    on: referral
    points: 100
    when: verified
    cap:
      per: day
      points: 1000
points_value: {points: 100, worth: 5.00}
rewards:
  - {reward: ten-off, points: 500, benefit: {percent: 10}}
boards:
  - board: referrals
    metric: {count: referral}
    windows: [week, season]
tiers:
  board: referrals/season
  ranks:
    - {to: 1, percent: 30}
    - {to: 5, percent: 20}
  downgrade: {after: 24h}
messages:
  rank_change: >-
    You are #{rank}
    of {board}
"""


def refusal(text: str) -> list[str]:
    with pytest.raises(ProgramInvalidError) as caught:
        parse_program(text, "small.yaml")
    return str(caught.value).splitlines()


def broken(old: str, new: str) -> list[str]:
    assert GOOD.count(old) == 1
    return refusal(GOOD.replace(old, new))


def test_a_good_file():
    program = parse_program(GOOD, "small.yaml")
    assert program.program == "small"
    assert program.earning[1].cap is not None
    assert program.messages.rank_change == "You are #{rank} of {board}"


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        # form
        ("currency: EUR", "\tcurrency: EUR", 4, "a tab: indent with spaces"),
        ("currency: EUR", "currency: [EUR", 5, "not YAML: "),
        ("windows: [week, season]", "windows: [week, season", 22, "not YAML: "),
        ("currency: EUR\n", "", 2, "currency is missing"),
        ("    on: referral\n", "", 8, "earning[1]: on is missing"),
        ("      per: day\n", "", 12, "earning[1].cap: per is missing"),
        (", worth: 5.00", "", 15, "points_value: worth is missing"),
        ("  board: referrals/season\n", "", 22, "tiers: board is missing"),
        ("points: 1000", "points: 1_000", 14, "earning[1].cap.points: must be a whole number, not '1_000'"),
        ("points: 1000", "points: 1000.0", 14, "earning[1].cap.points: must be a whole number, not 1000.0"),
        ("points: 1000", "points: ten", 14, "earning[1].cap.points: must be a whole number, not 'ten'"),
        ("points: 1000", "points: -5", 14, "earning[1].cap.points: must be at least 1, not -5"),
        ("points: 1000", "points: " + "9" * 18, 14, "earning[1].cap.points: must be at most 1000000000, not"),
        ("points: 1000", "points:", 14, "earning[1].cap.points: is empty"),
        ("points_per_unit: 10", "points_per_unit: 1001", 7, "earning[0].points_per_unit: must be at most 1000"),
        ("currency: EUR", "currency:", 4, "currency: is empty: give a value or take the line out"),
        ("    when: verified", "    when: yes", 11, "earning[1].when: must be 'verified', not 'yes'"),
        ("    when: verified", "    wen: verified", 11, "earning[1].wen: is no field here: did you mean when?"),
        ("currency: EUR", "curency: EUR\ncurrency: EUR", 4, "curency: is no field here: did you mean currency?"),
        ("      per: day", "      per: day\n      point: 3", 14, "earning[1].cap.point: is no field here: did you mean points?"),
        ("    when: verified", "    hold: 14d", 11, "earning[1].hold: is not supported yet"),
        ("boards:\n", "expiry: {after: 365d}\nboards:\n", 18, "expiry: is not supported yet"),
        ("boards:\n", "campaigns:\n  - {campaign: X}\nboards:\n", 18, "campaigns: is not supported yet"),
        ("program: small", "program: Small", 2, "program: 'Small' does not fit: 2 to 41 small letters"),
        ("program: small", "program: [small]", 2, "program: must be text, not a list"),
        ("Europe/Berlin", "CET+1", 3, "time_zone: 'CET+1' is no IANA time zone"),
        ("EUR", "EURO", 4, "currency: 'EURO' is no ISO 4217 currency in use"),
        ("    on: referral", "    on: refund", 9, "earning[1].on: refund needs no rule"),
        ("    points: 100\n", "    points: 100\n    points_per_unit: 1\n", 8, "earning[1]: give exactly one of points and points_per_unit"),
        ("{percent: 10}", "{percent: 150}", 17, "rewards[0].benefit.percent: must be at most 100, not 150"),
        ("{percent: 10}", "ten", 17, "rewards[0].benefit: must be {percent: 10}, {amount: 5.00} or free_shipping"),
        ("worth: 5.00", "worth: 0.00", 15, "points_value.worth: must be above zero"),
        ("worth: 5.00", "worth: 5e0", 15, "points_value.worth: must be an amount like 5.00"),
        ("worth: 5.00", "worth: .nan", 15, "points_value.worth: must be an amount like 5.00"),
        ("points: 500", "points: 0", 17, "rewards[0].points: must be at least 1, not 0"),
        ("metric: {count: referral}", "metric: {count: clicks}", 20, "boards[0].metric.count: must be 'purchase'"),
        ("windows: [week, season]", "windows: [week, season, week]", 21, "boards[0].windows: week stands here twice"),
        ("windows: [week, season]", "windows: []", 21, "boards[0].windows: must have at least 1 entry"),
        ("after: 24h", "after: 24", 27, "tiers.downgrade.after: must be a whole number and a unit"),
        ("{to: 5,", "{to: 1,", 24, "tiers.ranks: `to` must rise from tier to tier: 1 comes after 1"),
        ("of {board}", "of {name}", 29, "messages.rank_change: unknown placeholder '{name}'"),
        ("of {board}", "of {board", 29, "messages.rank_change: brace { at character 20 has no other half"),
        ("starts: 2026-06-01", "starts: 2026-06-31", 5, "season.starts: 2026-06-31 is no date"),
        ("starts: 2026-06-01", "starts: 2026-06-01T00:00:00Z", 5, "season.starts: is a local time"),
        ("program: small", "program: small\nprogram: other", 3, "'program' is given twice: first on line 2"),
        ("program: small", "program: !!python/name:os.system small", 2, "tag 'tag:yaml.org,2002:python/name:os.system'"),
        ("program: small", "program: &name small", 2, "anchor &name"),
        # whether the parts agree
        ("      points: 1000", "      points: 99", 12, "earning[1].cap: a cap of 99 is below one award of 100"),
        ("on: purchase, points_per_unit", "on: share, points_per_unit", 7, "earning[0].points_per_unit: a share has no amount"),
        ("    when: verified", "    rounding: carry", 11, ["earning[1].rounding: carry needs points_per_unit", "earning[1].rounding: carry cannot be combined with a cap"]),
        ("    when: verified", "    rounding: up", 11, "earning[1].rounding: must be 'per_row' or 'carry', not 'up'"),
        ("rule: refer", "rule: buy", 8, "earning[1].rule: buy is already the name of another rule"),
        ("worth: 5.00", "worth: 5.001", 15, "points_value.worth: 5.001 has more decimals than EUR"),
        ("ends: 2026-09-01", "ends: 2026-06-01", 5, "season.ends: the season ends at 2026-06-01"),
        ("season: {starts: 2026-06-01, ends: 2026-09-01}\n", "", 20, "boards[0].windows: a season window needs a season"),
        ("metric: {count: referral}", "metric: {count: purchase}", 20, "boards[0].metric.count: purchase is not counted"),
        ("board: referrals/season", "board: spend/season", 23, "tiers.board: no board is called spend"),
        ("board: referrals/season", "board: referrals/day", 23, "tiers.board: board referrals has no day window"),
        ("{to: 5, percent: 20}", "{to: 5, percent: 40}", 26, "tiers.ranks[1].percent: ranks to 5 get 40 %"),
    ],
)  # fmt: skip
def test_each_problem_has_its_line(old, new, line, reason):
    reasons = [reason] if isinstance(reason, str) else sorted(reason)
    lines = broken(old, new)
    assert len(lines) == len(reasons)
    for told, expected in zip(lines, reasons, strict=True):
        assert told.startswith(f"small.yaml:{line}: {expected}")


def test_all_problems_are_told_at_once_in_the_order_of_lines():
    text = GOOD.replace("EUR", "EURO").replace("points: 1000", "points: 1").replace("{to: 5,", "{to: 0,")
    text = text.replace("      per: day", "      per: day\n      par: day\n      per: week") + "hold: 14d\n"
    assert [told.split(": ")[0] for told in refusal(text)] == [
        f"small.yaml:{line}" for line in (4, 14, 15, 28, 34)
    ]


def test_an_entry_is_compared_with_others_once_its_own_form_is_right():
    text = GOOD.replace("rule: refer", "rule: buy").replace("when: verified", "when: paid")
    assert [told.split(": ")[0] for told in refusal(text)] == ["small.yaml:11"]
    assert [told.split(": ")[0] for told in refusal(text.replace("paid", "verified"))] == ["small.yaml:8"]


def test_disagreements_are_told_beside_broken_parts():
    text = (
        GOOD.replace("EUR", "EURO")
        .replace("points: 1000", "points: 1")
        .replace(
            "[week, season]",
            "[week, season]\n  - {board: referrals, metric: {count: share}, windows: [year]}",
        )
    )
    assert refusal(text) == [
        "small.yaml:4: currency: 'EURO' is no ISO 4217 currency in use: write one like USD",
        "small.yaml:12: earning[1].cap: a cap of 1 is below one award of 100: it could never be paid whole",
        "small.yaml:22: boards[1].windows[0]: must be 'day', 'week', 'month' or 'season', not 'year'",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "small.yaml:1: is empty: give a value or take the line out"),
        ("# nothing\n", "small.yaml:1: is empty"),
        ("- a\n", "small.yaml:1: must be a mapping of fields, not a list"),
        ("\n\nhello\n", "small.yaml:3: must be a mapping of fields, not 'hello'"),
    ],
)  # fmt: skip
def test_files_that_are_no_program_at_all(text, told):
    (only,) = refusal(text)
    assert only.startswith(told)


def test_the_list_of_problems_is_bounded():
    told = refusal(GOOD + "".join(f"extra{i}: 1\n" for i in range(500)))
    assert len(told) == MOST_LISTED + 1
    assert told[-1] == f"small.yaml: and {500 - MOST_LISTED} more"


def test_what_is_quoted_cannot_write_to_a_terminal_or_a_log():
    told = refusal(GOOD.replace("Europe/Berlin", '"\\u202e\\n\\r x"') + '"a\\nb: \\u202e": 1\n')
    assert len(told) == 2
    assert all(set(line) <= set(string.printable) for line in told)


def test_a_file(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert check_program(file) == parse_program(GOOD, "small.yaml")
    file.write_text(GOOD.replace("EUR", "EURO"), encoding="utf-8")
    with pytest.raises(ProgramInvalidError) as caught:
        check_program(file)
    assert str(caught.value).startswith(f"{file}:4: currency: ")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(NotFoundError, match="no program file"):
        check_program(tmp_path / "none.yaml")
    with pytest.raises(ProgramInvalidError, match=":1: not a file"):
        check_program(tmp_path)
    with pytest.raises(ProgramInvalidError, match=":1: not a file"):
        check_program(Path("/dev/zero"))
    (tmp_path / "odd.yaml").write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(ProgramInvalidError, match=r"odd\.yaml:1: the file is not UTF-8 text"):
        check_program(tmp_path / "odd.yaml")
    (tmp_path / "large.yaml").write_bytes(GOOD.encode() + b"#" * 1_000_000)
    with pytest.raises(ProgramInvalidError, match=r"large\.yaml:1: the file is larger than 1 MB"):
        check_program(tmp_path / "large.yaml")


def test_a_refusal_crosses_processes():
    with pytest.raises(ProgramInvalidError) as caught:
        parse_program("a: 1", "small.yaml")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


PIECES = st.sampled_from(
    [
        "",
        "\n",
        "\t",
        " ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        "#",
        "null",
        "-1",
        "0",
        "9" * 30,
        "1e9",
        ".nan",
        "true",
        "*a",
        "&a ",
        "!!set ",
        "'",
        '"',
        '"\\ud800"',
        "\x00",
        "\ufeff",
        "<<: ",
        "? ",
        "---\n",
        "points: 1",
        "{percent: 5, amount: 5}",
        "referrals/season",
    ]
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 40), PIECES), min_size=1, max_size=3))
def test_no_edit_of_a_file_breaks_the_check(edits):
    """A file is taken or refused line by line; nothing else is ever raised."""
    text = GOOD
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    try:
        program = parse_program(text, "small.yaml")
    except ProgramInvalidError as error:
        for told in str(error).splitlines():
            name, line, reason = told.split(":", 2)
            assert name == "small.yaml"
            assert 1 <= int(line) <= len(text.splitlines()) + 1
            assert reason.strip()
    else:
        assert type(program).model_validate_json(program.model_dump_json()) == program

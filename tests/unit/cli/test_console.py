"""What a command prints: a table for a person, JSON for a program, and the same values in both."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from laurels.cli.console import at_hand, aware, draw, err, out, reading, short, show, table
from laurels.cli.tables import Listing
from models.values.activity import Kind

MEMBER = UUID("3f2a1b4c-0000-4000-8000-000000000001")


class Word(StrEnum):
    YES = "yes"


@dataclass(frozen=True)
class Inner:
    kind: Kind
    at: datetime


@dataclass(frozen=True)
class Report:
    member: UUID
    inner: Inner
    counts: dict[Word, int]
    parts: tuple[Inner, ...]
    worth: Decimal


def drawn(made: Listing, width: int = 80) -> list[str]:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        console.print(made.drawn(width))
    return capture.get().splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]


def test_a_result_as_json_is_plain_all_the_way_down(capsys: pytest.CaptureFixture[str]) -> None:
    inner = Inner(Kind.REFERRAL, datetime(2026, 6, 1, tzinfo=UTC))
    show(Report(MEMBER, inner, {Word.YES: 2}, (inner,), Decimal("11.50")), as_json=True, table=no_table)
    plain = {"kind": "referral", "at": "2026-06-01T00:00:00+00:00"}
    assert json.loads(capsys.readouterr().out) == {
        "member": str(MEMBER),
        "inner": plain,
        "counts": {"yes": 2},
        "parts": [plain],
        "worth": "11.50",
    }


def test_a_sentence_stays_on_its_line_however_narrow_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "summer-race: " + "5 activities looked at, " * 20
    show(None, as_json=False, table=lambda: sentence)
    assert capsys.readouterr().out == sentence + "\n"


def test_several_values_of_a_cell_stand_one_below_the_other() -> None:
    lines = drawn(table("Ranks", ("member", "ranks"), [("ada", ("#1 week", "#2 mo\nnth"))]))
    assert [cells(line) for line in lines if "#" in line] == [["ada", "#1 week"], ["", "#2 mo\ufffdnth"]]


def test_a_narrow_table_s_title_stays_on_one_line() -> None:
    title = "summer-race: referrals/season, June to August"
    assert drawn(table(title, ("rank",), [(1,)]))[0].strip() == title


def test_in_a_pipe_nothing_is_folded_and_a_stated_width_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = table("Why", ("id", "why"), [(1, "word " * 60)])
    monkeypatch.delenv("COLUMNS", raising=False)
    show(None, as_json=False, table=lambda: made)
    assert ("word " * 60).strip() in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "60")
    show(None, as_json=False, table=lambda: made)
    assert {len(line.rstrip()) for line in capsys.readouterr().out.splitlines()[1:]} == {60}


def test_a_name_between_colons_is_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    err.print("laurels: trim:email: is personal", markup=False, highlight=False)
    out.print(":bomb:", markup=False)
    draw(table("Files", ("file",), [("a:bomb:b.csv",)]))
    told = capsys.readouterr()
    assert told.err == "laurels: trim:email: is personal\n"
    assert ":bomb:\n" in told.out and "a:bomb:b.csv" in told.out


def test_a_note_stands_below_a_table_that_has_rows() -> None:
    assert "--after 7" in drawn(table("Rows", ("id",), [(7,)], "the next page: --after 7"))[-1]
    assert "--after" not in "".join(drawn(table("Rows", ("id",), [], "the next page: --after 7")))


def no_table() -> str:
    raise AssertionError("JSON needs no table")


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "", [], {}, [None, {"a": [1]}]])
def test_plain_values_come_out_as_they_are(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    show(value, as_json=True, table=no_table)
    assert json.loads(capsys.readouterr().out) == value


def test_a_text_is_printed_as_it_is_also_where_it_looks_like_markup(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(None, as_json=False, table=lambda: "[red]not red[/red] [/nothing] 1,000")
    assert capsys.readouterr().out == "[red]not red[/red] [/nothing] 1,000\n"


def test_numbers_stand_at_the_right_with_thousands_and_nothing_is_empty() -> None:
    lines = drawn(table("Ranks", ("member", "score", "won"), [("ada", 1_234_567, True), ("bob", 2, False)]))
    assert lines[0].strip() == "Ranks"
    assert cells(lines[2]) == ["member", "score", "won"]
    assert [cells(line) for line in lines[4:6]] == [["ada", "1,234,567", "yes"], ["bob", "2", "no"]]
    assert lines[5].index("2") == lines[4].index("7 ")  # the last digits stand under each other
    assert cells(drawn(table("", ("a", "b"), [(None, "x")]))[3]) == ["", "x"]


def test_a_table_of_nothing_says_so() -> None:
    assert any("nothing" in line for line in drawn(table("Ranks", ("member", "score"), [])))
    assert not any("nothing" in line for line in drawn(table("Ranks", ("member",), [("ada",)])))


def test_a_long_cell_is_folded_not_cut() -> None:
    lines = drawn(table("Why", ("why",), [("word " * 60,)]))
    assert "".join(lines).count("word") == 60


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00-04:00", datetime(2026, 7, 1, 16, tzinfo=UTC)),
        ("20260701T120000+0000", datetime(2026, 7, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_zone(text: str, time: datetime) -> None:
    assert aware(text) == time


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-07-01T12:00:00", "no zone: write 2026-07-01T12:00:00Z or"),
        ("2026-07-01", "no zone"),
        ("tomorrow", "tomorrow is no time: write 2026-07-01T12:00:00Z"),
        ("", "no time"),
        ("2026-07-01T12:00:00+25:99", "no time"),
    ],
)
def test_any_other_time_is_wrong_usage_and_says_how_to_write_it(text: str, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words.replace("+", r"\+")) as caught:
        aware(text)
    assert caught.value.exit_code == 2


@given(st.datetimes(timezones=st.timezones()))
def test_every_aware_time_is_read_as_it_is_written(time: datetime) -> None:
    utc = time.utcoffset()
    assert utc is not None
    if utc % timedelta(minutes=1) == timedelta(0):
        assert aware(time.isoformat()) == time.replace(tzinfo=None, fold=0).replace(
            tzinfo=aware(time.isoformat()).tzinfo
        )


def test_the_short_id_is_what_people_compare() -> None:
    assert short(MEMBER) == "3f2a1b4c"


@pytest.mark.parametrize("there", [True, False])
def test_progress_is_silent_where_nobody_looks_and_minds_no_missing_file(
    there: bool, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path_factory.mktemp("progress") / "a.csv"
    if there:
        path.write_text("abc")
    with reading(path) as progress:
        progress(2)
    assert capsys.readouterr() == ("", "")


def test_a_file_that_is_here_is_at_hand_without_a_word(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path_factory.mktemp("here") / "a.csv"
    for place in (str(path), f"file://{path}"):
        with at_hand(place) as found:
            assert found == path
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["2026-06-01", "2026-06-01T12:00:00"])
def test_the_hint_for_a_time_without_a_zone_can_be_typed(text: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        aware(text)
    for hint in str(refused.value).split("write ")[1].split(" or "):
        assert aware(hint).tzinfo is not None

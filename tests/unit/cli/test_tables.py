"""A table at any width: no word is broken, nothing is lost; where columns do not fit, rows stand one by one."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from laurels.cli.console import table
from laurels.cli.tables import Listing

WORDS = st.lists(st.from_regex(r"[a-z0-9_:/]{1,18}", fullmatch=True), max_size=12).map(" ".join)
TABLES = st.integers(1, 6).flatmap(
    lambda columns: st.lists(st.tuples(*([WORDS] * columns)), min_size=1, max_size=6)
)


def printed(made: Listing, width: int) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        console.print(made.drawn(width))
    return capture.get()


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z0-9_:/]+", text))


@given(TABLES, st.integers(40, 200))
def test_no_word_is_broken_or_lost_and_no_line_is_wider_than_the_terminal(
    rows: list[tuple[str, ...]], width: int
) -> None:
    columns = ["ABCDEF"[place] for place in range(len(rows[0]))]
    text = printed(table("", columns, rows), width)
    assert words(text) == words(" ".join(" ".join(row) for row in rows))  # names are in capitals
    assert max(len(line) for line in text.splitlines()) <= width


GROUPS = [
    (
        "amount_decimal_comma",
        "shop",
        5,
        "0 d",
        ("rows.jsonl:1", "rows.jsonl:2"),
        "a comma before the cents " * 6,
    ),
    ("member_id_scientific", "shop", 1_234, "12 d", ("rows.jsonl:9",), "ask who made the file"),
]
COLUMNS = ("reason", "source", "rows", "oldest", "first", "what to do")


def test_prose_is_folded_before_anything_else() -> None:
    text = printed(table("Groups", COLUMNS, GROUPS), 100)
    for whole in ("amount_decimal_comma", "member_id_scientific", " 0 d ", "rows.jsonl:2", "1,234"):
        assert whole in text
    assert "what to do" in text.splitlines()[2]


def test_where_columns_do_not_fit_each_row_s_fields_stand_below_each_other() -> None:
    lines = [line.split() for line in printed(table("Groups", COLUMNS, GROUPS), 50).splitlines()]
    assert ["reason", "amount_decimal_comma"] in lines and ["rows", "1,234"] in lines
    assert printed(table("Groups", COLUMNS, GROUPS), 50).count("reason") == 2


def test_a_word_longer_than_the_terminal_is_folded_not_cut() -> None:
    long = "x" * 300
    text = printed(table("Files", ("file", "rows"), [(long, 1)]), 60)
    assert text.count("x") == 300

"""Cells of a sheet: no formula leaves by them, and every text comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.cells import plain_cell, safe_cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30 1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "'quoted",
        "-",
        "- 5",
        "-5 apples",
        " =1",
        "\u00a0+1",
        "\u200b@x",
        "\ufeff\u2028-x",
        "\x00\u3000\uff0b1",
        " -5",
        "\u0301=1",
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text
    assert plain_cell(safe_cell(text)) == text


@pytest.mark.parametrize(
    "text", ["-12.50", "-12", "-12,5", "12.50", "a=b", "", " a=1", "\u200bx", " '=1", "o'clock"]
)
def test_numbers_below_zero_and_plain_texts_stay(text: str) -> None:
    assert safe_cell(text) == text == plain_cell(text)


def test_an_apostrophe_that_somebody_typed_stays() -> None:
    assert plain_cell("'tis") == "'tis"
    assert plain_cell("'") == "'"


@given(st.text(alphabet="=+-@\t\r\n'1.a\uff0b \u200b", max_size=6) | st.text())
def test_every_text_comes_back_and_none_steers(text: str) -> None:
    cell = safe_cell(text)
    assert plain_cell(cell) == text
    assert cell[:1] not in "=+@\t\r" or not cell
    assert cell.lstrip(" \u200b\t\r\n")[:1] not in {"=", "+", "@", "\uff0b"}
    assert not cell.startswith("-") or cell[1:].replace(".", "").replace(",", "").isdecimal()

"""A header is told by its names; a first row that stands where a header should is nobody's to read."""

import pytest

from laurels.rules.headers import told_names

DECLARED = {"event_id", "kind", "member_id", "email"}


@pytest.mark.parametrize(
    "columns",
    [
        ("event_id", "kind", "colour"),
        ("colour", "email"),
        ("event_id;kind;member_id",),
        ("event_id\tkind", "colour"),
        (),
    ],
)
def test_names_are_told(columns: tuple[str, ...]) -> None:
    assert told_names(columns, DECLARED) == columns


@pytest.mark.parametrize(
    "columns",
    [
        ("z-1", "purchase", "6009", "ann@example.org"),
        ('{"event_id": "z-1"', ' "email": "ann@example.org"}'),
        ("z-1;purchase;6009;ann@example.org",),
    ],
)
def test_a_row_in_the_header_s_place_is_not_told(columns: tuple[str, ...]) -> None:
    assert told_names(columns, DECLARED) == tuple(f"column {n + 1}" for n in range(len(columns)))

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
        ("event_id", "kind", "colour", "utm_source", "size (cm)", "revenue 2026", "Paid at"),
        ("EVENT_ID", "Kind", "Größe"),
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


def test_a_value_that_is_called_like_a_column_tells_nothing_of_its_row() -> None:
    row = ("q0", "purchase", "m0", "10.00", "jane@example.org", "+1 202 555 0143", "Jane Doe", "email", "")
    told = tuple(f"column {n}" for n in range(1, 8))
    assert told_names(row, DECLARED) == (*told, "email", "column 9")
    assert told_names((*row[:-1], "kind"), DECLARED) == (*told, "email", "kind")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "jane@example.org",
        "+1 202 555 0143",
        "2026-06-10T10:00:00Z",
        "10 June 2026",
        "10.1.2.3",
        "fe80::ab:cd",
        "https://example.org/jane",
        "Jane Doe",
        "12 Main Street",
        "Doe, Jane",
        "email;Jane",
        "a1b2c3d4e5f6",
        '{"name": "Jane"}',
        "jane\ndoe",
        "\x1b[2Jname",
        "n" * 65,
    ],
)
def test_among_declared_names_what_does_not_look_like_a_name_is_not_told(value: str) -> None:
    columns = ("event_id", "kind", value, "member_id", "colour")
    told = ("event_id", "kind", "column 3", "member_id", "colour")
    assert told_names(columns, DECLARED) == told
    assert told_names(told, DECLARED) == told


def test_the_same_holds_of_parts_that_another_delimiter_cuts() -> None:
    assert told_names(("event_id;kind;jane@example.org",), DECLARED) == ("column 1",)
    assert told_names(("event_id;kind;;",), DECLARED) == ("event_id;kind;;",)

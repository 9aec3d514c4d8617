"""Types of columns, told from their values."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from laurels.rules.column_types import type_of, type_of_all

VALUES: list[tuple[object, str | None]] = [
    (None, None),
    ("", None),
    ("  ", None),
    ("42", "integer"),
    (" -42 ", "integer"),
    ("0", "integer"),
    ("00042", "text"),
    ("12.50", "decimal"),
    ("12,50", "decimal"),
    ("1e3", "text"),
    ("2026-07-01", "time"),
    ("2026-07-01T10:00:00Z", "time"),
    ("01/07/2026", "text"),
    ("True", "boolean"),
    ("x" * 10_000, "text"),
    ("1" * 65, "text"),
    (True, "boolean"),
    (42, "integer"),
    (1.5, "decimal"),
    (Decimal("1.5"), "decimal"),
    (date(2026, 7, 1), "time"),
    (datetime(2026, 7, 1, tzinfo=UTC), "time"),
    ({"a": 1}, "nested"),
    ([1], "nested"),
    (b"x", "text"),
]


@pytest.mark.parametrize(("value", "name"), VALUES)
def test_a_value_has_a_type(value: object, name: str | None) -> None:
    assert type_of(value) == name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([], None),
        (["", None], None),
        (["1", "", "2"] * 15, "integer"),
        (["1", "", "2"] * 14, None),
        (["1"] * 29, None),
        (["1"] * 30, "integer"),
        (["1", "2.5"] * 15, "decimal"),
        (["x"], "text"),
        (["1", "x"], "text"),
        (["1", "2026-07-01"], "text"),
        (["1", "2.5", "x"], "text"),
        ([1], "integer"),
        ([1, 2.5, None], "decimal"),
        ([1, "2"], None),
        ([date(2026, 7, 1)], "time"),
    ],
)
def test_a_column_has_the_type_that_all_its_values_have(values: list[object], name: str | None) -> None:
    assert type_of_all(values) == name


@pytest.mark.parametrize(
    ("numbers", "strays", "kind"), [(38, 2, "integer"), (37, 2, "text"), (1, 1, "text"), (0, 1, "text")]
)
def test_a_stray_value_makes_no_other_type(numbers: int, strays: int, kind: str) -> None:
    assert type_of_all(["1"] * numbers + ["n/a"] * strays) == kind

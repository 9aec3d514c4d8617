"""What the artifact of an ingest says where more was refused than anybody reads."""

from laurels.services.batches import DrainReport
from laurels.services.quarantine import QuarantinedView
from tasks.quarantine import LOOKED_AT
from tasks.reports import _passed, _table


def refused(line: int, *reasons: str) -> QuarantinedView:
    return QuarantinedView(line, "shop", "a.csv", line, None, None, reasons, reasons, "open", 0)


def test_a_row_with_two_reasons_counts_in_both_and_the_most_frequent_comes_first() -> None:
    told = _table([refused(9, "kind_unknown"), refused(4, "amount_unreadable", "kind_unknown")])
    assert told.splitlines()[2:] == [
        "| `kind_unknown` | kind_unknown | 2 | 4, 9 |",
        "| `amount_unreadable` | amount_unreadable | 1 | 4 |",
    ]


def test_it_says_so_where_it_looked_at_the_first_rows_only() -> None:
    told = _table([refused(line, "conflict") for line in range(LOOKED_AT)])
    assert told.endswith("| 10000 | 0, 1, 2, 3, 4, ... |\n\nOf the first 10,000 rows in quarantine.")
    assert "Of the first" not in _table([refused(1, "conflict")])


def test_what_passed_is_told_apart_by_severity_and_not_at_all_where_there_is_nothing() -> None:
    assert _passed(DrainReport(reasons={"conflict": 3})) == ""
    told = _passed(DrainReport(warnings={"email_malformed": 12}, notes={"channel_unknown": 1}))
    assert told.splitlines()[-2:] == [
        "| `email_malformed` | warning | 12 |",
        "| `channel_unknown` | note | 1 |",
    ]

"""The mission's table names every capability once, and only tests that exist."""

import re
from pathlib import Path

TABLE = Path("docs/mission.md").read_text()
ROWS = re.findall(r"^\| M-(\d+) \| (.+?) \| (.*?) ?\|$", TABLE, re.MULTILINE)


def test_every_capability_has_one_row() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 104))


def test_every_test_that_is_named_exists() -> None:
    for number, where, shown in ROWS:
        tests = [name for name in shown.split(", ") if name]
        assert bool(tests) == (where != "not yet"), f"M-{number}"
        for name in tests:
            file, _, function = name.partition("::")
            assert not function or f"def {function}(" in Path(file).read_text(), name
            assert Path(file).is_file(), name

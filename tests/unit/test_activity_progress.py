"""How far a file is read, as the run's log tells it."""

from pathlib import Path

from tasks.activity import by_tenths


def test_each_tenth_of_a_file_is_told_once(tmp_path: Path) -> None:
    path, told = tmp_path / "rows.csv", list[int]()
    path.write_bytes(b"x" * 1_000)
    hear = by_tenths(path, told.append)
    for read in (5, 99, 100, 150, 420, 430, 1_000, 1_000):
        hear(read)
    assert told == [10, 40, 100]


def test_an_empty_file_is_no_division_by_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    told = list[int]()
    by_tenths(tmp_path / "empty.csv", told.append)(0)
    assert told == []

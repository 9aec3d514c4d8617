"""Sheets: every text one cell, in the file and back, whatever parts cells in somebody's spreadsheet."""

from pathlib import Path

from laurels.stores.sheets import OURS, SheetRow, read_sheet, write_sheet


def test_signs_that_part_cells_elsewhere_stay_in_theirs(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    texts = ["a;=1", "b\t=1", "c\r\n=1", " =1", 'd",=1']
    names = ["one", "two", "three", "four", "five"]
    assert write_sheet(path, names, [["7", "1", "a.csv:2", "x", *texts]]) == 1
    assert path.read_bytes().decode("utf-8-sig") == (
        ",".join(f'"{name}"' for name in (*OURS, *names))
        + '\r\n"7","1","a.csv:2","x","a;=1","b\t=1","c\r\n=1","\' =1","d"",=1"\r\n'
    )
    assert read_sheet(path) == (names, [SheetRow(2, 7, 1, dict(zip(names, texts, strict=True)))])

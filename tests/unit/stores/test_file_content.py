"""A file's bytes: gzip, lines of any ending, lines that are too long, files that are something else."""

import gzip
import io
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import DataRejectedError
from laurels.stores.files import content as files
from laurels.stores.files.content import ROW_LIMIT, Content, Dropped, lines_of, opened, refuse_nuls
from laurels.stores.files.facts import inspect
from laurels.stores.files.reading import read_records
from tests.mappings import mapping_of


def lines(data: bytes) -> list[bytes | Dropped]:
    stream = io.BytesIO(data)
    return list(lines_of(Content("x", stream, stream)))


def test_lines_end_as_they_like() -> None:
    assert lines(b"a\nb\r\nc\rd") == [b"a\n", b"b\r\n", b"c\r", b"d"]
    assert lines(b"") == []
    assert lines(b"\n\r\n\r") == [b"\n", b"\r\n", b"\r"]


@given(st.lists(st.sampled_from([b"a", b'"', b"\n", b"\r", b"\r\n", b"bcd"]), max_size=40), st.integers(1, 7))
def test_blocks_do_not_show(parts: list[bytes], block: int) -> None:
    data = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_BLOCK", block)
        assert lines(data) == data.splitlines(keepends=True)


@given(
    st.lists(st.sampled_from([b"a" * 5, b'"', b"\n", b"\r\n", b"\r", b'b"c']), max_size=40), st.integers(1, 7)
)
def test_a_line_that_is_too_long_leaves_only_its_quotes(parts: list[bytes], block: int) -> None:
    data, limit = b"".join(parts), 12
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_BLOCK", block)
        patch.setattr(files, "ROW_LIMIT", limit)
        found = lines(data)
    whole = data.splitlines(keepends=True)
    assert len(found) == len(whole)
    for one, line in zip(found, whole, strict=True):
        assert one == (line if isinstance(one, bytes) else Dropped(line.count(b'"')))
        assert isinstance(one, bytes) == (len(line) <= limit) or len(line) - len(line.rstrip(b"\r\n")) > 0


def test_a_line_of_50_mb_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as bomb:
        bomb.write(b"short\n")
        for _ in range(50):
            bomb.write(b'"' + b"0" * (1 << 20))
        bomb.write(b"\nlast\n")
    tracemalloc.start()
    with opened(path) as content:
        assert list(lines_of(content)) == [b"short\n", Dropped(50), b"last\n"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * ROW_LIMIT


def test_gzip_is_known_by_its_content_and_progress_by_the_file_on_disk(tmp_path: Path) -> None:
    rows = b"id,member,at,amount,order\n" + b"1,2,2026-01-01T00:00:00Z,3,4\n" * 50_000
    plain, packed = tmp_path / "a.csv.gz", tmp_path / "b.csv"
    plain.write_bytes(rows)
    packed.write_bytes(gzip.compress(rows))
    seen: dict[Path, list[int]] = {plain: [], packed: []}
    for path, told in seen.items():
        assert len(list(read_records(path, mapping_of(), told.append))) == 50_000
        assert told == sorted(told)
        assert told[-1] == path.stat().st_size
        assert len(told) > 2
    one, other = inspect(plain, mapping_of()), inspect(packed, mapping_of())
    assert one.content_sha256 == other.content_sha256 == one.sha256 != other.sha256


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_cut_gzip_file_is_refused(tmp_path: Path, keep: float, kind: str) -> None:
    packed = gzip.compress(b'{"orders": [\n' + os.urandom(100_000))
    path, mapping = tmp_path / "cut.csv", mapping_of(format={"type": kind})
    for content in (packed[: int(len(packed) * keep)], packed[:100] + b"\0" * 50 + packed[150:]):
        path.write_bytes(content)
        for read in (lambda: inspect(path, mapping), lambda: list(read_records(path, mapping))):
            with pytest.raises(DataRejectedError, match=r"^cut\.csv: damaged gzip file$"):
                read()


FOREIGN = [
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
    (b"PK\x03\x04\x14\0\6\0", "spreadsheet"),
    (b"%PDF-1.7\n", "PDF"),
    (b"PAR1\x15\4", "Parquet"),
    (b"id,member\n" + bytes(9), "NUL"),
    (b"BZh91AY", "bzip2"),
]


@pytest.mark.parametrize(("start", "what"), FOREIGN)
def test_what_is_no_text_is_refused_whatever_its_name(tmp_path: Path, start: bytes, what: str) -> None:
    path = tmp_path / "orders.csv"
    for content in (start, gzip.compress(start)):
        path.write_bytes(content)
        with pytest.raises(DataRejectedError, match=rf"^orders\.csv: no text file, .*{what}"):
            inspect(path, mapping_of())


def test_a_nul_here_and_there_is_a_matter_of_rows() -> None:
    few = b"id,member\n1,2\n\0,4\n" * 10
    refuse_nuls("x", few)
    with pytest.raises(DataRejectedError, match="full of NUL bytes"):
        refuse_nuls("x", few + b"\0" * len(few))


def test_no_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "not a file"),
        (tmp_path / "pipe", "not a file"),
    ):
        for read in (
            lambda path: inspect(path, mapping_of()),
            lambda path: list(read_records(path, mapping_of())),
        ):
            with pytest.raises(DataRejectedError, match=why):
                read(path)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growing.csv"
    path.write_bytes(b"id,member,at,amount,order\n" + b"1,2,3,4,5\n" * 3)
    records = read_records(path, mapping_of())
    next(records)
    with path.open("ab") as more:
        more.write(b"1,2,3,4,5\n")
    with pytest.raises(DataRejectedError, match="changed from 56 to 66 bytes while it was read"):
        list(records)


def test_a_file_that_is_written_to_in_place_or_since_it_was_looked_at_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,member,at,amount,order\n" + b"1,2,3,4,5\n" * 3)
    facts = inspect(path, mapping_of())
    assert len(list(read_records(path, mapping_of(), stamp=facts.stamp))) == 3
    with pytest.raises(DataRejectedError, match=r"^a\.csv: was written to while"), opened(path):
        os.utime(path, ns=(1, 1))
    with pytest.raises(DataRejectedError, match=r"^a\.csv: was written to while it was read$"):
        next(read_records(path, mapping_of(), stamp=facts.stamp))
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(DataRejectedError, match=r"^a\.csv: changed from 56 to 112 bytes while it was read$"):
        next(read_records(path, mapping_of(), stamp=facts.stamp))


def test_reading_stops_at_the_first_row_beyond_the_bounds(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"id,member,at,amount,order\n" + b"1,2,3,4,5\n" * 5)
    for most, read in ((3, 4), (4, 5), (5, 5)):
        assert len(list(read_records(path, mapping_of(bounds={"max_rows": most})))) == read

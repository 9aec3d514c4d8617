"""Encodings: told by marks, by NULs, by all bytes; turned into UTF-8 without losing a line."""

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import DataRejectedError
from laurels.stores.files.encodings import Evidence, Utf8Stream, check_declared, is_wide, marked, utf8, wide


def judged(data: bytes, block: int = 1 << 18) -> Evidence:
    seen = Evidence()
    for start in range(0, len(data), block):
        seen.see(data[start : start + block])
    seen.see(b"", final=True)
    return seen


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_a_mark_names_its_encoding(mark: bytes, name: str | None) -> None:
    assert marked(mark + b"a\0b\0") == name


WIDE = [
    ("id,member\n", "utf-16-le", "utf-16-le"),
    ("id,member\n", "utf-16-be", "utf-16-be"),
    ("id,name\n1,日本\n", "utf-16-be", "utf-16-be"),
    ("id,member\n", "utf-8", None),
    ("id,member\n", "utf-32-le", None),
    ("日本語日本語", "utf-16-le", None),
    ("\0" * 20, "utf-8", None),
    ("", "utf-8", None),
    ("a", "utf-8", None),
]


@pytest.mark.parametrize(("text", "encoding", "name"), WIDE)
def test_utf_16_without_a_mark_is_known_by_its_nuls(text: str, encoding: str, name: str | None) -> None:
    assert wide(text.encode(encoding)) == name


GERMAN, RUSSIAN = "Straße, Käse und Müller; ", "Иванов; "
JUDGED: list[tuple[str, bytes, str | None]] = [
    ("ASCII", b"abc", "utf-8"),
    ("UTF-8", GERMAN.encode(), "utf-8"),
    ("UTF-8 with a broken byte", (GERMAN * 9).encode() + b"4\xff2", "utf-8"),
    ("UTF-8 with words of Latin-1", (GERMAN * 9).encode() + GERMAN.encode("latin-1"), "utf-8"),
    ("Latin-1 with a line of UTF-8", (GERMAN * 9).encode("latin-1") + GERMAN.encode(), "utf-8"),
    ("a broken byte in ASCII", b"id\n4\xff2\n", "utf-8"),
    ("one word of Latin-1", b"id\nM\xfcller\n", "cp1252"),
    ("Latin-1", GERMAN.encode("latin-1"), "cp1252"),
    ("Windows-1252", (GERMAN * 9 + "€").encode("cp1252"), "cp1252"),
    ("one sign of money", b"\x80 12.50", "utf-8"),
    ("many signs of money", b"\x80 12.50\n" * 101, None),
    ("Cyrillic, a little", RUSSIAN.encode("cp1251"), "utf-8"),
    ("Cyrillic", (RUSSIAN * 99).encode("cp1251"), None),
    ("Japanese", ("日本語" * 99).encode("shift_jis"), None),
]


@pytest.mark.parametrize("block", [1, 3, 1 << 18])
@pytest.mark.parametrize(("data", "name"), [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED])
def test_all_bytes_tell_what_the_first_do_not(data: bytes, name: str | None, block: int) -> None:
    if name == "cp1252" and block == 1:
        pytest.skip("letters are looked at with their neighbours in a block")
    assert judged(data, block).encoding() == name


@given(st.text(), st.integers(1, 9))
def test_whatever_is_utf_8_is_taken_for_it_in_any_blocks(text: str, block: int) -> None:
    data = text.encode("utf-8", "ignore")
    seen = judged(data, block)
    assert seen.encoding() == "utf-8"
    assert seen._high == seen._valid == sum(byte > 127 for byte in data)


@given(st.binary(max_size=60), st.integers(1, 9))
def test_broken_bytes_are_counted_as_python_counts_them(data: bytes, block: int) -> None:
    seen = judged(data, block)
    kept = data.decode("utf-8", "ignore").encode()
    assert seen._valid == sum(byte > 127 for byte in kept)
    assert seen._high - seen._valid == len(data) - len(kept)


def translated(data: bytes, encoding: str, block: int) -> bytes:
    stream = Utf8Stream(io.BytesIO(data), encoding)
    return b"".join(iter(lambda: stream.read(block), b""))


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-32-le"]),
    st.integers(1, 9),
)
def test_a_text_comes_as_utf_8_in_any_blocks(text: str, encoding: str, block: int) -> None:
    assert translated(text.encode(encoding), encoding, block) == text.encode()


BROKEN = [
    ("cp1252", b"a\x81\xe9\n", b"a\xff\xc3\xa9\n"),
    ("ascii", b"\xc3\xa9\n", b"\xff\xff\n"),
    ("utf-16-le", b"a\0\0\xd8b\0\n\0", b"a\xffb\n"),
    ("utf-16-le", b"a\0\n\0b", b"a\n\xff"),
]


@pytest.mark.parametrize("block", [1, 2, 100])
@pytest.mark.parametrize(("encoding", "data", "expected"), BROKEN)
def test_broken_bytes_stay_broken_and_lines_stay_lines(
    encoding: str, data: bytes, expected: bytes, block: int
) -> None:
    assert translated(data, encoding, block) == expected


def test_utf_8_is_left_as_it_is() -> None:
    stream = io.BytesIO(b"\xff")
    assert all(utf8(stream, name) is stream for name in (None, "utf-8", "UTF8", "utf-8-sig"))
    assert utf8(stream, "latin-1") is not stream
    assert [is_wide(name) for name in ("utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-32-be")] == [
        False,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("declared", "data", "why"),
    [
        ("utf-8", codecs.BOM_UTF16_LE + b"a\0", "byte order mark is that of utf-16-le"),
        ("latin-1", codecs.BOM_UTF8 + b"a", "byte order mark is that of utf-8"),
        ("utf-16-be", codecs.BOM_UTF16_LE + b"a\0", "byte order mark is that of utf-16-le"),
        ("latin-1", (GERMAN * 2).encode(), "all of it is UTF-8"),
    ],
)
def test_what_is_declared_is_held_against_the_file(declared: str, data: bytes, why: str) -> None:
    with pytest.raises(DataRejectedError, match=rf"^a\.csv: declared as {declared}, but .*{why}$"):
        check_declared("a.csv", declared, marked(data), judged(data))


@pytest.mark.parametrize(
    ("declared", "data"),
    [
        ("utf-16", codecs.BOM_UTF16_BE + b"\0a"),
        ("utf-16-le", codecs.BOM_UTF16_LE + b"a\0"),
        ("utf-8-sig", codecs.BOM_UTF8),
        ("utf-8", GERMAN.encode()),
        ("latin-1", GERMAN.encode("latin-1")),
        ("latin-1", b"Ma\xc3\xb1ana"),
        ("shift_jis", ("日本語" * 99).encode("shift_jis")),
    ],
)
def test_what_is_declared_wins_where_nothing_speaks_against_it(declared: str, data: bytes) -> None:
    check_declared("a.csv", declared, marked(data), judged(data))

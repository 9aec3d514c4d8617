"""Delimiters are told by the columns that are declared."""

from collections.abc import Iterator

import pytest

from laurels.errors import DataRejectedError
from laurels.stores.files.content import Dropped
from laurels.stores.files.dialects import delimiter_name, found_delimiter
from models.values.format import Delimited

DECLARED = ("id", "member", "at")
HEADED = Delimited(type="csv")
BARE = Delimited(type="csv", header=False, columns=DECLARED)


def lines(data: bytes) -> Iterator[bytes | Dropped]:
    return iter(data.splitlines(keepends=True))


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_sign_that_yields_the_declared_columns_is_the_one(sign: str) -> None:
    header = sign.join(["id", '"a,b;c|d"', "member", "at"])
    assert found_delimiter(lines(header.encode()), HEADED, DECLARED, "x") == sign


HEADERS = [
    (b"id;x,member,at\n", ","),  # two of the three, against one
    (b"ID;Member;At\n", ";"),  # no name is exact: the report is to show them all the same
    (b"a b c\n", ","),
    (b"", ","),
    (b'\xef\xbb\xbf"id";"member"\n', ";"),
    (b'"id\nx";"member";at\n', ";"),
    (b'id;"mem"ber;at\n', ","),  # broken quotes under the semicolon
    (b"id\n", ","),
]


@pytest.mark.parametrize(("header", "sign"), HEADERS)
def test_the_header_decides(header: bytes, sign: str) -> None:
    assert found_delimiter(lines(header), HEADED, DECLARED, "x") == sign


def test_two_that_do_equally_well_have_to_be_told_apart_by_the_mapping() -> None:
    for data, shape in ((b"id;at,member,x\n", HEADED), (b"1;2,5;3,5\n" * 3, BARE)):
        with pytest.raises(DataRejectedError, match=r"^x: comma and semicolon part .* declare `delimiter`"):
            found_delimiter(lines(data), shape, ("id", "x"), "x")


@pytest.mark.parametrize(
    ("data", "sign"),
    [(b"1;2;3\n", ";"), (b"ragged\n1\t2\t3\n1,2\n", "\t"), (b"1,2\n", ","), (b"", ",")],
)
def test_without_a_header_the_width_decides(data: bytes, sign: str) -> None:
    assert found_delimiter(lines(data), BARE, (), "x") == sign


def test_one_column_needs_no_delimiter() -> None:
    one = Delimited(type="csv", header=False, columns=("id",))
    assert found_delimiter(lines(b"1\n2\n"), one, (), "x") == ","


def test_delimiters_have_names() -> None:
    assert [delimiter_name(sign) for sign in (",", ";", "\t", "|", "~")] == [
        "comma",
        "semicolon",
        "tab",
        "bar",
        "~",
    ]

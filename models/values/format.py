"""How a file is written: the part of a mapping that its reader goes by."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from models.values.part import Part

_LAYOUT = '\r\n,;|\t"{}[]:'


def _known_encoding(name: str) -> str:
    """Refuse what is no encoding of text, or of none that has the signs by which rows are cut."""
    try:
        if _LAYOUT.encode(name).decode(name) == _LAYOUT:
            return name
    except (LookupError, UnicodeError):
        pass
    raise ValueError(f"{name!r} is no text encoding")


def _one_sign(delimiter: str) -> str:
    if delimiter != "whitespace" and (len(delimiter) != 1 or delimiter in '\r\n"\0' or ord(delimiter) > 127):  # noqa: PLR2004 (ASCII)
        raise ValueError(f"{delimiter!r} is neither one ASCII sign nor the word whitespace")
    return delimiter


Encoding = Annotated[str, AfterValidator(_known_encoding)]


class Delimited(Part):
    """Rows with a delimiter, quoted as RFC 4180 says (with `whitespace`: split at runs of it, no quotes).

    Delimiter and encoding are found out where they are not declared: the delimiter (comma, semicolon, tab or bar)
    by the declared columns.
    """

    type: Literal["csv"]
    delimiter: Annotated[str, AfterValidator(_one_sign)] | None = None
    header: bool = True
    columns: tuple[str, ...] = ()
    encoding: Encoding | None = None

    @model_validator(mode="after")
    def _names_its_columns(self) -> Self:
        if self.header == bool(self.columns):
            raise ValueError("columns: name them if there is no header, and only then")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns: one is named twice")
        return self


class JsonLines(Part):
    """One JSON object a line, or one JSON document of up to 16 MB. Bodies of webhooks are read by the same words.

    `unwrap`: keys under which the object, or a list of objects, may stand (`{"order": {...}}`); bare ones are
    taken as well. `records`: dotted path to a list inside the object; each of its items makes a record of its
    own, which sees the object with that one item in the list's place (`transactions.amount`). An empty list
    makes none: a refund without a transaction gave no money back. The encoding is found out if not declared.
    """

    type: Literal["jsonl"]
    unwrap: tuple[str, ...] = ()
    records: str | None = None
    encoding: Encoding | None = None


class ParquetFormat(Part):
    """Apache Parquet. Its columns are typed; naive timestamps go by the mapping's zone."""

    type: Literal["parquet"]


class Excel(Part):
    """A spreadsheet (.xlsx, .xls, .ods): one sheet, by its name or its number from 0, with a header row.

    Cells are typed; times have no zone and go by the mapping's.
    """

    type: Literal["excel"]
    sheet: Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=0)] = 0


Format = Annotated[Delimited | JsonLines | ParquetFormat | Excel, Field(discriminator="type")]

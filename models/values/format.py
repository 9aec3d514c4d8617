"""How a file is written: the part of a mapping that its reader goes by."""

import codecs
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from models.values.part import Part

_LAYOUT = '\r\n,;|\t"{}[]:'


def _line_safe(name: str) -> str:
    """Refuse an encoding whose line ends are not ASCII bytes (UTF-16): lines are cut before decoding."""
    try:
        safe = codecs.lookup(name).name == "utf-8-sig" or _LAYOUT.encode(name) == _LAYOUT.encode("ascii")
    except LookupError as error:
        raise ValueError(f"{name!r} is no text encoding") from error
    if not safe:
        raise ValueError(f"{name!r} cannot be read line by line: convert the file to UTF-8")
    return name


def _one_sign(delimiter: str) -> str:
    if delimiter != "whitespace" and (len(delimiter) != 1 or delimiter in '\r\n"\0' or ord(delimiter) > 127):  # noqa: PLR2004 (ASCII)
        raise ValueError(f"{delimiter!r} is neither one ASCII sign nor the word whitespace")
    return delimiter


Encoding = Annotated[str, AfterValidator(_line_safe)]


class Delimited(Part):
    """Rows with a delimiter, quoted as RFC 4180 says (with `whitespace`: split at runs of it, no quotes)."""

    type: Literal["csv"]
    delimiter: Annotated[str, AfterValidator(_one_sign)] = ","
    header: bool = True
    columns: tuple[str, ...] = ()
    encoding: Encoding = "utf-8-sig"

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
    makes none: a refund without a transaction gave no money back.
    """

    type: Literal["jsonl"]
    unwrap: tuple[str, ...] = ()
    records: str | None = None
    encoding: Encoding = "utf-8-sig"


class ParquetFormat(Part):
    """Apache Parquet. Its columns are typed; naive timestamps go by the mapping's zone."""

    type: Literal["parquet"]


Format = Annotated[Delimited | JsonLines | ParquetFormat, Field(discriminator="type")]

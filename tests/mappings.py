"""Mappings and rows for tests: a small one to vary, and the way from bytes to inbox rows."""

from pathlib import Path
from typing import Any

from laurels.rules.intake import compile_mapping
from laurels.stores.files.reading import read_records
from models.values.activity import InboxRow, RefusedRow
from models.values.mapping import Mapping

KEY = bytes(range(32))
SOURCE = "shop-1"
MAPPINGS = Path(__file__).parents[1] / "deployments" / "mappings"


def mapping_of(**parts: Any) -> Mapping:
    """A purchase mapping of five columns; a part given as None is left out."""
    whole = {
        "mapping": "test",
        "format": {"type": "csv"},
        "id": {"column": "id"},
        "kind": "purchase",
        "member": {"column": "member"},
        "occurred_at": {"column": "at"},
        "amount": {"column": "amount", "currency": "USD"},
        "order": {"column": "order"},
    }
    return Mapping.model_validate({name: part for name, part in (whole | parts).items() if part is not None})


def rows_of(path: Path, mapping: Mapping, file_sha256: str | None = None) -> list[InboxRow | RefusedRow]:
    """All rows of a file, in order."""
    read = compile_mapping(mapping, SOURCE, KEY, file_sha256)
    found = read_records(path, mapping)
    return [one if isinstance(one, RefusedRow) else read(one) for one in found]


def told(rows: list[InboxRow | RefusedRow]) -> list[tuple[int, str]]:
    """What a table of expectations compares: each row's line, and its reason, its problems or `ok`."""
    return [
        (row.line, row.reason if isinstance(row, RefusedRow) else "+".join(row.problems) or "ok")
        for row in rows
    ]

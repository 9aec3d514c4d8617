"""The state hash: one number for all that follows from history, and an export that anybody can check against it."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from laurels.errors import DataRejectedError, NotFoundError, RuleRefusedError
from laurels.services.runtime import Runtime
from laurels.stores import statehash
from laurels.stores.database import freeze
from laurels.stores.statehash import VIEWS, Bucket

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class TableHash:
    """How many canonical rows a table has, and the sum of their hashes."""

    rows: int
    sum: int


@dataclass(frozen=True, slots=True)
class StateHash:
    """SHA-256, in hex, over the sorted sums of all tables and member buckets; equal for equal histories."""

    hash: str
    tables: dict[str, TableHash]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote: rows by table, and the hash of the state that it holds."""

    folder: Path
    rows: dict[str, int]
    state: StateHash


def state_hash(runtime: Runtime) -> StateHash:
    """Return the hash of the store's views: awards, settlements, standings and balances, as of one moment."""
    with runtime.database.transaction() as session:
        freeze(session)
        return _hashed(statehash.bucket_sums(session))


def export_views(runtime: Runtime, folder: Path) -> ExportReport:
    """Write the views as Parquet files with a manifest; the folder is there whole or not at all.

    Hash and files are of the same moment. Ids are opaque: nobody's personal data is in it. Raises RuleRefusedError
    where the folder exists or cannot be made.
    """
    if folder.exists():
        raise RuleRefusedError(f"{folder} is there already: an export overwrites nothing")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
    except OSError as error:
        raise RuleRefusedError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        with runtime.database.transaction() as session:
            freeze(session)
            state = _hashed(statehash.bucket_sums(session))
            rows = statehash.write_views(session, unfinished)
        (unfinished / MANIFEST).write_text(json.dumps(asdict(state), indent=1, sort_keys=True) + "\n")
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return ExportReport(folder, rows, state)


def hash_of_export(folder: Path) -> StateHash:
    """Return the hash of an export, computed from its Parquet files alone.

    Raises NotFoundError where there is no such folder, DataRejectedError where a file is missing or cannot be read.
    """
    if not folder.is_dir():
        raise NotFoundError(f"no folder {folder}")
    for table in VIEWS:
        if not (folder / f"{table}.parquet").is_file():
            raise DataRejectedError(f"{folder}: {table}.parquet is missing")
    return _hashed(statehash.bucket_sums_of(folder))


def check_export(folder: Path) -> StateHash:
    """Return an export's hash. Raises DataRejectedError, naming the tables, where its manifest says otherwise."""
    found = hash_of_export(folder)
    try:
        told = json.loads((folder / MANIFEST).read_text())
        tables = {name: TableHash(**table) for name, table in told["tables"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise DataRejectedError(f"{folder / MANIFEST}: missing or not an export's") from None
    differing = sorted(name for name in VIEWS if found.tables[name] != tables.get(name))
    if differing or found.hash != told.get("hash"):
        raise DataRejectedError(
            f"{folder}: not what its manifest says ({', '.join(differing) or 'the hash'})"
        )
    return found


def _hashed(buckets: Sequence[Bucket]) -> StateHash:
    lines = sorted(f"{one.table} {one.bucket} {one.rows} {one.sum}\n" for one in buckets)
    tables = {
        table: TableHash(
            sum(one.rows for one in buckets if one.table == table),
            sum(one.sum for one in buckets if one.table == table),
        )
        for table in VIEWS
    }
    return StateHash(hashlib.sha256("".join(lines).encode()).hexdigest(), tables)

"""Sheets: refused rows written to a file that a person edits, and the edited cells taken back in one transaction."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from laurels.clock import business_time
from laurels.errors import NotFoundError, RuleRefusedError
from laurels.rules.repairs import edited_columns, kept_texts, personal
from laurels.services import audit
from laurels.services.intake import mapping_path
from laurels.services.mappings import load_mapping
from laurels.services.mending import Act, Kept, Mended, Readers, kept_rows, queue
from laurels.services.refusals import sentence
from laurels.services.replays import mend, why_left
from laurels.services.runtime import Runtime
from laurels.services.selecting import CHUNK, check_selection
from laurels.stores import groups, quarantine, sheets
from laurels.stores.quarantine import Selection
from laurels.stores.sheets import SheetRow
from models.values.mapping import Mapping as DeclaredMapping

HIDDEN = "(personal)"
"""What is told of a personal text: that it is one."""


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What was written, and how many rows were not, because nothing of them is kept that could be edited."""

    file: Path
    rows: int
    columns: tuple[str, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Edited:
    """One row's edited cells, before and after, by column; of a personal one only that it is edited."""

    line: int
    id: int
    before: dict[str, str | None]
    after: dict[str, str]
    wrong: tuple[str, ...]


@dataclass(slots=True)
class RepairReport:
    """What a sheet mends: rows queued (or that would be), those as they were, and those that are stale, by number.

    `left` are all edited rows of which something still cannot be read: they stay open as they were, and `wrong` counts
    why. `columns` counts the edited cells of both, `edited` has the first rows that are queued.
    """

    queued: int = 0
    unchanged: int = 0
    stale: dict[int, str] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    columns: Counter[str] = field(default_factory=Counter)
    edited: list[Edited] = field(default_factory=list)
    left: list[Edited] = field(default_factory=list)


def export_sheet(
    runtime: Runtime,
    path: Path,
    selection: Selection,
    *,
    columns: Sequence[str] = (),
    on_progress: Callable[[int], None] | None = None,
) -> SheetReport:
    """Write a selection's rows as CSV, one row each: our columns, then the mappings', without personal ones.

    `columns` names personal columns (or fields) that are to be filled in: they are empty, whatever is stored. Rows that
    cannot be read again are left out. Raises RuleRefusedError where the file is there, where a column is unknown, or
    where there are more rows than one sheet may have.
    """
    with runtime.database.transaction() as session:
        check_selection(session, selection)
        rows = quarantine.counted(session, selection)
        names = groups.mappings(session, selection)
    if rows > sheets.LARGEST:
        raise RuleRefusedError(f"{rows:,} rows are more than one sheet's {sheets.LARGEST:,}: narrow it")
    header = _header(list(_found(runtime, names)), columns)
    readers = Readers(runtime, business_time(None, runtime.settings.as_of))
    left: list[int] = []
    written = sheets.write_sheet(
        path, header, _written(runtime, selection, header, readers, left, on_progress)
    )
    return SheetReport(path, written, tuple(header), len(left))


def repair_sheet(
    runtime: Runtime,
    path: Path,
    *,
    actor: str,
    reason: str | None = None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    shown: int = 20,
) -> RepairReport:
    """Mend refused rows by the cells of a sheet that were edited, and queue these rows in one transaction.

    A cell counts as edited if it differs from what is kept; of a personal column, which is exported empty, if it is
    filled in. Rows without an edited cell are left alone; those that are no longer open, or are of another revision,
    are skipped and named; those of which something still cannot be read stay open as they were, and all are told. The
    first `shown` of the others are told before and after. Takes an editor, also for a dry run. Raises
    DataRejectedError, naming file and line, for an unknown column or row, and for an edit that cannot be: then nothing
    is mended.
    """
    columns, rows = sheets.read_sheet(path)
    now, report = business_time(as_of, runtime.settings.as_of), RepairReport()
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        tried = _mended(runtime, session, path, columns, rows, now, report)
        mended = [one for one in tried if not one.wrong]
        _tell(report, rows, tried, shown)
        if not dry_run:
            queue(runtime, session, mended, Act("quarantine.repair", by, reason, now, {"file": path.name}))
    return report


def _found(runtime: Runtime, names: Sequence[str]) -> Iterator[DeclaredMapping]:
    """Yield the mappings that the folder has; rows of another one are left out, and counted."""
    for name in names:
        with suppress(NotFoundError):
            yield load_mapping(mapping_path(runtime, name))


def _header(mappings: Sequence[DeclaredMapping], asked: Sequence[str]) -> list[str]:
    raw = [column for mapping in mappings for column in mapping.raw_columns.values()]
    hidden = {name: column for mapping in mappings for name, column in mapping.person_columns.items()}
    hidden |= {column: column for column in hidden.values()}
    ids = {"member": "external_id", "referred": "referred_external_id"}
    hidden |= {name: hidden[kept] for name, kept in ids.items() if kept in hidden}
    if unknown := [name for name in asked if name not in hidden]:
        raise RuleRefusedError(
            f"{unknown[0]} is no personal column of these rows ({', '.join(sorted(set(hidden.values())))}); "
            "the others are there anyway"
        )
    if taken := set(raw) & set(sheets.OURS):
        raise RuleRefusedError(
            f"a mapping has a column {min(taken)}, which is ours in a sheet: `replay --set`"
        )
    return list(dict.fromkeys([*raw, *(hidden[name] for name in asked)]))


def _written(
    runtime: Runtime,
    selection: Selection,
    header: Sequence[str],
    readers: Readers,
    left: list[int],
    on_progress: Callable[[int], None] | None,
) -> Iterator[list[str]]:
    after = seen = 0
    while True:
        with runtime.database.transaction() as session:
            rows = quarantine.listed(session, selection, limit=CHUNK, after=after)
            found = list(kept_rows(session, rows, readers))
        if not rows:
            return
        for kept in found:
            if why_left(kept) or kept.before is None:
                left.append(kept.row.id)
                continue
            texts = kept_texts(kept.before, kept.reader.mapping)
            row = kept.row
            ours = [str(row.id), str(row.revision), f"{row.file}:{row.line}", " ".join(row.reasons)]
            yield ours + [texts.get(column, "") for column in header]
        after, seen = rows[-1].id, seen + len(rows)
        if on_progress is not None:
            on_progress(seen)


def _mended(
    runtime: Runtime,
    session: Session,
    path: Path,
    columns: Sequence[str],
    rows: Sequence[SheetRow],
    now: datetime,
    report: RepairReport,
) -> list[Mended]:
    found = quarantine.locked(session, [row.id for row in rows])
    sheet = {row.id: row for row in rows}
    there = {row.id for row in found}
    problems = [(row.line, f"no quarantined row {row.id}") for row in rows if row.id not in there]
    known: set[str] = set()
    mended = []
    for kept in kept_rows(session, found, Readers(runtime, now)):
        known.update(kept.found.mapping.columns if kept.found else ())
        one = _tried(kept, sheet[kept.row.id], report)
        if isinstance(one, Mended):
            mended.append(one)
        elif one is not None:
            problems.append((sheet[kept.row.id].line, one))
    problems += [
        (1, f"no mapping of these rows has a column {name}") for name in columns if name not in known
    ]
    sheets.refuse(path, problems)
    return mended


def _tried(kept: Kept, row: SheetRow, report: RepairReport) -> Mended | str | None:
    """Return the mended row, None where nothing is to be done, or what is wrong with it."""
    edits = _edits(kept, row.texts)
    if not edits:
        report.unchanged += 1
    elif kept.row.state != "open":
        report.stale[kept.row.id] = kept.row.state
    elif kept.row.revision != row.revision:
        report.stale[kept.row.id] = f"revision {kept.row.revision}"
    elif why := why_left(kept):
        return f"row {kept.row.id} {why}"
    else:
        try:
            return mend(kept, edited_columns(kept.reader.mapping, edits))
        except RuleRefusedError as error:
            return str(error)
    return None


def _edits(kept: Kept, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the cells that differ from what is kept; a column that is not the row's is as good as empty."""
    was = kept_texts(kept.before, kept.found.mapping) if kept.before and kept.found else {}
    return {
        column: text
        for column, text in texts.items()
        if text != was.get(column, "")
        and (text or column in was)  # an empty cell of a column without text changes nothing
    }


def _tell(report: RepairReport, rows: Sequence[SheetRow], tried: Sequence[Mended], shown: int) -> None:
    lines = {row.id: row.line for row in rows}
    for one in tried:
        report.columns.update(list(one.columns))
        report.wrong.update(one.wrong)
        if one.wrong:
            report.left.append(_edited(lines[one.kept.row.id], one))
        else:
            report.queued += 1
            if len(report.edited) < shown:
                report.edited.append(_edited(lines[one.kept.row.id], one))
    report.left.sort(key=lambda one: one.line)


def _edited(line: int, one: Mended) -> Edited:
    kept = one.kept
    hidden = set(personal(kept.reader.mapping, one.columns))
    was = kept_texts(kept.before, kept.reader.mapping) if kept.before else {}
    before = {name: HIDDEN if name in hidden else was.get(name) for name in one.columns}
    after = {name: HIDDEN if name in hidden else text for name, text in one.columns.items()}
    wrong = tuple(sentence(reason, kept.reader.ruleset.sentences) for reason in one.wrong)
    return Edited(line, kept.row.id, before, after, wrong)

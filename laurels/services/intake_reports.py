"""What became of a file, as it is told: to who sent it, to flows and to the console."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.intake import Intake


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What became of a file. `rows` = accepted + duplicates + conflicts + refused; `reasons` says why it is held."""

    intake_id: int
    name: str
    source: str
    state: str
    rows: int
    accepted: int
    duplicates: int
    conflicts: int
    refused: int
    seen_before: bool
    reasons: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    duplicate_columns: tuple[str, ...] = ()
    unread: str = ""
    """Why not all of its rows were read: such a file can only be rejected, mended and sent again."""
    found: Mapping[str, Any] = field(default_factory=dict)
    """How it turned out to be written: format, encoding, delimiter, line ends, types of its columns."""
    seconds: float | None = None
    """How long it took to look at and to read, where that was just now."""
    rows_per_second: int | None = None

    def timed(self, seconds: float) -> "IntakeReport":
        """Return it with the time it took."""
        return replace(
            self, seconds=round(seconds, 3), rows_per_second=round(self.rows / seconds) if seconds else None
        )

    def written(self) -> str:
        """Return in a few words how the file is written."""
        found = self.found
        words = [found.get("format"), found.get("encoding"), "with its mark" if found.get("bom") else None]
        words += [found.get("delimiter"), found.get("newline"), found.get("sheet"), found.get("compressed")]
        size = f"{found['bytes']:,} bytes" if "bytes" in found else None
        return ", ".join(str(word) for word in (*words, size) if word)


def report_of(intake: Intake) -> IntakeReport:
    """Return a stored intake as a report."""
    return IntakeReport(
        intake_id=intake.id or 0,
        name=intake.name,
        source=intake.source,
        state=intake.state,
        rows=intake.rows,
        accepted=intake.accepted,
        duplicates=intake.duplicates,
        conflicts=intake.conflicts,
        refused=intake.refused,
        seen_before=intake.seen_before,
        reasons=tuple((intake.verdict or {}).get("reasons", ())),
        unknown_columns=tuple(intake.unknown_columns),
        missing_columns=tuple(intake.missing_columns),
        duplicate_columns=tuple(intake.duplicate_columns),
        unread=_unread(intake),
        found=intake.found,
    )


def _unread(intake: Intake) -> str:
    twice = [column for column in intake.duplicate_columns if column not in intake.unknown_columns]
    told = ((intake.missing_columns, "missing"), (twice, "twice"))
    reasons = [f"{', '.join(columns)} {what}" for columns, what in told if columns]
    if "too_many_rows" in (intake.verdict or {}).get("reasons", ()):
        reasons.append(f"it has more than {intake.bounds['max_rows']} rows")
    return "; ".join(reasons)

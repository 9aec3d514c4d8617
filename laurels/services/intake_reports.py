"""What became of a file, as it is told: to who sent it, to flows and to the console."""

from dataclasses import dataclass

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
    )


def _unread(intake: Intake) -> str:
    twice = [column for column in intake.duplicate_columns if column not in intake.unknown_columns]
    told = ((intake.missing_columns, "missing"), (twice, "twice"))
    reasons = [f"{', '.join(columns)} {what}" for columns, what in told if columns]
    if "too_many_rows" in (intake.verdict or {}).get("reasons", ()):
        reasons.append(f"it has more than {intake.bounds['max_rows']} rows")
    return "; ".join(reasons)

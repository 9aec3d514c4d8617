"""What a person reads after a run (artifacts in the Prefect UI) and what automations hear (events).

Counts, reasons and opaque ids only: no personal data leaves by these.
"""

from collections import defaultdict
from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.events import emit_event

from laurels.services.batches import DrainReport
from laurels.services.intake import IntakeReport
from laurels.services.leaders import Leaders
from laurels.services.quarantine import QuarantinedView
from tasks.quality import Background
from tasks.quarantine import LOOKED_AT

_PLACES = 5
_HEADING = ("| reason | why | rows | lines |", "| --- | --- | ---: | --- |")


def report_intake(
    intake: IntakeReport, drain: DrainReport, refused: Sequence[QuarantinedView], before: Background
) -> None:
    """Publish what came in and what was refused of it, and say it by events: applied and, where it is so, held."""
    create_table_artifact(
        key="activity",
        table=[{"what": what, "rows": rows} for what, rows in _counts(intake, drain).items()],
        description=f"Intake {intake.intake_id} from {intake.source}, {intake.state}",
    )
    create_markdown_artifact(key="activity-reasons", markdown=_reasons(intake, drain, refused, before))
    payload: dict[str, object] = {"intake": intake.intake_id, **_counts(intake, drain)}
    resource = _resource(intake.intake_id, intake.source)
    emit_event("laurels.activity.applied", resource, payload=payload)
    if intake.state == "held" or drain.held:
        payload = {"intake": intake.intake_id, "batches": drain.held, "reasons": list(intake.reasons)}
        emit_event("laurels.batch.held", resource, payload=payload)


def report_released(intake_id: int, source: str, reasons: Sequence[str]) -> None:
    """Say by an event that a person let a held file go on, and what it had been held for. Who: the audit knows."""
    emit_event("laurels.batch.released", _resource(intake_id, source), payload=_payload(intake_id, reasons))


def report_rejected(intake_id: int, source: str, reasons: Sequence[str]) -> None:
    """Say by an event that a person rejected a held file, and what it had been held for."""
    emit_event("laurels.batch.rejected", _resource(intake_id, source), payload=_payload(intake_id, reasons))


def _payload(intake_id: int, reasons: Sequence[str]) -> dict[str, object]:
    return {"intake": intake_id, "reasons": list(reasons)}


def _resource(intake_id: int, source: str) -> dict[str, str]:
    """Return what an event is about; automations can match the source."""
    return {"prefect.resource.id": f"laurels.intake.{intake_id}", "laurels.source": source}


def report_leaders(found: Sequence[Leaders]) -> None:
    """Publish the first ranks of each board as a table."""
    for leaders in found:
        create_table_artifact(
            key=f"board-{leaders.program}-{leaders.board}-{leaders.period}".replace("_", "-"),
            table=[
                {"rank": row.rank, "member": str(row.member_id), "score": row.score, "percent": row.percent}
                for row in leaders.rows
            ],
            description=f"{leaders.program}: {leaders.board} of the {leaders.period}",
        )


def _counts(intake: IntakeReport, drain: DrainReport) -> dict[str, int]:
    return {
        "read": intake.rows,
        "new": intake.accepted,
        "seen before": intake.duplicates,
        "conflicting": intake.conflicts,
        "unreadable": intake.refused,
        "passed the gate": drain.passed,
        "quarantined": drain.quarantined,
        "passed with a warning": sum(drain.warnings.values()),
    }


def _reasons(
    intake: IntakeReport, drain: DrainReport, refused: Sequence[QuarantinedView], before: Background
) -> str:
    held = "\n".join(f"- **held**: {reason}" for reason in intake.reasons)
    trend = f"#### The last files of {intake.source}\n\n![rows and refused rows of each]({before.chart})"
    page = f"[Data Docs of this file]({before.page}) (a minute after the run)" if before.page else ""
    told = _table(refused) if refused else _none(intake)
    parts = [f"### Intake {intake.intake_id}", held, told, _passed(drain), page, trend]
    return "\n\n".join(filter(None, parts)) + "\n"


def _passed(drain: DrainReport) -> str:
    """Return what rows were counted for and passed: of all that this run worked off."""
    counted = [(name, "warning", rows) for name, rows in drain.warnings.items()]
    counted += [(name, "note", rows) for name, rows in drain.notes.items()]
    rows = [f"| `{name}` | {severity} | {count} |" for name, severity, count in counted]
    heading = (
        "#### Passed, and counted in this run",
        "",
        "| rule | severity | rows |",
        "| --- | --- | ---: |",
    )
    return "\n".join([*heading, *rows]) if rows else ""


def _none(intake: IntakeReport) -> str:
    """Say that there is nothing; lines of a known file that cannot be read are not refused a second time."""
    return "Nothing was refused that was not refused before." if intake.refused else "Nothing was refused."


def _table(refused: Sequence[QuarantinedView]) -> str:
    """Return reasons with counts and first lines, the most frequent first; a row with two reasons counts in both."""
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in refused:
        for reason in zip(row.reasons, row.sentences, strict=True):
            lines[reason].append(row.line)
    rows = [
        f"| `{reason}` | {sentence} | {len(found)} | {_first(found)} |"
        for (reason, sentence), found in sorted(lines.items(), key=lambda one: (-len(one[1]), one[0]))
    ]
    more = f"\nOf the first {LOOKED_AT:,} rows in quarantine." if len(refused) == LOOKED_AT else None
    return "\n".join(filter(None, [*_HEADING, *rows, more]))


def _first(lines: list[int]) -> str:
    shown = ", ".join(map(str, sorted(lines)[:_PLACES]))
    return f"{shown}, ..." if len(lines) > _PLACES else shown

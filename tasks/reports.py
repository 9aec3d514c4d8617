"""What a person reads after a run (artifacts in the Prefect UI) and what automations hear (events).

Counts, reasons and opaque ids only: no personal data leaves by these.
"""

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.events import emit_event

from laurels.services.batches import DrainReport
from laurels.services.intake import IntakeReport
from laurels.services.leaders import Leaders


def report_intake(intake: IntakeReport, drain: DrainReport) -> None:
    """Publish what came in and what was refused, and say it by events: applied and, where it is so, held."""
    create_table_artifact(
        key="activity",
        table=[{"what": what, "rows": rows} for what, rows in _counts(intake, drain).items()],
        description=f"Intake {intake.intake_id} from {intake.source}, {intake.state}",
    )
    create_markdown_artifact(key="activity-reasons", markdown=_reasons(intake, drain))
    resource = {"prefect.resource.id": f"laurels.intake.{intake.intake_id}"}
    emit_event("laurels.activity.applied", resource, payload=_counts(intake, drain))
    if intake.state == "held" or drain.held:
        payload = {"batches": drain.held, "reasons": list(intake.reasons)}
        emit_event("laurels.batch.held", resource, payload=payload)


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
    }


def _reasons(intake: IntakeReport, drain: DrainReport) -> str:
    held = [f"- **held**: {reason}" for reason in intake.reasons]
    refused = [f"- {reason}: {rows}" for reason, rows in sorted(drain.reasons.items())]
    return "\n".join([f"### Intake {intake.intake_id}", "", *held, *refused]) or "Nothing was refused."

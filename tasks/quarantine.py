"""What was refused: for who reads about a run, and closed where nobody mended it in time."""

from datetime import timedelta

from prefect.logging import get_run_logger

from laurels.services import quarantine
from laurels.services.quarantine import ExpiryReport, QuarantinedView
from tasks.run import Run
from tasks.step import step

LOOKED_AT = 10_000
"""Rows of one file that a report is made of: a file of a million bad rows is told as well by its first ones."""


@step
def find_refused(run: Run, intake_id: int) -> list[QuarantinedView]:
    """Return what is in quarantine of one file: rows that cannot be read, conflicts, and what the gate refused."""
    return quarantine.of_intake(run.runtime, intake_id, limit=LOOKED_AT)


@step
def expire_quarantine(run: Run) -> ExpiryReport:
    """Close refused rows that have waited longer than the setting says; each has its entry in the audit."""
    span = timedelta(days=run.runtime.settings.quarantine_days)
    report = quarantine.expire(run.runtime, older_than=span, as_of=run.as_of)
    get_run_logger().info("%d refused rows expired", report.expired)
    return report

"""What was refused, for who reads about a run."""

from laurels.services import quarantine
from laurels.services.quarantine import QuarantinedView
from tasks.run import Run
from tasks.step import step

LOOKED_AT = 10_000
"""Rows of one file that a report is made of: a file of a million bad rows is told as well by its first ones."""


@step
def find_refused(run: Run, intake_id: int) -> list[QuarantinedView]:
    """Return what is in quarantine of one file: rows that cannot be read, conflicts, and what the gate refused."""
    return quarantine.of_intake(run.runtime, intake_id, limit=LOOKED_AT)

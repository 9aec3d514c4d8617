"""Whether everything still adds up."""

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger

from laurels.services import checks, statehash
from laurels.services.checks import Finding
from tasks.run import Run
from tasks.step import step


@step
def check_invariants(run: Run) -> list[Finding]:
    """Return each promise that the live store breaks; empty is good."""
    findings = checks.check_invariants(run.runtime)
    get_run_logger().info("%d findings", len(findings))
    return findings


@step
def fingerprint_state(run: Run) -> str:
    """Return the state hash: equal for equal histories, whatever the order in which they came."""
    return statehash.state_hash(run.runtime).hash


def report_health(findings: Sequence[Finding], state_hash: str) -> None:
    """Publish the broken promises, if any, and the state hash."""
    listed = "\n".join(f"- {finding}" for finding in findings) or "Every promise holds."
    create_markdown_artifact(key="health", markdown=f"{listed}\n\nState hash `{state_hash}`\n")

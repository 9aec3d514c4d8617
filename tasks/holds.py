"""Held files, for the person who decides: the one screen, the form, the decision and its event."""

from typing import Annotated, Literal

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterId,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from laurels.errors import RuleRefusedError
from laurels.services import holds, quarantine
from laurels.services.holds import HoldView
from laurels.services.intake import IntakeReport
from tasks.reports import report_rejected, report_released
from tasks.run import Run
from tasks.step import step

DAYS = 14
"""How long a review waits; the file stays held after it, and the command line still decides."""
_ELSEWHERE = "decided by the command line"
_DAY_SECONDS = 24 * 3600
_OPEN = FlowRunFilterStateType(any_=[state for state in StateType if state not in TERMINAL_STATES])


class Decision(RunInput):
    """Release lets the file's rows go on to the gate, which judges each; reject lets none of them count."""

    decision: Literal["release", "reject"] = Field(description="What is to become of the file.")
    actor: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="Who decides: an editor or admin here (`laurels actor list`)."
    )
    reason: Annotated[str, Field(min_length=1, max_length=500)] = Field(description="Why, for the audit.")


@step
def look_at(run: Run, intake: int) -> HoldView:
    """Return what there is to know about a file as a whole."""
    return holds.show_intake(run.runtime, intake)


@step
def decide(run: Run, intake: int, decision: Decision) -> str:
    """Apply a decision; return why it was refused, or nothing. One that was taken meanwhile stands."""
    try:
        act = quarantine.release_intake if decision.decision == "release" else quarantine.reject_intake
        act(run.runtime, intake, actor=decision.actor, reason=decision.reason)
    except RuleRefusedError as refused:
        get_run_logger().warning("not done: %s", refused)
        return str(refused)
    return ""


def publish(view: HoldView) -> None:
    """Publish the one screen."""
    create_markdown_artifact(
        key=f"held-{view.report.intake_id}",
        markdown=_page(view),
        description=f"Intake {view.report.intake_id}",
    )


def ask(view: HoldView, number: int, refused: str = "") -> Decision:
    """Suspend the run until somebody fills in the form; return what they filled in.

    Each time of asking has its number: the run begins anew when it is resumed, and comes here again.
    """
    told = f"**Not done: {refused}.**\n\n" if refused else ""
    form = Decision.with_initial_data(description=told + _page(view))
    return suspend_flow_run(wait_for_input=form, timeout=DAYS * _DAY_SECONDS, key=f"decision-{number}")


def times_asked() -> int:
    """Return how often this run asked before it was resumed."""
    policy = _this_run().empirical_policy
    return len(policy.pause_keys or ()) if policy else 0


def reviewed_by(intake: int) -> str | None:
    """Return the earlier run that reviews the same file and is not over, if there is one."""
    this = _this_run()
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_filter=FlowFilter(id=FlowFilterId(any_=[this.flow_id])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=_OPEN)),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        )
    same = [run for run in runs if run.parameters.get("intake") == intake and _age(run) < _age(this)]
    return str(min(same, key=_age).id) if same else None


@step
def end_reviews(run: Run) -> int:
    """End the reviews of files that somebody decided by the command line; return how many. None would fail later."""
    suspended = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"])))
    ended = 0
    with get_client(sync_client=True) as client:
        named = FlowFilter(name=FlowFilterName(any_=["review-held"]))
        for review in client.read_flow_runs(flow_filter=named, flow_run_filter=suspended):
            view = holds.show_intake(run.runtime, int(review.parameters["intake"]))
            if view.report.state != "held":
                client.set_flow_run_state(review.id, Completed(message=_ELSEWHERE), force=True)
                tell_decided(view.report)
                ended += 1
    return ended


def tell_decided(report: IntakeReport) -> None:
    """Emit `laurels.batch.released` or `laurels.batch.rejected`; whoever decided it, and where."""
    tell = report_rejected if report.state == "rejected" else report_released
    tell(report.intake_id, report.source, report.reasons)


def _this_run() -> FlowRun:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("a review is a flow run")
    with get_client(sync_client=True) as client:
        return client.read_flow_run(context.flow_run.id)


def _age(run: FlowRun) -> tuple[str, str]:
    return (run.created.isoformat() if run.created else "", str(run.id))


def _page(view: HoldView) -> str:
    return f"```\n{holds.screen(view).replace('```', '')}\n```\n"

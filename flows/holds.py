"""A file is held, and a person is to decide."""

from dataclasses import dataclass

from prefect import flow

from flows.parameters import Number
from tasks.activity import apply_batches
from tasks.boards import reconcile_boards
from tasks.holds import ask, decide, look_at, publish, reviewed_by, tell_decided, times_asked
from tasks.run import Run, opened


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of a held file. `by` is the other run that reviews it, where there is one."""

    intake: int
    state: str
    by: str | None = None


@flow(flow_run_name="intake-{intake}", persist_result=False, result_serializer="json")
def review_held(intake: Number) -> Reviewed:
    """Show why a file is held, wait for somebody's decision, apply it, and let points and ranks follow.

    The run is suspended meanwhile and begins anew when it is resumed. Who may not decide is told and asked again.

    Args:
        intake: The number of the held intake.

    """
    with opened() as run:
        if other := reviewed_by(intake):
            return Reviewed(intake, "held", other)
        state = _decided(run, intake)
        apply_batches(run)
        reconcile_boards(run)
    return Reviewed(intake, state)


def _decided(run: Run, intake: int) -> str:
    """Return what the file is now that somebody decided, here or by the command line; else suspend the run."""
    asked, refused, view = times_asked(), "", look_at(run, intake)
    if asked and view.report.state == "held":
        refused = decide(run, intake, ask(view, asked))  # the newest answer: those before it were refused
        view = look_at(run, intake)
    if view.report.state == "held":
        publish(view)
        ask(view, asked + 1, refused)
    if asked:
        tell_decided(view.report)
    return view.report.state

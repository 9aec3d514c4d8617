"""Once a night everything is brought up to date and checked."""

from prefect import flow

from flows.parameters import AsOf
from laurels.errors import LaurelsError
from tasks.activity import apply_batches
from tasks.boards import find_leaders, reconcile_boards
from tasks.checks import check_invariants, fingerprint_state, report_health
from tasks.deliveries import send_due
from tasks.discounts import push_discounts
from tasks.holds import end_reviews
from tasks.quality import expire_docs
from tasks.quarantine import expire_quarantine
from tasks.reports import report_leaders
from tasks.run import opened


@flow(persist_result=False, result_serializer="json")
def run_nightly(as_of: AsOf = None) -> str:
    """Apply what waits, reconcile, push and send what is owed, check every promise; return the state hash.

    Refused rows that nobody mended in time expire.
    Fails if a promise is broken: the health artifact says which.

    Args:
        as_of: The business time, with a zone; now if left out.

    """
    with opened(as_of) as run:
        apply_batches(run)
        expire_quarantine(run)
        reconcile_boards(run)
        push_discounts(run)
        send_due(run)
        expire_docs(run)
        end_reviews(run)
        findings = check_invariants(run)
        state = fingerprint_state(run)
        report_health(findings, state)
        report_leaders(find_leaders(run))
    if findings:
        raise LaurelsError(f"{len(findings)} promises are broken: see the artifact health")
    return state

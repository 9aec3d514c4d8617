"""Quarantine, all of it by one name: refused rows, their replay, and what was stopped as a whole."""

from laurels.services.refusals import (
    DismissReport,
    QuarantinedDetail,
    QuarantinedView,
    count_reasons,
    dismiss,
    list_quarantine,
    of_intake,
    show,
)
from laurels.services.replays import ReplayReport, replay
from laurels.services.stopped import (
    RejectReport,
    list_intakes,
    reject_intake,
    release_intake,
    retry_batch,
)

__all__ = [
    "DismissReport",
    "QuarantinedDetail",
    "QuarantinedView",
    "RejectReport",
    "ReplayReport",
    "count_reasons",
    "dismiss",
    "list_intakes",
    "list_quarantine",
    "of_intake",
    "reject_intake",
    "release_intake",
    "replay",
    "retry_batch",
    "show",
]

"""Quarantine, all of it by one name: refused rows, their repair and replay, and what was stopped as a whole."""

from laurels.services.expiry import ExpiryReport, ReopenReport, expire, reopen
from laurels.services.fixes import FixReport, fix, preview_fix
from laurels.services.groups import Sampled, WaitingGroup, groups, sample
from laurels.services.parked import Parked, parked_refunds
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
from laurels.services.replays import ReplayReport, SelectionReport, replay, replay_selection
from laurels.services.selecting import count
from laurels.services.sheets import RepairReport, SheetReport, export_sheet, repair_sheet
from laurels.services.stopped import (
    RejectReport,
    list_intakes,
    reject_intake,
    release_intake,
    retry_batch,
)
from laurels.stores.quarantine import Selection

__all__ = [
    "DismissReport",
    "ExpiryReport",
    "FixReport",
    "Parked",
    "QuarantinedDetail",
    "QuarantinedView",
    "RejectReport",
    "ReopenReport",
    "RepairReport",
    "ReplayReport",
    "Sampled",
    "Selection",
    "SelectionReport",
    "SheetReport",
    "WaitingGroup",
    "count",
    "count_reasons",
    "dismiss",
    "expire",
    "export_sheet",
    "fix",
    "groups",
    "list_intakes",
    "list_quarantine",
    "of_intake",
    "parked_refunds",
    "preview_fix",
    "reject_intake",
    "release_intake",
    "reopen",
    "repair_sheet",
    "replay",
    "replay_selection",
    "retry_batch",
    "sample",
    "show",
]

"""A file comes in: read it, judge it, apply it, and let the ranks follow."""

from dataclasses import dataclass
from pathlib import Path

from prefect import flow

from flows.parameters import AsOf, Name, Place
from laurels.errors import DataRejectedError, RuleRefusedError
from laurels.services.batches import DrainReport
from laurels.services.boards import BoardsReport
from laurels.services.intake import IntakeReport
from tasks.activity import apply_batches, read_file
from tasks.boards import reconcile_boards
from tasks.landing import put_away
from tasks.quality import look_back
from tasks.quarantine import find_refused
from tasks.reports import report_intake
from tasks.run import opened


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file."""

    intake: IntakeReport
    drain: DrainReport
    boards: BoardsReport


@flow(flow_run_name="{source}-{mapping}", persist_result=False, result_serializer="json")
def ingest_activity(path: Place, source: Name, mapping: Name, as_of: AsOf = None) -> Ingested:
    """Bring one file's activity in. The same file again, or the same rows in another file, change nothing.

    Args:
        path: The file: CSV, JSON lines, Parquet or Excel, on a disk that the worker sees, or at s3:// or gs://.
        source: Who it comes from; event ids are unique within a source.
        mapping: The mapping file that says which column means what, by its name without .yaml.
        as_of: The business time, with a zone; now if left out.

    """
    with opened(as_of) as run:
        try:
            arrived = read_file(run, path, source, mapping)
        except (DataRejectedError, RuleRefusedError):
            put_away(Path(path), refused=True)
            raise
        applied = apply_batches(run)
        ranked = reconcile_boards(run)
        put_away(Path(path))
        before = look_back(run, source, arrived.intake_id)
        report_intake(arrived, applied, find_refused(run, arrived.intake_id), before)
    return Ingested(arrived, applied, ranked)

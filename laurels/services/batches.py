"""Batches: the inbox is drained under one lease; claim, gate and work are steps that a crash may part."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from laurels.errors import GateError
from laurels.quality.gate import Verdict
from laurels.services import audit, points, rulesets
from laurels.services.failpoint import failpoint
from laurels.services.leases import Held, fenced, hold
from laurels.services.runtime import Runtime
from laurels.stores import batches, leases, rules
from laurels.stores.batches import PARTITION, Claim


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of one batch."""

    batch_id: int
    rows: int
    passed: int
    quarantined: int
    points: int
    standings: int


@dataclass(slots=True)
class DrainReport:
    """What one draining of the inbox did. `held` counts batches that the gate could not judge, `stopped` says why.

    `reasons` are of quarantined rows; `warnings` and `notes` refuse no row by themselves.
    """

    batches: int = 0
    rows: int = 0
    passed: int = 0
    quarantined: int = 0
    held: int = 0
    points: int = 0
    standings: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def add(self, report: BatchReport, verdict: Verdict | None) -> None:
        """Count one batch."""
        self.batches += 1
        self.rows += report.rows
        self.passed += report.passed
        self.quarantined += report.quarantined
        self.points += report.points
        self.standings += report.standings
        if verdict is not None:
            self.reasons = _sum(self.reasons, verdict.counts)
            self.warnings = _sum(self.warnings, verdict.warnings)
            self.notes = _sum(self.notes, verdict.notes)


def _sum(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(counts) + Counter(more)).items()))


def drain(
    runtime: Runtime,
    *,
    actor: str | None = None,
    on_batch: Callable[[BatchReport], None] | None = None,
) -> DrainReport:
    """Work off the inbox until it is empty. Safe to run twice, at once, or after a kill at any point.

    Each row is judged by the time its file came in, whenever this is. Raises TransientError while another holder
    keeps the lease too long, RuleRefusedError where an actor asks who may not.
    """
    audit.asked(runtime, actor, "inbox.drain", PARTITION)
    report = DrainReport()
    with hold(runtime, PARTITION) as held:
        while (claim := _claim(runtime, held)) is not None:
            _work(runtime, held, claim, report, on_batch)
    return report


def _claim(runtime: Runtime, held: Held) -> Claim | None:
    with fenced(runtime, held) as session:
        leases.extend(session, held.name, held.token, runtime.settings.lease_seconds)
        return batches.next_claim(session, held.token, runtime.settings.batch_rows, runtime.holder)


def _work(
    runtime: Runtime,
    held: Held,
    claim: Claim,
    report: DrainReport,
    on_batch: Callable[[BatchReport], None] | None,
) -> None:
    failpoint("claimed")
    try:
        verdict = None if claim.passed else _judge(runtime, held, claim)
        failpoint("judged")
        done = _apply(runtime, held, claim)
    except GateError as error:  # one batch that cannot be judged must not stop those behind it
        report.held += 1
        report.stopped.append(f"{error}; when that is mended: laurels intake retry-batch {claim.batch_id}")
        with fenced(runtime, held) as session:
            batches.stop(session, claim, str(error))
        return
    failpoint("applied")
    report.add(done, verdict)
    if on_batch is not None:
        on_batch(done)


def _judge(runtime: Runtime, held: Held, claim: Claim) -> Verdict:
    """Let the gate judge what was claimed, and record its verdict under the fence."""
    with runtime.database.transaction() as session:
        ruleset = rulesets.of_intake(session, claim.intake_id)
    verdict = runtime.gate.judge_batch(claim.batch_id, claim.rows, ruleset)
    with fenced(runtime, held) as session:
        rules.keep(session, ruleset)
        counts = {"reasons": verdict.counts, "warnings": verdict.warnings, "notes": verdict.notes}
        batches.record_verdict(session, claim, verdict.ruleset, verdict.refused, counts)
    return verdict


def _apply(runtime: Runtime, held: Held, claim: Claim) -> BatchReport:
    """Do the whole work of a batch in one transaction: it is as if it had not been, or it is done.

    Raises GateError where it is not what the gate passed.
    """
    with batches.refusing(claim.batch_id), fenced(runtime, held) as session:
        batches.check_passed(session, claim.batch_id, claim.token)
        passed, worked = points.work_batch(session, claim.batch_id)
        failpoint("working")
        batches.finish(session, claim.batch_id)
    return BatchReport(
        claim.batch_id, claim.rows, passed, claim.rows - passed, worked.points, worked.standings
    )

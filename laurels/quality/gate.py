"""The gate: Great Expectations judges a claimed batch, or a whole file, and nothing passes without its word.

Great Expectations is not thread-safe, so one thread at a time asks it, whoever else waits.
Importing Great Expectations takes seconds, so it happens when the first batch is judged.
"""

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import make_url

from laurels.errors import GateError, LaurelsError, TransientError
from laurels.quality import compiled, measures, rules
from laurels.quality.vendor import ALONE, great_expectations
from models.values.problem import Problem
from models.values.rules import Ruleset

_LOST = ("OperationalError", "AdminShutdown", "InterfaceError", "TestConnectionError")
"""What the drivers' errors are called where the server, not an expectation, is at fault."""

_VOLUME = "#rows"  # no family of rules can bear this name


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a batch: refused rows with all their reasons, and how often each reason fell."""

    ruleset: str
    refused: Mapping[UUID, Sequence[str]]
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    """How often a rule of severity warning was broken, and one of severity info: by themselves they refuse no row."""


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What the gate says of a file as a whole: the reasons to hold it, and what is only told, by severity."""

    reasons: tuple[str, ...] = ()
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Gate:
    """Great Expectations over the store's own tables, by a connection of its own."""

    def __init__(self, database_url: str) -> None:
        self._url = (
            make_url(database_url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        )
        self._batches: dict[str, Any] = {}
        self._context: Any = None

    def judge_batch(self, batch_id: int, rows: int, ruleset: Ruleset) -> Verdict:
        """Judge the claimed rows of a batch. Raises GateError where it cannot judge (fail closed)."""
        found = self._judged(f"batch_id = {int(batch_id)}", rows, ruleset)
        refused = _refused(row for row in found if row["place"])
        passed = {row["reasons"]: int(row["rows"]) for row in found if not row["place"]}
        if None in passed:
            raise GateError(f"batch {batch_id}: not the {rows} rows that were claimed")
        counts = Counter(reason for reasons in refused.values() for reason in reasons)
        _check_known({*counts, *passed}, ruleset)
        notes = {reason: count for reason, count in passed.items() if reason in ruleset.noted}
        warnings = {reason: count for reason, count in passed.items() if reason not in notes}
        return Verdict(ruleset.version, refused, dict(counts), warnings, notes)

    def judge_intake(self, intake_id: int, measured: int = 0) -> FileVerdict:
        """Judge a file as a whole, by its counts and by the measures that were noted of it.

        Raises GateError where it cannot judge, and where there are not so many measures (fail closed).
        """
        query = rules.query(rules.INTAKE_FAMILY, "id", f"id = {int(intake_id)}")
        there = f"select count(*) as rows from {{batch}} where id = {int(intake_id)} having count(*) <> 1"
        found = self._run("intake", {_VOLUME: there, "batch": query})
        if found.pop(_VOLUME):
            raise GateError(f"intake {intake_id}: not there to be judged")
        reasons = [reason for row in found["batch"] for reason in row["reasons"].split(",")]
        broken = self._broken(intake_id, measured)
        reasons += [row["reason"] for row in broken if row["severity"] == "critical"]
        told = {
            severity: tuple(sorted(row["reason"] for row in broken if row["severity"] == severity))
            for severity in ("warning", "info")
        }
        return FileVerdict(
            tuple(dict.fromkeys(reasons)), {severity: found for severity, found in told.items() if found}
        )

    def _judged(self, where: str, rows: int, ruleset: Ruleset) -> list[dict[str, Any]]:
        """Judge claimed rows by all families at once. Raises GateError that names the family which cannot judge."""
        families, lenient = compiled.families(ruleset), compiled.counted(ruleset)
        query = rules.batch_query(families, lenient, where, rows)
        try:
            return self._run("claimed_row", {"rules": query})["rules"]
        except GateError:
            each = (*families, lenient) if lenient else families
            self._run("claimed_row", {one.name: rules.query(one, "key", where) for one in each})
            raise  # each by itself can judge: then it is what they are together

    def _broken(self, intake_id: int, measured: int) -> list[dict[str, Any]]:
        family = {
            _VOLUME: measures.counted(intake_id, measured),
            "measures": measures.query(intake_id),
        }
        found = self._run("measure", family)
        if found.pop(_VOLUME):
            raise GateError(f"intake {intake_id}: not the {measured} measures that were noted")
        return sorted(found["measures"], key=lambda row: row["place"])

    def close(self) -> None:
        """Give the connection back; the next judgement opens another."""
        context, self._context, self._batches = self._context, None, {}
        if context is not None:
            context.data_sources.get("store").get_engine().dispose()

    def _run(self, table: str, queries: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        """Run one validation; return each family's failing rows.

        Raises GateError where an expectation raised, TransientError where the database went away meanwhile.
        """
        try:
            with ALONE:
                return self._validated(table, queries)
        except LaurelsError as error:
            refused: LaurelsError = error
        except Exception as error:  # noqa: BLE001  # whatever it is, it may quote the connection string: see below
            lost = any(word in repr(error) for word in _LOST)
            kind = f"the gate could not judge {table}: {type(error).__name__}"
            refused = TransientError(f"{kind}, try again") if lost else GateError(kind)
        if isinstance(refused, TransientError):
            self.close()
        raise refused  # outside the handler: no traceback leads back to Great Expectations' own words

    def _validated(self, table: str, queries: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        gx, gxe = great_expectations()
        batch = self._batch_of(gx, table)
        expectations = {
            name: gxe.UnexpectedRowsExpectation(
                unexpected_rows_query=query,
                severity="critical",
                meta={"family": name},
            )
            for name, query in queries.items()
        }
        suite = gx.ExpectationSuite(name=table, expectations=list(expectations.values()))
        definition = gx.ValidationDefinition(name=table, data=batch, suite=suite)
        self._context.suites.add(suite)
        self._context.validation_definitions.add(definition)
        try:
            with redirect_stderr(
                io.StringIO()
            ):  # its progress bars know nothing of ours and cannot all be turned off
                results = definition.run(result_format="COMPLETE").results
                return {name: _rows(definition, suite, results, name) for name in expectations}
        finally:
            self._forget(table)

    def _batch_of(self, gx: Any, table: str) -> Any:
        if self._context is None:
            context = gx.get_context(mode="ephemeral")
            source = context.data_sources.add_postgres(
                "store", connection_string=self._url, kwargs={"pool_pre_ping": True, "hide_parameters": True}
            )
            for name in ("claimed_row", "intake", "measure"):
                asset = source.add_table_asset(name, table_name=name)
                self._batches[name] = asset.add_batch_definition_whole_table(name)
            self._context = context  # only when whole: a server that is away leaves nothing half made
        return self._batches[table]

    def _forget(self, table: str) -> None:
        """Drop the run's definitions and stored results: an ephemeral context keeps each for ever."""
        self._context.validation_definitions.delete(table)
        self._context.suites.delete(table)
        backend = self._context.validation_results_store.store_backend
        for key in [key for key in backend.list_keys() if key != (".ge_store_backend_id",)]:
            backend.remove_key(key)


def _refused(rows: Iterable[Mapping[str, str]]) -> dict[UUID, list[str]]:
    """Return each refused row's reasons; what a reader lists and a rule says is one reason."""
    return {UUID(row["place"]): list(dict.fromkeys(row["reasons"].split(","))) for row in rows}


def _check_known(reasons: set[str], ruleset: Ruleset) -> None:
    """Raise GateError for a reason that neither a rule nor a reader gives: who wrote it, knew other rules."""
    if unknown := reasons - ruleset.sentences.keys() - set(Problem):
        raise GateError(f"unknown rule {min(unknown)}")


def _rows(definition: Any, suite: Any, results: Sequence[Any], name: str) -> list[dict[str, Any]]:
    result = next((r for r in results if r.expectation_config.meta.get("family") == name), None)
    if result is None or not result.result or "observed_value" not in result.result:
        cause = _cause(result)
        refused = TransientError if any(word in cause for word in _LOST) else GateError
        raise refused(f"the gate could not judge family {name}: {cause}")
    if result.success:
        return []
    counted, rows = result.result["observed_value"], result.result["details"]["unexpected_rows"]
    if counted > len(rows):  # the library lists the first 200 only, unless asked once more
        expectation = next(e for e in suite.expectations if e.meta.get("family") == name)
        rows = definition.get_unexpected_rows(expectation)
    if len(rows) != counted:
        raise GateError(f"family {name}: {len(rows)} rows listed, {counted} counted")
    return [dict(row) for row in rows]


def _cause(result: Any) -> str:
    raised = [
        str(info.get("exception_message", "")) for info in _exceptions(result) if isinstance(info, dict)
    ]
    return next((message.splitlines()[0][:200] for message in raised if message), "no result")


def _exceptions(result: Any) -> list[Any]:
    info = getattr(result, "exception_info", None) or {}
    return [info, *info.values()]

"""Data Docs: what Great Expectations says of one file, one expectation a rule, as a page without a single value.

Rendered by Great Expectations' own renderers; what is shown of its results is chosen here, and what its markup may
hold in `html_page`. Outside the hot path: each rule is a query of its own.
"""

import html
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from laurels.errors import GateError
from laurels.quality.html_page import Block, page
from laurels.quality.vendor import ALONE, great_expectations, renderer

LINES_READ = 1_000_000
"""The lines of a file whose rows are judged again for its page: a file of a hundred millions is told by its first."""
LINES_SHOWN = 10
_FOUND = 2
"""The column of what was found: some renderers would write "% not null" of a share that we left out."""
_ROWS = "Its rows"
_SEVERITIES = ("critical", "warning", "info")

_ASSETS = {
    "file": "select * from intake where id = {intake}",
    "measures": "select * from measure where intake_id = {intake}",
    "lines": "select line, unnest(reasons) as reason from quarantined_row "
    "where intake_id = {intake} and batch_id is null and line <= {lines} order by line",
    "rows": "select * from intake_row where intake_id = {intake} and line <= {lines} order by line",
}


@dataclass(frozen=True, slots=True)
class Suites:
    """Expectations on the file as a whole, its measures, its lines as they were read, and its rows.

    Each has a severity and, in `meta`, reason, sentence and owner. Rows have the columns of `intake_row`.
    """

    file: Sequence[Any] = ()
    measures: Sequence[Any] = ()
    lines: Sequence[Any] = ()
    rows: Sequence[Any] = ()


def document(
    database_url: str,
    intake_id: int,
    title: str,
    facts: dict[str, str],
    suites: Suites,
    *,
    unread: bool = False,
) -> str:
    """Return the page of one intake as HTML: facts, then what each expectation found, failures first.

    Of a file that is `unread` no row is judged: that no row breaks a rule would say nothing of it. Raises GateError
    where an expectation could not be evaluated.
    """
    if unread:
        suites = Suites(suites.file, suites.measures)
    with ALONE, _context(database_url) as context:
        found = {name: _judged(context, name, intake_id, getattr(suites, name)) for name in _ASSETS}
    parts = {
        "The file as a whole": [*found["file"], *found["measures"]],
        _ROWS: [*found["lines"], *found["rows"]],
    }
    with ALONE:
        blocks = [_rendered(heading, results) for heading, results in parts.items() if results]
        if unread:
            blocks.append(Block(_ROWS, sentence="not judged: the file was not read"))
        return page(title, facts, blocks)


@contextmanager
def _context(database_url: str) -> Iterator[Any]:
    gx, _ = great_expectations()
    context = gx.get_context(mode="ephemeral")
    store = context.data_sources.add_postgres(
        "store",
        connection_string=database_url,
        create_temp_table=True,  # a file's rows are joined once, not for each rule
        kwargs={
            "hide_parameters": True,
            "pool_size": 1,
            "max_overflow": 0,
        },  # and are there on that connection only
    )
    try:
        yield context
    finally:
        store.get_engine().dispose()


def _judged(context: Any, name: str, intake_id: int, expectations: Sequence[Any]) -> list[Any]:
    """Return the results of one suite without any value; queries list their lines, the rest their first ones."""
    gx, gxe = great_expectations()
    if not expectations:
        return []
    query = _ASSETS[name].format(intake=int(intake_id), lines=LINES_READ)
    asset = context.data_sources.get("store").add_query_asset(name, query=query)
    batch = asset.add_batch_definition_whole_table(name)
    queries = [one for one in expectations if isinstance(one, gxe.UnexpectedRowsExpectation)]
    others = [one for one in expectations if one not in queries]
    lines = {} if name in ("file", "measures") else {"unexpected_index_column_names": ["line"]}
    formats = ((queries, {"result_format": "COMPLETE"}), (others, {"result_format": "SUMMARY", **lines}))
    results = []
    for number, (some, asked) in enumerate(formats):
        if some:
            suite = context.suites.add(gx.ExpectationSuite(name=f"{name}-{number}", expectations=some))
            definition = gx.ValidationDefinition(name=suite.name, data=batch, suite=suite)
            with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):  # progress bars and advice
                results += context.validation_definitions.add(definition).run(result_format=asked).results
    return [_without_values(result) for result in results]


def _without_values(result: Any) -> Any:
    """Return a result that holds counts and line numbers only. Raises GateError where it is none."""
    meta, found = result.expectation_config.meta, result.result
    if not found:
        raise GateError(f"Data Docs: {meta['reason']} could not be evaluated")
    lines = [int(row["line"]) for row in _failing(found) if "line" in row]
    number = found.get("observed_value", found.get("unexpected_count"))
    if number is None and result.success:  # a rule that was about no row at all
        number = 0
    count = number if isinstance(number, int | float) else None
    result.result = {
        "observed_value": count
    }  # its share is left out: of rows with a value, said to be of all
    shown = ", ".join(f"{line:,}" for line in sorted(lines)[:LINES_SHOWN])
    result.expectation_config.description = html.escape(meta["sentence"])  # it is put into markup as it is
    meta["severity"] = result.expectation_config.severity.value
    meta["lines"] = f"{shown}, …" if shown and (count or 0) > LINES_SHOWN else shown
    return result


def _failing(found: dict[str, Any]) -> Sequence[Any]:
    details = found.get("details") or {}
    return details.get("unexpected_rows") or found.get("partial_unexpected_index_list") or ()


def _rendered(heading: str, results: Sequence[Any]) -> Block:
    """Let Great Expectations render statistics and one table, and put our columns beside its own."""
    gx, _ = great_expectations()
    ordered = sorted(results, key=_place)
    passed = sum(bool(result.success) for result in ordered)
    whole = gx.core.ExpectationSuiteValidationResult(
        success=passed == len(ordered),
        results=ordered,
        suite_name=heading,
        statistics={
            "evaluated_expectations": len(ordered),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(ordered) - passed,
            "success_percent": 100 * passed / len(ordered),
        },
    )
    statistics = renderer().ValidationResultsPageRenderer._render_validation_statistics(whole)  # noqa: SLF001
    section = renderer().ValidationResultsColumnSectionRenderer().render(ordered)
    table = next(block for block in section.content_blocks if block.content_block_type == "table")
    table.header_row += ["First lines", "Severity", "Owner", "Reason"]
    for row, result in zip(table.table, ordered, strict=True):
        row[_FOUND] = _number(result.result["observed_value"])
        row.extend(_told(result.expectation_config.meta))
    section.content_blocks = [statistics, table]
    return Block(heading, section)


def _told(meta: dict[str, str]) -> list[str]:
    # What a mapping reads is one rule and many reasons: the quarantine's words begin with the field's.
    reason = f"{meta['reason']} ({meta['read']}_*)" if meta.get("read") else meta["reason"]
    return [html.escape(text) for text in (meta["lines"], meta["severity"], meta["owner"], reason)]


def _number(found: float | None) -> str:
    return "--" if found is None else f"{found:,.10g}"


def _place(result: Any) -> tuple[bool, int]:
    return bool(result.success), _SEVERITIES.index(result.expectation_config.meta["severity"])

"""The weekly report of quality: what each source's files were like, beside the weeks before. Counts only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from laurels.rules.trend_charts import refused_share

_REASONS = 5
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Span:
    """Whole weeks, and as many before them to compare with: half-open, since <= t < middle <= t < until."""

    since: datetime
    middle: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Weeks:
    """What the files of one source were like. `freshness` is the median age of their newest row in seconds.

    `reasons` are of refused rows, each counted in all of its own; repaired, expired, dismissed and waiting are what
    became of them by now.
    """

    files: int = 0
    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    repaired: int = 0
    expired: int = 0
    dismissed: int = 0
    waiting: int = 0
    held: int = 0
    released: int = 0
    rejected: int = 0
    freshness: float | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def recall(self) -> float | None:
        """Which part of the refused rows was repaired; of none there is none."""
        return self.repaired / self.refused if self.refused else None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source, these weeks and those before."""

    source: str
    these: Weeks
    before: Weeks


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All sources that sent something, by name; times in the report's zone."""

    since: datetime
    until: datetime
    sources: tuple[SourceReport, ...]


def span(as_of: datetime, zone: ZoneInfo, weeks: int) -> Span:
    """Return the last whole weeks before a time, Monday to Monday by the zone's clock, and as many before."""
    day = as_of.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    ends = (monday - timedelta(weeks=back) for back in (2 * weeks, weeks, 0))
    return Span(*(datetime.combine(end, time(), zone) for end in ends))


_FIGURES: tuple[tuple[str, Callable[[Weeks], str]], ...] = (
    ("files", lambda weeks: f"{weeks.files:,}"),
    ("rows", lambda weeks: f"{weeks.rows:,}"),
    ("accepted", lambda weeks: f"{weeks.accepted:,}"),
    ("duplicates", lambda weeks: f"{weeks.duplicates:,}"),
    ("refused", lambda weeks: f"{weeks.refused:,} ({refused_share(weeks.rows, weeks.refused)})"),
    ("of these repaired", lambda weeks: f"{weeks.repaired:,} ({_percent(weeks.recall)})"),
    ("of these waiting", lambda weeks: f"{weeks.waiting:,}"),
    ("of these expired", lambda weeks: f"{weeks.expired:,}"),
    ("of these dismissed", lambda weeks: f"{weeks.dismissed:,}"),
    ("files held", lambda weeks: f"{weeks.held:,}"),
    ("of these released", lambda weeks: f"{weeks.released:,}"),
    ("files rejected", lambda weeks: f"{weeks.rejected:,}"),
    ("median age of the newest row", lambda weeks: _age(weeks.freshness)),
)


def figures(report: SourceReport) -> list[tuple[str, str, str]]:
    """Return what is told of a source: name, these weeks, the weeks before; its most frequent reasons last."""
    told = [(name, tell(report.these), tell(report.before)) for name, tell in _FIGURES]
    most = sorted(report.these.reasons.items(), key=lambda one: (-one[1], one[0]))[:_REASONS]
    return told + [
        (f"refused: {name}", f"{rows:,}", f"{report.before.reasons.get(name, 0):,}") for name, rows in most
    ]


def markdown(report: QualityReport) -> str:
    """Return the report as markdown, a table a source."""
    parts = [f"# {title(report)}"]
    for each in report.sources:
        rows = (f"| {name} | {these} | {before} |" for name, these, before in figures(each))
        parts.append(
            "\n".join([f"## {each.source}", "", "| | these | before |", "| --- | ---: | ---: |", *rows])
        )
    return "\n\n".join(parts if report.sources else [*parts, "No file came in."]) + "\n"


def message(report: QualityReport) -> str:
    """Return the report as a few lines for a channel or a letter, a line a source."""
    return "\n".join([_line(each) for each in report.sources] or ["No file came in."])


def title(report: QualityReport) -> str:
    """Return what the report is of."""
    last = report.until - timedelta(days=1)
    return f"Quality by source, {report.since:%Y-%m-%d} to {last:%Y-%m-%d}"


def _line(report: SourceReport) -> str:
    now, before = report.these, report.before
    shares = f"{refused_share(now.rows, now.refused)}, before {refused_share(before.rows, before.refused)}"
    parts = [
        f"{report.source}: {now.files:,} files, {now.rows:,} rows",
        f"{now.refused:,} refused ({shares})",
        f"{now.repaired:,} repaired",
        f"{now.waiting:,} waiting",
    ]
    return ", ".join([*parts, f"{now.held:,} files held"] if now.held else parts)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / _HOUR:,.1f} h"


def sources_of(
    files: Sequence[Mapping[str, object]], refused: Sequence[Mapping[str, object]]
) -> tuple[SourceReport, ...]:
    """Return the report of each source from counted rows: of files, and of refused rows by state and by reason."""
    names = sorted({str(row["source"]) for row in files})
    return tuple(
        SourceReport(name, *(_weeks(files, refused, name, this=this) for this in (True, False)))
        for name in names
    )


def _weeks(
    files: Sequence[Mapping[str, object]], refused: Sequence[Mapping[str, object]], source: str, *, this: bool
) -> Weeks:
    mine = {"source": source, "this": this}
    row = next((row for row in files if row.items() >= mine.items()), {})
    counts: dict[str, dict[str, int]] = {"state": {}, "reason": {}}
    for one in refused:
        if one.items() >= mine.items():
            counts[str(one["what"])][str(one["name"])] = int(str(one["rows"]))
    states = counts["state"]
    age = row.get("freshness")
    plain = ("files", "rows", "accepted", "duplicates", "held", "released", "rejected")
    return Weeks(
        **{name: int(str(row.get(name) or 0)) for name in plain},
        refused=sum(states.values()),
        repaired=states.get("replayed", 0),
        expired=states.get("expired", 0),
        dismissed=states.get("dismissed", 0),
        waiting=states.get("open", 0) + states.get("replaying", 0),
        freshness=float(str(age)) if age is not None else None,
        reasons=counts["reason"],
    )

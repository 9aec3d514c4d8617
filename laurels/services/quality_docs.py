"""Data Docs as a folder of pages: `intake-N/index.html` each, an index of them, and the styles that they share.

    quality-docs/index.html
    quality-docs/assets/
    quality-docs/intake-12/index.html     built beside its place and moved there; gone after so many days

Ages are by the file system's clock: they are about writing, not about business.
"""

import os
import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import col, select

from laurels.errors import NotFoundError, RuleRefusedError
from laurels.quality import docs, html_page, suites
from laurels.services import rulesets
from laurels.services.intake_reports import report_of
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores import groups
from laurels.stores.groups import Gated
from models.intake import Intake
from models.measures import Measure

_WORK = "quality docs"
_PAGE = re.compile(r"intake-(\d+)")
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Published:
    """Where the page of an intake lies, its address where the pages are served, and how many old ones went."""

    intake_id: int
    path: Path
    url: str | None
    expired: int


def publish(runtime: Runtime, intake_id: int) -> Published:
    """Build the page of one file and put it in its place; pages that are too old go. Safe to run twice or at once.

    Raises NotFoundError, RuleRefusedError for a replay (its rows are the file's), GateError where an expectation
    could not be evaluated: an earlier page then stays.
    """
    with runtime.database.transaction() as session:
        intake = session.get(Intake, intake_id)
        measures = session.exec(select(Measure).where(Measure.intake_id == intake_id)).all()
        ruleset = rulesets.of_intake(session, intake_id) if intake else None
        gated = groups.gated(session, intake_id)
    if intake is None or ruleset is None:
        raise NotFoundError(f"no intake {intake_id}")
    if intake.replay_of is not None:
        raise RuleRefusedError(
            f"intake {intake_id} is a replay: its rows are those of intake {intake.replay_of}"
        )
    url = runtime.database.engine.url.render_as_string(hide_password=False)
    expected = suites.suites(ruleset, measures)
    title = f"Intake {intake_id} of {intake.source}"
    unread = not intake.rows and bool(report_of(intake).unread)
    text = docs.document(url, intake_id, title, _facts(intake, gated), expected, unread=unread).replace(
        "<head>", f'<head><meta name="laurels" content="{_mark(intake)}">', 1
    )
    root = runtime.settings.quality_docs.absolute()
    with runtime.database.alone(_WORK):
        path = _place(root / f"intake-{intake_id}" / "index.html", text)
        expired = _expire(root, runtime.settings.quality_docs_days)
        _complete(root)
    return Published(intake_id, path, page_url(runtime.settings, intake_id), expired)


def owed(runtime: Runtime, intake_id: int, *, later: bool) -> list[int]:
    """Return the file unless its page says what is so now, and with `later` the files after it that have no page.

    Raises NotFoundError.
    """
    root = runtime.settings.quality_docs.absolute()
    wanted = (
        select(Intake)
        .where(col(Intake.id) >= intake_id, col(Intake.replay_of).is_(None))
        .order_by(col(Intake.id))
    )
    with runtime.database.transaction() as session:
        found = session.exec(wanted.where(Intake.state != "reading") if later else wanted.limit(1)).all()
    if not found or found[0].id != intake_id:
        raise NotFoundError(f"no file {intake_id} that has been read")
    first, *others = found
    right = f'content="{_mark(first)}"' in _text(root / f"intake-{intake_id}" / "index.html")
    without = [one.id or 0 for one in others if not (root / f"intake-{one.id}" / "index.html").is_file()]
    return without if right else [intake_id, *without]


def expire(runtime: Runtime) -> int:
    """Remove the pages that are older than `quality_docs_days`; return how many."""
    root = runtime.settings.quality_docs.absolute()
    with runtime.database.alone(_WORK):
        expired = _expire(root, runtime.settings.quality_docs_days)
        if expired:
            _complete(root)
        return expired


def page_url(settings: Settings, intake_id: int) -> str | None:
    """Return the address of an intake's page, where pages are served."""
    base = settings.quality_docs_url
    return f"{base.rstrip('/')}/intake-{intake_id}/" if base else None


def _facts(intake: Intake, gated: Gated) -> dict[str, str]:
    """Return what the head of the page says. No name of the file and none of its columns: they may tell of a person."""
    reasons = (intake.verdict or {}).get("reasons", ())
    facts = {
        "Mapping": intake.mapping,
        "Came in": f"{intake.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "State": f"{intake.state} ({', '.join(reasons)})" if reasons else intake.state,
        "Rows": f"{intake.rows:,}",
        "Of these": f"{intake.accepted:,} accepted, {intake.duplicates:,} duplicates, {intake.conflicts:,} conflicts, "
        f"{intake.refused:,} unreadable",
        "Rules": intake.ruleset or "",
        "Shown": "rows as they came, whatever was mended since; counts and lines, no values",
        "Judged for this page": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }
    if gated.passed or gated.waiting:
        facts["At the gate"] = f"{gated.passed:,} passed, {gated.waiting:,} in quarantine"
    if intake.rows > docs.LINES_READ:
        facts["Shown"] += f"; of the first {docs.LINES_READ:,} lines"
    return {name: text for name, text in facts.items() if text}


def _mark(intake: Intake) -> str:
    """Return what a page is right for: counts and state of its file, and the rules."""
    return f"{intake.state}/{intake.rows}/{intake.accepted}/{intake.refused}/{intake.ruleset}"


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _place(path: Path, text: str) -> Path:
    """Write a file beside its place and move it there: who reads sees the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    made.write_text(text)
    return made.replace(path)


def _expire(root: Path, days: int) -> int:
    old = [
        page.parent
        for page in root.glob("intake-*/index.html")
        if time.time() - page.stat().st_mtime > days * _DAY
    ]
    for folder in old:
        shutil.rmtree(folder)
    for left in root.glob("**/.*"):  # by somebody who was killed: whoever writes holds the lock, as we do
        left.unlink()
    return len(old)


def _complete(root: Path) -> None:
    """Write the index of the pages that are there, and the styles where this version's are not."""
    for asset in html_page.ASSETS.iterdir():
        if not (root / "assets" / asset.name).is_file():
            _place(root / "assets" / asset.name, asset.read_text())
    found = {path.parent: path.stat().st_mtime for path in root.glob("intake-*/index.html")}
    pages = sorted(
        ((int(match[1]), at) for folder, at in found.items() if (match := _PAGE.fullmatch(folder.name)))
    )
    listed = "".join(
        f'<li><a href="intake-{number}/index.html">Intake {number}</a> '
        f"<small>{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC</small></li>"
        for number, at in reversed(pages)
    )
    _place(root / "index.html", html_page.frame("Data Docs", f"<ul>{listed}</ul>", above="assets"))

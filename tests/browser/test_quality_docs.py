"""Data Docs pages in a real browser that has no network: styled, silent, and whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from laurels.orchestrator.pages import serving
from laurels.services import batches, intake, quality_docs
from laurels.services.runtime import Runtime
from tests.integration.activity import purchase, write_jsonl

CHROMIUM = Path("/usr/bin/chromium")
GREEN, RED = "rgb(40, 167, 69)", "rgb(220, 53, 69)"  # Bootstrap's

pytestmark = pytest.mark.skipif(not CHROMIUM.is_file(), reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield opened
        opened.close()


@pytest.fixture
def published(runtime: Runtime, tmp_path: Path) -> Path:
    """The page of a file with a good row, two negative ones and a broken line."""
    runtime.settings.quality_docs = tmp_path / "pages"
    rows = [
        purchase("good", "ada", "1.00"),
        *(purchase(f"bad{number}", "ada", "-1.00") for number in range(2)),
    ]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    path.write_text(path.read_text() + "{broken\n")
    report = intake.ingest_file(runtime, path, source="shop", mapping="activity-jsonl")
    batches.drain(runtime)
    return quality_docs.publish(runtime, report.intake_id).path


class Visit:
    """A page, what it asked for, and what the browser complained about."""

    def __init__(self, browser: Any, address: str, width: int = 1200) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("requestfailed", lambda request: self.said.append(f"failed: {request.url}"))
        self.page.goto(address)

    def style(self, selector: str, name: str) -> str:
        found = self.page.locator(selector).first
        return str(found.evaluate("(one, name) => getComputedStyle(one)[name]", name))


def looked_at(visit: Visit, base: str) -> None:
    asked = [address for address in visit.asked if not address.startswith("data:")]
    assert asked == [
        *(f"{base}/intake-1/", f"{base}/assets/bootstrap-4.6.2.min.css", f"{base}/assets/docs-1.css")
    ]
    assert visit.said == []
    assert visit.page.locator("h1").inner_text() == "Intake 1 of shop"
    row = visit.page.locator("tr", has_text="purchase_negative")
    assert [text.strip() for text in row.locator("td").all_inner_texts()][1:4] == [
        *("A purchase is not below zero.", "2", "2, 3"),
    ]
    assert visit.style("tr:has-text('purchase_negative') i", "color") == RED
    assert visit.style("tr:has-text('refund_not_positive') i", "color") == GREEN
    icon = row.locator("i").evaluate("one => getComputedStyle(one, '::before').content")
    assert icon == '"✗"'
    assert visit.style(".table th", "fontWeight") == "700"
    assert visit.style("body", "fontFamily").startswith("-apple-system")
    assert visit.page.evaluate("document.scripts.length") == 0


def test_the_page_is_whole_from_a_folder(browser: Any, published: Path) -> None:
    visit = Visit(browser, published.as_uri())
    visit.asked[0] = visit.asked[0].removesuffix("index.html")
    looked_at(visit, published.parents[1].as_uri())


def test_the_page_is_whole_where_it_is_served(browser: Any, published: Path) -> None:
    with serving(published.parents[1], 0) as url:
        looked_at(Visit(browser, f"{url}/intake-1/"), url)
        index = Visit(browser, f"{url}/")
        index.page.click("text=Intake 1")
        assert index.page.locator("h1").inner_text() == "Intake 1 of shop"
        assert index.said == []


def test_on_a_telephone_only_tables_are_wider_than_the_screen(browser: Any, published: Path) -> None:
    visit = Visit(browser, published.as_uri(), width=380)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 380


def test_what_is_put_into_a_page_afterwards_neither_runs_nor_loads(browser: Any, published: Path) -> None:
    """The policy holds where the list of what may stay would not: in a page that somebody changed."""
    evil = (
        "<script>document.title='run'</script><img src=http://127.0.0.1:9/x.png><style>h1{color:red}</style>"
    )
    published.write_text(published.read_text().replace("</main>", f"{evil}</main>"))
    with serving(published.parents[1], 0) as url:
        visit = Visit(browser, f"{url}/intake-1/")
        assert visit.page.title() == "Intake 1 of shop"
        assert visit.style("h1", "color") != "rgb(255, 0, 0)"
        assert sum("Content Security Policy" in text for text in visit.said) >= 3
        assert all(address.startswith((url, "data:")) or ":9/" in address for address in visit.asked)

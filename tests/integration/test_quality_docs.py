"""Pages of Data Docs: what they say of a file, what they never say, and how long they stay."""

import os
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from laurels.errors import GateError, NotFoundError, RuleRefusedError
from laurels.quality import docs, suites
from laurels.quality.docs import Suites
from laurels.quality.vendor import great_expectations
from laurels.services import batches, intake, quality_docs, quarantine, rulesets
from laurels.services.intake import mapping_path
from laurels.services.mappings import load_mapping
from laurels.services.runtime import Runtime
from models.intake import Intake
from models.measures import Measure
from tests.integration.activity import purchase, run_rows, write_jsonl
from tests.runtimes import at_once

PERSONAL = {
    "email": "canary@example.org",
    "phone": "+15550001234567",
    "name": "Canaria Vogel",
    "ip": "192.0.2.77",
}
RAW = {
    "event_id": "canary-event",
    "member_id": "canary-member",
    "order_id": "canary-order",
    "referred_id": "canary-friend",
    "amount": "777;77",
    "currency": "QQQ",
    "kind": "canary-kind",
    "occurred_at": "1971-07-17T07:17:17Z",
    "canary_column": "canary-value",
}


class Told(HTMLParser):
    """The text of a page, and each row of its tables as cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data}".strip()

    def of(self, reason: str) -> list[str]:
        [row] = [row[1:] for row in self.rows if row and row[-1] == reason]
        return row


@pytest.fixture
def house(runtime: Runtime, tmp_path: Path) -> Runtime:
    """A runtime whose pages go to a folder of this test's."""
    runtime.settings.quality_docs = tmp_path / "pages"
    runtime.settings.quality_docs_url = "http://pages.example:8080/"
    return runtime


def published(runtime: Runtime, intake_id: int) -> Told:
    return Told(quality_docs.publish(runtime, intake_id).path.read_text())


def test_a_page_says_each_rule_with_how_many_rows_broke_it_and_where(house: Runtime, tmp_path: Path) -> None:
    rows = [
        *(purchase(f"good{number}", "ada", "12.50") for number in range(3)),
        *(purchase(f"bad{number}", "ada", "-1.00") for number in range(12)),
        purchase("worse", "ada", "12;50"),
    ]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    path.write_text(path.read_text() + "{broken\n")
    report = intake.ingest_file(house, path, source="shop", mapping="activity-jsonl")
    batches.drain(house)
    told = published(house, report.intake_id)
    assert told.of("purchase_negative") == [
        *(
            "A purchase is not below zero.",
            "12",
            "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, …",
        ),
        *("critical", "finance", "purchase_negative"),
    ]
    assert told.of("amount_readable (amount_*)")[1:3] == ["1", "16"]  # the quarantine says amount_unreadable
    assert told.of("json_broken")[1:3] == ["1", "17"]
    assert told.of("json_broken")[0].startswith("Of no line it holds: ")
    assert told.of("refund_not_positive")[1:3] == ["0", ""]
    assert told.of("kind_missing")[1:3] == ["0", ""]
    assert told.of("too_few_rows")[:2] == ["A file is not smaller than its source ever is.", "0"]
    reasons = [row[-1] for row in told.rows if len(row) == 7]
    failed = {"purchase_negative", "amount_readable (amount_*)", "json_broken"}
    where = reasons.index("Reason", 1)  # the second table's head
    assert set(reasons[where + 1 : where + 4]) == failed  # what failed stands first


def test_a_page_says_how_many_rows_wait_in_quarantine(house: Runtime, tmp_path: Path) -> None:
    run_rows(house, tmp_path, [purchase("good", "ada", "1.00"), purchase("bad", "ada", "-1.00")])
    page = quality_docs.publish(house, 1).path
    assert "<dt>At the gate</dt><dd>1 passed, 1 in quarantine</dd>" in page.read_text()
    assert "not judged" not in page.read_text()
    quarantine.replay(house, [1], edits={"amount": "1.00"}, actor="ann")
    batches.drain(house)
    quality_docs.publish(house, 1)
    assert "<dt>At the gate</dt><dd>2 passed, 0 in quarantine</dd>" in page.read_text()


def test_the_rows_of_a_file_that_was_not_read_are_not_judged(house: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("event_id,kind,client,occurred_at\ne1,login,m1,2026-06-10T12:00:00Z\n")
    report = intake.ingest_file(house, path, source="shop", mapping="activity")
    assert (report.rows, report.unread) == (0, "member_id missing")
    page = quality_docs.publish(house, report.intake_id).path.read_text()
    whole, rows = page.split("<h2>Its rows</h2>")
    assert rows.startswith("<p>not judged: the file was not read</p></main>")
    assert "Successful Expectations" in whole
    told = {row[-1] for row in Told(page).rows if row}
    assert "missing_column" in told
    assert not told & {"purchase_negative", "amount_readable (amount_*)", "json_broken"}


def test_no_value_and_nothing_personal_is_on_a_page(house: Runtime, tmp_path: Path) -> None:
    """Every field is wrong in some row, and each is looked at by map expectations, too, which collect values."""
    good = purchase("fine", "canary-member-2", "777.77", order_id="canary-order-2") | PERSONAL
    rows = [good | {"event_id": f"canary-{name}", name: value} | PERSONAL for name, value in RAW.items()]
    path = write_jsonl(tmp_path / "canary@example.org.jsonl", [*rows, good, good | {"amount": "888.88"}])
    path.write_text(path.read_text() + '{"email": "canary@example.org", "name": "Canaria Vogel"\n')
    report = intake.ingest_file(house, path, source="shop", mapping="activity-jsonl")
    batches.drain(house)
    _, gxe = great_expectations()
    whole = suites.suites(rulesets.of_mapping(load_mapping(mapping_path(house, "activity-jsonl"))), [])
    about = {"severity": "warning", "owner": "data", "sentence": "None may be there."}
    columns = ("key", "member_id", "kind", "currency", "order_id", "occurred_at", "amount_minor", "source")
    mapped = [
        gxe.ExpectColumnValuesToBeInSet(
            column=column, value_set=[], description="x", meta={**about, "reason": f"no_{column}"}
        )
        for column in ("kind", "currency", "source")
    ] + [
        gxe.ExpectColumnValuesToBeNull(
            column=column, description="x", meta={**about, "reason": f"null_{column}"}
        )
        for column in columns
    ]
    raw = gxe.UnexpectedRowsExpectation(
        unexpected_rows_query="select * from {batch}", description="x", meta={**about, "reason": "all_rows"}
    )
    url = house.database.engine.url.render_as_string(hide_password=False)
    more = Suites(whole.file, whole.measures, whole.lines, [*whole.rows, *mapped, raw])
    page = docs.document(url, report.intake_id, "Intake", {}, more)
    page += quality_docs.publish(house, report.intake_id).path.read_text()
    for word in (
        "canary",
        "Canaria",
        *PERSONAL.values(),
        *RAW.values(),
        "777",
        "888",
        "1971-07-17",
        "2026-06-10",
    ):
        assert word not in page, word
    assert Told(page).of("all_rows")[1] == str(report.accepted)
    assert Told(page).of("null_kind")[1] > "0"
    with house.database.transaction() as session:
        keys = session.connection().exec_driver_sql("select key::text from inbox_key").scalars().all()
    assert keys and not [key for key in keys if key in page]


def test_a_page_loads_nothing_but_its_own_styles_and_runs_nothing(house: Runtime, tmp_path: Path) -> None:
    run_rows(house, tmp_path, [purchase("p", "ada", "-1.00")])
    page = quality_docs.publish(house, 1).path
    told = Told(page.read_text())
    assert {tag for tag, _ in told.tags} <= {
        *("html", "head", "meta", "link", "title", "body", "main", "div", "span", "i", "dl", "dt", "dd"),
        *("h1", "h2", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "br"),
    }
    loaded = [attrs["href"] for tag, attrs in told.tags if tag == "link"]
    assert loaded == ["data:,", "../assets/bootstrap-4.6.2.min.css", "../assets/docs-1.css"]
    assert all((page.parent / str(href)).is_file() for href in loaded[1:])
    [policy] = [attrs["content"] for tag, attrs in told.tags if attrs.get("http-equiv")]
    assert str(policy).startswith("default-src 'none'; style-src 'self'; ")
    assert "http" not in re.sub(r"http-equiv", "", page.read_text())


def test_the_same_page_again_replaces_itself_and_the_index_lists_what_is_there(
    house: Runtime, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        run_rows(house, tmp_path, [purchase(name, "ada", "1.00")], f"{name}.jsonl")
    first = [quality_docs.publish(house, number) for number in (1, 2, 1)]
    assert [(page.path.parent.name, page.url) for page in first] == [
        ("intake-1", "http://pages.example:8080/intake-1/"),
        ("intake-2", "http://pages.example:8080/intake-2/"),
        ("intake-1", "http://pages.example:8080/intake-1/"),
    ]
    root = house.settings.quality_docs
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()) == [
        *("assets/bootstrap-4.6.2.min.css", "assets/bootstrap-LICENSE", "assets/docs-1.css"),
        *("index.html", "intake-1/index.html", "intake-2/index.html"),
    ]
    links = re.findall(r'href="(intake-\d+/index.html)">', (root / "index.html").read_text())
    assert links == ["intake-2/index.html", "intake-1/index.html"]


def test_only_what_is_missing_or_wrong_is_built_again(house: Runtime, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        run_rows(house, tmp_path, [purchase(name, "ada", "1.00")], f"{name}.jsonl")
    assert quality_docs.owed(house, 1, later=True) == [1, 2, 3]
    assert quality_docs.owed(house, 2, later=False) == [2]
    quality_docs.publish(house, 1)
    quality_docs.publish(house, 3)
    assert quality_docs.owed(house, 1, later=True) == [2]
    assert quality_docs.owed(house, 3, later=True) == []
    with house.database.transaction() as session:
        session.get_one(Intake, 3).state = "rejected"
    assert quality_docs.owed(house, 3, later=True) == [3]
    quality_docs.publish(house, 3)
    assert quality_docs.owed(house, 3, later=True) == []
    with pytest.raises(NotFoundError, match="no file 4 that has been read"):
        quality_docs.owed(house, 4, later=True)


def test_pages_that_are_too_old_go_with_the_next_one_and_at_night(house: Runtime, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        run_rows(house, tmp_path, [purchase(name, "ada", "1.00")], f"{name}.jsonl")
    root = house.settings.quality_docs
    pages = [quality_docs.publish(house, number).path for number in (1, 2)]
    for page, days in zip(pages, (31, 29), strict=True):
        os.utime(page, (time.time() - days * 86_400,) * 2)
    pages[1].with_name(".index.html.1").write_text("left by somebody who was killed")
    assert quality_docs.publish(house, 3).expired == 1
    assert sorted(path.name for path in root.glob("intake-*")) == ["intake-2", "intake-3"]
    assert [path.name for path in root.rglob(".*")] == []
    house.settings.quality_docs_days = 28
    assert (quality_docs.expire(house), quality_docs.expire(house)) == (1, 0)
    assert re.findall(r"intake-\d+", (root / "index.html").read_text()) == ["intake-3"]


def test_several_at_once_leave_whole_pages_and_no_rest(house: Runtime, tmp_path: Path) -> None:
    for name, amounts in (("a", ["-1.00"]), ("b", ["-1.00", "-2.00"]), ("c", ["1.00"])):
        rows = [purchase(f"{name}{number}", "ada", amount) for number, amount in enumerate(amounts)]
        run_rows(house, tmp_path, rows, f"{name}.jsonl")
    numbers = iter([1, 2, 3, 1, 2, 3])
    old = house.settings.quality_docs / "intake-7"
    old.mkdir(parents=True)
    (old / "index.html").write_text("old")
    os.utime(old / "index.html", (1, 1))
    found = at_once(lambda own: quality_docs.publish(own, next(numbers)), house, 6)
    assert sorted(page.expired for page in found) == [0, 0, 0, 0, 0, 1]
    told = {page.intake_id: Told(page.path.read_text()).of("purchase_negative")[1] for page in found}
    assert told == {1: "1", 2: "2", 3: "0"}
    assert [path.name for path in house.settings.quality_docs.rglob(".*")] == []


def test_there_is_no_page_of_what_is_no_file(house: Runtime, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no intake 1"):
        quality_docs.publish(house, 1)
    run_rows(house, tmp_path, [purchase("a", "ada", "-1.00")])
    quarantine.replay(house, [1], edits={"amount": "1.00"}, actor="ann")
    with pytest.raises(RuleRefusedError, match="intake 2 is a replay: its rows are those of intake 1"):
        quality_docs.publish(house, 2)


def test_a_rule_that_cannot_be_evaluated_is_a_gate_error_and_names_no_value(
    house: Runtime, tmp_path: Path
) -> None:
    run_rows(house, tmp_path, [purchase("a", "ada", "1.00")])
    _, gxe = great_expectations()
    about = {"severity": "critical", "owner": "data", "sentence": "x", "reason": "broken_rule"}
    broken = gxe.UnexpectedRowsExpectation(
        unexpected_rows_query="select line from {batch} where kind = 7", description="x", meta=about
    )
    url = house.database.engine.url.render_as_string(hide_password=False)
    with pytest.raises(GateError, match=r"^Data Docs: broken_rule could not be evaluated$"):
        docs.document(url, 1, "Intake", {}, Suites(rows=[broken]))


def test_measures_show_their_figure_and_their_bounds(house: Runtime, tmp_path: Path) -> None:
    run_rows(house, tmp_path, [purchase("a", "ada", "1.00")])
    about = {"intake_id": 1, "basis": "the last 12 Mondays"}
    with house.database.transaction() as session:
        session.add(Measure(name="rows", field="", value=1, low=90, high=120, **about))
        session.merge(  # the file has one of its own
            Measure(name="null_rate", field="amount", value=0.25, high=0.5, severity="warning", **about)
        )
        session.add(Measure(name="remembered", field="", value=7, **about))
    told = published(house, 1)
    sentence = "rows is not below 90 and not above 120, the last 12 Mondays."
    assert told.of("rows") == [sentence, "1", "", "critical", "data", "rows"]
    assert told.of("null_rate") == [
        *(
            "null_rate of amount is not above 0.5, the last 12 Mondays.",
            "0.25",
            "",
            "warning",
            "data",
            "null_rate",
        )
    ]
    assert not [row for row in told.rows if "remembered" in row]
    assert [row[-1] for row in told.rows if len(row) == 7][1] == "rows"  # what failed stands first

"""Quarantine as a place of work: grouped, sampled, fixed in bulk, edited by file, expired; each act in the audit."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from laurels.errors import DataRejectedError, NotFoundError, RuleRefusedError
from laurels.services import actors, batches, intake, quarantine
from laurels.services.checks import check_invariants
from laurels.services.quarantine import Selection
from laurels.services.runtime import Runtime
from tests.battery.gate_rows import ask, one, states_by_key
from tests.integration.activity import purchase, referral, refund, share, write_jsonl
from tests.runtimes import at_once, fresh_runtime

JUNE = datetime(2026, 6, 20, tzinfo=UTC)
DAY = timedelta(days=1)
BAD: list[dict[str, Any]] = [
    purchase("good", "ada", "10.00"),
    purchase("comma", "ada", "12,50", channel="web", email="ada@example.org"),
    purchase("thousands", "bob", "1,234"),
    purchase("both", "bob", "2,50", at="2026-06-10T12:00:00"),
    purchase("zone", "cyd", "3.00", at="2026-06-10T12:00:00"),
    share("mangled", "1.23E+15"),
    purchase("good", "ada", "11.00"),
]


def take(
    runtime: Runtime,
    folder: Path,
    rows: list[dict[str, Any]] | None = None,
    name: str = "bad.jsonl",
    **more: Any,
) -> None:
    path = write_jsonl(folder / name, BAD if rows is None else rows)
    if rows is None:
        path.write_text(path.read_text() + "{broken\n")
    given = {"source": "test", "mapping": "activity-jsonl", "as_of": JUNE} | more
    intake.ingest_file(runtime, path, **given)
    batches.drain(runtime)


def ids(runtime: Runtime, **narrowed: Any) -> dict[str | None, int]:
    return {row.event_id: row.id for row in quarantine.list_quarantine(runtime, **narrowed)}


def audited(runtime: Runtime) -> list[tuple[object, ...]]:
    return ask(runtime, "select actor, action, subject, before, after, reason from audit_entry order by id")


def test_groups_say_how_many_how_long_where_and_what_to_do(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    take(
        runtime,
        tmp_path,
        [purchase("late", "ada", "7,50")],
        "more.jsonl",
        as_of=JUNE + 3 * DAY,
        source="shop",
    )
    found = quarantine.groups(runtime, Selection(), as_of=JUNE + 5 * DAY)
    assert [(group.reason, group.source, group.rows, group.days, group.places) for group in found] == [
        ("amount_decimal_comma", "test", 3, 5, ("bad.jsonl:2", "bad.jsonl:3", "bad.jsonl:4")),
        ("time_without_zone", "test", 2, 5, ("bad.jsonl:4", "bad.jsonl:5")),
        ("amount_decimal_comma", "shop", 1, 2, ("more.jsonl:1",)),
        ("conflict", "test", 1, 5, ("bad.jsonl:7",)),
        ("json_broken", "test", 1, 5, ("bad.jsonl:8",)),
        ("member_id_scientific", "test", 1, 5, ("bad.jsonl:6",)),
    ]
    assert {group.file for group in found} == {None}
    assert "decimal-comma" in found[0].advice
    assert found[0].sentence == "The amount is written with a decimal comma: write 12.50."
    by_file = quarantine.groups(runtime, Selection(reason="amount_decimal_comma"), by_file=True, as_of=JUNE)
    assert [(group.reason, group.file, group.rows) for group in by_file] == [
        ("amount_decimal_comma", "bad.jsonl", 3),
        ("amount_decimal_comma", "more.jsonl", 1),
    ]


def test_the_list_is_narrowed_and_turned_page_by_page(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    take(runtime, tmp_path, [purchase("late", "ada", "7,50")], "more.jsonl")
    assert set(ids(runtime, file="more.jsonl")) == set(ids(runtime, intake_id=2)) == {"late"}
    pages: list[list[int]] = []
    while not pages or pages[-1]:
        after = pages[-1][-1] if pages else 0
        pages.append([row.id for row in quarantine.list_quarantine(runtime, after=after, limit=3)])
    assert [len(page) for page in pages] == [3, 3, 2, 0]
    assert [number for page in pages for number in page] == sorted(
        row.id for row in quarantine.list_quarantine(runtime)
    )


def test_a_state_reason_or_intake_that_is_none_is_said_not_shown_as_nothing(
    runtime: Runtime, tmp_path: Path
) -> None:
    take(runtime, tmp_path)
    with pytest.raises(RuleRefusedError, match=r"^no state opne \(open, replaying, .*, expired\)$"):
        quarantine.list_quarantine(runtime, state="opne")
    with pytest.raises(
        RuleRefusedError, match="no reason amount_comma: here there are amount_decimal_comma, conf"
    ):
        quarantine.list_quarantine(runtime, reason="amount_comma")
    with pytest.raises(RuleRefusedError, match=r"; did you mean amount_decimal_comma( or .*)?\?$"):
        quarantine.list_quarantine(runtime, reason="amount_decimal_coma")
    with pytest.raises(NotFoundError, match="no intake 99"):
        quarantine.groups(runtime, Selection(intake_id=99))
    assert quarantine.list_quarantine(runtime, reason="purchase_negative") == []  # a reason, that nothing has
    for call in (quarantine.groups, quarantine.sample, quarantine.count):
        with pytest.raises(RuleRefusedError, match="no reason nonsense"):
            call(runtime, Selection(reason="nonsense"))
    with pytest.raises(RuleRefusedError, match="no reason nonsense"):
        quarantine.replay_selection(runtime, Selection(reason="nonsense"), actor="ann")


def test_a_sample_is_the_same_for_the_same_seed_and_names_nobody(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path, [purchase(f"p{n}", "ada", f"{n},50", email="ada@example.org") for n in range(40)])
    drawn = {
        seed: quarantine.sample(runtime, Selection(reason="amount_decimal_comma"), rows=5, seed=seed)
        for seed in (1, 2)
    }
    assert drawn[1] == quarantine.sample(runtime, Selection(), rows=5, seed=1)
    assert len({sampled.row.id for sampled in drawn[1]}) == 5
    assert [sampled.row.id for sampled in drawn[1]] != [sampled.row.id for sampled in drawn[2]]
    for sampled in drawn[1]:
        assert sampled.fields["amount"] == f"{str(sampled.row.event_id)[1:]},50"
        assert "ada" not in str(sampled)
    met = {s.row.id for seed in range(60) for s in quarantine.sample(runtime, Selection(), rows=5, seed=seed)}
    assert len(met) == 40  # everyone has a chance


def test_a_fix_is_shown_first_and_writes_nothing_then(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    found = ids(runtime)
    told = quarantine.preview_fix(
        runtime, Selection(reason="amount_decimal_comma"), ["decimal-comma"], sample=1
    )
    assert (told.transformations, told.rows, told.fixed) == (("decimal-comma:amount",), 3, 1)
    assert told.left == {
        "amount may be thousands or decimals: edit it": 1,
        "would still be refused: The time has no zone, and the mapping names none.": 1,
    }
    assert told.examples["amount may be thousands or decimals: edit it"] == found["thousands"]
    (shown,) = told.sample
    assert (shown.id, shown.place, shown.before, shown.after) == (
        *(found["comma"], "bad.jsonl:2"),
        *({"amount": "12,50"}, {"amount": "12.50"}),
    )
    assert audited(runtime) == []
    assert one(runtime, "select count(*) from queue_item") == 0
    assert ids(runtime) == found


def test_a_fix_queues_what_can_be_read_then_and_tells_who_and_how(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    found, heard = ids(runtime), list[int]()
    changes = ["decimal-comma", "zone=America/New_York"]
    report = quarantine.fix(
        runtime,
        Selection(source="test"),
        changes,
        actor="ann",
        reason="till 3",
        as_of=JUNE,
        on_progress=heard.append,
    )
    assert (report.rows, report.fixed, heard) == (7, 3, [7])
    assert sum(report.left.values()) == 4
    assert batches.drain(runtime).passed == 3
    written = {
        str(subject): (*who, before, after, why) for *who, subject, before, after, why in audited(runtime)
    }
    told = ["decimal-comma:amount", "zone:occurred_at=America/New_York"]
    assert written == {
        f"quarantine/{found['comma']}": (
            *("ann", "quarantine.fix"),
            {"revision": 0, "reasons": ["amount_decimal_comma"], "fields": {"amount": "12,50"}},
            {"fields": {"amount": "12.50"}, "personal": [], "transformations": told},
            "till 3",
        ),
        f"quarantine/{found['both']}": (
            *("ann", "quarantine.fix"),
            {
                "revision": 0,
                "reasons": ["time_without_zone", "amount_decimal_comma"],
                "fields": {"amount": "2,50", "occurred_at": "2026-06-10T12:00:00"},
            },
            {
                "fields": {"amount": "2.50", "occurred_at": "2026-06-10T12:00:00-04:00"},
                "personal": [],
                "transformations": told,
            },
            "till 3",
        ),
        f"quarantine/{found['zone']}": (
            *("ann", "quarantine.fix"),
            {
                "revision": 0,
                "reasons": ["time_without_zone"],
                "fields": {"occurred_at": "2026-06-10T12:00:00"},
            },
            {"fields": {"occurred_at": "2026-06-10T12:00:00-04:00"}, "personal": [], "transformations": told},
            "till 3",
        ),
    }
    applied = "select k.event_id, a.amount_minor from activity a join inbox_key k on k.key = a.id where a.revision = 1"
    assert dict(ask(runtime, applied)) == {"comma": 1250, "both": 250, "zone": 300}
    assert set(ids(runtime)) == {"thousands", "mangled", "good", None}
    assert check_invariants(runtime) == []


def test_a_fix_of_nothing_that_is_declared_does_nothing(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    for changes, why in (
        (["decimal-comma", "guess"], "no such transformation"),
        (["trim:member_id"], "personal and its text not kept"),
        (["trim:colour"], "has no colour"),
        (["scientific:member_id"], "digits are lost"),
    ):
        for act in (quarantine.preview_fix, quarantine.fix):
            who = {"actor": "ann"} if act is quarantine.fix else {}
            with pytest.raises(RuleRefusedError, match=why):
                act(runtime, Selection(), changes, **who)
    assert (audited(runtime), one(runtime, "select count(*) from queue_item")) == ([], 0)


def test_two_fixes_at_once_queue_each_row_once(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path, [purchase(f"p{n}", "ada", f"{n},50") for n in range(300)])
    actors.add_actor(runtime, by="ann", name="ann2", role="editor")
    found = at_once(lambda own: quarantine.fix(own, Selection(), ["decimal-comma"], actor="ann"), runtime, 4)
    assert sorted(report.fixed for report in found) == [0, 0, 0, 300]
    assert one(runtime, "select count(*) from audit_entry where action = 'quarantine.fix'") == 300
    assert batches.drain(runtime).passed == 300


def test_a_selection_is_replayed_in_chunks_and_what_cannot_be_is_counted(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("laurels.services.selecting.CHUNK", 3)
    take(runtime, tmp_path)
    take(runtime, tmp_path, [purchase("future", "ada", "1.00", at="2026-07-30T12:00:00Z")], "more.jsonl")
    heard: list[int] = []
    report = quarantine.replay_selection(
        runtime, Selection(), actor="ann", as_of=JUNE + 60 * DAY, on_progress=heard.append
    )
    assert (report.queued, heard) == (6, [3, 6, 8])
    assert [(why.partition(",")[0], rows) for why, rows in sorted(report.left.items())] == [
        ("could not be told apart into fields", 1),
        ("is a conflict", 1),
    ]
    drained = batches.drain(runtime)
    assert (drained.passed, drained.quarantined) == (1, 5)
    assert {len(states) for _, states in states_by_key(runtime)} == {1}  # type: ignore[arg-type]
    assert {(action, str(before["revision"])) for _, action, _, before, _, _ in audited(runtime)} == {  # type: ignore[index]
        ("quarantine.replay", "0")
    }


def test_a_replay_is_not_asked_for_volume(settings: Any, template: None, tmp_path: Path) -> None:
    """A file of this source has ten rows at least and few refused ones; a replay of one row is no file."""
    text = Path("deployments/mappings/activity-jsonl.yaml").read_text()
    (tmp_path / "activity-jsonl.yaml").write_text(text + "bounds: {min_rows: 10, max_refused_rate: 0.1}\n")
    with fresh_runtime(settings, mappings=tmp_path) as runtime:
        rows = [purchase(f"p{n}", "ada", "1.00") for n in range(12)] + [purchase("comma", "ada", "1,50")]
        take(runtime, tmp_path, rows)
        quarantine.fix(runtime, Selection(), ["decimal-comma"], actor="ann")
        assert batches.drain(runtime).passed == 1
        assert ask(runtime, "select replay_of, state, rows from intake order by id") == [
            (None, "done", 13),
            (1, "done", 0),
        ]


def sheet_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_sheet(path: Path, rows: list[dict[str, str]], **form: Any) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]), **form)
        sheet.writeheader()
        sheet.writerows(rows)
    return path


def test_a_sheet_holds_what_is_kept_and_nobody_s_data_and_no_formula(
    runtime: Runtime, tmp_path: Path
) -> None:
    evil = purchase(
        "=cmd|' /C calc'!A0", "ada", "-3.00", channel="@SUM(1)", campaign="-1+1", email="ada@example.org"
    )
    take(runtime, tmp_path, [evil, *BAD[1:3], BAD[5], BAD[0], BAD[6]])
    path = tmp_path / "sheet.csv"
    report = quarantine.export_sheet(runtime, path, Selection(), columns=["member", "email"])
    assert (report.rows, report.left) == (4, 1)  # the conflict is not in it
    assert path.read_bytes()[:3] == b"\xef\xbb\xbf"
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ada" not in path.read_bytes()
    first, *_ = rows = sheet_of(path)
    assert list(first)[:4] == [
        "quarantine_id",
        "quarantine_revision",
        "quarantine_place",
        "quarantine_reasons",
    ]
    assert {"event_id", "kind", "occurred_at", "amount", "currency", "order_id", "channel"} < set(first)
    assert (first["event_id"], first["amount"], first["channel"], first["campaign"]) == (
        *("'=cmd|' /C calc'!A0", "-3.00"),
        *("'@SUM(1)", "'-1+1"),
    )
    assert (first["quarantine_place"], first["quarantine_reasons"]) == ("bad.jsonl:1", "purchase_negative")
    assert {(row["member_id"], row["email"]) for row in rows} == {("", "")}
    with pytest.raises(RuleRefusedError, match="is there already"):
        quarantine.export_sheet(runtime, path, Selection())
    with pytest.raises(RuleRefusedError, match="colour is no personal column"):
        quarantine.export_sheet(runtime, tmp_path / "other.csv", Selection(), columns=["colour"])
    with pytest.raises(RuleRefusedError, match="cannot be written"):
        quarantine.export_sheet(runtime, tmp_path / "no" / "such.csv", Selection())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bad.jsonl", "sheet.csv"]
    unedited = quarantine.repair_sheet(runtime, path, actor="ann")
    assert (unedited.queued, unedited.unchanged) == (0, 4)
    assert audited(runtime) == []


def test_edited_cells_come_back_with_before_and_after(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    path = tmp_path / "sheet.csv"
    quarantine.export_sheet(runtime, path, Selection(), columns=["member_id", "email"])
    rows = {row["event_id"]: row for row in sheet_of(path)}
    rows["comma"] |= {"amount": "12.50", "channel": ""}
    rows["mangled"] |= {"member_id": "customer-77", "email": "late@example.org"}
    rows["both"] |= {"amount": "2.50"}
    write_sheet(path, list(rows.values()), delimiter=";")
    dry = quarantine.repair_sheet(runtime, path, actor="ann", as_of=JUNE, dry_run=True)
    assert (dry.queued, dry.unchanged, audited(runtime)) == (2, 2, [])
    assert (dry.columns, dry.wrong) == (
        {"amount": 2, "channel": 1, "member_id": 1, "email": 1},
        {"time_without_zone": 1},
    )
    assert [(edit.line, edit.before, edit.after) for edit in dry.edited] == [
        (2, {"amount": "12,50", "channel": "web"}, {"amount": "12.50", "channel": ""}),
        (
            6,
            {"member_id": "(personal)", "email": "(personal)"},
            {"member_id": "(personal)", "email": "(personal)"},
        ),
    ]
    (left,) = dry.left
    assert (left.line, left.id, left.after) == (4, int(rows["both"]["quarantine_id"]), {"amount": "2.50"})
    assert left.wrong == ("The time has no zone, and the mapping names none.",)
    done = quarantine.repair_sheet(runtime, path, actor="ann", reason="called the shop", as_of=JUNE)
    assert (done.queued, done.edited, done.left) == (2, dry.edited, dry.left)
    assert ids(runtime)["both"] == left.id  # open as it was
    drained = batches.drain(runtime)
    assert (drained.passed, drained.quarantined) == (2, 0)
    written = {
        str(subject): (before["fields"], after) for _, _, subject, before, after, _ in audited(runtime)
    }  # type: ignore[index]
    assert {(actor, action, why) for actor, action, _, _, _, why in audited(runtime)} == {
        ("ann", "quarantine.repair", "called the shop")
    }
    assert written == {
        f"quarantine/{rows['comma']['quarantine_id']}": (
            {"amount": "12,50", "channel": "web"},
            {"fields": {"amount": "12.50", "channel": ""}, "personal": [], "file": "sheet.csv"},
        ),
        f"quarantine/{rows['mangled']['quarantine_id']}": (
            {},
            {"fields": {}, "personal": ["email", "member_id"], "file": "sheet.csv"},
        ),
    }
    told = str(audited(runtime)) + str(ask(runtime, "select raw from payload"))
    assert not {word for word in ("customer-77", "late@example.org") if word in told}
    again = quarantine.repair_sheet(runtime, path, actor="ann")
    assert (again.queued, again.unchanged, again.left) == (0, 2, dry.left)
    assert again.stale == {
        int(rows["comma"]["quarantine_id"]): "replayed",
        int(rows["mangled"]["quarantine_id"]): "replayed",
    }
    assert len(audited(runtime)) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"quarantine_id": "999", "amount": "1.00"}, r"sheet.csv:3: no quarantined row 999"),
        ({"quarantine_id": "1", "amount": "1.00"}, r"sheet.csv:3: row 1 stands on line 2 already"),
        ({"quarantine_id": "two"}, r"sheet.csv:3: quarantine_id and quarantine_revision are numbers"),
        ({"event_id": "another"}, r"sheet.csv:3: event_id is the event's id and stays"),
        ({"quarantine_revision": ""}, r"sheet.csv:3: .* are numbers"),
    ],
)
def test_a_sheet_with_one_wrong_row_mends_nothing(
    runtime: Runtime, tmp_path: Path, change: dict[str, str], why: str
) -> None:
    take(runtime, tmp_path, [purchase("a", "ada", "1,50"), purchase("b", "bob", "2,50")])
    path = tmp_path / "sheet.csv"
    quarantine.export_sheet(runtime, path, Selection())
    first, second = sheet_of(path)
    write_sheet(path, [first | {"amount": "1.50"}, second | change])
    with pytest.raises(DataRejectedError, match=why):
        quarantine.repair_sheet(runtime, path, actor="ann")
    assert (audited(runtime), one(runtime, "select count(*) from queue_item")) == ([], 0)
    assert len(ids(runtime)) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            b"quarantine_id,quarantine_revision,colour\n1,0,red\n",
            "sheet.csv:1: no mapping of these rows has a column colour",
        ),
        (b"id,amount\n1,2\n", "sheet.csv:1: column quarantine_id is missing"),
        (b"", "sheet.csv:1: column quarantine_id is missing"),
        (b"quarantine_id,quarantine_revision,amount,amount\n", "sheet.csv:1: column amount is there twice"),
        (b"quarantine_id,quarantine_revision,amount\n1,0\n", "sheet.csv:2: has 2 cells, the header 3"),
        (b"quarantine_id,quarantine_revision,amount\n1,0,\xe9\n", "is not UTF-8"),
        (b'quarantine_id,quarantine_revision,amount\n1,0,"a\n', "sheet.csv:2: "),
        (b"quarantine_id,quarantine_revision,amount\n1,0,1\0\n", "sheet.csv:2: holds a NUL byte"),
        (b"quarantine_id,quarantine_revision,amount\n0,0,1\n2,0,\n", "sheet.csv:3: is beyond the 1 rows"),
    ],
)
def test_a_sheet_that_is_none_is_refused_with_its_line(
    runtime: Runtime, tmp_path: Path, text: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("laurels.stores.sheets.LARGEST", 1 if b"\n2," in text else 100)
    take(runtime, tmp_path, [purchase("a", "ada", "1,50")])
    path = tmp_path / "sheet.csv"
    path.write_bytes(text)
    with pytest.raises(DataRejectedError, match=why):
        quarantine.repair_sheet(runtime, path, actor="ann")
    with pytest.raises(DataRejectedError, match="cannot be read"):
        quarantine.repair_sheet(runtime, tmp_path / "none.csv", actor="ann")


def test_a_sheet_of_two_mappings_keeps_their_columns_apart(
    settings: Any, template: None, tmp_path: Path
) -> None:
    native = Path("deployments/mappings/activity-jsonl.yaml").read_text()
    (tmp_path / "activity-jsonl.yaml").write_text(native)
    (tmp_path / "till.yaml").write_text(
        "mapping: till\nformat: {type: csv}\nid: {column: bon}\nkind: purchase\nmember: {column: card}\n"
        "occurred_at: {column: at}\namount: {column: amount, currency: EUR}\nattributes: {desk: desk}\n"
    )
    with fresh_runtime(settings, mappings=tmp_path) as runtime:
        take(runtime, tmp_path, [purchase("a", "ada", "1,50")])
        path = tmp_path / "till.csv"
        path.write_text('bon,card,at,amount,desk\nb,c1,2026-06-10T12:00:00Z,"2,50",7\n')
        intake.ingest_file(runtime, path, source="till", mapping="till", as_of=JUNE)
        batches.drain(runtime)
        sheet = tmp_path / "sheet.csv"
        report = quarantine.export_sheet(runtime, sheet, Selection())
        assert {"order_id", "amount", "desk", "bon"} < set(report.columns)
        own, till = sheet_of(sheet)
        assert (own["desk"], till["desk"], own["amount"], till["amount"]) == ("", "7", "1,50", "2,50")
        write_sheet(sheet, [own | {"amount": "1.50"}, till | {"amount": "2.50", "channel": "web"}])
        with pytest.raises(DataRejectedError, match=r"sheet.csv:3: mapping till has no channel"):
            quarantine.repair_sheet(runtime, sheet, actor="ann")
        write_sheet(sheet, [own | {"amount": "1.50"}, till | {"amount": "2.50"}], delimiter="\t")
        assert quarantine.repair_sheet(runtime, sheet, actor="ann").queued == 2
        assert batches.drain(runtime).passed == 2
        assert quarantine.preview_fix(runtime, Selection(), ["currency=EUR"]).rows == 0


def test_many_rows_by_file_are_one_transaction_and_quick(runtime: Runtime, tmp_path: Path) -> None:
    count = 3_000
    take(runtime, tmp_path, [purchase(f"p{n}", f"m{n % 50}", f"{n},50") for n in range(count)])
    path = tmp_path / "sheet.csv"
    assert quarantine.export_sheet(runtime, path, Selection()).rows == count
    write_sheet(path, [row | {"amount": row["amount"].replace(",", ".")} for row in sheet_of(path)])
    assert quarantine.repair_sheet(runtime, path, actor="ann").queued == count
    assert one(runtime, "select count(distinct xmin::text) from audit_entry") == 1
    assert one(runtime, "select count(distinct xmin::text) from payload where revision = 1") == 1
    assert batches.drain(runtime).passed == count


def test_a_form_that_is_critical_stays_wrong_until_its_text_is_given(
    settings: Any, template: None, tmp_path: Path
) -> None:
    """The text is not kept with the row: reading it again without it must not let it pass."""
    mapping = yaml.safe_load(Path("deployments/mappings/activity-jsonl.yaml").read_text())
    mapping["rules"] = [
        {
            "rule": "address_needed",
            "sentence": "An address can receive mail.",
            "family": "profile",
            "owner": "crm",
            "check": {"form": {"personal": "email", "form": "email"}},
        }
    ]
    (tmp_path / "activity-jsonl.yaml").write_text(yaml.safe_dump(mapping))
    with fresh_runtime(settings, mappings=tmp_path) as runtime:
        take(runtime, tmp_path, [share("s", "ada", email="nowhere")])
        with pytest.raises(RuleRefusedError, match="no reason address_need: "):
            ids(runtime, reason="address_need")
        (number,) = ids(runtime, reason="address_needed").values()
        told = quarantine.preview_fix(runtime, Selection(), ["trim:channel"])
        assert told.fixed == 0
        again = quarantine.replay(runtime, [number], edits={}, actor="ann", as_of=JUNE)
        assert again.wrong == {number: ("address_needed",)}  # said when it is queued, not only by the gate
        assert batches.drain(runtime).reasons["address_needed"] == 1
        (number,) = ids(runtime).values()
        mended = quarantine.replay(
            runtime, [number], edits={"email": "ada@example.org"}, actor="ann", as_of=JUNE
        )
        assert mended.wrong == {}
        assert batches.drain(runtime).passed == 1


def test_rows_by_a_mapping_from_elsewhere_are_left_and_keep_nobody_else_waiting(
    runtime: Runtime, tmp_path: Path
) -> None:
    mapping = yaml.safe_load((runtime.settings.mappings / "activity-jsonl.yaml").read_text())
    elsewhere = tmp_path / "mine.yaml"
    elsewhere.write_text(yaml.safe_dump(mapping | {"mapping": "mine"}))
    comma = "amount_decimal_comma"
    take(runtime, tmp_path, [purchase("theirs", "ada", "7,50")], "theirs.jsonl", mapping=str(elsewhere))
    take(runtime, tmp_path, [purchase("ours", "ada", "8,50")], "ours.jsonl")
    sheet = quarantine.export_sheet(runtime, tmp_path / "sheet.csv", Selection(reason=comma))
    assert (sheet.rows, sheet.left) == (1, 1)
    told = quarantine.preview_fix(runtime, Selection(), ["decimal-comma"])
    why = "came in by mapping mine, which is not in the folder of mappings: put it there"
    assert (told.fixed, dict(told.left)) == (1, {why: 1})
    done = quarantine.replay_selection(runtime, Selection(reason=comma), actor="ann", as_of=JUNE)
    assert (done.queued, dict(done.left)) == (1, {why: 1})
    theirs = ids(runtime, file="theirs.jsonl")["theirs"]
    with pytest.raises(RuleRefusedError, match=f"row {theirs} .*theirs.jsonl:1.* {why}"):
        quarantine.replay(runtime, [theirs], edits={"amount": "7.50"}, actor="ann")


def test_what_waits_too_long_expires_and_is_counted_once(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    take(runtime, tmp_path, [purchase("late", "ada", "7,50")], "more.jsonl", as_of=JUNE + 30 * DAY)
    old, young = ids(runtime, intake_id=1), ids(runtime, intake_id=2)
    quarantine.replay(runtime, [old["comma"]], edits={}, actor="ann", as_of=JUNE + 60 * DAY)
    batches.drain(runtime)  # refused again: it waits since then
    refused = ids(runtime, intake_id=1)["comma"]
    before = len(audited(runtime))
    report = quarantine.expire(runtime, older_than=90 * DAY, as_of=JUNE + 90 * DAY)
    assert report.expired == 0  # to the day is not older
    report = quarantine.expire(runtime, older_than=90 * DAY, as_of=JUNE + 91 * DAY)
    assert (report.expired, report.before) == (6, JUNE + DAY)
    assert sorted(ids(runtime).values()) == sorted([*young.values(), refused])
    new = audited(runtime)[before:]
    assert [(actor, action, was, now) for actor, action, _, was, now, _ in new] == [
        ("laurels.nightly", "quarantine.expire", {"state": "open"}, {"state": "expired"})
    ] * 6
    expired = set(old.values()) - {old["comma"]}
    assert {subject for _, _, subject, *_ in new} == {f"quarantine/{number}" for number in expired}
    assert {why for *_, why in new} == {"waited longer than 90 days"}
    assert quarantine.expire(runtime, older_than=90 * DAY, as_of=JUNE + 91 * DAY).expired == 0
    assert check_invariants(runtime) == []
    assert {len(states) for _, states in states_by_key(runtime)} == {1}  # type: ignore[arg-type]
    assert ["expired"] in [states for _, states in states_by_key(runtime)]
    for act in (quarantine.replay, quarantine.dismiss):
        more = {"edits": {}} if act is quarantine.replay else {}
        assert act(runtime, [old["zone"]], actor="ann", **more).skipped == {old["zone"]: "expired"}


def test_what_expired_can_be_taken_up_again_and_waits_anew(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    found, later = ids(runtime), JUNE + 100 * DAY
    quarantine.dismiss(runtime, [found["zone"]], actor="ann")
    assert (
        quarantine.expire(runtime, older_than=90 * DAY, actor="ann", reason="spring", as_of=later).expired
        == 6
    )
    before = len(audited(runtime))
    numbers = [found["comma"], found["zone"]]
    report = quarantine.reopen(runtime, numbers, actor="ann", reason="the shop called", as_of=later)
    assert (report.reopened, report.skipped) == (tuple(sorted(numbers)), {})
    assert audited(runtime)[before:] == [
        (
            "ann",
            "quarantine.reopen",
            f"quarantine/{number}",
            {"state": was},
            {"state": "open"},
            "the shop called",
        )
        for number, was in ((found["comma"], "expired"), (found["zone"], "dismissed"))
    ]
    assert quarantine.reopen(runtime, numbers, actor="ann").skipped == dict.fromkeys(numbers, "open")
    assert quarantine.expire(runtime, older_than=90 * DAY, as_of=later + 90 * DAY).expired == 0
    assert [group.days for group in quarantine.groups(runtime, Selection(), as_of=later + 7 * DAY)] == [7, 7]
    quarantine.fix(runtime, Selection(), ["decimal-comma", "zone=America/New_York"], actor="ann", as_of=later)
    assert batches.drain(runtime).passed == 2
    assert check_invariants(runtime) == []


def test_a_row_of_a_rejected_file_stays_closed(settings: Any, template: None, tmp_path: Path) -> None:
    text = Path("deployments/mappings/activity-jsonl.yaml").read_text()
    (tmp_path / "activity-jsonl.yaml").write_text(text + "bounds: {min_rows: 100}\n")
    with fresh_runtime(settings, mappings=tmp_path) as runtime:
        take(runtime, tmp_path)
        (broken, conflict) = (ids(runtime)[name] for name in (None, "good"))
        quarantine.expire(runtime, older_than=DAY, as_of=JUNE + 2 * DAY)
        assert quarantine.reject_intake(runtime, 1, actor="ann").dismissed == 2
        with pytest.raises(RuleRefusedError, match="its file was rejected: send it again"):
            quarantine.reopen(runtime, [broken, conflict], actor="ann")
        assert ids(runtime) == {}


def test_expiring_takes_an_editor_a_span_and_no_flow_is_one(runtime: Runtime, tmp_path: Path) -> None:
    take(runtime, tmp_path)
    for name, role in (("ann", "admin"), ("eve", "viewer")):
        actors.add_actor(runtime, by="ann", name=name, role=role)
    for act in (
        lambda who: quarantine.expire(runtime, older_than=DAY, actor=who, as_of=JUNE + 9 * DAY),
        lambda who: quarantine.reopen(runtime, [1], actor=who),
        lambda who: quarantine.fix(runtime, Selection(), ["decimal-comma"], actor=who),
        lambda who: quarantine.replay_selection(runtime, Selection(), actor=who),
        lambda who: quarantine.repair_sheet(runtime, Path("tests/integration/empty_sheet.csv"), actor=who),
    ):
        with pytest.raises(RuleRefusedError, match="eve is viewer: this takes editor"):
            act("eve")
        with pytest.raises(RuleRefusedError, match=r"laurels.nightly is no actor here"):
            act("laurels.nightly")
    assert len(ids(runtime)) == 7
    with pytest.raises(RuleRefusedError, match="above zero"):
        quarantine.expire(runtime, older_than=timedelta(), actor="ann")
    with pytest.raises(NotFoundError, match="no quarantined row 99"):
        quarantine.reopen(runtime, [99], actor="ann")


def test_parked_refunds_are_listed_with_age_and_what_they_wait_for(runtime: Runtime, tmp_path: Path) -> None:
    rows = [
        refund("alone", "nowhere", "1.00", at="2026-06-02T12:00:00Z"),
        purchase("p", "m1", "5.00", order_id="o"),
        refund("euro", "o", "1.00", at="2026-06-03T12:00:00Z") | {"currency": "EUR"},
        refund("all", "o", "5.00", at="2026-06-11T12:00:00Z"),
        refund("more", "o", "1.00", at="2026-06-12T12:00:00Z"),
        purchase("q", "m2", "5.00", order_id="shared"),
        purchase("r", "m3", "5.00", order_id="shared"),
        refund("whose", "shared", "1.00", at="2026-06-13T12:00:00Z"),
        referral("friend", "m1", "m9"),
    ]
    take(runtime, tmp_path, rows)
    found = quarantine.parked_refunds(runtime, as_of=JUNE)
    assert [(one.event_id, one.order, one.why, one.days, one.line) for one in found] == [
        ("alone", "nowhere", "no_order", 17, 1),
        ("euro", "o", "other_currency", 16, 3),
        ("more", "o", "given_back", 7, 5),
        ("whose", "shared", "several_members", 6, 8),
    ]
    assert (found[0].sentence, found[0].amount_minor, found[0].currency) == (
        *("no purchase of its order came", 100),
        "USD",
    )
    assert [one.event_id for one in quarantine.parked_refunds(runtime, older_than=10 * DAY, as_of=JUNE)] == [
        "alone",
        "euro",
    ]
    assert [one.event_id for one in quarantine.parked_refunds(runtime, limit=1, source="test")] == ["alone"]
    assert quarantine.parked_refunds(runtime, source="other") == []
    take(runtime, tmp_path, [purchase("late", "m1", "5.00", order_id="nowhere")], "late.jsonl")
    assert "alone" not in [one.event_id for one in quarantine.parked_refunds(runtime)]
    assert json.dumps([one.why for one in found])

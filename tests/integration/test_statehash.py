"""The state hash: the same from PostgreSQL and from DuckDB over an export, and nothing changes without it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from laurels.errors import DataRejectedError, NotFoundError, RuleRefusedError
from laurels.services import batches, intake, statehash, versions
from laurels.services.runtime import Runtime
from laurels.services.statehash import check_export, export_views, hash_of_export, state_hash
from laurels.settings import Settings
from laurels.stores.database import driver
from laurels.stores.statehash import VIEWS
from tests.battery import histories_programs as programs
from tests.histories import history
from tests.integration.activity import run_rows
from tests.runtimes import fresh_runtime


@pytest.fixture(scope="module")
def exported(settings: Settings, template: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a mixed history; tests change copies of it."""
    folder = tmp_path_factory.mktemp("exported")
    with fresh_runtime(settings, as_of=datetime(2026, 12, 1, tzinfo=UTC)) as runtime:
        programs.apply_all(runtime)
        run_rows(runtime, folder, history(7, events=200))
        report = export_views(runtime, folder / "state")
        assert report.state == state_hash(runtime)
        assert report.rows == {name: table.rows for name, table in report.state.tables.items()}
    assert all(rows > 10 for rows in report.rows.values())
    return folder / "state"


def _copied(exported: Path, folder: Path, changes: dict[str, str]) -> Path:
    """Copy an export, each named table through a query over `t`."""
    copy = folder / "copy"
    copy.mkdir()
    for table in VIEWS:
        query = changes.get(table, "from t")
        source = f"(with t as (from read_parquet('{exported / table}.parquet')) {query})"
        duckdb.sql(f"copy {source} to '{copy / table}.parquet' (format parquet)")
    (copy / statehash.MANIFEST).write_bytes((exported / statehash.MANIFEST).read_bytes())
    return copy


def test_duckdb_finds_the_hash_of_postgresql(exported: Path) -> None:
    told = json.loads((exported / "manifest.json").read_text())
    found = check_export(exported)
    assert (found.hash, found.tables["award"].sum) == (told["hash"], told["tables"]["award"]["sum"])


def test_the_order_of_rows_plays_no_part(exported: Path, tmp_path: Path) -> None:
    shuffled = dict.fromkeys(VIEWS, "from t order by md5(t::text || 'other')")
    copy = _copied(exported, tmp_path, shuffled)
    assert (copy / "award.parquet").read_bytes() != (exported / "award.parquet").read_bytes()
    assert check_export(copy) == hash_of_export(exported)


FIRST = {
    "another amount": ("award", "points", "points + 1"),
    "another version": ("award", "version", "version + 1"),
    "another rule": ("award", "rule", "rule || 's'"),
    "a null": ("standing", "reached_at", "null"),
    "an empty text": ("settlement", "member", "''"),
    "a cent": ("settlement", "matched_minor", "matched_minor + 1"),
    "a microsecond": ("standing", "reached_at", "reached_at + 1"),
    "a score": ("standing", "score", "score - 1"),
    "a sign": ("balance", "points", "-points"),
}


@pytest.mark.parametrize("change", FIRST)
def test_one_changed_value_changes_the_hash(exported: Path, tmp_path: Path, change: str) -> None:
    table, column, value = FIRST[change]
    changed = f"case when number = 1 then {value} else {column} end as {column}"
    _differs(exported, tmp_path, table, f"select * exclude (number) replace ({changed})")


def test_two_swapped_values_change_the_hash(exported: Path, tmp_path: Path) -> None:
    other = "first_value(points) over (order by number rows between {} following and unbounded following)"
    swapped = f"case number when 1 then {other.format(1)} when 2 then lag(points) over (order by number) else points end"
    _differs(exported, tmp_path, "balance", f"select * exclude (number) replace ({swapped} as points)")


def _differs(exported: Path, folder: Path, table: str, select: str) -> None:
    copy = _copied(
        exported, folder, {table: f"{select} from (select *, row_number() over () as number from t)"}
    )
    before, after = hash_of_export(exported), hash_of_export(copy)
    assert after.hash != before.hash
    assert [name for name in VIEWS if after.tables[name] != before.tables[name]] == [table]
    assert after.tables[table].rows == before.tables[table].rows
    with pytest.raises(DataRejectedError, match=f"manifest says \\({table}\\)"):
        check_export(copy)


@pytest.mark.parametrize("table", VIEWS)
def test_a_missing_row_and_a_doubled_one_change_the_hash(exported: Path, tmp_path: Path, table: str) -> None:
    (tmp_path / "less").mkdir()
    less = hash_of_export(
        _copied(exported, tmp_path / "less", {table: "from t limit (select count(*) - 1 from t)"})
    )
    more = hash_of_export(_copied(exported, tmp_path, {table: "from t union all (from t limit 1)"}))
    assert len({less.hash, more.hash, hash_of_export(exported).hash}) == 3


def test_fields_do_not_run_together(exported: Path, tmp_path: Path) -> None:
    pairs = [("ab", "c"), ("a", "bc"), ("a|b", "c"), ("a", "b|c"), ("a1:b", "c"), ("a", "1:bc"), ("~", "abc")]
    found = set()
    for number, (activity, rule) in enumerate(pairs):
        (folder := tmp_path / str(number)).mkdir()
        row = f"select 'p' as program, '{activity}' as activity, '{rule}' as rule, 1::bigint as version, "
        copy = _copied(exported, folder, {"award": row + "'b' as member, 2::bigint as points"})
        found.add(hash_of_export(copy).hash)
    assert len(found) == len(pairs)


def test_what_is_no_export_is_told_apart(exported: Path, tmp_path: Path, runtime: Runtime) -> None:
    with pytest.raises(NotFoundError, match="no folder"):
        hash_of_export(tmp_path / "nowhere")
    with pytest.raises(DataRejectedError, match=r"award\.parquet is missing"):
        hash_of_export(tmp_path)
    copy = _copied(exported, tmp_path, {})
    (copy / "standing.parquet").write_bytes(b"PAR1 is not all it takes")
    with pytest.raises(DataRejectedError, match=r"standing\.parquet: cannot be read"):
        hash_of_export(copy)
    (copy / "standing.parquet").write_bytes((exported / "standing.parquet").read_bytes())
    (copy / "manifest.json").write_text('{"hash": 1}')
    with pytest.raises(DataRejectedError, match=r"manifest\.json"):
        check_export(copy)
    with pytest.raises(RuleRefusedError, match="overwrites nothing"):
        export_views(runtime, exported)


def test_an_export_that_fails_leaves_nothing(runtime: Runtime, tmp_path: Path) -> None:
    with runtime.database.transaction() as session:
        driver(session).execute("drop table settlement")
    with pytest.raises(Exception, match="settlement"):
        export_views(runtime, tmp_path / "state")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_has_a_hash_and_an_export(runtime: Runtime, tmp_path: Path) -> None:
    report = export_views(runtime, tmp_path / "deep" / "state")
    assert set(report.rows.values()) == {0}
    assert check_export(tmp_path / "deep" / "state") == state_hash(runtime)
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["state"]


def test_an_export_knows_members_by_their_opaque_id_only(exported: Path) -> None:
    for table in VIEWS:
        names = duckdb.sql(f"select distinct member from '{exported / table}.parquet'").fetchall()
        assert names
        assert {len(UUID(name).bytes) for (name,) in names if name is not None} == {16}


def test_both_engines_agree_on_all_of_cdnow(runtime: Runtime, shared_data: Path, tmp_path: Path) -> None:
    versions.apply_version(
        runtime,
        programs.EVERY_DAY[0][1],
        actor="ann",
        effective_from=datetime(1997, 1, 1, tzinfo=UTC),
    )
    path = shared_data / "cdnow" / "cdnow_master.txt.gz"
    assert intake.ingest_file(runtime, path, source="cdnow", mapping="cdnow").state == "released"
    batches.drain(runtime)
    report = export_views(runtime, tmp_path / "state")
    assert report.rows["award"] > 100_000
    assert hash_of_export(tmp_path / "state") == report.state

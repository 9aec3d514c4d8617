"""Files from elsewhere: S3 as moto emulates it by the real s3fs, Google Cloud Storage as `tests.gcs` does by the real gcsfs.

Both are emulations: what the providers themselves answer was not tried.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec import config
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from laurels.cli import app
from laurels.errors import DataRejectedError, RuleRefusedError, UnreachableError
from laurels.services.runtime import Runtime
from laurels.stores.files import places
from laurels.stores.files.places import fetched
from tests.battery.gate_rows import ask
from tests.gcs import Bucket, gcs

SECRET = "s3cret-of-the-test"
DATA = b"event_id,kind,member_id\n" * 1_000


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Whatever is fetched is gone afterwards."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The emulation's file system, to write with; reading finds it by AWS's own names in the environment."""
    given = {
        "ACCESS_KEY_ID": "test",
        "SECRET_ACCESS_KEY": SECRET,
        "ENDPOINT_URL": s3_address,
        "DEFAULT_REGION": "us-east-1",
        "MAX_ATTEMPTS": "1",
        "EC2_METADATA_DISABLED": "true",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    files = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)
    if not files.exists("bucket"):
        files.mkdir("bucket")
    files.pipe("bucket/in/a.csv", DATA)
    return files


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    bucket = Bucket()
    bucket.put("in/a.csv", DATA)
    with gcs(bucket) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        for scheme in ("gs", "gcs"):
            monkeypatch.setitem(config.conf, scheme, {"token": "anon", "endpoint_url": address})
        yield bucket


@pytest.mark.parametrize("place", ["s3://bucket/in/a.csv", "S3://bucket/in/a.csv"])
def test_an_object_of_s3_is_here_under_its_name_while_it_is_read(s3: Any, place: str) -> None:
    heard: list[tuple[int, int]] = []
    with fetched(place, lambda *told: heard.append(told)) as path:
        assert (path.name, path.read_bytes()) == ("a.csv", DATA)
    assert not path.exists()
    assert heard[-1] == (len(DATA), len(DATA))


@pytest.mark.parametrize("scheme", ["gs", "gcs"])
def test_an_object_of_google_is_here_while_it_is_read(google: Bucket, scheme: str) -> None:
    with fetched(f"{scheme}://bucket/in/a.csv") as path:
        assert (path.name, path.read_bytes()) == ("a.csv", DATA)


def test_it_comes_in_blocks(s3: Any, google: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_BLOCK", 10_000)
    for place in ("s3://bucket/in/a.csv", "gs://bucket/in/a.csv"):
        heard: list[int] = []
        with fetched(place, lambda done, _, heard=heard: heard.append(done)) as path:
            assert path.read_bytes() == DATA
        assert heard == [10_000, 20_000, len(DATA)]


def test_a_path_and_a_file_address_are_left_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a b.csv"
    path.write_bytes(DATA)
    for place in (path, str(path), f"file://{tmp_path}/a%20b.csv"):
        with fetched(place) as found:
            assert found == path
    assert path.exists()
    with fetched("a:b.csv") as found:
        assert found == Path("a:b.csv")


def test_an_object_that_changes_while_it_is_fetched_is_refused(
    s3: Any, google: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size: only tag or generation tell."""
    monkeypatch.setattr(places, "_BLOCK", 10_000)
    other = DATA.replace(b"kind", b"dink")
    google.after_read = lambda: google.put("in/a.csv", other)
    with (
        pytest.raises(DataRejectedError, match=r"^a\.csv: changed while it was fetched$"),
        fetched("gs://bucket/in/a.csv"),
    ):
        pass
    with (
        pytest.raises(DataRejectedError, match=r"^a\.csv: changed while it was fetched$"),
        fetched("s3://bucket/in/a.csv", lambda *_: s3.pipe("bucket/in/a.csv", other)),
    ):
        pass


NOWHERE = [
    ("s3://bucket/in/none.csv", DataRejectedError, r"^none\.csv: no such object$"),
    ("s3://no-bucket/a.csv", DataRejectedError, r"^a\.csv: no such object$"),
    ("s3://bucket/in", DataRejectedError, "^in: not a file$"),
    ("gs://bucket/in/none.csv", DataRejectedError, r"^none\.csv: no such object$"),
    ("gs://bucket/in", DataRejectedError, "^in: not a file$"),
    ("gs://denied/a.csv", DataRejectedError, r"^a\.csv: access to it is denied$"),
    ("s3://bucket", RuleRefusedError, "needs a bucket and an object"),
    ("s3://bucket/in/", RuleRefusedError, "needs a bucket and an object"),
    ("s3://bucket/in/..", RuleRefusedError, "needs a bucket and an object"),
    ("s3:/bucket/in/a.csv", RuleRefusedError, "needs a bucket and an object"),
    (f"s3://test:{SECRET}@bucket/in/a.csv", RuleRefusedError, "credentials do not belong in a place"),
    (
        f"s3://bucket/in/a.csv?AWSAccessKeyId=AKIA&Signature={SECRET}",
        RuleRefusedError,
        "nor does anything after",
    ),
    (f"gs://bucket/in/{SECRET}?x=/a.csv", RuleRefusedError, "nor does anything after"),
    (f"gs://bucket/in/a.csv#{SECRET}", RuleRefusedError, "nor does anything after"),
    (f"s3://bucket?key={SECRET}/a.csv", RuleRefusedError, "credentials do not belong in a place"),
    (f"https://example.com/a.csv?key={SECRET}", RuleRefusedError, "^https:// is no place for files"),
]


@pytest.mark.parametrize(("place", "error", "why"), NOWHERE)
def test_what_is_no_object_is_refused_in_words_of_ours(
    s3: Any, google: Bucket, place: str, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why) as refused, fetched(place):
        pass
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_nobody_there_may_be_tried_again_and_no_credentials_may_not(
    s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with (
            pytest.raises(UnreachableError, match=r"^s3:// cannot be reached: \w+$"),
            fetched("s3://bucket/in/a.csv"),
        ):
            pass
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(RuleRefusedError, match=r"^s3:// needs credentials"), fetched("s3://bucket/in/a.csv"):
        pass


def test_more_than_the_disk_holds_is_not_begun(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_SPARE", 1 << 60)
    with (
        pytest.raises(
            DataRejectedError, match=r"^a\.csv: 24,000 bytes, and only [\d,]+ are free on the disk"
        ),
        fetched("s3://bucket/in/a.csv"),
    ):
        pass


@pytest.mark.parametrize(("scheme", "library", "extra"), [("s3", "s3fs", "s3"), ("gs", "gcsfs", "gcs")])
def test_an_extra_that_is_not_installed_is_named(scheme: str, library: str, extra: str) -> None:
    """In a process of its own, for the library is here."""
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from laurels.stores.files.places import fetched\n"
        f"with fetched('{scheme}://bucket/a.csv'): pass"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        f"laurels.errors.RuleRefusedError: {scheme}:// needs what is not installed: pip install 'laurels[{extra}]'"
    )


@pytest.fixture
def said(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    for name in ("database_url", "redis_url", "master_key"):
        monkeypatch.setenv(f"LAURELS_{name.upper()}", getattr(runtime.settings, name).get_secret_value())

    def say(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments], catch_exceptions=False)

    return say


def test_a_file_of_s3_is_taken_in_under_its_name_and_no_credential_is_kept(
    s3: Any, said: Callable[..., Any], runtime: Runtime
) -> None:
    rows = "event_id,kind,member_id,occurred_at,amount,currency,order_id\n"
    rows += "e1,purchase,ada,2026-07-01T10:00:00Z,12.50,USD,o1\n"
    s3.pipe("bucket/in/today.csv", rows.replace(",", ";").encode("utf-16"))
    result = said("ingest", "s3://bucket/in/today.csv", "--source", "shop", "--mapping", "activity", "--json")
    assert result.exit_code == 0
    intake = json.loads(result.stdout)["intake"]
    assert (intake["name"], intake["accepted"], intake["found"]["encoding"]) == ("today.csv", 1, "utf-16-le")
    kept = str([ask(runtime, f"select to_jsonb(t) from {name} t") for name in ("intake", "audit_entry")])
    assert "today.csv" in kept
    assert "bucket" not in kept
    assert SECRET not in kept + result.output
    gone = said("ingest", "s3://bucket/in/none.csv", "--source", "shop", "--mapping", "activity")
    assert (gone.exit_code, gone.stderr) == (4, "laurels: none.csv: no such object\n")
    assert SECRET in os.environ["AWS_SECRET_ACCESS_KEY"]  # it was there to be told

"""The landing folder: every file is announced once, whole, and put away."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from laurels.services.landing import LandedFile, put_away, scan_landing
from laurels.settings import Settings

OLD = 60.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(landing=tmp_path / "landing")


def land(settings: Settings, place: str, content: bytes = b"a\n", age: float = OLD) -> Path:
    path = settings.landing / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def test_a_missing_folder_is_made_and_is_empty(settings: Settings) -> None:
    assert scan_landing(settings) == []
    assert settings.landing.is_dir()


def test_a_settled_file_is_claimed_with_its_digest(settings: Settings) -> None:
    path = land(settings, "web/activity/one.csv", b"a,b\n1,2\n")
    digest = sha256(b"a,b\n1,2\n").hexdigest()
    [found] = scan_landing(settings)
    place = settings.landing / ".announced" / "web" / "activity" / digest[:16] / "one.csv"
    assert found == LandedFile(place, "web", "activity", digest, 8)
    assert place.read_bytes() == b"a,b\n1,2\n"
    assert not path.exists()


def test_a_second_scan_announces_nothing(settings: Settings) -> None:
    land(settings, "web/activity/one.csv")
    assert len(scan_landing(settings)) == 1
    assert scan_landing(settings) == []


def test_a_growing_file_waits_for_the_next_scan(settings: Settings) -> None:
    path = land(settings, "web/activity/one.csv", age=0.0)
    assert scan_landing(settings) == []
    os.utime(path, (time.time() - OLD,) * 2)
    assert len(scan_landing(settings)) == 1


def test_a_file_that_changes_while_it_is_read_waits(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land(settings, "web/activity/one.csv")

    def digest_while_written(_path: Path) -> str:
        path.write_bytes(b"a\nb\n")
        return "0" * 64

    monkeypatch.setattr("laurels.services.landing._digest", digest_while_written)
    assert scan_landing(settings) == []
    assert path.exists()


@pytest.mark.parametrize(
    "place",
    [
        "web/activity/.hidden.csv",
        "web/activity/one.csv.part",
        "web/one.csv",
        "one.csv",
        "web/activity/deeper/one.csv",
        "Web/activity/one.csv",
        "web/Act ivity/one.csv",
        ".taken/web/one.csv",
        ".announced/web/one.csv",
    ],
)
def test_what_is_not_a_landed_file_is_left_alone(settings: Settings, place: str) -> None:
    path = land(settings, place)
    assert scan_landing(settings) == []
    assert path.exists()


def test_an_empty_file_is_left_alone(settings: Settings) -> None:
    land(settings, "web/activity/one.csv", b"")
    assert scan_landing(settings) == []


def test_a_link_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    outside = land(Settings(landing=tmp_path), "outside.csv")
    folder = settings.landing / "web" / "activity"
    folder.mkdir(parents=True)
    (folder / "one.csv").symlink_to(outside)
    assert scan_landing(settings) == []


def test_what_was_announced_long_ago_is_announced_again_once(settings: Settings) -> None:
    land(settings, "web/activity/one.csv")
    first = scan_landing(settings)
    time.sleep(0.06)
    assert scan_landing(settings, again_seconds=0.05) == first
    assert scan_landing(settings, again_seconds=0.05) == []


@pytest.mark.parametrize(("refused", "folder"), [(False, ".taken"), (True, ".refused")])
def test_what_was_ingested_is_put_away_and_never_announced_again(
    settings: Settings, refused: bool, folder: str
) -> None:
    land(settings, "web/activity/one.csv")
    [found] = scan_landing(settings)
    place = put_away(settings, found.path, refused=refused)
    assert place == settings.landing / folder / found.path.relative_to(settings.landing / ".announced")
    assert place.exists()
    assert scan_landing(settings, again_seconds=0.0) == []
    assert put_away(settings, found.path, refused=refused) == found.path


def test_a_file_that_never_landed_stays_where_it_is(settings: Settings, tmp_path: Path) -> None:
    path = land(Settings(landing=tmp_path), "elsewhere.csv")
    assert put_away(settings, path) == path
    assert path.exists()


def test_the_same_name_with_other_bytes_is_another_file(settings: Settings) -> None:
    land(settings, "web/activity/one.csv", b"a\n")
    [first] = scan_landing(settings)
    land(settings, "web/activity/one.csv", b"b\n")
    [second] = scan_landing(settings)
    assert first.path != second.path
    assert first.path.exists()


def test_scans_at_once_share_the_files_out(settings: Settings) -> None:
    names = [f"{number}.csv" for number in range(40)]
    for name in names:
        land(settings, f"web/activity/{name}", name.encode())
    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(lambda _: scan_landing(settings), range(4)))
    assert sorted(file.path.name for share in shares for file in share) == sorted(names)

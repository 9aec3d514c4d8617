"""Keys are made once, whole and private; nothing ever shows one."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from laurels.embedded import master_key
from laurels.embedded.keys import write_whole
from laurels.errors import LaurelsError
from laurels.settings import Settings


def ask(home: Path, key: str | None = None) -> Settings:
    return Settings(home=home, master_key=None if key is None else SecretStr(key), _env_file=None)


@pytest.fixture(autouse=True)
def _no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAURELS_MASTER_KEY", raising=False)


@given(st.binary(min_size=32, max_size=32))
def test_a_given_key_is_taken_and_no_file_is_made(key: bytes) -> None:
    home = Path("/nonexistent/laurels")
    assert master_key(ask(home, key.hex())) == key


@given(st.text(max_size=80).filter(lambda text: len(text.replace(" ", "")) != 64))
def test_a_wrong_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(LaurelsError) as refused:
        master_key(ask(Path("/nonexistent/laurels"), text))
    assert str(refused.value) == "LAURELS_MASTER_KEY is not 32 bytes written as 64 hexadecimal digits"


def test_all_who_ask_at_once_get_the_same_key(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: master_key(ask(home)), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert (home / "master.key").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    assert master_key(ask(tmp_path / "one")) != master_key(ask(tmp_path / "two"))


def test_a_spoiled_file_is_named_and_left(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text("half a ke")
    with pytest.raises(LaurelsError, match=r"master\.key is not 32 bytes") as refused:
        master_key(ask(tmp_path))
    assert "half a ke" not in str(refused.value)
    assert path.read_text() == "half a ke"


def test_a_home_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LaurelsError, match="cannot be made: Not a directory"):
        master_key(ask(tmp_path / "file" / "home"))


def test_a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "note", "first")
    write_whole(tmp_path / "note", "second")
    assert [path.name for path in tmp_path.iterdir()] == ["note"]
    assert (tmp_path / "note").read_text() == "second\n"

"""What children are told: all they need, nothing of another Prefect, nothing by command line."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from laurels.embedded import Servers
from laurels.orchestrator.environment import (
    client_environment,
    flow_environment,
    prefect_environment,
    server_environment,
)
from laurels.settings import Settings

KEY = "ab" * 32
SERVERS = Servers(
    "postgresql://u:pw1@h/laurels", "redis://:pw2@h/0", "postgresql+asyncpg://u:pw1@h/prefect", owned=True
)


def test_names_of_another_prefect_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "cloud")
    monkeypatch.setenv("PREFECT_PROFILE", "cloud")
    monkeypatch.setenv("LAURELS_MASTER_KEY", KEY)
    told = prefect_environment(tmp_path)
    assert not {"PREFECT_API_KEY", "PREFECT_PROFILE", "LAURELS_MASTER_KEY"} & set(told)


def test_our_interpreter_comes_first_and_proxies_leave_this_machine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "example.com")
    told = prefect_environment(tmp_path)
    assert told["PATH"].startswith(str(Path(sys.executable).parent) + ":")
    assert told["NO_PROXY"] == told["no_proxy"] == "example.com,127.0.0.1,localhost"
    assert told["PREFECT_HOME"] == str(tmp_path / "prefect")


def test_the_server_calls_nobody_and_learns_nothing_of_the_business(tmp_path: Path) -> None:
    told = server_environment(tmp_path, SERVERS.prefect_database_url, "127.0.0.1", 4321)
    assert told["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert told["DO_NOT_TRACK"] == "1"
    assert told["PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT"] == "false"
    assert told["PREFECT_UI_API_URL"] == "http://127.0.0.1:4321/api"
    assert not [name for name in told if name.startswith("LAURELS_")]


def test_flows_are_told_servers_key_and_absolute_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(master_key=SecretStr(KEY), as_of=datetime(2026, 7, 1, tzinfo=UTC), batch_rows=7)
    told = flow_environment(settings, SERVERS)
    assert told["LAURELS_DATABASE_URL"] == SERVERS.database_url
    assert told["LAURELS_REDIS_URL"] == SERVERS.redis_url
    assert told["LAURELS_MASTER_KEY"] == KEY
    assert told["LAURELS_LANDING"] == str(tmp_path / ".laurels" / "landing")
    assert told["LAURELS_PROGRAMS"] == str(tmp_path / "deployments" / "programs")
    assert told["LAURELS_BATCH_ROWS"] == "7"


def test_what_flows_are_told_makes_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path, master_key=SecretStr(KEY), as_of=datetime(2026, 7, 1, tzinfo=UTC))
    for name, text in flow_environment(settings, SERVERS).items():
        monkeypatch.setenv(name, text)
    again = Settings()
    assert again.as_of == settings.as_of
    assert again.home == tmp_path
    assert again.master_key == settings.master_key
    assert again.database_url == SecretStr(SERVERS.database_url)


def test_a_process_that_calls_flows_is_told_where_prefect_is(tmp_path: Path) -> None:
    told = client_environment(Settings(home=tmp_path), "http://127.0.0.1:4321/api")
    assert told["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"
    assert told["PREFECT_HOME"] == str(tmp_path / "prefect")

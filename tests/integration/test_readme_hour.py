"""The README's first hour, typed as it stands there: each command does what its remark says, one after the other."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from laurels.cli import app
from laurels.services.runtime import Runtime

ROOT = Path(__file__).parents[2]
SOME_QUARANTINED = 7


@pytest.fixture
def hour(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> dict[str, Result]:
    """What each command said, by its words; `laurels up` is left to a test of its own."""
    given = runtime.settings
    assert given.database_url and given.redis_url and given.master_key
    monkeypatch.setenv("LAURELS_DATABASE_URL", given.database_url.get_secret_value())
    monkeypatch.setenv("LAURELS_REDIS_URL", given.redis_url.get_secret_value())
    monkeypatch.setenv("LAURELS_MASTER_KEY", given.master_key.get_secret_value())
    monkeypatch.setenv("COLUMNS", "200")
    [block] = re.findall(r"## A first hour\n\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    said = {}
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "export":
            monkeypatch.setenv(*words[1].split("="))
        elif words[0] == "laurels" and words[1] != "up":
            said[" ".join(words[1:3])] = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    return said


def test_every_command_of_the_first_hour_does_what_it_says(hour: dict[str, Result]) -> None:
    ended = {words: result.exit_code for words, result in hour.items()}
    assert ended.pop("ingest examples/orders.csv") == SOME_QUARANTINED
    assert set(ended.values()) == {0}, ended
    assert "orders.csv:4" in hour["quarantine list"].stdout
    assert "1 rows passed" in hour["run"].stdout
    assert "30 %" in hour["board show"].stdout
    assert "1,849" in hour["member show"].stdout
    assert "2 discounts pushed, 2 messages sent" in hour["outbox send"].stdout
    assert "Every promise holds." in hour["doctor"].stdout

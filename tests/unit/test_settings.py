"""Every setting stands in .env.example, and nothing else does."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from laurels.cli import app
from laurels.errors import SettingsInvalidError
from laurels.settings import Settings


def test_the_example_names_every_setting() -> None:
    named = re.findall(r"^# LAURELS_(\w+)=", Path(".env.example").read_text(), re.MULTILINE)
    assert sorted(name.lower() for name in named) == sorted(Settings.model_fields)


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


WRONG = {
    "LAURELS_BATCH_ROWS": ("0", "input should be greater than or equal to 1"),
    "LAURELS_LEASE_SECONDS": (
        "soon",
        "input should be a valid integer, unable to parse string as an integer",
    ),
    "LAURELS_AS_OF": ("2026-06-20T12:00:00", "input should have timezone info"),
}


@pytest.mark.parametrize("command", [["program", "list"], ["doctor"], ["up"]])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_one_line_that_names_it(
    name: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    value, reason = WRONG[name]
    monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stderr) == (2, f"laurels: {name}: {reason}\n")


def test_all_wrong_settings_are_named_at_once_and_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WRONG:
        monkeypatch.setenv(name, "sesame")
    with pytest.raises(SettingsInvalidError) as refused:
        Settings(_env_file=None)
    assert [name for name in WRONG if f"{name}: " in str(refused.value)] == list(WRONG)
    assert "sesame" not in str(refused.value)
    assert refused.value.__suppress_context__

"""Every setting stands in .env.example, and nothing else does."""

import re
from pathlib import Path

from laurels.settings import Settings


def test_the_example_names_every_setting() -> None:
    named = re.findall(r"^# LAURELS_(\w+)=", Path(".env.example").read_text(), re.MULTILINE)
    assert sorted(name.lower() for name in named) == sorted(Settings.model_fields)


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []

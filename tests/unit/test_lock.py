"""What is installed is what was locked: every release by its hash, and from no place that the file would name."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==(\S+)", LOCK, re.MULTILINE)


def test_it_names_no_place() -> None:
    assert "://" not in LOCK
    assert not re.findall(r"^\s*--(?!hash=sha256:)", LOCK, re.MULTILINE)
    assert not re.findall(r"^\S+ @ ", LOCK, re.MULTILINE)


def test_every_release_has_its_hashes() -> None:
    blocks = re.findall(
        r"^[a-z0-9]\S*==[^\n]*\n(?:    --hash=sha256:[0-9a-f]{64}[^\n]*\n)+", LOCK, re.MULTILINE
    )
    assert len(blocks) == len(LOCKED) > 100


def test_everything_that_the_project_asks_for_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=~! ]", line)[0].lower() for line in asked} - {"laurels"}
    assert names <= {name for name, _ in LOCKED}

"""Mapping files: those delivered are sound, and a wrong one is told by file, line and reason."""

from pathlib import Path

import pytest

from laurels.errors import MappingInvalidError
from laurels.services.mappings import load_mapping
from tests.mappings import MAPPINGS

SOUND = """\
mapping: x
format: {type: csv}
id: {column: i}
kind: purchase
member: {column: m}
occurred_at: {column: t}
"""
WRONG = [
    ("colour: red\n", [(7, "colour: is no field here")]),
    ("mode: snapshot\n", [(7, "mode: an id column already tells rows apart")]),
    ("attributes:\n  email: m\n", [(7, "attributes: column m holds personal data and is kept apart")]),
    ("attributes:\n  email:\n", [(8, "attributes.email: is empty")]),
    ("kind: share\n", [(7, "'kind' is given twice: first on line 4")]),
    (
        "verified: {column: v}\nbounds: {min_rows: -1}\n",
        [(7, "values is missing"), (8, "bounds.min_rows: must be")],
    ),
    ("amount:\n  column: a\n  currency: XTS\n", [(9, "amount.currency: 'XTS' is no ISO 4217")]),
    ("\tx: 1\n", [(7, "a tab")]),
]


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_delivered_mappings_load_and_bear_the_name_of_their_file(path: Path) -> None:
    assert load_mapping(path).mapping == path.stem


def test_the_mappings_that_the_readme_names_are_there() -> None:
    names = {path.stem for path in MAPPINGS.glob("*.yaml")}
    assert names >= {
        "activity",
        "activity-jsonl",
        "cdnow",
        "complete-journey",
        "shopify-orders",
        "shopify-refunds",
    }


def test_the_two_native_forms_are_alike_but_for_the_format() -> None:
    csv, jsonl = (load_mapping(MAPPINGS / f"{name}.yaml") for name in ("activity", "activity-jsonl"))
    assert csv.model_dump(exclude={"mapping", "format"}) == jsonl.model_dump(exclude={"mapping", "format"})


@pytest.mark.parametrize(("added", "expected"), WRONG)
def test_each_problem_is_told_with_its_line(
    tmp_path: Path, added: str, expected: list[tuple[int, str]]
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(SOUND + added)
    with pytest.raises(MappingInvalidError) as refused:
        load_mapping(path)
    told = str(refused.value).split("\n")
    for line, reason in expected:
        assert any(one.startswith(f"{path}:{line}: ") and reason in one for one in told), told


def test_rates_are_numbers_and_texts_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "sound.yaml"
    path.write_text(SOUND + 'bounds: {max_refused_rate: 0.25}\naccept: {test: ["false"]}\n')
    mapping = load_mapping(path)
    assert mapping.bounds.max_refused_rate == 0.25
    assert mapping.accept == {"test": ("false",)}


@pytest.mark.parametrize("content", [b"", b"- a\n- b\n", b"\xff\xfe", b"mapping: [\n"])
def test_what_is_no_mapping_at_all_is_refused_in_one_line_each(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_bytes(content)
    with pytest.raises(MappingInvalidError, match=r"wrong\.yaml:\d+: "):
        load_mapping(path)


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingInvalidError, match="No such file"):
        load_mapping(tmp_path / "none.yaml")
    with pytest.raises(MappingInvalidError, match="directory"):
        load_mapping(tmp_path)

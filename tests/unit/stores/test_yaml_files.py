"""YAML files: their data, the line of everything in them, and what they may not hold."""

import time
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from laurels.stores.yaml_files import MOST_BYTES, MOST_DEPTH, MOST_VALUES, read_yaml, read_yaml_file

FILE = """\
# a comment
program: summer
on: purchase

rules:
  - {rule: one, points: 5}
  -
    rule: two
    cap:
      per: day
text: >-
  folded
  text
list: [a,
  b]
"""


def problem(text: str) -> tuple[int, str]:
    document = read_yaml(text)
    (only,) = document.problems
    return only.line, only.reason


def test_data_and_lines():
    document = read_yaml(FILE)
    assert document.problems == []
    assert document.data == {
        "program": "summer",
        "on": "purchase",
        "rules": [{"rule": "one", "points": 5}, {"rule": "two", "cap": {"per": "day"}}],
        "text": "folded text",
        "list": ["a", "b"],
    }
    assert document.lines == {
        (): 2,
        ("program",): 2,
        ("on",): 3,
        ("rules",): 5,
        ("rules", 0): 6,
        ("rules", 0, "rule"): 6,
        ("rules", 0, "points"): 6,
        ("rules", 1): 8,
        ("rules", 1, "rule"): 8,
        ("rules", 1, "cap"): 9,
        ("rules", 1, "cap", "per"): 10,
        ("text",): 11,
        ("list",): 14,
        ("list", 0): 14,
        ("list", 1): 15,
    }


def test_a_place_that_is_not_there_has_the_line_around_it():
    document = read_yaml(FILE)
    assert document.line_of(("rules", 1, "cap", "points")) == 9
    assert document.line_of(("rules", 7, "cap")) == 5
    assert document.line_of(("nowhere",)) == 2
    assert read_yaml("a: [").line_of(("a",)) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("-5", -5), ("0", 0), ("5.00", Decimal("5.00")), ("-0.5", Decimal("-0.5")), ("true", True), ("false", False), ("null", None), ("~", None), ("", None),
        ('"5"', "5"), ("'true'", "true"), ('""', ""), ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("1:30", "1:30"), ("010", "010"), ("0x10", "0x10"), ("1_000", "1_000"),
        ("1e3", "1e3"), (".5", ".5"), (".inf", ".inf"), (".nan", ".nan"), ("2026-06-01", "2026-06-01"), ("24h", "24h"), ("9" * 19, "9" * 19), ("<<", "<<"), ("\u0665", "\u0665"), ("=", "="),
    ],
)  # fmt: skip
def test_what_a_value_means(text, value):
    read = read_yaml(f"a: {text}").data
    assert read == {"a": value}
    assert isinstance(read, dict)
    assert type(read["a"]) is type(value)


def test_keys_are_text_whatever_they_look_like():
    assert read_yaml("{on: 1, no: 2, 5: 3, true: 4, null: 5, 2026-06-01: 6, <<: 7}").data == {
        "on": 1,
        "no": 2,
        "5": 3,
        "true": 4,
        "null": 5,
        "2026-06-01": 6,
        "<<": 7,
    }


def test_an_empty_file_holds_nothing():
    for text in ("", "\n\n", "# only a comment\n", "---\n"):
        document = read_yaml(text)
        assert (document.data, document.problems) == (None, [])
        assert document.line_of(()) >= 1


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb:\n\t- c\n", 3, "a tab: indent with spaces"),
        ("a: 1\n\tb: 2\n", 2, "a tab: indent with spaces"),
        ("a: [1,\n  2\nb: 3\n", 3, "(while parsing a flow sequence that begins on line 1)"),
        ("a: 1\nb: {c: 1\n", 3, "(while parsing a flow mapping that begins on line 2)"),
        ("a: b: c\n", 1, "mapping values are not allowed here"),
        ("a: 1\n  b: 2\n", 2, "mapping values are not allowed here"),
        ("a: 1\n- b\n", 2, "expected <block end>"),
        ("a: 'x\n", 2, "(while scanning a quoted scalar that begins on line 1)"),
        ("a: 1\nb: @x\n", 2, "cannot start any token"),
        ("a: 1\nb: %x\n", 2, "cannot start any token"),
        ("a:\n  - b\n c: 1\n", 3, "expected <block end>"),
        ("a: 1\n---\nb: 2\n", 2, "a second document: one file holds one"),
        ("a: 1\nb: *c\n", 2, "alias *c: write the value out"),
        ("a: 1\nb: &c d\n", 2, "anchor &c: write each value where it is used"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "tag 'tag:yaml.org,2002:python/object:os.system'"),
        ("a: !!str 5\n", 1, "tag 'tag:yaml.org,2002:str'"),
        ("a: ! 5\n", 1, "tag '!'"),
        ("a: !x {b: 1}\n", 1, "tag '!x'"),
        ("!x\na: 1\n", 1, "tag '!x'"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice: first on line 1"),
        ("x:\n  a: 1\n  b: 2\n  a: 3\n", 4, "'a' is given twice: first on line 2"),
        ('a: 1\n"a": 2\n', 2, "'a' is given twice: first on line 1"),
        ("a: 1\n? [b]\n: 1\n", 2, "a key must be plain text"),
        ("a: 1\n? {b: c}\n: 1\n", 2, "a key must be plain text"),
        ("a: 1\nb\x00: 2\n", 2, "character U+0000 is not allowed"),
        ("a: 1\nb: \x1b[31m\n", 2, "character U+001B is not allowed"),
        ('a: 1\nb: "\\0"\n', 2, "character U+0000 is not allowed"),
        ('a: 1\n"\\e": 2\n', 2, "character U+001B is not allowed"),
        ('a: 1\nb: "\\ud800"\n', 2, "character U+D800 is not allowed"),
        ("a: 1\nb: \ud800\n", 2, "character U+D800 is not allowed"),
        ('a: 1\nb: "\\U00110000"\n', 2, "out of range"),
        ('a: 1\nb: "\\UFFFFFFFF"\n', 2, "out of range"),
        ("%YAML 1." + "9" * 5000 + "\n---\na: 1\n", 1, "out of range"),
        ("%YAML 3.0\n---\na: 1\n", 1, "incompatible YAML document"),
        ("a: 1\nb: x\u2028y\n", 2, "line break U+2028 is not allowed"),
        ("a: 1\n`\n", 2, "cannot start any token"),
    ],
)
def test_what_is_refused_and_where(text, line, reason):
    at, why = problem(text)
    assert reason in why
    assert at == line


def test_all_refusals_are_told_at_once():
    document = read_yaml("a: &x 1\nb: *x\nc: !!set {}\na: 2\n")
    assert [found.line for found in document.problems] == [1, 2, 3, 4]
    assert document.data == {"a": 1, "b": None, "c": {}}


def test_of_a_repeated_key_the_first_counts():
    document = read_yaml("a: {b: 1}\na: {c: 2}\n")
    assert document.data == {"a": {"b": 1}}
    assert len(document.problems) == 1


def test_after_a_syntax_error_there_is_no_data():
    document = read_yaml("a: 1\nb: [")
    assert (document.data, document.lines) == (None, {})


def test_aliases_cannot_multiply():
    laughs = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    document = read_yaml(laughs)
    assert len(document.problems) == 61
    assert len(repr(document.data)) < 1000


def test_depth_is_bounded():
    assert read_yaml("[" * MOST_DEPTH + "]" * MOST_DEPTH).problems == []
    assert problem("[" * 500_000) == (1, f"nested deeper than {MOST_DEPTH} levels")
    assert problem("\n".join(" " * i + "a:" for i in range(900)))[0] == MOST_DEPTH + 1


def test_the_number_of_values_is_bounded():
    assert read_yaml("- a\n" * (MOST_VALUES - 1)).problems == []
    assert problem("- a\n" * (MOST_VALUES + 5)) == (MOST_VALUES, f"more than {MOST_VALUES} values")


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x" * (MOST_BYTES - 3),
        "#\n" * (MOST_BYTES // 2),
        "\n" * MOST_BYTES,
        "{" * MOST_BYTES,
        "? " * (MOST_BYTES // 2),
        'a: "' + "\\x41" * 249_990 + '"',
    ],
)
def test_a_megabyte_takes_seconds_at_most(text):
    began = time.process_time()
    read_yaml(text)
    assert time.process_time() - began < 10


def test_size_is_bounded(tmp_path):
    assert problem("#" * (MOST_BYTES + 1)) == (1, "the file is larger than 1 MB")
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * MOST_BYTES)
    assert read_yaml_file(file).problems == []
    file.write_bytes(b"#" * (MOST_BYTES + 1))
    (only,) = read_yaml_file(file).problems
    assert (only.line, only.reason) == (1, "the file is larger than 1 MB")


@pytest.mark.parametrize(
    ("content", "line"), [(b"a: 1\nb: \xff\n", 2), (b"\xff\xfea\x00", 1), (b"a: 1\n\n\xed\xa0\x80", 3)]
)
def test_files_are_utf_8(tmp_path, content, line):
    file = tmp_path / "odd.yaml"
    file.write_bytes(content)
    (only,) = read_yaml_file(file).problems
    assert (only.line, only.reason) == (line, "the file is not UTF-8 text")


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfa: 1\nb: \xc3\xbc\n", b"a: 1\r\nb: \xc3\xbc\r\n", b"a: 1\rb: \xc3\xbc\r"]
)
def test_byte_order_mark_and_line_ends_of_other_editors(tmp_path, content):
    file = tmp_path / "odd.yaml"
    file.write_bytes(content)
    document = read_yaml_file(file)
    assert document.data == {"a": 1, "b": "\u00fc"}
    assert document.lines == {(): 1, ("a",): 1, ("b",): 2}


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12)
DATA = st.recursive(
    st.booleans() | st.integers(-(10**17), 10**17) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(DATA, st.sampled_from([True, False, None]))
def test_what_pyyaml_writes_is_read_back(data, flow):
    document = read_yaml(yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True))
    assert document.problems == [] or "nested" in document.problems[0].reason
    assert document.data == data


@given(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), unique=True, min_size=1), st.randoms())
def test_every_key_has_its_own_line(keys, random):
    lines: list[str] = []
    for key in keys:
        lines += [""] * random.randrange(3) + [f"{key}: 1"]
    document = read_yaml("\n".join(lines))
    assert all(lines[document.lines[key,] - 1] == f"{key}: 1" for key in keys)


@given(st.text(alphabet="ab: -[]{}\n\t'\"#&*!|>%@`?,\\x0\x00\u2028\ufeff") | st.text())
def test_no_text_breaks_the_reader(text):
    document = read_yaml(text)
    assert all(1 <= found.line <= len(text.splitlines()) + 1 for found in document.problems)

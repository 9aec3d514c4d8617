"""JSON over many lines: one document, its items in their lines; told apart from lines of which the first is broken."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import DataRejectedError
from laurels.stores.files import content, documents
from laurels.stores.files.content import Content, lines_of
from laurels.stores.files.json_lines import json_records
from models.values.activity import RefusedRow
from models.values.format import JsonLines

ORDERS = JsonLines(type="jsonl", unwrap=("order", "orders"))
WIDE = {"id": 1, "note": {"a": "]", "list": [{}, {"id": 7}]}}


def told(data: bytes | str) -> list[tuple[int, object]]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    found = json_records(lines_of(Content("x", stream, stream)), ORDERS, "x")
    return [(one.line, one.reason if isinstance(one, RefusedRow) else dict(one.fields)) for one in found]


TEXTS: list[tuple[str, str | bytes, list[tuple[int, object]]]] = [
    ("bare", json.dumps(WIDE, indent=2), [(1, WIDE)]),
    ("a mark by itself", b"\xef\xbb\xbf\n" + json.dumps(WIDE, indent=2).encode(), [(1, WIDE)]),
    ("with a mark", b"\xef\xbb\xbf" + json.dumps(WIDE, indent=2).encode(), [(1, WIDE)]),
    ("wrapped", "\n\n" + json.dumps({"order": WIDE}, indent=1), [(3, WIDE)]),
    (
        "a list",
        '[\n{"id": 1},\r\n\r\n{"id": 2}, {"id": 3}\n]\n',
        [(2, {"id": 1}), (4, {"id": 2}), (4, {"id": 3})],
    ),
    ("a list of one", '[\n{"id": 1}\n]', [(2, {"id": 1})]),
    (
        "among other keys",
        '{"count": [\n2], "orders": "no",\n"order": [\n{"id": 1},\nnull,\n{"id": 3}]\n, "x": {}}',
        [(4, {"id": 1}), (5, "json_not_an_object"), (6, {"id": 3})],
    ),
    ("nothing in it", '{"orders": [\n]\n}', []),
    ("cut off", json.dumps({"orders": [WIDE, WIDE]}, indent=2)[:-20], [(1, "json_broken")]),
    ("a key twice", '{\n"id": 1,\n"id": 2\n}', [(1, "json_duplicate_key")]),
    ("not a number", '{\n"id": NaN\n}', [(1, "json_not_finite")]),
    (
        "a first line cut off",
        '{"id": 1,\n{"id": 2}\n{"id": 3}\n',
        [(1, "json_broken"), (2, {"id": 2}), (3, {"id": 3})],
    ),
    (
        "two lines cut off",
        '{"id":\n{"id":\n{"id": 3}\n',
        [(1, "json_broken"), (2, "json_broken"), (3, {"id": 3})],
    ),
    ("a first line cut in a text", '{"id": "1\n\n7\n', [(1, "json_broken"), (3, "json_not_an_object")]),
    ("two documents", '{\n"id": 1\n}\n{\n"id": 2\n}', [(1, "json_broken")]),
    ("blank lines only", "\n\r\n", []),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in TEXTS], ids=[case[0] for case in TEXTS])
def test_a_text_over_many_lines_is_one_document(
    text: str | bytes, expected: list[tuple[int, object]]
) -> None:
    assert told(text) == expected


VALUES = st.recursive(
    st.integers() | st.text('[]{},:"\\\n\u2028a') | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('o]"\n'), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text("ab"), VALUES, max_size=3), max_size=4), st.booleans(), VALUES)
def test_each_item_has_the_line_it_begins_on(items: list[dict[str, Any]], wrapped: bool, other: Any) -> None:
    body = {"other": other, "orders": items, "z": other} if wrapped else items
    text = json.dumps(body, indent=1, ensure_ascii=False)
    found = told(text)
    assert [fields for _, fields in found] == items
    assert all(text.split("\n")[line - 1].strip()[0] == "{" for line, _ in found)
    assert len({line for line, _ in found}) == len(items)


def test_a_document_is_held_to_a_limit_and_lines_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "DOCUMENT_LIMIT", 1 << 20)
    rows = [{"id": n, "note": "x" * 1000} for n in range(2000)]
    with pytest.raises(
        DataRejectedError, match=r"^x: one JSON document of more than 1 MB: write one object a line$"
    ):
        told(json.dumps(rows, indent=2))
    assert len(told('{"id":\n' + "\n".join(map(json.dumps, rows)))) == 2001
    assert len(told(json.dumps(rows[:900], indent=2))) == 900


def test_blank_lines_are_not_held() -> None:
    blank = b"\r\n" * (1 << 20)
    tracemalloc.start()
    assert told(blank + b'{"id": 1}\n') == [((1 << 20) + 1, {"id": 1})]
    assert told(b"{" + blank + b'"id": 1}\n') == [(1, {"id": 1})]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * len(blank)


def test_a_line_too_long_leaves_nothing_to_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "ROW_LIMIT", 1000)
    assert told('{"id":\n' + json.dumps({"id": "x" * 2000}) + '\n{"id": 3}') == [
        (1, "json_broken"),
        (2, "row_too_long"),
        (3, {"id": 3}),
    ]

"""Ids as text, and ours derived from them."""

import hashlib
import hmac
from decimal import Decimal
from uuid import UUID

import pytest

from laurels.rules.identity import event_key, id_text, member_ids, order_id, snapshot_event_id

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("00042", "00042"),
        (" 42 ", "42"),
        (42, "42"),
        (0, "0"),
        (450789469, "450789469"),
        (2**63, "9223372036854775808"),
        ("12e5", "12e5"),  # a hex id
        ("4e12", "4e12"),
        ("1.2.0", "1.2.0"),
        ("é" * 255, "é" * 255),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_an_id_is_its_text(value: object, text: str | None) -> None:
    assert id_text(value, "member_id") == (text, None)


@pytest.mark.parametrize("field", ["member_id", "event_id", "order_id", "referred_id"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("1.23E+15", "scientific"),
        ("1.23e15", "scientific"),
        ("1E+15", "scientific"),
        (" 1.23E+15", "scientific"),
        ("12345.0", "scientific"),
        (12345.0, "scientific"),
        (float("nan"), "scientific"),
        (Decimal("1.23E+15"), "scientific"),
        ("x" * 256, "too_long"),
        (10**255, "too_long"),
        pytest.param(10**6000, "too_long", id="int of 6001 digits"),
        (True, "unreadable"),
        ([1], "unreadable"),
        ({"id": 1}, "unreadable"),
        (b"42", "unreadable"),
    ],
)
def test_a_mangled_id_is_a_problem_of_its_field(value: object, problem: str, field: str) -> None:
    assert id_text(value, field) == (None, f"{field}_{problem}")


def test_a_member_is_known_by_key_source_and_id_alone() -> None:
    member = member_ids("shop-1", KEY)
    digest = hmac.new(KEY, b"shop-1\x0000042", hashlib.sha256).digest()
    assert member("00042") == UUID(bytes=digest[:16])
    others = {
        member("42"),
        member_ids("shop-2", KEY)("00042"),
        member_ids("shop-1", KEY[::-1])("00042"),
        member("00042"),
    }
    assert len(others) == 4


def test_orders_and_events_need_no_key_and_do_not_meet() -> None:
    assert order_id("shop-1", "7") == UUID(bytes=hashlib.sha256(b"shop-1\0order\x007").digest()[:16])
    assert event_key("shop-1", "7") == UUID(bytes=hashlib.sha256(b"shop-1\x007").digest()[:16])
    assert len({order_id("a", "7"), order_id("b", "7"), event_key("a", "7"), event_key("b", "7")}) == 4


def test_equal_rows_of_a_snapshot_are_told_apart_by_their_number() -> None:
    digest = bytes(range(16))
    assert snapshot_event_id(digest, 1) == "000102030405060708090a0b0c0d0e0f:1"
    assert snapshot_event_id(digest, 1) != snapshot_event_id(digest, 2)


@pytest.mark.parametrize(
    "text", ["4711\u200b", "\ufeff4711", " 4711\u00a0", "\u202a4711\u202c", "4711\u00ad\r\n"]
)
def test_what_nobody_sees_around_an_id_makes_no_other_member(text: str) -> None:
    assert id_text(text, "member_id") == ("4711", None)

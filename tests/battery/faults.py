"""Classes of faults, each as it is planted in a real feed: what is done to a row, and by which reasons it is refused.

A row is told apart by the number that every feed has in its first field: repaired, it is the row of the clean feed.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
PLANTED_EACH = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """One class: `plant` spoils a row or gives the bytes of its line; `mend` names the columns to set right.

    Without `mend` nothing of the row is kept, or it must not be repaired in place: its line is sent again.
    """

    name: str
    reasons: tuple[str, ...]
    plant: Callable[[Row], Row | bytes]
    mend: tuple[str, ...] = ()
    extra: bool = False
    """A line more, spoilt from a row that stands in the file as it should be: there is nothing to repair."""


def but(**changes: Any) -> Callable[[Row], Row]:
    return lambda row: row | changes


def at(path: str, value: Any) -> Callable[[Row], Row]:
    """Change one value inside nested objects."""
    first, _, rest = path.partition(".")
    return lambda row: row | {first: at(rest, value)(row[first]) if rest else value}


def without(*columns: str) -> Callable[[Row], Row]:
    return lambda row: {name: value for name, value in row.items() if name not in columns}


def spaced(row: Row) -> bytes:
    return b" ".join(str(value).encode() for value in row.values())


def line(row: Row) -> bytes:
    return json.dumps(row).encode()


# CDNOW: text, split at white space: row customer_id date cds dollar_value.
CDNOW = [
    Fault("a day that no month has", ("time_unreadable",), but(date="19970230"), ("date",)),
    Fault("a date written otherwise", ("time_unreadable",), but(date="1997-01-01"), ("date",)),
    Fault("a date in the future", ("time_in_future",), but(date="20270101"), ("date",)),
    Fault("a date before computers", ("time_out_of_range",), but(date="18970101"), ("date",)),
    Fault("an amount below zero", ("purchase_negative",), but(usd="-11.77"), ("usd",)),
    Fault("a decimal comma", ("amount_decimal_comma",), but(usd="11,77"), ("usd",)),
    Fault("a currency sign", ("amount_unreadable",), but(usd="$11.77"), ("usd",)),
    Fault("no number", ("amount_not_a_number",), but(usd="NaN"), ("usd",)),
    Fault("infinity", ("amount_not_a_number",), but(usd="inf"), ("usd",)),
    Fault("mills instead of cents", ("amount_too_precise",), but(usd="11.777"), ("usd",)),
    Fault("an amount that no integer holds", ("amount_out_of_range",), but(usd="9" * 30), ("usd",)),
    Fault("an amount just too large", ("amount_too_large",), but(usd="87960930222.08"), ("usd",)),
    Fault("a column too few", ("row_ragged",), lambda row: spaced(row).rsplit(b" ", 1)[0]),
    Fault("a column too many", ("row_ragged",), lambda row: spaced(row) + b" 7"),
    Fault("an id out of a spreadsheet", ("member_id_scientific",), but(customer="1.2E+04"), ("customer",)),
    Fault("an id without end", ("member_id_too_long",), but(customer="9" * 300), ("customer",)),
    Fault("a NUL byte", ("row_nul_byte",), lambda row: spaced(row).replace(b".", b"\0")),
    Fault("bytes that are no text", ("row_not_text",), lambda row: spaced(row) + b"\xff\xfe\xba"),
    Fault("a line of five megabytes", ("row_too_long",), lambda row: spaced(row) + b"7" * (5 << 20)),
    Fault("two fields changed places", ("time_unreadable",), lambda row: row | {"date": row["cds"], "cds": row["date"]}, ("date", "cds")),
]  # fmt: skip

# Complete Journey: typed, as Parquet holds it.
JOURNEY = [
    Fault("an amount below zero", ("purchase_negative",), but(sales_value=-1.39), ("sales_value",)),
    Fault("an amount that is missing", ("amount_missing",), but(sales_value=None), ("sales_value",)),
    Fault("no number", ("amount_not_a_number",), but(sales_value=math.nan), ("sales_value",)),
    Fault("infinity", ("amount_not_a_number",), but(sales_value=math.inf), ("sales_value",)),
    Fault("mills instead of cents", ("amount_too_precise",), but(sales_value=1.239), ("sales_value",)),
    Fault("an amount just too large", ("amount_too_large",), but(sales_value=87960930222.08), ("sales_value",)),
    Fault("a household that is missing", ("member_id_missing",), but(household_id=None), ("household_id",)),
    Fault("a time that is missing", ("time_missing",), but(transaction_timestamp=None), ("transaction_timestamp",)),
    Fault("a time in the future", ("time_in_future",), but(transaction_timestamp=datetime(2027, 1, 1, tzinfo=UTC).replace(tzinfo=None)), ("transaction_timestamp",)),
    Fault("a time before computers", ("time_out_of_range",), but(transaction_timestamp=datetime(1899, 12, 30, tzinfo=UTC).replace(tzinfo=None)), ("transaction_timestamp",)),
    Fault("amount and time missing", ("amount_missing", "time_missing"), but(sales_value=None, transaction_timestamp=None), ("sales_value", "transaction_timestamp")),
]  # fmt: skip

# Shopify's orders: JSON, one a line, nested.
ORDERS = [
    Fault("a line cut off", ("json_broken",), lambda row: line(row)[:-20]),
    Fault("NaN in JSON", ("json_not_finite",), lambda row: line(row | {"total_price": math.nan})),
    Fault("a key twice", ("json_duplicate_key",), lambda row: line(row)[:-1] + b', "id": 1}'),
    Fault("a list for an object", ("json_not_an_object",), lambda row: b"[7]"),
    Fault("an object too deep", ("json_too_deep",), lambda row: b'{"id":' * 5000 + b"1" + b"}" * 5000),
    Fault("a test order", ("not_accepted",), but(test=True), ("test",)),
    Fault("a guest", ("member_id_missing",), but(customer=None), ("customer.id",)),
    Fault("a customer's id as a float", ("member_id_scientific",), at("customer.id", 1.5e15), ("customer.id",)),
    Fault("a customer's id that is a list", ("member_id_unreadable",), at("customer.id", [7]), ("customer.id",)),
    Fault("a currency that nobody knows", ("currency_unknown",), but(currency="XTS"), ("currency",)),
    Fault("a currency that is missing", ("currency_missing",), but(currency=""), ("currency",)),
    Fault("a decimal comma", ("amount_decimal_comma",), but(total_price="12,50"), ("total_price",)),
    Fault("a total that is missing", ("amount_missing",), but(total_price=None), ("total_price",)),
    Fault("a total in words", ("amount_unreadable",), but(total_price="twelve"), ("total_price",)),
    Fault("a total with an exponent", ("amount_unreadable",), but(total_price="1e3"), ("total_price",)),
    Fault("a total below zero", ("purchase_negative",), but(total_price="-12.50"), ("total_price",)),
    Fault("an order without an id", ("event_id_missing",), without("id")),
    Fault("an order's id as a float", ("event_id_scientific", "order_id_scientific"), lambda row: row | {"id": float(row["id"])}),
    Fault("a time without a zone", ("time_without_zone",), lambda row: row | {"created_at": row["created_at"][:19]}, ("created_at",)),
    Fault("a zone that no place has", ("time_unreadable",), lambda row: row | {"created_at": row["created_at"][:19] + "+25:99"}, ("created_at",)),
    Fault("a time in the future", ("time_in_future",), but(created_at="2027-01-01T00:00:00Z"), ("created_at",)),
    Fault("a time that is missing", ("time_missing",), but(created_at=None), ("created_at",)),
]  # fmt: skip


def given(**changes: Any) -> Callable[[Row], Row]:
    """Change the one transaction of a refund."""
    return lambda row: row | {"transactions": [row["transactions"][0] | changes]}


# Shopify's refunds: one activity for each transaction in a list.
REFUNDS = [
    Fault("a transaction of another kind", ("kind_unknown", "member_missing"), given(kind="sale"), ("transactions.kind",)),
    Fault("a kind that is missing", ("kind_missing", "member_missing"), given(kind=None), ("transactions.kind",)),
    Fault("nothing given back", ("refund_not_positive",), given(amount="0.00"), ("transactions.amount",)),
    Fault("a refund below zero", ("refund_not_positive",), given(amount="-5.00"), ("transactions.amount",)),
    Fault("a refund without an amount", ("amount_missing",), given(amount=None), ("transactions.amount",)),
    Fault("a refund of no order", ("refund_without_order",), but(order_id=None), ("order_id",)),
    Fault("an order's id that is an object", ("order_id_unreadable",), but(order_id={"id": 7}), ("order_id",)),
    Fault("a transaction that failed", ("not_accepted",), given(status="failure"), ("transactions.status",)),
    Fault("a test transaction", ("not_accepted",), given(test=True), ("transactions.test",)),
    Fault("no list of transactions", ("records_missing",), but(transactions={"id": 7})),
]  # fmt: skip

# Referrals, surveys and shares in the native form, of the households of Complete Journey.
NATIVE = [
    Fault("who refers himself", ("self_referral",), lambda row: row | {"kind": "referral", "referred_id": row["member_id"]}, ("kind", "referred_id")),
    Fault("a referral of nobody", ("referred_missing",), but(kind="referral", referred_id=None), ("kind",)),
    Fault("a referred id as a float", ("referred_id_scientific",), but(kind="referral", referred_id=1.5e15), ("kind", "referred_id")),
    Fault("a referred id without end", ("referred_id_too_long",), but(kind="referral", referred_id="7" * 256), ("kind", "referred_id")),
    Fault("a kind that nobody knows", ("kind_unknown",), but(kind="gift"), ("kind",)),
    Fault("a member that is missing", ("member_id_missing",), but(member_id=""), ("member_id",)),
    Fault("another content under a known id", ("conflict",), but(amount="0.01"), extra=True),
]  # fmt: skip

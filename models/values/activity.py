"""An activity on its way in: what a mapping makes of one row."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What a member did."""

    PURCHASE = "purchase"
    REFUND = "refund"
    REFERRAL = "referral"
    SHARE = "share"
    REVIEW = "review"
    LOGIN = "login"
    PROFILE = "profile"
    SURVEY = "survey"
    REDEMPTION = "redemption"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One row of a source after its mapping: typed where it could be read, with its problems where not.

    `event_id` is None where the mapping makes ids from content (snapshot files): the store then
    numbers equal rows of one file and derives the key. `digest` is 16 bytes over the canonical typed
    fields. `raw` holds declared fields without personal ones; `person` holds the personal ones.
    """

    line: int
    source: str
    event_id: str | None
    digest: bytes
    kind: str | None
    member_id: UUID | None
    occurred_at: datetime | None
    amount_minor: int | None = None
    currency: str | None = None
    order_id: UUID | None = None
    referred_id: UUID | None = None
    verified: bool | None = None
    problems: tuple[str, ...] = ()
    raw: dict[str, str] = field(default_factory=dict)
    person: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that could not be told apart into fields at all: only its place and the reason are kept.

    `part` counts from 0 what came out of one line or document, records among it.
    """

    line: int
    reason: str
    part: int = 0

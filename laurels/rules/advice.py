"""Advice: what may be done with refused rows, by their reason."""

from typing import Final

from laurels.rules.reasons import CONFLICT
from models.values.problem import Problem, Refusal

_FIX: Final = "laurels quarantine fix --reason {reason} --transform"
_BY_FILE: Final = (
    "edit it: `laurels quarantine export FILE --reason {reason}`, then `laurels quarantine repair FILE`"
)
_SEND: Final = "mend the file and send it again (what came in of it is known), then dismiss these"
_PERSONAL: Final = (
    "take the ids from where the file came from: `laurels quarantine export FILE --reason {reason} --column COLUMN`, "
    "fill them in, `laurels quarantine repair FILE`"
)
_TRIM: Final = f"`{_FIX} trim:COLUMN` if it is white space"

_ADVICE: Final[dict[str, str]] = {
    CONFLICT: "if the file that came first was rejected, send this one again; else dismiss it, or send it under a new "
    "event id if it is another event",
    Problem.AMOUNT_DECIMAL_COMMA: f"`{_FIX} decimal-comma`; 1,234 is not guessed",
    Problem.AMOUNT_TOO_PRECISE: f"`{_FIX} decimal-comma` if the point is for thousands, else {_BY_FILE}",
    Problem.TIME_WITHOUT_ZONE: f"`{_FIX} zone=AREA/CITY`; give the mapping its zone for the files to come",
    Problem.TIME_UNREADABLE: f"`{_FIX} date-order=dmy` (or mdy) if it is 01/02/2026, else {_BY_FILE}",
    Problem.CURRENCY_MISSING: f"`{_FIX} currency=USD`, or whichever it was",
    Problem.CURRENCY_UNKNOWN: f"let the mapping accept it and `laurels quarantine replay --reason {{reason}}`; {_TRIM}",
    Problem.KIND_UNKNOWN: "teach the mapping the word and `laurels quarantine replay --reason {reason}`, or "
    f"`{_FIX} kind=WORD:WORD`",
    Problem.NOT_ACCEPTED: f"{_TRIM}, else dismiss it or let the mapping accept it",
    "time_in_future": "`laurels quarantine replay --reason {reason}` once that time has come",
    **dict.fromkeys(Refusal, _SEND),
    **{one: _SEND for one in Problem if one.startswith("event_id_")},
    **{one: _PERSONAL for one in Problem if one.startswith(("member_id_", "referred_id_"))},
    "member_missing": _PERSONAL,
    "referred_missing": _PERSONAL,
}


def advice(reason: str) -> str:
    """Return what may be done with rows that bear a reason; a rule that it does not know is edited by file."""
    return _ADVICE.get(reason, f"{_BY_FILE}; or dismiss").replace("{reason}", reason)

"""What each reason of the intake says to a person; the gate's own rules carry their sentences themselves."""

from typing import Final

from models.values.problem import Problem, Refusal

CONFLICT: Final = "conflict"

SENTENCES: Final[dict[str, str]] = {
    CONFLICT: "The same event id came earlier with other content; the first one stands.",
    Problem.EVENT_ID_MISSING: "The event has no id of its own.",
    Problem.EVENT_ID_SCIENTIFIC: "The event's id went through a spreadsheet and lost digits.",
    Problem.EVENT_ID_TOO_LONG: "The event's id is longer than 255 signs.",
    Problem.EVENT_ID_UNREADABLE: "The event's id is neither text nor a whole number.",
    Problem.MEMBER_ID_MISSING: "The row names no member.",
    Problem.MEMBER_ID_SCIENTIFIC: "The member's id went through a spreadsheet and lost digits.",
    Problem.MEMBER_ID_TOO_LONG: "The member's id is longer than 255 signs.",
    Problem.MEMBER_ID_UNREADABLE: "The member's id is neither text nor a whole number.",
    Problem.ORDER_ID_SCIENTIFIC: "The order's id went through a spreadsheet and lost digits.",
    Problem.ORDER_ID_TOO_LONG: "The order's id is longer than 255 signs.",
    Problem.ORDER_ID_UNREADABLE: "The order's id is neither text nor a whole number.",
    Problem.REFERRED_ID_SCIENTIFIC: "The referred person's id went through a spreadsheet and lost digits.",
    Problem.REFERRED_ID_TOO_LONG: "The referred person's id is longer than 255 signs.",
    Problem.REFERRED_ID_UNREADABLE: "The referred person's id is neither text nor a whole number.",
    Problem.KIND_MISSING: "The row does not say what was done.",
    Problem.KIND_UNKNOWN: "The mapping does not know this kind of activity.",
    Problem.TIME_MISSING: "The row does not say when.",
    Problem.TIME_UNREADABLE: "The time is not written as the mapping says.",
    Problem.TIME_WITHOUT_ZONE: "The time has no zone, and the mapping names none.",
    Problem.TIME_OUT_OF_RANGE: "The time lies before 1970 or after 2100.",
    Problem.TIME_IN_GAP: "The clock skipped this time when summer time began.",
    Problem.AMOUNT_UNREADABLE: "The amount is not a plain number.",
    Problem.AMOUNT_DECIMAL_COMMA: "The amount is written with a decimal comma: write 12.50.",
    Problem.AMOUNT_NOT_A_NUMBER: "The amount is NaN or infinite.",
    Problem.AMOUNT_TOO_PRECISE: "The amount has more decimals than its currency.",
    Problem.AMOUNT_OUT_OF_RANGE: "The amount is beyond 2^43 minor units.",
    Problem.CURRENCY_MISSING: "There is an amount and no currency.",
    Problem.CURRENCY_UNKNOWN: "The mapping does not accept this currency.",
    Problem.NOT_ACCEPTED: "A column holds a text that the mapping does not accept.",
    Refusal.RAGGED: "The line has more or fewer fields than the header.",
    Refusal.QUOTING: "The line's quotes are broken.",
    Refusal.NOT_TEXT: "The line is not in the file's encoding.",
    Refusal.NUL_BYTE: "The line holds a NUL byte.",
    Refusal.TOO_LONG: "The line is too long.",
    Refusal.FIELD_TOO_LONG: "A field is too long.",
    Refusal.VALUE_UNREADABLE: "A value is beyond what can be read: a time outside the years 1 to 9999, say.",
    Refusal.JSON_BROKEN: "The line, or the document that begins in it, is no complete JSON.",
    Refusal.JSON_TOO_DEEP: "The JSON is nested too deep.",
    Refusal.JSON_NOT_FINITE: "The JSON holds NaN or Infinity, which JSON does not have.",
    Refusal.JSON_DUPLICATE_KEY: "The JSON object has a key twice.",
    Refusal.JSON_NOT_AN_OBJECT: "The line is JSON, but not an object.",
    Refusal.RECORDS_MISSING: "The object lacks the list of records that the mapping names.",
}

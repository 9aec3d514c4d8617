"""Texts inside a value: those that PostgreSQL could not keep are found before a whole chunk fails by them."""

from laurels.stores.files.content import FIELD_LIMIT
from models.values.problem import Refusal


class RefusedError(ValueError):
    """The row is refused, for the reason given."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


def check_texts(value: object) -> None:
    """Raise RefusedError for a text, however deep, that is too long or holds a NUL or half a surrogate pair."""
    if isinstance(value, dict):
        for key, item in value.items():
            check_texts(key)
            check_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check_texts(item)
    elif isinstance(value, str):
        if len(value) > FIELD_LIMIT:
            raise RefusedError(Refusal.FIELD_TOO_LONG)
        if "\0" in value:
            raise RefusedError(Refusal.NUL_BYTE)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise RefusedError(Refusal.NOT_TEXT) from error

import io
from uuid import UUID

import pytest

from laurels.platforms.base import Discount
from laurels.platforms.console import ConsolePlatform
from models.values.outbox import Accepted

DISCOUNT = Discount(
    UUID("9d0e1f2a-0000-4000-8000-000000000001"), UUID("3f2a1b4c-0000-4000-8000-000000000001"), 20
)


def test_a_discount_begins_and_ends_in_a_line_each() -> None:
    stream = io.StringIO()
    platform = ConsolePlatform(stream)
    assert (platform.give(DISCOUNT), platform.end(DISCOUNT)) == (Accepted("written"), Accepted("written"))
    assert stream.getvalue().splitlines() == [
        "discount 20 % for member 3f2a1b4c (grant 9d0e1f2a)",
        "discount 20 % for member 3f2a1b4c (grant 9d0e1f2a) ended",
    ]


def test_without_a_stream_it_is_what_standard_output_is_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    ConsolePlatform().give(DISCOUNT)
    assert capsys.readouterr().out == "discount 20 % for member 3f2a1b4c (grant 9d0e1f2a)\n"

import io
from uuid import UUID

import pytest

from laurels.channels.base import Message
from laurels.channels.console import ConsoleChannel
from laurels.channels.registry import CHANNELS
from models.values.outbox import Accepted

MEMBER = UUID("3f2a1b4c-0000-4000-8000-000000000001")


def message(text: str) -> Message:
    return Message(UUID(int=7), MEMBER, text)


def test_one_line_a_message_names_the_member_by_the_short_id_only() -> None:
    stream = io.StringIO()
    channel = ConsoleChannel(stream)
    assert channel.send(message("Congrats! You're now #3.")) == Accepted("written")
    channel.send(message("20% für dich \N{PARTY POPPER}"))
    assert stream.getvalue() == (
        "to member 3f2a1b4c: Congrats! You're now #3.\nto member 3f2a1b4c: 20% für dich \N{PARTY POPPER}\n"
    )


@pytest.mark.parametrize("control", ["\n", "\r\n", "\x1b", "\x07", "\x7f", "\x9b", "\u2028", "\x85"])
def test_a_text_neither_breaks_the_line_nor_steers_the_terminal(control: str) -> None:
    stream = io.StringIO()
    ConsoleChannel(stream).send(message(f"a{control}b"))
    assert stream.getvalue() == f"to member 3f2a1b4c: a{' ' * len(control)}b\n"


def test_without_a_stream_it_is_what_standard_output_is_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    channel = CHANNELS["console"]()
    channel.send(message("hello"))
    assert capsys.readouterr().out == "to member 3f2a1b4c: hello\n"


def test_every_channel_is_registered_under_its_own_name() -> None:
    assert {name: make().name for name, make in CHANNELS.items()} == {name: name for name in CHANNELS}

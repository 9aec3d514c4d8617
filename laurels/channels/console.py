"""The console as a channel: one line a message, so that a clone works from end to end without an account."""

import sys
from dataclasses import dataclass
from typing import TextIO

from laurels.channels.base import Message
from models.values.outbox import Accepted, Outcome

_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
"""A text is a marketer's: it may neither break the line nor steer the terminal."""


@dataclass(frozen=True, slots=True)
class ConsoleChannel:
    """Writes to the stream, or to what is standard output at that moment. Knows members by id only."""

    stream: TextIO | None = None
    name: str = "console"

    def send(self, message: Message) -> Outcome:
        """Write `to member 3f2a1b4c: Congrats! ...` and hand it to the system at once."""
        line = f"to member {str(message.member_id)[:8]}: {message.text.translate(_CONTROLS)}"
        print(line, file=self.stream or sys.stdout, flush=True)
        return Accepted("written")

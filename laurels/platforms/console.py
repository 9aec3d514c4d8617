"""The console as a platform: one line a push."""

import sys
from dataclasses import dataclass
from typing import TextIO

from laurels.platforms.base import Discount
from models.values.outbox import Accepted, Outcome


@dataclass(frozen=True, slots=True)
class ConsolePlatform:
    """Writes to the stream, or to what is standard output at that moment."""

    stream: TextIO | None = None

    def give(self, discount: Discount) -> Outcome:
        """Write `discount 20 % for member 3f2a1b4c (grant 9d0e1f2a)`."""
        return self._write(discount, "")

    def end(self, discount: Discount) -> Outcome:
        """Write `discount 20 % for member 3f2a1b4c (grant 9d0e1f2a) ended`."""
        return self._write(discount, " ended")

    def _write(self, discount: Discount, ending: str) -> Outcome:
        member, grant = str(discount.member_id)[:8], str(discount.grant_id)[:8]
        line = f"discount {discount.percent} % for member {member} (grant {grant}){ending}"
        print(line, file=self.stream or sys.stdout, flush=True)
        return Accepted("written")

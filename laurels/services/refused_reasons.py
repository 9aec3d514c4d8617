"""What was refused of one file, by reason: of all its rows, not of the first that are listed."""

from dataclasses import dataclass

from laurels.services.refusals import sentence
from laurels.services.runtime import Runtime
from laurels.stores import refused

PLACES = 5


@dataclass(frozen=True, slots=True)
class RefusedReason:
    """One reason, in words for programs and for people, with the number of open rows and the first lines of them."""

    reason: str
    sentence: str
    rows: int
    first_lines: tuple[int, ...]

    def places(self) -> str:
        """Return the first lines as they are shown."""
        shown = ", ".join(map(str, self.first_lines))
        return f"{shown}, ..." if self.rows > len(self.first_lines) else shown


def refused_reasons(runtime: Runtime, intake_id: int) -> list[RefusedReason]:
    """Return the reasons of one file, the most frequent first; a row with two reasons counts in both."""
    with runtime.database.transaction() as session:
        found = refused.reasons_of(session, intake_id, PLACES)
    return [RefusedReason(reason, sentence(reason), rows, tuple(lines)) for reason, rows, lines in found]

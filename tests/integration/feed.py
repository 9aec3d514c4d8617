"""A shop's feed: one file a day of a mapping of our own, honest by default, with whatever fault a test plants."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from laurels.services import intake
from laurels.services.intake import IntakeReport
from laurels.services.runtime import Runtime

MAPPING = """
mapping: feed
format: {type: csv}
id: {column: id}
kind: {column: what, values: {sale: purchase, visit: login}}
member: {column: who}
occurred_at: {column: at, zone: America/New_York}
amount: {column: paid, currency: {column: currency}, currencies: [USD, EUR]}
order: {column: basket}
personal: {email: email}
attributes: {channel: channel, note: note}
optional: [paid, currency, basket, email, channel, note]
"""
COLUMNS = ("id", "what", "who", "at", "paid", "currency", "basket", "email", "channel", "note")
MONDAY = datetime(2026, 9, 7, 10, tzinfo=UTC)
Row = dict[str, str]
Change = Callable[[int, Row], None]


@dataclass
class Feed:
    """Files of one source. Rows of day n are made by a generator seeded with n, so that a test can be run again."""

    runtime: Runtime
    folder: Path
    bounds: str = ""
    source: str = "shop"
    rows: int = 400
    columns: Sequence[str] = COLUMNS
    mapping: str = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder / "feed.yaml"
        path.write_text(MAPPING + self.bounds)
        self.mapping = str(path)

    def day(self, number: int) -> list[Row]:
        """Rows of one honest day: some noise in how many, in what, and in what was paid."""
        chance = random.Random(number)
        day = MONDAY + timedelta(days=number)
        count = self.rows + chance.randrange(-self.rows // 20, self.rows // 20)
        return [
            self._row(f"{number}-{line}", day - timedelta(seconds=chance.randrange(20_000)), chance)
            for line in range(count)
        ]

    def _row(self, name: str, at: datetime, chance: random.Random) -> Row:
        sale = chance.random() < 0.7
        return {
            "id": name,
            "what": "sale" if sale else "visit",
            "who": f"m{chance.randrange(500)}",
            "at": at.isoformat(),
            "paid": f"{chance.lognormvariate(3, 0.8):.2f}" if sale else "",
            "currency": chance.choices(("USD", "EUR"), (9, 1))[0] if sale else "",
            "basket": f"b{name}" if sale else "",
            "email": f"{name}@example.org" if chance.random() < 0.8 else "",
            "channel": chance.choices(("web", "app", "shop"), (6, 3, 1))[0],
            "note": f"note {name}",
        }

    def send(
        self,
        number: int,
        change: Change | None = None,
        *,
        rows: Sequence[Row] | None = None,
        columns: Sequence[str] | None = None,
        renamed: dict[str, str] | None = None,
        name: str | None = None,
    ) -> IntakeReport:
        """Send the file of a day, each of its rows changed by the fault."""
        found = list(self.day(number) if rows is None else rows)
        for line, row in enumerate(found):
            if change is not None:
                change(line, row)
        header = list(columns or self.columns)
        path = self.folder / (name or f"day-{number}.csv")
        shown = [(renamed or {}).get(column, column) for column in header]
        lines = [",".join(shown), *(",".join(row.get(column, "") for column in header) for row in found)]
        path.write_text("\n".join(lines) + "\n")
        return intake.ingest_file(
            self.runtime,
            path,
            source=self.source,
            mapping=self.mapping,
            as_of=MONDAY + timedelta(days=number),
        )

    def days(self, first: int, last: int) -> list[IntakeReport]:
        return [self.send(number) for number in range(first, last)]

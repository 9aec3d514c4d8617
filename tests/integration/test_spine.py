"""The whole path, from a file to a message owed, on the sample program's own numbers."""

from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import select

from laurels.services import boards, versions
from laurels.services.runtime import Runtime
from models.outbox import Delivery, Push
from models.points import Award
from tests.integration.activity import purchase, referral, run_rows, share

SUMMER = Path("deployments/programs/summer-race.yaml")
JUNE = datetime(2026, 6, 20, tzinfo=UTC)


def test_the_mission_s_example_is_told_in_its_own_words(runtime: Runtime, tmp_path: Path) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC))
    rows = [purchase("p1", "ada", "12.59"), share("s1", "ada")]
    rows += [
        referral(f"r{member}{n}", member, f"{member}-friend-{n}")
        for member, count in (("ada", 1), ("bob", 3), ("cyd", 2))
        for n in range(count)
    ]
    report = run_rows(runtime, tmp_path, rows)
    assert (report.passed, report.quarantined, report.points) == (8, 0, 125 + 5 + 600)
    owed = boards.reconcile_boards(runtime, as_of=JUNE)
    assert (owed.granted, owed.pushes, owed.deliveries, owed.unpublished) == (3, 3, 3, 0)
    ranking = boards.top(runtime, "summer-race", "referrals", "season", as_of=JUNE)
    assert [(row.rank, row.score, row.percent) for row in ranking] == [(1, 3, 30), (2, 2, 20), (3, 1, 20)]
    with runtime.database.transaction() as session:
        texts = {delivery.values["rank"]: delivery.text for delivery in session.exec(select(Delivery)).all()}
        assert len(session.exec(select(Push)).all()) == 3
        assert sorted((award.rule, award.points) for award in session.exec(select(Award)).all()) == [
            ("purchase", 125),
            *[("referral", 100)] * 6,
            ("share", 5),
        ]
    assert texts[3] == (
        "Congrats! You're now #3 on our referral leaderboard and unlocked a 20% discount. Keep referring to climb higher!"
    )

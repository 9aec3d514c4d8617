"""Whether the parts of a program agree with one another. Each check yields all it finds; none raises."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from laurels.rules.findings import Finding, Place
from models.values.activity import Kind
from models.values.boards import CountMetric, Window
from models.values.earning import EarningRule, Rounding
from models.values.messages import placeholders
from models.values.money import MOST_MINOR, to_minor
from models.values.program import Program
from models.values.rewards import AmountOff

MOST_EXACT: Final = 2**53
"""Redis keeps a score as a double, exact below this."""
COUNTED: Final = frozenset({Kind.REFERRAL, Kind.SHARE, Kind.REVIEW, Kind.LOGIN, Kind.PROFILE, Kind.SURVEY})
PRICED: Final = frozenset({Kind.PURCHASE})


def lint_program(program: Program) -> list[Finding]:
    """Return everything that makes the program say what nobody can mean, in the file's order of sections."""
    checks = (_season, _earning, _money, _boards, _tiers, _messages, _names)
    return [finding for check in checks for finding in check(program)]


def _season(program: Program) -> Iterator[Finding]:
    if program.season is None or program.season_bounds is None:
        return
    starts, ends = program.season_bounds
    if ends <= starts:
        reason = (
            f"the season ends at {program.season.ends} and starts at {program.season.starts}: not after it"
        )
        yield Finding(("season", "ends"), reason)
    for name, local, instant in (
        ("starts", program.season.starts, starts),
        ("ends", program.season.ends, ends),
    ):
        if fault := _clock_fault(program, local, instant):
            yield Finding(("season", name), f"{local} {fault} in {program.time_zone}: the clocks change")


def _clock_fault(program: Program, local: date, instant: datetime) -> str | None:
    """Say how a local time fails to name one instant. A date never does: it means the day's first moment."""
    if not isinstance(local, datetime):
        return None
    if instant.astimezone(program.zone).replace(tzinfo=None) != local:
        return "does not exist"
    second = local.replace(tzinfo=program.zone, fold=1).astimezone(UTC)
    return None if second == instant else "happens twice"


def _earning(program: Program) -> Iterator[Finding]:
    if not program.earning and not program.boards:
        yield Finding((), "the program does nothing: it needs earning or boards")
    for position, rule in enumerate(program.earning):
        for field, reason in _earning_faults(rule):
            yield Finding(("earning", position, field), reason)


def _earning_faults(rule: EarningRule) -> Iterator[tuple[str, str]]:
    rate = rule.points_per_unit
    if rate is not None and rule.on not in PRICED:
        yield "points_per_unit", f"a {rule.on} has no amount: give points"
    if rate is not None and rate * MOST_MINOR >= MOST_EXACT:
        yield "points_per_unit", f"{rate} points per unit can pass 2^53 for an amount of 2^43 minor units"
    if rule.rounding is Rounding.CARRY and rate is None:
        yield "rounding", "carry needs points_per_unit: fixed points have no remainder"
    if rule.rounding is Rounding.CARRY and rule.cap:
        yield (
            "rounding",
            "carry cannot be combined with a cap: what is cut off would come back as a remainder",
        )
    award = rate or rule.points or 0
    if rule.cap and rule.cap.points < award:
        unit = "one unit" if rate else "one award"
        yield "cap", f"a cap of {rule.cap.points} is below {unit} of {award}: it could never be paid whole"


def _money(program: Program) -> Iterator[Finding]:
    yield from _inexact(("points_value", "worth"), program.points_value.worth, program)
    for position, reward in enumerate(program.rewards):
        if isinstance(reward.benefit, AmountOff):
            yield from _inexact(("rewards", position, "benefit", "amount"), reward.benefit.amount, program)


def _inexact(place: Place, amount: Decimal, program: Program) -> Iterator[Finding]:
    try:
        to_minor(amount, program.currency)
    except ValueError as error:
        yield Finding(place, str(error))


def _boards(program: Program) -> Iterator[Finding]:
    for position, board in enumerate(program.boards):
        metric = board.metric
        if isinstance(metric, CountMetric) and metric.count not in COUNTED:
            reason = f"{metric.count} is not counted but summed: {{sum: amount, of: purchase, net: refunds}}"
            yield Finding(("boards", position, "metric", "count"), reason)
        if Window.SEASON in board.windows and program.season is None:
            yield Finding(("boards", position, "windows"), "a season window needs a season")


def _tiers(program: Program) -> Iterator[Finding]:
    if program.tiers is None:
        return
    boards = {board.board: board for board in program.boards}
    board = boards.get(program.tiers.board_name)
    if board is None:
        known = ", ".join(sorted(boards)) or "none"
        yield Finding(("tiers", "board"), f"no board is called {program.tiers.board_name}: there are {known}")
    elif program.tiers.window not in board.windows:
        reason = (
            f"board {board.board} has no {program.tiers.window} window: it has {', '.join(board.windows)}"
        )
        yield Finding(("tiers", "board"), reason)
    for position, (better, worse) in enumerate(pairwise(program.tiers.ranks), start=1):
        if worse.percent > better.percent:
            reason = (
                f"ranks to {worse.to} get {worse.percent} %, more than better ranks with {better.percent} %"
            )
            yield Finding(("tiers", "ranks", position, "percent"), reason)


def _messages(program: Program) -> Iterator[Finding]:
    text = program.messages.rank_change
    if text is not None and program.tiers is None and "percent" in placeholders(text):
        yield Finding(("messages", "rank_change"), "{percent} has no value: the program has no tiers")


def _names(program: Program) -> Iterator[Finding]:
    yield from _twice("earning", "rule", (rule.rule for rule in program.earning))
    yield from _twice("rewards", "reward", (reward.reward for reward in program.rewards))
    yield from _twice("boards", "board", (board.board for board in program.boards))


def _twice(section: str, field: str, names: Iterable[str]) -> Iterator[Finding]:
    seen: set[str] = set()
    for position, name in enumerate(names):
        if name in seen:
            yield Finding((section, position, field), f"{name} is already the name of another {field}")
        seen.add(name)

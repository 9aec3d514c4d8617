"""Members: what one has in every program, by the shop's own id."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session, col, select

from laurels.clock import business_time
from laurels.errors import NotFoundError
from laurels.rules.identity import member_ids
from laurels.services import board_views
from laurels.services.boards import find_window
from laurels.services.runtime import Runtime
from laurels.stores import points, programs
from laurels.stores.programs import StoredProgram
from models.activity import Activity
from models.grants import TierGrant
from models.values.program import Program


@dataclass(frozen=True, slots=True)
class MemberProgram:
    """One member in one program. `worth` is in the program's currency."""

    program: str
    points: int
    worth: str
    next_reward: str | None
    ranks: tuple[str, ...]
    percent: int | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """One member, by the opaque id."""

    member_id: UUID
    programs: tuple[MemberProgram, ...]


def member_view(
    runtime: Runtime, *, source: str, external_id: str, as_of: datetime | None = None
) -> MemberView:
    """Return points, worth, next reward, ranks and discount. Raises NotFoundError for a member without activity."""
    now = business_time(as_of, runtime.settings.as_of)
    member_id = member_ids(source, runtime.keys.member_id)(external_id)
    with runtime.database.transaction() as session:
        if session.exec(select(Activity.id).where(Activity.member_id == member_id).limit(1)).first() is None:
            raise NotFoundError(f"nobody with that id of source {source} has done anything here")
        found = [
            _in_program(runtime, session, program, member_id, now)
            for program in programs.stored_programs(session)
        ]
    return MemberView(member_id, tuple(found))


def _in_program(
    runtime: Runtime, session: Session, program: StoredProgram, member_id: UUID, now: datetime
) -> MemberProgram:
    balance, rules = points.balance(session, program.id, member_id), program.rules(now)
    grant = session.exec(
        select(TierGrant)
        .where(TierGrant.program_id == program.id, TierGrant.member_id == member_id)
        .where(col(TierGrant.ended_at).is_(None))
    ).first()
    return MemberProgram(
        program.name,
        balance,
        _worth(rules, balance),
        _next_reward(rules, balance),
        tuple(_ranks(runtime, session, program, member_id, now)),
        grant.percent if grant else None,
    )


def _worth(program: Program, balance: int) -> str:
    value = program.points_value
    minor = balance * value.worth.scaleb(program.minor_digits) / value.points
    return f"{Decimal(int(minor)).scaleb(-program.minor_digits)} {program.currency}"


def _next_reward(program: Program, balance: int) -> str | None:
    ahead = sorted((reward.points, reward.reward) for reward in program.rewards if reward.points > balance)
    return f"{ahead[0][1]} in {ahead[0][0] - balance:,} points" if ahead else None


def _ranks(
    runtime: Runtime, session: Session, program: StoredProgram, member_id: UUID, now: datetime
) -> list[str]:
    found = []
    for board in program.rules(now).boards:
        for period in board.windows:
            try:
                window = find_window(session, program, board.board, period.value, now)
            except NotFoundError:
                continue
            rank = board_views.rank(runtime, session, window, member_id)
            if rank is not None:
                found.append(f"#{rank} {board.board}/{period.value}")
    return found

"""Boards in Redis: a view that may be lost at any moment, written whole or not at all, never by a stale writer.

A board is a sorted set of `standings.composite` numbers, ascending, beside a note of the token and pass that wrote it,
both under the name that its window has (`BoardWindow.view`).
A pass's changes go in only on top of the pass before; otherwise the board is built anew under another key and renamed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from laurels.errors import TransientError, UnreachableError

_CHUNK = 5_000
_TIMEOUT_SECONDS = 5
_FRESH_SECONDS = 3600
_DONE = "done"

# ARGV: token, pass, then member and score ('' removes) in turn.
_CHANGE = """
local token, pass = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[2], 'token', 'pass')
if not known[1] or tonumber(known[2]) ~= pass - 1 then return 'gap' end
if tonumber(known[1]) > token then return 'stale' end
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('ZREM', KEYS[1], ARGV[i])
  else redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i]) end
end
redis.call('HSET', KEYS[2], 'token', token, 'pass', pass)
return 'done'
"""
# ARGV: token, pass, number of members that the new board must have.
_REPLACE = """
local token, pass, size = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[2], 'token', 'pass')
if known[1] and (tonumber(known[1]) > token or tonumber(known[2]) > pass) then
  redis.call('DEL', KEYS[3])
  return 'stale'
end
if redis.call('ZCARD', KEYS[3]) ~= size then return 'gap' end
if size > 0 then
  redis.call('RENAME', KEYS[3], KEYS[1])
  redis.call('PERSIST', KEYS[1])
else redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[2], 'token', token, 'pass', pass)
return 'done'
"""
# ARGV: token, pass as they were read.
_FORGET = """
local known = redis.call('HMGET', KEYS[2], 'token', 'pass')
if known[1] == ARGV[1] and known[2] == ARGV[2] then redis.call('DEL', KEYS[1], KEYS[2]) end
"""


@dataclass(frozen=True, slots=True)
class Note:
    """Which pass a board shows, and by what fencing token it was written."""

    token: int
    number: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A member's place in a board: rank from 1, and the composite number that put it there."""

    member_id: UUID
    rank: int
    number: int


class BoardViews:
    """The door to Redis. Raises UnreachableError with host and port where there is none."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._place = f"Redis at {parts.hostname}:{parts.port or 6379}"
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            decode_responses=True,
        )
        self._change = self._redis.register_script(_CHANGE)
        self._replace = self._redis.register_script(_REPLACE)
        self._forget = self._redis.register_script(_FORGET)

    def passes(self, windows: Sequence[UUID]) -> dict[UUID, int | None]:
        """Return the pass that each board shows, None where Redis has no such board."""
        with _door(self._place):
            pipe = self._redis.pipeline(transaction=False)
            for window in windows:
                pipe.hget(_note(window), "pass")
            answers = pipe.execute()
        return {window: None if a is None else int(a) for window, a in zip(windows, answers, strict=True)}

    def note(self, window: UUID) -> Note | None:
        """Return what a board says of its writer, None where Redis has no such board."""
        with _door(self._place):
            found: Any = self._redis.hmget(_note(window), "token", "pass")
        return None if None in found else Note(*(int(number) for number in found))

    def forget(self, window: UUID, note: Note) -> None:
        """Take a board away, unless somebody has written it since the note was read."""
        with _door(self._place):
            self._forget(keys=[_board(window), _note(window)], args=[note.token, note.number])

    def change(self, window: UUID, token: int, number: int, scores: Mapping[UUID, int | None]) -> bool:
        """Write one pass's changes; False where the board does not stand at the pass before (build it anew)."""
        if len(scores) > _CHUNK:
            return False
        pairs = [
            part for member, score in scores.items() for part in (str(member), "" if score is None else score)
        ]
        with _door(self._place):
            return bool(
                self._change(keys=[_board(window), _note(window)], args=[token, number, *pairs]) == _DONE
            )

    def replace(self, window: UUID, token: int, number: int, scores: Iterable[tuple[UUID, int]]) -> bool:
        """Build the board under another key and put it in place at once; False where a newer one stands."""
        fresh = f"{_board(window)}:{token}:{number}"
        size, rows = 0, iter(scores)
        with _door(self._place):
            self._redis.delete(fresh)
            while chunk := {str(member): score for member, score in islice(rows, _CHUNK)}:
                self._redis.zadd(fresh, chunk)
                size += len(chunk)
            self._redis.expire(fresh, _FRESH_SECONDS)  # what nobody puts in place goes by itself
            keys = [_board(window), _note(window), fresh]
            return bool(self._replace(keys=keys, args=[token, number, size]) == _DONE)

    def top(self, window: UUID, limit: int) -> list[Ranked]:
        """Return the first ranks of a board."""
        with _door(self._place):
            rows: list[Any] = list(self._redis.zrange(_board(window), 0, limit - 1, withscores=True))
        return [Ranked(UUID(member), rank, int(score)) for rank, (member, score) in enumerate(rows, start=1)]

    def everyone(self, window: UUID) -> Iterator[Ranked]:
        """Yield all places of a board in order; a writer in between may show a place twice or not at all."""
        start = 0
        while rows := self._page(window, start):
            yield from rows
            start += len(rows)

    def _page(self, window: UUID, start: int) -> list[Ranked]:
        with _door(self._place):
            found = self._redis.zrange(_board(window), start, start + _CHUNK - 1, withscores=True)
        rows: list[Any] = list(found)
        return [
            Ranked(UUID(member), start + n, int(score)) for n, (member, score) in enumerate(rows, start=1)
        ]

    def rank(self, window: UUID, member_id: UUID) -> Ranked | None:
        """Return a member's place, None where the board does not have it."""
        with _door(self._place):
            found: Any = self._redis.zrank(_board(window), str(member_id), withscore=True)
        return None if found is None else Ranked(member_id, int(found[0]) + 1, int(float(found[1])))

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()


class _door:  # noqa: N801  # a context manager that reads as a word
    """Turn the vendor's errors into ours."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        """Nothing to open: the client connects by itself."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, RedisConnectionError | RedisTimeoutError):
            raise UnreachableError(f"{self._place} cannot be reached") from error
        if isinstance(error, RedisError):
            raise TransientError(f"{self._place}: {type(error).__name__}") from error


def _board(window: UUID) -> str:
    return f"laurels:board:{{{window}}}"


def _note(window: UUID) -> str:
    return f"laurels:board:{{{window}}}:note"

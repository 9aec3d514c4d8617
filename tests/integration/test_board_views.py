"""Boards in Redis: whole writes only, on top of the pass before, never by a stale writer."""

from typing import Any
from uuid import UUID

import pytest

from laurels.embedded import Servers
from laurels.errors import UnreachableError
from laurels.services.runtime import Runtime
from laurels.stores.board_views import BoardViews, Note

ADA, BOB, CYD = (UUID(int=n) for n in range(1, 4))
WEEK, MONTH = UUID(int=7), UUID(int=8)


@pytest.fixture
def views(runtime: Runtime) -> BoardViews:
    return runtime.views


def shown(views: BoardViews) -> list[tuple[UUID, int, int]]:
    return [(place.member_id, place.rank, place.number) for place in views.top(WEEK, 10)]


def test_a_board_is_put_in_place_whole(views: BoardViews) -> None:
    assert views.replace(WEEK, token=1, number=3, scores=[(ADA, -20), (BOB, -30)])
    assert shown(views) == [(BOB, 1, -30), (ADA, 2, -20)]
    assert views.passes([WEEK, MONTH]) == {WEEK: 3, MONTH: None}


def test_changes_go_on_top_of_the_pass_before(views: BoardViews) -> None:
    views.replace(WEEK, 1, 3, [(ADA, -20), (BOB, -30)])
    assert views.change(WEEK, token=1, number=4, scores={ADA: -40, BOB: None, CYD: -10})
    assert shown(views) == [(ADA, 1, -40), (CYD, 2, -10)]


def test_a_board_in_place_stays_though_its_writer_dies_at_once(
    views: BoardViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key under which it was built would go after an hour; nothing that came later could take that back."""
    put = views._replace

    def dies(**given: Any) -> None:
        put(**given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(views, "_replace", dies)
        views.replace(WEEK, 1, 3, [(ADA, -20)])
    assert views.passes([WEEK]) == {WEEK: 3}
    assert views._redis.ttl(f"laurels:board:{{{WEEK}}}") == -1


@pytest.mark.parametrize("number", [3, 5, 9])
def test_a_gap_or_a_repeat_is_refused_whole(views: BoardViews, number: int) -> None:
    views.replace(WEEK, 1, 3, [(ADA, -20)])
    assert not views.change(WEEK, token=1, number=number, scores={ADA: -99, BOB: -99})
    assert shown(views) == [(ADA, 1, -20)]


def test_a_stale_writer_is_refused(views: BoardViews) -> None:
    views.replace(WEEK, token=5, number=3, scores=[(ADA, -20)])
    assert not views.change(WEEK, token=4, number=4, scores={ADA: -99})
    assert not views.replace(WEEK, token=4, number=4, scores=[(ADA, -99)])
    assert not views.replace(WEEK, token=5, number=2, scores=[(ADA, -99)])
    assert shown(views) == [(ADA, 1, -20)]


def test_a_board_is_forgotten_as_it_was_read_only(views: BoardViews) -> None:
    views.replace(WEEK, token=5, number=3, scores=[(ADA, -20)])
    read = views.note(WEEK)
    assert read == Note(token=5, number=3)
    views.change(WEEK, token=6, number=4, scores={BOB: -30})
    views.forget(WEEK, read)
    assert len(shown(views)) == 2
    views.forget(WEEK, Note(token=6, number=4))
    assert (views.note(WEEK), shown(views)) == (None, [])


def test_nothing_is_written_on_a_board_that_is_gone(views: BoardViews, runtime: Runtime) -> None:
    views.replace(WEEK, 1, 3, [(ADA, -20)])
    runtime.views._redis.flushdb()
    assert not views.change(WEEK, token=1, number=4, scores={ADA: -99})
    assert shown(views) == []


def test_an_empty_board_replaces_a_full_one(views: BoardViews) -> None:
    views.replace(WEEK, 1, 3, [(ADA, -20)])
    assert views.replace(WEEK, 1, 4, [])
    assert shown(views) == []
    assert views.passes([WEEK]) == {WEEK: 4}


def test_a_board_larger_than_a_chunk(views: BoardViews) -> None:
    assert views.replace(WEEK, 1, 1, ((UUID(int=n), -n) for n in range(1, 12_001)))
    assert views.rank(WEEK, UUID(int=12_000)) is not None
    assert [place.number for place in views.top(WEEK, 2)] == [-12_000, -11_999]
    assert views.rank(WEEK, UUID(int=99_999)) is None
    leftovers = [key for key in views._redis.keys("laurels:*") if key.count(":") > 3]
    assert leftovers == []


def test_ties_of_one_second_go_by_member_id(views: BoardViews) -> None:
    views.replace(WEEK, 1, 1, [(CYD, -20), (ADA, -20), (BOB, -20)])
    assert [place.member_id for place in views.top(WEEK, 3)] == [ADA, BOB, CYD]


def test_an_unreachable_redis_is_one_line_without_the_password(servers: Servers) -> None:
    del servers
    views = BoardViews("redis://:secret@127.0.0.1:1/0")
    with pytest.raises(UnreachableError, match=r"^Redis at 127\.0\.0\.1:1 cannot be reached$"):
        views.top(WEEK, 10)
    views.close()

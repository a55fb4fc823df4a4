"""Who gets a place in a full room, and what is counted for whom."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.room.limits import LIMITS, Counted, Limits, Place, Places, RefusalError

FULL = "full"


def place(whose: str, rank: int = 0) -> Place:
    return Place(whose=whose, rank=rank, event=asyncio.Event())


def test_a_full_house_refuses_and_takes_again_once_somebody_left() -> None:
    places = Places(2, 5, lambda: FULL)
    first, second = place("first", 1), place("second", 2)
    places.take(first)
    places.take(second)
    with pytest.raises(RefusalError) as refused:
        places.take(place("third", 3))
    assert (refused.value.status, refused.value.sentence, refused.value.retry_s) == (503, FULL, 30)
    assert (len(places), len(places.owners), first.given_up, second.given_up) == (2, 2, False, False)
    places.leave(second)
    places.take(place("third", 3))
    assert len(places) == 2


def test_who_has_several_windows_gives_one_up_to_who_has_none() -> None:
    places = Places(3, 5, lambda: FULL)
    held = [place("greedy", 1), place("greedy", 1), place("modest", 2)]
    for taken in held:
        places.take(taken)
    newcomer = place("newcomer", 9)
    places.take(newcomer)
    assert [taken.given_up for taken in held] == [True, False, False]
    assert held[0].event.is_set()
    with pytest.raises(RefusalError):  # now everybody has one
        places.take(place("another", 10))
    places.leave(held[0])  # its stream ends only now: nothing is freed twice
    assert (len(places), len(places.owners)) == (3, 3)


def test_among_those_with_as_many_windows_who_was_here_before_comes_first() -> None:
    places = Places(2, 5, lambda: FULL)
    old, new = place("old", 5), place("new", 900)
    places.take(old)
    places.take(new)
    places.take(place("oldest", 1))
    assert (old.given_up, new.given_up) == (False, True)
    with pytest.raises(RefusalError):
        places.take(place("new", 900))


def test_nobody_has_more_windows_than_the_limit() -> None:
    places = Places(10, 2, lambda: FULL)
    for _ in range(2):
        places.take(place("greedy"))
    with pytest.raises(RefusalError) as refused:
        places.take(place("greedy"))
    assert refused.value.status == 429


@pytest.mark.parametrize("counted", list(Counted))
def test_what_one_does_too_often_is_refused_to_them_alone_until_their_window_has_passed(counted: Counted) -> None:
    moment = 0
    limits = Limits(lambda: moment)
    first = LIMITS[counted][0]
    for _ in range(first.count):
        limits.count(counted, "flood")
    with pytest.raises(RefusalError) as refused:
        limits.count(counted, "flood")
    assert (refused.value.status, refused.value.retry_s) == (429, first.window_ms // 1_000)
    limits.count(counted, "somebody else")
    moment = first.window_ms
    limits.count(counted, "flood")

"""Threads over a lazy list: bounded, and an error in one of them is the caller's error."""

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from knothole_client.parallel import run
from knothole_keys.errors import Refused


def test_every_item_is_done_once():
    done: list[int] = []
    run(range(100), done.append, 4)
    assert sorted(done) == list(range(100))


def test_the_list_is_never_far_ahead_of_the_work():
    made, done = itertools.count(1), itertools.count(1)
    ahead: list[int] = []
    lock, counts = threading.Lock(), [0, 0]

    def items() -> Iterator[int]:
        for i in range(60):
            counts[0] = next(made)
            ahead.append(counts[0] - counts[1])
            yield i

    def work(_: int) -> None:
        time.sleep(0.001)
        with lock:
            counts[1] = next(done)

    run(items(), work, 3)
    assert max(ahead) <= 3 + 1


def test_the_first_refusal_stops_the_rest():
    done: list[int] = []

    def work(item: int) -> None:
        if item == 3:
            raise Refused("No.")
        time.sleep(0.01)
        done.append(item)

    with pytest.raises(Refused, match=r"No\."):
        run(range(1000), work, 3)
    assert len(done) < 20


def test_an_error_in_the_list_itself_is_raised():
    def items() -> Iterator[int]:
        yield 1
        raise Refused("The file changed.")

    with pytest.raises(Refused, match="changed"):
        run(items(), lambda _: None, 2)

"""Asking which boxes the server does not have yet (SPEC section 12): how an interrupted submission goes on."""

import itertools
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from knothole_client.http import Connection, refusal
from knothole_keys.box import ID

T = TypeVar("T")
IDS = 1024
BITMAP = IDS // 8


def stored(connection: Connection, epoch: int, ids: Sequence[bytes]) -> list[bool]:
    """For each of at most 1024 ids, whether the server has it. An epoch that the server does not keep has none.

    The ids stand in random places among random ones, so that the question does not show how many boxes there are; none at
    all is the question of a new source, who must look like a returning one.
    """
    asked = [*ids, *(os.urandom(ID) for _ in range(IDS - len(ids)))]
    order = list(range(IDS))
    secrets.SystemRandom().shuffle(order)
    content = epoch.to_bytes(4, "big") + b"".join(asked[i] for i in order)
    headers = {"Content-Type": "application/octet-stream"}
    answer = connection.persist("POST", "/boxes/missing", content=content, headers=headers, limit=BITMAP)
    if answer.status in (404, 409):
        return [False] * len(ids)
    if answer.status != 200 or len(answer.body) != BITMAP:
        raise refusal(answer, "The question which boxes are missing")
    has = [False] * IDS
    for place, i in enumerate(order):
        has[i] = not answer.body[place // 8] & 0x80 >> place % 8
    return has[: len(ids)]


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """`items` in lists of at most 1024, what one question asks about."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, IDS)):
        yield batch

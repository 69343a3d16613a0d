"""A server that answers what a test makes up, over the honest answers that sending needs."""

import json
import threading
from collections.abc import Callable, Sequence

from knothole_client.http import Connection, Patience
from knothole_client.source.sending import THREADS, Receipt
from knothole_keys.errors import KnotholeError
from tests.client.sent import Ready, upload
from tests.client.served import QUICK, Asked, Reply, fresh, lie
from tests.support.drop import Drop


def taking(change: Callable[[Asked], Reply | None] = lambda asked: None, difficulty: int = 0) -> Callable[[Asked], Reply]:
    """Takes every box, has none, and asks for `difficulty`; `change` answers what it wants to answer otherwise."""

    def answer(asked: Asked) -> Reply:
        other = change(asked)
        if other is not None:
            return other
        if asked.path == "/permit":
            return 200, json.dumps({"difficulty": difficulty, "permit": "p1"}).encode().ljust(16384)
        if asked.path == "/boxes/missing":
            return 200, b"\xff" * 128
        return 201, b"{}"

    return answer


def lists(drop: Drop, asked: Asked) -> Reply | None:
    """The drop's roots and its newest roster, for who asks for them."""
    return {"/roots": (200, drop.chain_bytes), "/roster": (200, drop.roster_bytes)}.get(asked.path)


def sent_to(
    answer: Callable[[Asked], Reply], ready: Ready, *, patience: Patience = QUICK, returning: bool = False
) -> tuple[Receipt, list[Asked]]:
    with lie(answer) as (url, asked), Connection(url, patience=fresh(patience)) as connection:
        return upload(connection, ready, returning=returning), asked


def lasting(
    drop: Drop, ready: Ready, then: Callable[[], object], change: Callable[[Asked], Reply | None] = lambda asked: None
) -> tuple[Receipt | KnotholeError, list[str]]:
    """Send; `then` happens while the first box of each thread is under way. What came of it, and what was asked since."""
    lock, happened = threading.Lock(), threading.Event()
    puts: list[str] = []
    since: list[str] = []

    def answer(asked: Asked) -> Reply | None:
        with lock:
            if happened.is_set():
                since.append(asked.path)
            if asked.method == "PUT" and not happened.is_set():
                puts.append(asked.path)
                if len(puts) == 1 + THREADS:
                    then()
                    happened.set()
        # The letter is one box, and goes before.
        if asked.method == "PUT" and asked.path != puts[0]:
            assert happened.wait(30)
        return change(asked) or lists(drop, asked)

    try:
        receipt, _ = sent_to(taking(answer), ready)
    except KnotholeError as error:
        return error, since
    return receipt, since


def sealed(since: Sequence[str]) -> list[str]:
    """The boxes that came."""
    return [path for path in since if path.startswith("/boxes/")]

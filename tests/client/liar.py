"""A server that lies: a test changes its answers one by one. `lied` fetches from it as a courier would."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from knothole_client.courier.fetch import Result, fetch
from knothole_client.http import Connection
from tests.client.served import QUICK, Asked, Reply, fresh, lie
from tests.support.drop import Drop, seal_submission


class Liar:
    """A server whose answers a test changes one by one; it has one submission's boxes."""

    def __init__(self, drop: Drop) -> None:
        self.drop = drop
        self.boxes = {one.id.hex(): one.data for one in seal_submission(drop, "x", {"a.bin": bytes(700_000)}).boxes}
        self.roots, self.roster = drop.chain_bytes, drop.roster_bytes
        self.change: Callable[[Asked, Reply], Reply] = lambda asked, reply: reply

    def listing(self) -> bytes:
        return b"".join(bytes.fromhex(name) + hashlib.sha256(data).digest() for name, data in sorted(self.boxes.items()))

    def __call__(self, asked: Asked) -> Reply:
        return self.change(asked, self.honest(asked.path))

    def honest(self, path: str) -> Reply:
        if path == "/roots":
            return 200, self.roots
        if path == "/roster":
            return 200, self.roster
        if path == f"/courier/boxes?epoch={self.drop.epoch}":
            return 200, self.listing()
        if path.startswith("/courier/boxes?"):
            return 200, b""
        name = path.rpartition("/")[2]
        return (200, self.boxes[name]) if name in self.boxes else (404, b"{}")


def lied(liar: Liar, out: Path, now: int | None = None) -> Result:
    with lie(liar) as (url, _), Connection(url, token="t", patience=fresh(QUICK)) as connection:
        return fetch(connection, out, root=None, now=now or liar.drop.now, tell=lambda _: None)

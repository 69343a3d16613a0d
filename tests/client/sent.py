"""Sending as `knothole source send` does, without the terminal: used by the tests of submissions and of sending."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knothole_client.http import Connection
from knothole_client.source.reading import survey
from knothole_client.source.sending import Receipt, Sender
from knothole_client.source.submission import Submission, compose
from knothole_client.source.weeks import Week, choose
from knothole_client.trust import View, get_view
from knothole_keys import clock
from knothole_keys.codename import ThreadKeys
from tests.support.drop import Drop


@dataclass(frozen=True)
class Ready:
    """A submission that only has to be uploaded."""

    view: View
    week: Week
    keys: ThreadKeys
    submission: Submission


def prepare(
    drop: Drop,
    keys: ThreadKeys,
    message: str = "hello",
    paths: Sequence[Path] = (),
    *,
    view: View | None = None,
    now: int | None = None,
    day: str | None = None,
    to: Sequence[str] = (),
) -> Ready:
    view = view or View(drop.chain, drop.roster)
    week = choose(view, now or clock.now(), to)
    submission = compose(
        message=message,
        language="en",
        day=day or clock.day_of(now or clock.now()),
        files=[survey(path, week.geometry.capacity, lambda _: None) for path in paths],
        week=week,
        roster_hash=view.roster.hash,
        keys=keys,
        drop_id=drop.drop_id,
    )
    return Ready(view, week, keys, submission)


def upload(
    connection: Connection, ready: Ready, *, returning: bool = False, sent: Callable[[int], None] = lambda _: None
) -> Receipt:
    sender = Sender(connection, ready.view, ready.keys, ready.week, seen=clock.now())
    return sender.send(ready.submission, returning=returning, sent=sent)


def seen(connection: Connection, drop: Drop) -> View:
    return get_view(connection, drop_id=drop.drop_id, now=clock.now())


def big(folder: Path, drop: Drop, parts: int, name: str = "film.bin") -> Path:
    """A file of so many parts, no two alike."""
    path = folder / name
    path.write_bytes(b"".join(bytes([i + 1]) * drop.geometry().capacity for i in range(parts - 1)) + b"the end")
    return path

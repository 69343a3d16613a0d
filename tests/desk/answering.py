"""A desk that answers, used through its public functions, and the board as the thread of a submission reads it."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knothole_client.desk import outgoing, vault
from knothole_client.desk.answers import Answer, Answers
from knothole_client.desk.outgoing import Written
from knothole_keys.board import SLOTS_A_FILE
from knothole_keys.card import Board, read_board
from knothole_keys.epoch import DAY
from knothole_keys.letter import Draft, write_letter
from knothole_keys.stream import letter_parts
from tests.desk.conftest import PASSPHRASE, Desk
from tests.support.drop import Drop, SealedBox, Sent, clock, seal_parts, seal_submission, sealer, write_out


def import_one(desk: Desk, drop: Drop, folder: Path, **more: Any) -> Sent:
    """A submission that the desk has taken in."""
    sent = seal_submission(drop, "hello", **more)
    desk.take_in(write_out(folder, drop, sent.boxes))
    return sent


def reply(desk: Desk, sent: Sent, text: str, *, now: int | None = None) -> Answer:
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        return outgoing.reply(one, sent.thread.thread.hex(), text, now or desk.drop.now)[0]


def export(desk: Desk, output: Path, *, count: int = SLOTS_A_FILE, now: int | None = None) -> Written:
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        return outgoing.write(one, output, count, now or desk.drop.now)


def exported(desk: Desk, folder: Path, day: int, *, count: int = SLOTS_A_FILE) -> tuple[Written, bytes]:
    """The file of a day, counted from the drop's own."""
    output = folder / f"day-{day}-{secrets.token_hex(4)}"
    done = export(desk, output, count=count, now=desk.drop.now + day * DAY)
    return done, output.read_bytes()


def queued(desk: Desk, kind: Any = "reply") -> list[Answer]:
    with vault.opened(desk.path, PASSPHRASE) as one:
        return Answers(one.records).all(kind)


def board(drop: Drop, sent: Sent, *files: bytes) -> Board:
    """What the thread reads out of files of slots."""
    senders = {one.id: one.key for one in drop.recipients.values()}
    keys = sent.thread
    data = b"".join(files)
    return read_board(data, reply_key=keys.reply_key, drop_id=drop.drop_id, thread=keys.thread, senders=senders)


def texts(drop: Drop, sent: Sent, *files: bytes) -> list[str]:
    """The replies that the thread reads."""
    return [card.text for card in board(drop, sent, *files).cards if card.kind == "reply"]


def next_letter(drop: Drop, sent: Sent, read: Sequence[tuple[str, int]]) -> list[SealedBox]:
    """Another letter of the same thread, which names replies as read."""
    draft = Draft("again", "en", clock.day_of(drop.now), [], sorted(drop.recipients), drop.roster.hash, read)
    stream = write_letter(draft, sent.thread, drop.drop_id, {})
    parts = letter_parts(stream, drop.geometry().capacity)
    return seal_parts(sealer(drop, sent.thread), drop.epoch, parts)

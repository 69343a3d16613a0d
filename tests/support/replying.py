"""A newsroom's answers on the board, sealed with the desks' own keys and posted by the courier.

words = "abacus …"                                     # the codename of a source
mine = Replying(room, words)
post(room, mine.reply("Dana", "We have read it."), mine.acknowledge("Lee", boxes=7, expected=12))
"""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nacl.signing import SigningKey

from knothole_client.desk import vault
from knothole_client.desk.locks import Holding
from knothole_keys import card, clock, codename, root
from knothole_keys.card import Acknowledgement, Card
from knothole_keys.recipient import recipient_id
from tests.support.newsroom import Newsroom


def holding() -> Holding:
    """What every journalist of a test's newsroom holds."""
    return Holding(Path(os.environ["KNOTHOLE_PASSPHRASE_FILE"]).read_bytes().rstrip(b"\n"))


def signing_key(room: Newsroom, name: str) -> SigningKey:
    """The long-term key of a journalist's desk."""
    with vault.opened(room.vault(name), holding()) as opened:
        return SigningKey(bytes.fromhex(opened.identity["seed"]))


@dataclass
class Replying:
    """Slots for one codename in a newsroom's drop, numbered as they are made."""

    room: Newsroom
    words: str
    number: int = 0

    def slots(self, name: str, kind: card.Kind, text: str, *, days_ago: int = 0, other_drop: bool = False) -> list[bytes]:
        """The slots of one card by a journalist, or, with `other_drop`, of the same card in another drop."""
        drop_id = root.read_chain((self.room.drop / "root.note").read_bytes(), now=clock.now()).drop_id
        keys = codename.thread_keys(self.words, drop_id)
        return self._sealed(signing_key(self.room, name), kind, text, keys, bytes(32) if other_drop else drop_id, days_ago)

    def reply(self, name: str, text: str, *, days_ago: int = 0) -> list[bytes]:
        """A reply's slots."""
        return self.slots(name, "reply", text, days_ago=days_ago)

    def forged(self, text: str) -> list[bytes]:
        """What somebody makes who has read the thread's letters and is on no list of readers."""
        drop_id = root.read_chain((self.room.drop / "root.note").read_bytes(), now=clock.now()).drop_id
        return self._sealed(SigningKey.generate(), "reply", text, codename.thread_keys(self.words, drop_id), drop_id, 0)

    def acknowledge(
        self, name: str, letter: str = "5f" * 32, *, days_ago: int = 0, boxes: int, expected: int, files: int = 0, of: int = 0
    ) -> list[bytes]:
        """An acknowledgement's slot, about a letter of the day before."""
        said = Acknowledgement(letter, _day(days_ago + 1), boxes, expected, files, of)
        return self.slots(name, "acknowledgement", said.text(), days_ago=days_ago)

    def _sealed(
        self, key: SigningKey, kind: card.Kind, text: str, keys: codename.ThreadKeys, drop_id: bytes, days_ago: int
    ) -> list[bytes]:
        self.number += 1
        sender = recipient_id(bytes(key.verify_key))
        written = Card(kind, _day(days_ago), sender, self.number, text)
        return card.make_slots(written, reply_key=keys.reply_key, drop_id=drop_id, thread=keys.thread, signing_key=key)


def post(room: Newsroom, *cards: list[bytes], cover: int = 0) -> None:
    """Put cards on the board among so many random slots, as a courier does."""
    slots = [slot for one in cards for slot in one] + [os.urandom(card.SLOT) for _ in range(cover)]
    secrets.SystemRandom().shuffle(slots)
    for start in range(0, len(slots), 512):
        file = room.path / "answers.slots"
        file.write_bytes(b"".join(slots[start : start + 512]))
        room("courier", "post", room.url, "--token-file", room.token, file)


def _day(ago: int) -> str:
    return datetime.fromtimestamp(clock.now() - 86400 * ago, UTC).strftime("%Y-%m-%d")

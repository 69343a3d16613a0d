"""Cards: what a desk says to a thread, cut into reply slots that only the thread can tell from random bytes (SPEC section 9.1).

Desks write cards, sources read them. Both must be able to stand whatever lies on the board: anybody with a courier's token
puts bytes there, and any recipient who holds a thread's letter can seal slots for it.
"""

import hashlib
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, NamedTuple

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from nacl.signing import SigningKey

from knothole_keys import canonical, fields
from knothole_keys.board import SLOT
from knothole_keys.canonical import MAX_INTEGER
from knothole_keys.errors import CannotSeal, KnotholeError, MalformedBoard
from knothole_keys.note import verifies
from knothole_keys.recipient import recipient_id

SIGNATURE = 64
MAX_PIECES = 16
Kind = Literal["reply", "acknowledgement"]
KINDS: tuple[Kind, ...] = ("reply", "acknowledgement")
LABEL = b"knothole/1 slot\x00"
TYPE = "knothole/1 acknowledgement"
_HEADER = struct.Struct(">BI8sQ16sHHH")
_SIGNED = 1912
PIECE = _SIGNED - _HEADER.size
MAX_TEXT = MAX_PIECES * PIECE
# Whoever holds a reply key can fill a board with forgeries: they are counted so far, and need no more memory.
MAX_IGNORED = 4096
_UNIX = date(1970, 1, 1)
_DAYS = range((date(2000, 1, 1) - _UNIX).days, (date.max - _UNIX).days + 1)
_ALLOWED_CONTROLS = frozenset("\t\n\r")
_COUNTS = ("boxes", "expected", "files", "of")


@dataclass(frozen=True, repr=False)
class Card:
    """One whole reply or acknowledgement. `day` as `YYYY-MM-DD`; `sender` a recipient id; `sequence` below 2^53."""

    kind: Kind
    day: str
    sender: str
    sequence: int
    text: str


@dataclass(frozen=True, repr=False)
class Board:
    """What a board holds for one thread, and how many of its slots opened in vain.

    `cards` by day, then sequence. `ignored`: slots that opened but are forged, of an unknown sender or malformed, of which no
    more than MAX_IGNORED are counted.
    `incomplete`: cards of which pieces are missing.
    """

    cards: list[Card]
    ignored: int
    incomplete: int


@dataclass(frozen=True)
class Acknowledgement:
    """What a desk has of a letter (stream id in hex, day of sealing): boxes of those expected, whole files of those listed."""

    letter: str
    day: str
    boxes: int
    expected: int
    files: int
    of: int

    def text(self) -> str:
        """The canonical text that a card carries."""
        return canonical.encode({"type": TYPE, **vars(self)}).decode()


def read_acknowledgement(text: str) -> Acknowledgement | None:
    """The acknowledgement that a text spells, or None when it spells none."""
    try:
        value = fields.members(
            canonical.decode(text.encode()), {"type", "letter", "day", *_COUNTS}, MalformedBoard, "An acknowledgement"
        )
        fields.hex_bytes(value["letter"], 32, MalformedBoard, "A letter's id")
        fields.day(value["day"], MalformedBoard, "A letter's day")
        for name in _COUNTS:
            fields.integer(value[name], 0, MAX_INTEGER, MalformedBoard, "A count")
    except (KnotholeError, UnicodeEncodeError):
        return None
    if value.pop("type") != TYPE or value["boxes"] > value["expected"] or value["files"] > value["of"]:
        return None
    return Acknowledgement(**value)


def make_slots(card: Card, *, reply_key: bytes, drop_id: bytes, thread: bytes, signing_key: SigningKey) -> list[bytes]:
    """The slots of a card, one for each piece, 2048 bytes each; other ones every time. Raises CannotSeal.

    `reply_key` and `thread` (32 bytes each) are what the thread's letters name; `signing_key` is the desk's long-term key.
    """
    data = _checked(card, signing_key)
    pieces = -(-len(data) // PIECE)
    number = (date.fromisoformat(card.day) - _UNIX).days
    about = KINDS.index(card.kind) + 1, number, bytes.fromhex(card.sender), card.sequence, _digest(data)
    slots = []
    for index in range(pieces):
        text = data[index * PIECE : (index + 1) * PIECE]
        signed = (_HEADER.pack(*about, index, pieces, len(text)) + text).ljust(_SIGNED, b"\x00")
        signature = signing_key.sign(_message(drop_id, thread, signed)).signature
        sealed = Cobblestone256Encryptor(reply_key, context=LABEL + drop_id)
        slots.append(sealed.update(signed + signature) + sealed.finalize())
    return slots


def read_board(board: bytes, *, reply_key: bytes, drop_id: bytes, thread: bytes, senders: Mapping[str, bytes]) -> Board:
    """The cards for one thread. `senders`: recipient ids and their long-term Ed25519 keys (32 bytes).

    Raises MalformedBoard when the board is not a whole number of slots, and nothing for what slots hold.
    """
    reader = BoardReader(reply_key=reply_key, drop_id=drop_id, thread=thread, senders=senders)
    reader.feed(board)
    return reader.finish()


class BoardReader:
    """Reads a board as it comes, as `read_board` reads a whole one. Of what is ignored at once no more than a hash stays."""

    def __init__(self, *, reply_key: bytes, drop_id: bytes, thread: bytes, senders: Mapping[str, bytes]) -> None:
        self._reply_key, self._drop_id, self._thread, self._senders = reply_key, drop_id, thread, senders
        self._rest = b""
        self._seen: set[bytes] = set()
        self._ignored: set[bytes] = set()
        self._found: dict[_About, _Pieces] = {}

    def feed(self, data: bytes) -> None:
        """Try what has come whole."""
        data = self._rest + data if self._rest else data
        whole = len(data) // SLOT * SLOT
        for at in range(0, whole, SLOT):
            plaintext = _open(memoryview(data)[at : at + SLOT], self._reply_key, LABEL + self._drop_id)
            if plaintext is not None:
                self._take(plaintext)
        self._rest = data[whole:]

    def finish(self) -> Board:
        """The cards, now that all slots have come. Raises MalformedBoard."""
        if self._rest:
            raise MalformedBoard("The board is not a whole number of reply slots; fetch it again.")
        cards, ignored, incomplete = [], len(self._ignored), 0
        for about, pieces in sorted(self._found.items()):
            if len(pieces.texts) < about.pieces:
                incomplete += 1
            elif card := pieces.card(about):
                cards.append(card)
            else:
                ignored += pieces.slots
        return Board(cards, ignored, incomplete)

    def _take(self, plaintext: bytes) -> None:
        name = hashlib.sha256(plaintext).digest()
        if name in self._seen or name in self._ignored:
            return
        piece = _piece(plaintext)
        key = self._senders.get(piece.about.sender) if piece else None
        message = _message(self._drop_id, self._thread, plaintext[:_SIGNED])
        if piece and key and verifies(key, message, plaintext[_SIGNED:]):
            self._seen.add(name)
            self._found.setdefault(piece.about, _Pieces()).add(piece)
        elif len(self._ignored) < MAX_IGNORED:
            self._ignored.add(name)


class _About(NamedTuple):
    """What all pieces of a card say alike, in the order in which cards are sorted."""

    day: int
    sequence: int
    sender: str
    kind: int
    digest: bytes
    pieces: int


class _Piece(NamedTuple):
    about: _About
    place: int
    text: bytes


@dataclass
class _Pieces:
    texts: dict[int, bytes] = field(default_factory=dict)
    slots: int = 0
    contradict: bool = False

    def add(self, piece: _Piece) -> None:
        self.slots += 1
        # Two texts for one piece: no order of slots may decide which of them is read.
        self.contradict |= self.texts.setdefault(piece.place, piece.text) != piece.text

    def card(self, about: _About) -> Card | None:
        data = b"".join(text for _, text in sorted(self.texts.items()))
        if self.contradict or _digest(data) != about.digest:
            return None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
        kind = KINDS[about.kind - 1]
        if _flaw(kind, text):
            return None
        return Card(kind, (_UNIX + timedelta(about.day)).isoformat(), about.sender, about.sequence, text)


def _open(slot: memoryview, reply_key: bytes, context: bytes) -> bytes | None:
    trial = Cobblestone256Decryptor(reply_key, context=context)
    try:
        return trial.update(slot) + trial.finalize()
    except (InvalidTag, ValueError):
        # Somebody else's, random bytes, or damaged: nobody can tell.
        return None


def _piece(plaintext: bytes) -> _Piece | None:
    kind, day, sender, sequence, digest, index, pieces, length = _HEADER.unpack_from(plaintext)
    within = 1 <= kind <= len(KINDS) and day in _DAYS and sequence <= MAX_INTEGER
    if not within or not index < pieces <= MAX_PIECES or not 0 < length <= PIECE:
        return None
    # One text has one cut: an acknowledgement is one piece, and all pieces but the last are full.
    if (KINDS[kind - 1] == "acknowledgement" and pieces > 1) or (index < pieces - 1 and length < PIECE):
        return None
    end = _HEADER.size + length
    if any(plaintext[end:_SIGNED]):
        return None
    about = _About(day, sequence, sender.hex(), kind, digest, pieces)
    return _Piece(about, index, plaintext[_HEADER.size : end])


def _checked(card: Card, signing_key: SigningKey) -> bytes:
    error = CannotSeal
    fields.day(card.day, error, "The card's day")
    fields.integer(card.sequence, 0, MAX_INTEGER, error, "The card's number")
    if card.sender != recipient_id(bytes(signing_key.verify_key)):
        raise error("The card names another sender than the one whose key signs it.")
    try:
        data = card.text.encode()
    except UnicodeEncodeError:
        raise error("The reply holds something that is not text; type it again.") from None
    if not 0 < len(data) <= MAX_TEXT:
        raise error(f"A reply has 1 to {MAX_TEXT} bytes, and this one has {len(data)}; write it in several replies.")
    if flaw := _flaw(card.kind, card.text):
        raise error(flaw)
    return data


def _flaw(kind: Kind, text: str) -> str | None:
    if kind == "acknowledgement":
        return None if read_acknowledgement(text) else "This is not the text of an acknowledgement."
    if any(unicodedata.category(c) == "Cc" and c not in _ALLOWED_CONTROLS for c in text):
        return "The reply holds a control character other than a tab or a line break; take it out."
    return None


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


def _message(drop_id: bytes, thread: bytes, signed: bytes) -> bytes:
    # With the thread: else a desk that reads two threads could carry a colleague's reply from one into the other.
    return LABEL + drop_id + thread + signed

"""Letters: what a source says and which files belong to it, signed by the thread (SPEC section 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nacl.signing import SigningKey

from knothole_keys import canonical, fields, merkle, names
from knothole_keys.codename import ThreadKeys
from knothole_keys.errors import BadLetterSignature, CannotSeal, MalformedJSON, MalformedLetter
from knothole_keys.kdf import derive
from knothole_keys.note import verifies
from knothole_keys.stream import MAX_LETTER

TYPE = "knothole-letter/1"
MAX_FILES = 65536
MAX_READ = 256
SIGNATURE = 64
_MEMBERS = {
    "type", "day", "files", "language", "message", "nonce", "read", "recipients", "reply_key", "roster", "thread"
}  # fmt: skip
_FILE_MEMBERS = {"inside", "name", "root", "size", "stream", "type"}
_LANGUAGE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")
_TYPE_CHARACTERS = frozenset(chr(c) for c in range(0x20, 0x7F))


@dataclass(frozen=True)
class FileEntry:
    """A line of the letter's table. `size` in bytes; `type` is a hint from the source and nothing more."""

    name: str
    size: int
    type: str
    root: bytes
    stream: bytes
    inside: bool = False

    def value(self) -> dict[str, Any]:
        """The entry as canonical JSON's members."""
        return {
            "inside": self.inside,
            "name": self.name,
            "root": self.root.hex(),
            "size": self.size,
            "stream": self.stream.hex(),
            "type": self.type,
        }


@dataclass(frozen=True, repr=False)
class Letter:
    """A letter whose signature and table are checked. `contents`: the bytes of the files inside, by name."""

    day: str
    message: str
    language: str
    files: tuple[FileEntry, ...]
    read: tuple[tuple[str, int], ...]
    recipients: tuple[str, ...]
    reply_key: bytes
    roster: bytes
    thread: bytes
    contents: dict[str, bytes]


@dataclass(frozen=True, repr=False)
class Draft:
    """What a source wants to say; `roster` is the hash of the roster used."""

    message: str
    language: str
    day: str
    files: Sequence[FileEntry]
    recipients: Sequence[str]
    roster: bytes
    read: Sequence[tuple[str, int]] = ()


def choose_inside(draft: Draft, keys: ThreadKeys, capacity: int) -> list[bool]:
    """Which files travel inside: in table order each that still fits into a letter of one box."""
    room = capacity - 4 - SIGNATURE - len(_text(draft, keys, draft.files))
    chosen = []
    for entry in draft.files:
        # "true" is a character shorter than the "false" that was counted.
        fits = entry.size - 1 <= room
        room -= entry.size - 1 if fits else 0
        chosen.append(fits)
    return chosen


def write_letter(draft: Draft, keys: ThreadKeys, drop_id: bytes, contents: dict[str, bytes]) -> bytes:
    """The whole letter stream, signed. `contents` has the bytes of every entry that is inside.

    Raises CannotSeal, and BadFileName when a name must be cleaned first.
    """
    try:
        text = _text(draft, keys, draft.files)
    except MalformedJSON:
        raise CannotSeal("The message holds something that is not text; type it again.") from None
    signature = SigningKey(keys.signing_seed).sign(_signed(drop_id, text)).signature
    inside = b"".join(contents[entry.name] for entry in draft.files if entry.inside)
    stream = len(text).to_bytes(4, "big") + text + signature + inside
    if len(stream) > MAX_LETTER or len(draft.files) > MAX_FILES:
        raise CannotSeal("The message and its table of files are too long; send them in several letters.")
    try:
        # By the reader's rules: a letter that a desk would refuse is never sent. Boxes are `choose_inside`'s business.
        read_letter(stream, drop_id=drop_id, capacity=len(stream))
    except MalformedLetter as error:
        raise CannotSeal(str(error)) from None
    return stream


def _text(draft: Draft, keys: ThreadKeys, files: Sequence[FileEntry]) -> bytes:
    value: dict[str, Any] = {
        "type": TYPE,
        "day": draft.day,
        "files": [entry.value() for entry in files],
        "language": draft.language,
        "message": draft.message,
        "read": [{"sender": sender, "sequence": sequence} for sender, sequence in sorted(draft.read)],
        "recipients": sorted(draft.recipients),
        "reply_key": keys.reply_key.hex(),
        "roster": draft.roster.hex(),
        "thread": keys.thread.hex(),
    }
    # Unpredictable to all but the thread, yet the same when the same letter is sent again.
    value["nonce"] = derive(keys.secret, "letter-nonce", canonical.encode(value), 16).hex()
    return canonical.encode(value)


def _signed(drop_id: bytes, text: bytes) -> bytes:
    return b"knothole/1 letter\x00" + drop_id + text


def read_letter(stream: bytes, *, drop_id: bytes, capacity: int) -> Letter:
    """Check a whole letter stream. Raises MalformedLetter, BadLetterSignature, BadFileName."""
    error = MalformedLetter
    length = int.from_bytes(stream[:4], "big")
    if len(stream) > MAX_LETTER or length == 0 or len(stream) < 4 + length + SIGNATURE:
        raise error("The letter does not have the length that it claims.")
    text, signature = stream[4 : 4 + length], stream[4 + length : 4 + length + SIGNATURE]
    try:
        value = fields.members(canonical.decode(text), _MEMBERS, error, "The letter")
    except MalformedJSON:
        raise error("The letter is not canonical JSON.") from None
    thread = fields.hex_bytes(value["thread"], 32, error, "The letter's thread")
    if value["type"] != TYPE:
        raise error("This is not a letter.")
    if not verifies(thread, _signed(drop_id, text), signature):
        raise BadLetterSignature("The letter was not signed by the source that it names, or not for this drop.")
    files = _files(value["files"])
    if len(stream) > capacity and any(entry.inside for entry in files):
        raise error("A letter of several boxes cannot have files inside.")
    fields.hex_bytes(value["nonce"], 16, error, "The letter's nonce")
    return Letter(
        day=fields.day(value["day"], error, "The letter's day"),
        message=_message(value["message"]),
        language=_limited(value["language"], 35, _LANGUAGE, "The letter's language"),
        files=files,
        read=_read(value["read"]),
        recipients=_recipients(value["recipients"]),
        reply_key=fields.hex_bytes(value["reply_key"], 32, error, "The reply key"),
        roster=fields.hex_bytes(value["roster"], 32, error, "The roster's hash"),
        thread=thread,
        contents=_contents(stream[4 + length + SIGNATURE :], files),
    )


def _files(value: Any) -> tuple[FileEntry, ...]:
    error = MalformedLetter
    files = []
    for item in fields.items(value, 0, MAX_FILES, error, "The letter's table of files"):
        fields.members(item, _FILE_MEMBERS, error, "A file of the letter")
        if not isinstance(item["inside"], bool):
            raise error("A file of the letter is neither inside nor outside.")
        files.append(
            FileEntry(
                name=names.check(item["name"]),
                size=fields.integer(item["size"], 0, 2**53 - 1, error, "A file's size"),
                type=_limited(item["type"], 127, _TYPE_CHARACTERS, "A file's type"),
                root=fields.hex_bytes(item["root"], 32, error, "A file's root"),
                stream=fields.hex_bytes(item["stream"], 32, error, "A file's stream"),
                inside=item["inside"],
            )
        )
    names.check_distinct(entry.name for entry in files)
    return tuple(files)


def _contents(data: bytes, files: Sequence[FileEntry]) -> dict[str, bytes]:
    contents, offset = {}, 0
    for entry in files:
        if not entry.inside:
            continue
        body = data[offset : offset + entry.size]
        if len(body) != entry.size or merkle.leaf(body) != entry.root:
            raise MalformedLetter("A file inside the letter is not the one that its table names.")
        contents[entry.name] = body
        offset += entry.size
    if offset != len(data):
        raise MalformedLetter("The letter holds more than its table names.")
    return contents


def _message(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedLetter("The letter's message is not a text.")
    return value


def _limited(value: Any, longest: int, allowed: frozenset[str], what: str) -> str:
    if not isinstance(value, str) or len(value) > longest or not allowed.issuperset(value):
        raise MalformedLetter(f"{what} holds characters that it must not hold.")
    return value


def _read(value: Any) -> tuple[tuple[str, int], ...]:
    error, read = MalformedLetter, []
    for item in fields.items(value, 0, MAX_READ, error, "The letter's list of replies read"):
        fields.members(item, {"sender", "sequence"}, error, "A reply that was read")
        sender = fields.hex_bytes(item["sender"], 8, error, "A reply's sender").hex()
        read.append((sender, fields.integer(item["sequence"], 0, 2**53 - 1, error, "A reply's number")))
    if not fields.rising(read):
        raise error("The letter's list of replies read is not sorted.")
    return tuple(read)


def _recipients(value: Any) -> tuple[str, ...]:
    error = MalformedLetter
    ids = [
        fields.hex_bytes(item, 8, error, "A recipient's id").hex()
        for item in fields.items(value, 1, 16, error, "The letter's recipients")
    ]
    if not fields.rising(ids):
        raise error("The letter's recipients are not distinct and sorted.")
    return tuple(ids)

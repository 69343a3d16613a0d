"""Signed notes (C2SP signed-note, narrowed by SPEC section 2): parsing and verifying. Signing is in `sign`."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from knothole_keys import canonical, fields
from knothole_keys.errors import BadSignature, MalformedNote, NotEnoughSignatures

MAX_BYTES = 4 * 1024 * 1024
MAX_SIGNATURES = 64
ED25519 = b"\x01"

_LINE = re.compile(r"— ([A-Za-z0-9._-]{1,64}) ([A-Za-z0-9+/=]{92})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class NoteKey:
    """A named Ed25519 public key, as `.pub` files and roots spell it."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature line carries to say which key made it."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> "NoteKey":
        """Read a C2SP verifier key, `name+keyid+base64`. Raises MalformedNote."""
        parts = text.strip(fields.SPACES).split("+", 2)
        if len(parts) != 3:
            raise MalformedNote("This is not a public key as `keys admin` writes it.")
        name = fields.key_name(parts[0], MalformedNote, "The key's name")
        raw = fields.base64_bytes(parts[2], 33, MalformedNote, "The public key")
        key = cls(name, raw[1:])
        if raw[:1] != ED25519 or key.id.hex() != parts[1]:
            raise MalformedNote("This public key was damaged on its way: its parts do not fit together.")
        return key


@dataclass(frozen=True)
class Note:
    """A parsed note. `value` is what the canonical text says; nothing is verified yet."""

    text: bytes
    value: dict[str, Any]
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @property
    def hash(self) -> bytes:
        """SHA-256 of the text: what the next root or roster names as `previous`."""
        return hashlib.sha256(self.text).digest()

    @property
    def data(self) -> bytes:
        """The note as it is written to a file."""
        lines = [f"— {name} {base64.b64encode(kid + sig).decode()}\n" for name, kid, sig in self.signatures]
        return self.text + b"\n" + "".join(lines).encode()


def parse(data: bytes) -> Note:
    """Take a note apart. Raises MalformedNote or MalformedJSON."""
    if len(data) > MAX_BYTES:
        raise MalformedNote("This file is too large to be a root, roster or enrolment.")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedNote("This file is not a signed note.") from None
    if _CONTROL.search(whole) or whole.startswith("\ufeff"):
        raise MalformedNote("This note holds characters that no note holds; copy the file itself, not its text.")
    text, blank, tail = whole.partition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise MalformedNote("This file is not a signed note, or its end is missing.")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote("This note carries too many signatures.")
    signatures = tuple(_signature(line) for line in lines)
    if len({(name, kid) for name, kid, _ in signatures}) != len(signatures):
        raise MalformedNote("This note carries two signatures of the same key.")
    value = canonical.decode(text.encode())
    if not isinstance(value, dict):
        raise MalformedNote("This note does not hold an object.")
    return Note(text.encode() + b"\n", value, signatures)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = _LINE.fullmatch(line)
    raw = fields.strict_base64(match.group(2)) if match else None
    if match is None or raw is None or len(raw) != 68:
        raise MalformedNote("A signature line of this note is damaged.")
    return match.group(1), raw[:4], raw[4:]


def signers(note: Note, keys: Iterable[NoteKey]) -> list[NoteKey]:
    """The trusted keys that signed, after *every* signature under a trusted key has verified. Raises BadSignature."""
    trusted = {(key.name, key.id): key for key in keys}
    found = []
    for name, kid, signature in note.signatures:
        key = trusted.get((name, kid))
        if key is None:
            continue
        if not verifies(key.key, note.text, signature):
            raise BadSignature(f"The signature of {name} does not fit this text: it was changed after signing.")
        found.append(key)
    return found


@dataclass(frozen=True)
class Tally:
    """Who of some trusted keys signed a note and who has not, and how many signatures it `lacks` (0: it has enough)."""

    signed: tuple[NoteKey, ...]
    absent: tuple[NoteKey, ...]
    lacks: int

    @property
    def names(self) -> str:
        """Who can still sign: `bob or carol`, and when all of them must, `bob and carol`."""
        *most, last = [key.name for key in self.absent] or ["nobody"]
        word = "and" if self.lacks == len(self.absent) else "or"
        return f"{', '.join(most)} {word} {last}" if most else last


def tally(note: Note, keys: Iterable[NoteKey], threshold: int) -> Tally:
    """Count a note's signatures. Raises BadSignature."""
    trusted = tuple(keys)
    signed = tuple(signers(note, trusted))
    # Public keys are counted, not lines: one key under two names is one administrator.
    have = {key.key for key in signed}
    absent = tuple(key for key in trusted if key.key not in have)
    return Tally(signed, absent, max(0, threshold - len(have)))


def require(note: Note, keys: Iterable[NoteKey], threshold: int, what: str = "This note") -> None:
    """Refuse a note that fewer than `threshold` distinct trusted public keys signed; `what` begins the sentence."""
    found = tally(note, keys, threshold)
    if found.lacks:
        raise NotEnoughSignatures(
            f"{what} has {threshold - found.lacks} of the {threshold} signatures that it needs; still missing: "
            f"{found.lacks} more ({found.names}). Have it cosigned, or get the newest copy of it."
        )


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 by libsodium's rules: small-order keys and non-canonical encodings never verify."""
    try:
        VerifyKey(public).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True

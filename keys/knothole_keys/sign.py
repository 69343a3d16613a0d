"""Signing notes with Ed25519: administrators and desks only. The server must never import this module."""

from collections.abc import Iterable
from typing import Any

from nacl.signing import SigningKey

from knothole_keys import canonical, note
from knothole_keys.errors import Refused
from knothole_keys.note import Note, NoteKey


class Signer:
    """A named Ed25519 key pair, from its 32-byte seed."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self.public = NoteKey(name, bytes(self._key.verify_key))

    @property
    def key(self) -> SigningKey:
        """The key itself, for what signs more than notes (`card`)."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`."""
        return self._key.sign(message).signature

    def add_to(self, unsigned: Note) -> Note:
        """The note with this key's signature added. Raises Refused when it is there already."""
        if any((name, kid) == (self.public.name, self.public.id) for name, kid, _ in unsigned.signatures):
            raise Refused(f"{self.public.name} has signed this already.")
        line = (self.public.name, self.public.id, self.sign(unsigned.text))
        return Note(unsigned.text, unsigned.value, (*unsigned.signatures, line))

    def cosign(self, signed: Note, trusted: Iterable[NoteKey]) -> Note:
        """The note with this key's signature, read back strictly, and no lines but those of `trusted` keys.

        Lines of strangers would travel on under our name, and enough of them make a note that nobody can read.
        Raises Refused, MalformedNote.
        """
        ours = {(key.name, key.id) for key in trusted}
        kept = tuple(line for line in signed.signatures if line[:2] in ours)
        return note.parse(self.add_to(Note(signed.text, signed.value, kept)).data)


def new_note(value: dict[str, Any], signers: list[Signer]) -> Note:
    """A fresh note over `value`, signed by each of `signers`, read back strictly before anybody gets it."""
    result = Note(canonical.encode(value) + b"\n", value, ())
    for signer in signers:
        result = signer.add_to(result)
    return note.parse(result.data) if signers else result

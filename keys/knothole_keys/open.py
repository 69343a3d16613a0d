"""Opening a box (SPEC section 7). Desks only: the server must never import this module."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from knothole_keys import box, xwing
from knothole_keys.box import Geometry
from knothole_keys.errors import BoxDamaged, NotABox, NotForUs
from knothole_keys.seal import SUITE
from knothole_keys.stream import Head, read_part


@dataclass(frozen=True, repr=False)
class Opened:
    """A part whose place is proved, and the box key that opens the box again without any epoch key."""

    head: Head
    body: bytes
    box_key: bytes


class Opener:
    """Opens the boxes of one epoch with the epoch keys (X-Wing seeds) of one desk."""

    def __init__(self, *, drop_id: bytes, epoch: int, geometry: Geometry, seeds: Iterable[bytes]) -> None:
        self._drop_id, self._epoch, self._geometry = drop_id, epoch, geometry
        self._keys: list[MLKEM768X25519PrivateKey] = [xwing.private_key(seed) for seed in seeds]

    def open(self, sealed: bytes, box_id: bytes) -> Opened:
        """Open a box. Raises, in this order, NotABox, NotForUs, BoxDamaged, MalformedHead, ForeignPart."""
        check_outside(sealed, self._geometry)
        candidates = self._box_keys(sealed)
        if not candidates:
            raise NotForUs("None of this desk's keys opens the box: it may be cover, or for another journalist.")
        for key in candidates:
            try:
                return self.open_with(sealed, box_id, key)
            except BoxDamaged:
                continue
        raise BoxDamaged("The box was meant for this desk, but was damaged or altered.")

    def open_with(self, sealed: bytes, box_id: bytes, box_key: bytes) -> Opened:
        """Open a box by its box key, kept since import. Raises NotABox, BoxDamaged, MalformedHead, ForeignPart."""
        check_outside(sealed, self._geometry)
        outside = hashlib.sha256(sealed[: self._geometry.wraps_end]).digest()
        bound = box.context(outside, self._drop_id, self._epoch, box_id)
        try:
            payload = Cobblestone256Decryptor(box_key, context=bound)
            plaintext = payload.update(memoryview(sealed)[self._geometry.wraps_end :]) + payload.finalize()
        except (InvalidTag, ValueError):
            raise BoxDamaged("The box was damaged or altered.") from None
        if len(plaintext) != self._geometry.plaintext:
            raise BoxDamaged("The box's contents have another length than they must have.")
        head, body = read_part(plaintext, self._geometry)
        return Opened(head, body, box_key)

    def _box_keys(self, sealed: bytes) -> list[bytes]:
        info = box.wrap_info(self._drop_id, self._epoch)
        found = []
        for slot in range(self._geometry.slots):
            wrap = sealed[box.PREFIX + slot * box.WRAP : box.PREFIX + (slot + 1) * box.WRAP]
            for key in self._keys:
                try:
                    plain = SUITE.decrypt(wrap, key, info=info)
                except (InvalidTag, ValueError):
                    continue
                if len(plain) == 32:
                    found.append(plain)
        return found


def check_outside(sealed: bytes, geometry: Geometry) -> None:
    """Refuse, as NotABox, another length, prefix or slot count than the epoch's."""
    if len(sealed) != geometry.size:
        raise NotABox("This file does not have the length of a box of its week.")
    box.check_prefix(sealed[: box.PREFIX], geometry)

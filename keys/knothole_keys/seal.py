"""Sealing a box (SPEC section 7). Sources only: the server must never import this module."""

import hashlib
import os
import secrets
from collections.abc import Sequence

from cryptography.cobblestone import Cobblestone256Encryptor
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from knothole_keys import box, xwing
from knothole_keys.box import Geometry
from knothole_keys.errors import BadRecipientKey, CannotSeal
from knothole_keys.kdf import derive
from knothole_keys.stream import Head, layout

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Sealer:
    """Seals parts for one epoch and one set of recipients (their X-Wing public keys)."""

    def __init__(
        self,
        *,
        drop_id: bytes,
        epoch: int,
        geometry: Geometry,
        recipients: Sequence[bytes],
        thread_secret: bytes,
    ) -> None:
        if not recipients:
            raise CannotSeal("Nobody receives this week: there is no key to seal to.")
        if len(set(recipients)) > geometry.slots:
            raise CannotSeal("There are more recipients than a box has slots.")
        self._drop_id, self._epoch, self._geometry = drop_id, epoch, geometry
        keys = sorted(set(recipients))
        self._readers = hashlib.sha256(b"".join(keys)).digest()
        self._recipients = [xwing.public_key(key) for key in keys]
        self._thread_secret = thread_secret

    def box_id(self, head: Head, body: bytes) -> bytes:
        """The id that this part's box has, without sealing it: what `missing` is asked for."""
        return self._id(self._plaintext(head, body))

    def seal(self, head: Head, body: bytes) -> tuple[bytes, bytes]:
        """Seal one part: (box_id, box). A fresh key, fresh wraps in random order. Raises CannotSeal, BadRecipientKey."""
        plaintext = self._plaintext(head, body)
        box_id, key = self._id(plaintext), os.urandom(32)
        outside = self._geometry.prefix + self._wraps(key)
        bound = box.context(hashlib.sha256(outside).digest(), self._drop_id, self._epoch, box_id)
        payload = Cobblestone256Encryptor(key, context=bound)
        return box_id, b"".join([outside, payload.update(plaintext), payload.finalize()])

    def _plaintext(self, head: Head, body: bytes) -> bytes:
        if len(body) > self._geometry.capacity:
            raise CannotSeal("A part is longer than a box holds.")
        return layout(head, body, self._geometry)

    def _id(self, plaintext: bytes) -> bytes:
        about = self._epoch.to_bytes(4, "big") + self._readers + hashlib.sha256(plaintext).digest()
        return derive(self._thread_secret, "box-id", about, box.ID)

    def _wraps(self, key: bytes) -> bytes:
        info = box.wrap_info(self._drop_id, self._epoch)
        wraps = [_wrap(key, recipient, info) for recipient in self._recipients]
        while len(wraps) < self._geometry.slots:
            # A real encapsulation to a key that nobody keeps: random bytes would not be a valid ML-KEM ciphertext's look-alike.
            nobody = xwing.private_key(xwing.new_seed()).public_key()
            wraps.append(_wrap(os.urandom(32), nobody, info))
        secrets.SystemRandom().shuffle(wraps)
        return b"".join(wraps)


def _wrap(key: bytes, recipient: MLKEM768X25519PublicKey, info: bytes) -> bytes:
    try:
        return SUITE.encrypt(key, recipient, info=info)
    except ValueError:
        # A small-order X25519 half shows only now, by the all-zero secret that it gives.
        raise BadRecipientKey("A weekly key cannot be sealed to: its owner must enrol again.") from None

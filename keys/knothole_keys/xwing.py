"""X-Wing keys (MLKEM768-X25519): from a 32-byte seed, and between our bytes and `cryptography`'s objects (SPEC section 5)."""

import hashlib
import os

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from knothole_keys.errors import BadRecipientKey

SEED = 32
MLKEM_PUBLIC = 1184


def new_seed() -> bytes:
    """A fresh secret key: 32 random bytes."""
    return os.urandom(SEED)


def private_key(seed: bytes) -> MLKEM768X25519PrivateKey:
    """The key pair that a seed expands to."""
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )


def public_bytes(seed: bytes) -> bytes:
    """The 1216-byte public key of a seed."""
    expanded = hashlib.shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return mlkem + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()


def public_key(raw: bytes) -> MLKEM768X25519PublicKey:
    """A public key as the HPKE library takes it. Raises BadRecipientKey."""
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(raw[MLKEM_PUBLIC:]),
        )
    except ValueError:
        raise BadRecipientKey("A weekly key is malformed: its owner must enrol again.") from None

"""Key derivation: HKDF with SHA-512 (RFC 5869), always with a zero-terminated label (SPEC section 1)."""

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-512 of `secret`: `length` bytes."""
    return HKDF(algorithm=SHA512(), length=length, salt=salt or None, info=info).derive(secret)


def derive(secret: bytes, label: str, data: bytes = b"", length: int = 32) -> bytes:
    """`length` bytes that depend on all of `secret`, `label` and `data`, and tell nothing about one another."""
    return hkdf(secret, b"", label.encode() + b"\x00" + data, length)

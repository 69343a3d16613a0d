"""Key derivation: HKDF with SHA-512 (RFC 5869), always with a zero-terminated label (SPEC section 1)."""

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-512 of `secret`: `length` bytes."""
    return HKDF(algorithm=SHA512(), length=length, salt=salt or None, info=info).derive(secret)


def derive(secret: bytes, label: str, data: bytes = b"", length: int = 32) -> bytes:
    """`length` bytes that depend on all of `secret`, `label` and `data`, and tell nothing about one another."""
    return hkdf(secret, b"", label.encode() + b"\x00" + data, length)


class Deriver:
    """`derive` of one secret and one label many times, at half the price: the first of HKDF's two steps is done once."""

    def __init__(self, secret: bytes, label: str) -> None:
        self.key, self._label = HKDF.extract(SHA512(), b"", secret), label.encode() + b"\x00"

    def derive(self, data: bytes) -> bytes:
        """The 32 bytes that `derive(secret, label, data)` gives."""
        return HKDFExpand(algorithm=SHA512(), length=32, info=self._label + data).derive(self.key)

"""Proof of work on a permit: what keeps one visitor from filling the disk (SPEC section 11)."""

import hashlib

MAX_DIFFICULTY = 40
MAX_NONCE = 2**64 - 1


def check(permit: str, epoch: int, box_id: bytes, nonce: int, difficulty: int) -> bool:
    """Whether `nonce` gives at least `difficulty` leading zero bits for this permit and box."""
    if not 0 <= nonce <= MAX_NONCE:
        return False
    return _bits(_prefix(permit, epoch, box_id) + nonce.to_bytes(8, "big")) >= difficulty


def solve(permit: str, epoch: int, box_id: bytes, difficulty: int) -> int:
    """The smallest nonce that passes `check`; about 2**difficulty hashes."""
    prefix = _prefix(permit, epoch, box_id)
    nonce = 0
    while _bits(prefix + nonce.to_bytes(8, "big")) < difficulty:
        nonce += 1
    return nonce


def _prefix(permit: str, epoch: int, box_id: bytes) -> bytes:
    return b"knothole/1 proof\x00" + hashlib.sha256(permit.encode()).digest() + epoch.to_bytes(4, "big") + box_id


def _bits(message: bytes) -> int:
    return 256 - int.from_bytes(hashlib.sha256(message).digest(), "big").bit_length()

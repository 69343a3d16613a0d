"""A box that two keys decrypt to two texts: what AES-GCM alone allows and the commitment must stop."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
CHUNK, TAG = 16384, 16
_R = 0xE1 << 120


def schedule(box_key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    """Message key, base nonce and commitment: HKDF-Expand with SHA-512, written out."""
    info = LABEL + salt + context
    first = hmac.digest(box_key, info + b"\x01", "sha512")
    okm = first + hmac.digest(box_key, first + info + b"\x02", "sha512")
    return okm[:32], okm[32:44], okm[44:76]


def nonce_of(base: bytes, index: int) -> bytes:
    """Chunk index's nonce."""
    return (int.from_bytes(base, "big") ^ index).to_bytes(12, "big")


def seal(box_key: bytes, salt: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Cobblestone-256 with a salt of one's own choice."""
    key, base, commitment = schedule(box_key, salt, context)
    aead = AESGCM(key)
    chunks = [plaintext[i : i + CHUNK] for i in range(0, len(plaintext) + 1, CHUNK)]
    return salt + commitment + b"".join(aead.encrypt(nonce_of(base, i), chunk, None) for i, chunk in enumerate(chunks))


def times(x: int, y: int) -> int:
    """The product in GCM's field (NIST SP 800-38D, algorithm 1)."""
    z = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= y
        y = y >> 1 ^ _R if y & 1 else y >> 1
    return z


def power(x: int, n: int) -> int:
    """x to the n in GCM's field, whose one is the leftmost bit."""
    result = 1 << 127
    while n:
        result = times(result, x) if n & 1 else result
        x, n = times(x, x), n >> 1
    return result


def _block(key: bytes, block: bytes) -> int:
    # One block of AES, as GCM defines its hash key and its mask.
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    return int.from_bytes(encryptor.update(block), "big")


def _tag(key: bytes, nonce: bytes, ciphertext: bytes) -> int:
    h, value = _block(key, bytes(16)), 0
    for i in range(0, len(ciphertext), 16):
        value = times(value ^ int.from_bytes(ciphertext[i : i + 16].ljust(16, b"\x00"), "big"), h)
    value = times(value ^ len(ciphertext) * 8, h)
    return value ^ _block(key, nonce + b"\x00\x00\x00\x01")


def collide(one: bytes, two: bytes, salt: bytes, context: bytes, plaintext: bytes) -> bytes:
    """A payload whose every chunk verifies under both box keys; it carries the first one's commitment.

    In each chunk one block of ciphertext is solved for: the two tags are linear in it.
    """
    schedules = [schedule(key, salt, context) for key in (one, two)]
    sealed = bytearray(seal(one, salt, context, plaintext))
    start = len(salt) + 32
    for index, at in enumerate(range(start, len(sealed), CHUNK + TAG)):
        end = min(at + CHUNK, len(sealed) - TAG)
        blocks = (end - at) // 16
        free = at + 16 * (blocks - 1)
        sealed[free : free + 16] = bytes(16)
        chunk = bytes(sealed[at:end])
        nonces = [nonce_of(base, index) for _, base, _ in schedules]
        tags = [_tag(key, nonce, chunk) for (key, _, _), nonce in zip(schedules, nonces, strict=True)]
        # The free block is multiplied by h once for itself, for each block after it and for the length.
        exponent = -(-(end - at) // 16) - blocks + 2
        factors = [power(_block(key, bytes(16)), exponent) for key, _, _ in schedules]
        solved = times(tags[0] ^ tags[1], power(factors[0] ^ factors[1], 2**128 - 2))
        sealed[free : free + 16] = solved.to_bytes(16, "big")
        tag = _tag(schedules[0][0], nonces[0], bytes(sealed[at:end]))
        sealed[end : end + TAG] = tag.to_bytes(16, "big")
        for (key, _, _), nonce in zip(schedules, nonces, strict=True):
            # Raises InvalidTag if the arithmetic above is wrong.
            AESGCM(key).decrypt(nonce, bytes(sealed[at : end + TAG]), None)
    return bytes(sealed)


def digest(outside: bytes) -> bytes:
    """SHA-256 of prefix and wraps."""
    return hashlib.sha256(outside).digest()

"""Codenames, and all that a source derives from one (SPEC section 6).

Eight words are the only thing a source keeps. 103 bits need no slow password hash, which a browser without JIT could not
afford.
"""

import secrets
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from nacl.signing import SigningKey

from knothole_keys import fields
from knothole_keys.errors import BadCodename
from knothole_keys.kdf import derive, hkdf

WORDS = 8


@cache
def word_list() -> tuple[str, ...]:
    """The 7776 words of the EFF large list, sorted."""
    return tuple(files("knothole_keys").joinpath("words.txt").read_text("ascii").split())


def generate() -> str:
    """A new codename: eight words, uniform and independent, joined by spaces."""
    return " ".join(secrets.choice(word_list()) for _ in range(WORDS))


def parse(text: str) -> str:
    """The codename as it is derived from, out of what a person typed. Raises BadCodename, never quoting a word."""
    words = [word for word in fields.SPACE.split(text.translate(fields.ASCII_LOWER)) if word]
    if len(words) != WORDS:
        raise BadCodename(f"A codename has exactly {WORDS} words; this has {len(words)}.")
    listed = set(word_list())
    wrong = [str(i) for i, word in enumerate(words, 1) if word not in listed]
    if wrong:
        raise BadCodename(f"Word {', '.join(wrong)} of the codename is not in the list of words; check its spelling.")
    return " ".join(words)


@dataclass(frozen=True, repr=False)
class ThreadKeys:
    """What a codename is worth in one drop. `secret` names boxes and streams, `reply_key` travels in the letter."""

    secret: bytes
    signing_seed: bytes
    reply_key: bytes

    @property
    def thread(self) -> bytes:
        """The thread's identity: its Ed25519 public key."""
        return bytes(SigningKey(self.signing_seed).verify_key)


def thread_keys(codename: str, drop_id: bytes) -> ThreadKeys:
    """Derive a thread's keys. `codename` may be as typed. Raises BadCodename."""
    master = hkdf(parse(codename).encode(), b"knothole/1\x00" + drop_id, b"master\x00", 64)
    return ThreadKeys(derive(master, "thread"), derive(master, "thread-sign"), derive(master, "reply"))

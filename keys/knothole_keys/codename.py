"""Codenames, and all that a source derives from one (SPEC section 6).

Eight words are the only thing a source keeps. 103 bits need no slow password hash, which a browser without JIT could not
afford.
"""

import re
import secrets
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from nacl.signing import SigningKey

from knothole_keys import fields
from knothole_keys.errors import BadCodename
from knothole_keys.kdf import derive, hkdf

WORDS = 8
# Hyphens that do not stand alone between two letters.
_HYPHENS = re.compile("^-+|-+$|-{2,}")


@cache
def word_list() -> tuple[str, ...]:
    """The 7776 words of the EFF large list, sorted."""
    return tuple(files("knothole_keys").joinpath("words.txt").read_text("ascii").split())


def generate() -> str:
    """A new codename: eight words, uniform and independent, joined by spaces."""
    return " ".join(secrets.choice(word_list()) for _ in range(WORDS))


def parse(text: str) -> str:
    """The codename as it is derived from, out of what a person typed. Raises BadCodename, never quoting a word."""
    words = _words(text)
    if len(words) != WORDS:
        found = "one word" if len(words) == 1 else f"{len(words)} words"
        raise BadCodename(f"A codename has exactly {WORDS} words; this has {found}. Give all of them, and nothing else.")
    listed = set(word_list())
    wrong = [str(i) for i, word in enumerate(words, 1) if word not in listed]
    if wrong:
        raise BadCodename(f"Word {', '.join(wrong)} of the codename is not in the list of words; check its spelling.")
    return " ".join(words)


def _words(text: str) -> list[str]:
    # Letters, with a hyphen only between two of them: commas, a list's numbers and all else part words. A letter that is not
    # ASCII stays what it is, so that its word is refused and not cut at it.
    lower = text.translate(fields.ASCII_LOWER)
    kept = "".join(c if c.isalpha() or c == "-" else " " for c in lower)
    return [word for run in kept.split() for word in _HYPHENS.sub(" ", run).split()]


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

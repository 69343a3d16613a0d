"""Overwriting secrets in memory, as far as a Python program can."""

import ctypes
import sys

# Shorter ones may be shared by the interpreter with others that are equal.
_LEAST = 8
_HEADER = sys.getsizeof(b"") - 1


def forget(*secrets: bytes | None) -> None:
    """Overwrite these bytes where they lie. Nobody may use them, or anything that holds them, afterwards.

    Copies that libraries made on the way are out of reach: only the end of the process is sure.
    """
    for secret in secrets:
        if secret is not None and len(secret) >= _LEAST:
            ctypes.memset(id(secret) + _HEADER, 0, len(secret))

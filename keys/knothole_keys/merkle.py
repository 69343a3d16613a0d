"""Merkle trees of RFC 6962 over the bodies of a stream (SPEC section 8)."""

import hashlib

HASH = 32


def leaf(body: bytes | memoryview) -> bytes:
    """The hash of one body."""
    return hashlib.sha256(b"\x00" + body).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree over all leaves at once: every level is kept, 64 bytes a leaf in all.

    Pairing neighbours level by level and carrying an odd last node up unchanged gives the tree that RFC 6962 defines by
    splitting at the largest power of two.
    """

    def __init__(self, leaves: list[bytes]) -> None:
        self._levels = [leaves]
        while len(level := self._levels[-1]) > 1:
            above = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            self._levels.append(above + level[len(above) * 2 :])

    @property
    def root(self) -> bytes:
        """The root: 32 bytes."""
        return self._levels[-1][0]

    def path(self, index: int) -> bytes:
        """The audit path of a leaf, leaf to root, concatenated."""
        siblings = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                siblings.append(level[index ^ 1])
            index >>= 1
        return b"".join(siblings)


def path_length(index: int, count: int) -> int:
    """How many hashes the audit path of leaf `index` of `count` has."""
    length, last = 0, count - 1
    while last:
        length += index ^ 1 <= last
        index, last = index >> 1, last >> 1
    return length


def root_of(leaf_hash: bytes, index: int, count: int, path: bytes) -> bytes:
    """The root that an audit path of the right length leads to."""
    value, last, offset = leaf_hash, count - 1, 0
    while last:
        if index ^ 1 <= last:
            sibling = path[offset : offset + HASH]
            offset += HASH
            value = _node(sibling, value) if index & 1 else _node(value, sibling)
        index, last = index >> 1, last >> 1
    return value

"""Merkle trees against RFC 6962's own words."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_keys import merkle
from knothole_keys.stream import MAX_COUNT

LEAVES = [hashlib.sha256(b"%d" % i).digest() for i in range(40)]


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two below count."""
    return 1 << ((count - 1).bit_length() - 1)


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), root(leaves[k:])]
    return [*path(index - k, leaves[k:]), root(leaves[:k])]


def path_length(index: int, count: int) -> int:
    if count == 1:
        return 0
    k = split(count)
    return 1 + (path_length(index, k) if index < k else path_length(index - k, count - k))


@pytest.mark.parametrize("count", range(1, len(LEAVES) + 1))
def test_roots_and_paths_are_the_rfcs(count: int) -> None:
    leaves = LEAVES[:count]
    tree = merkle.Tree(list(leaves))
    assert tree.root == root(leaves)
    for index in range(count):
        assert tree.path(index) == b"".join(path(index, leaves))
        assert len(tree.path(index)) == 32 * merkle.path_length(index, count)
        assert merkle.root_of(leaves[index], index, count, tree.path(index)) == tree.root


@given(st.data())
def test_path_lengths_up_to_the_limit(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, MAX_COUNT))
    index = data.draw(st.integers(0, count - 1))
    assert merkle.path_length(index, count) == path_length(index, count) <= 24


@given(st.data())
def test_a_leaf_proves_one_place_only(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, len(LEAVES)))
    index, other = data.draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=2, unique=True))
    tree = merkle.Tree(LEAVES[:count])
    if merkle.path_length(index, count) == merkle.path_length(other, count):
        assert merkle.root_of(LEAVES[index], other, count, tree.path(index)) != tree.root
    assert merkle.root_of(LEAVES[other], index, count, tree.path(index)) != tree.root


@given(st.integers(2, len(LEAVES)), st.integers(min_value=0))
def test_a_flipped_bit_of_the_path_leads_elsewhere(count: int, where: int) -> None:
    tree = merkle.Tree(LEAVES[:count])
    changed = bytearray(tree.path(0))
    changed[where % len(changed)] ^= 1 << where % 8
    assert merkle.root_of(LEAVES[0], 0, count, bytes(changed)) != tree.root


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert merkle.leaf(LEAVES[0] + LEAVES[1]) != node(LEAVES[0], LEAVES[1])
    assert merkle.leaf(memoryview(b"body")) == merkle.leaf(b"body")

"""Texts that people type or choose, and canonical JSON: both implementations of SPEC.md take them for the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_keys import canonical, codename, names, proof, root
from tests.twin import DROP_ID, EPOCH, FUZZ, WORDS, Twin, raw, tried


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    process = Twin()
    yield process
    process.close()


@FUZZ
@given(st.binary(max_size=40) | st.text('{}[]",:\\u0123ae -.tfn\x00\u2028é😀', max_size=40).map(lambda text: text.encode()))
def test_canonical_json_is_read_alike(twin: Twin, data: bytes) -> None:
    assert twin.ask("canonical", bytes=data) == tried(lambda: canonical.encode(canonical.decode(data)))


VALUES = st.recursive(
    st.text(max_size=4) | st.integers(0, 2**53 - 1) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@FUZZ
@given(VALUES)
def test_canonical_json_is_written_alike(twin: Twin, value: Any) -> None:
    data = canonical.encode(value)
    assert raw(twin.ask("canonical", bytes=data)) == data


@FUZZ
@given(
    st.lists(st.sampled_from([*WORDS.split(), "ABLE", "Ables", " ", "\x85", "\x1c", "\ufeff", "\u200b", "\u3000"]), max_size=17)
)
def test_codenames_are_read_alike(twin: Twin, pieces: list[str]) -> None:
    for text in (" ".join(pieces), "".join(pieces)):

        def keys(text: str = text) -> Any:
            found = codename.thread_keys(text, DROP_ID)
            words = codename.parse(text).split(" ")
            secrets = {"threadSecret": found.secret, "signSeed": found.signing_seed, "replyKey": found.reply_key}
            return {"words": words, "thread": found.thread, **secrets}

        assert twin.ask("codename", text=text, dropId=DROP_ID) == tried(keys)


def test_codenames_made_by_one_are_read_by_the_other(twin: Twin) -> None:
    for _ in range(5):
        mine, theirs = codename.generate(), twin.ask("generate")
        assert codename.parse(" ".join(theirs)).split(" ") == theirs
        answer = twin.ask("codename", text=mine.upper(), dropId=DROP_ID)
        assert raw(answer["threadSecret"]) == codename.thread_keys(mine, DROP_ID).secret


CHARACTERS = st.characters(exclude_categories=["Cn", "Co"]) | st.sampled_from("/\\. ()2\u0301\u202e\u2028\ud800aAé")
NAMES = st.text(CHARACTERS, max_size=12) | st.text("aé.", min_size=120, max_size=300)


@FUZZ
@given(st.lists(NAMES, max_size=5))
def test_names_are_cleaned_and_refused_alike(twin: Twin, chosen: list[str]) -> None:
    taken: set[str] = set()
    assert twin.ask("cleanNames", names=chosen) == [names.clean(name, taken) for name in chosen]
    for name in chosen:
        assert twin.ask("checkName", name=name) == tried(lambda name=name: names.check(name))
        assert twin.ask("foldName", name=name) == names.folded(name)


@FUZZ
@given(st.binary(min_size=32, max_size=32), st.integers(0, 60), st.sampled_from(["", "a", "1", "=", " ", "-", "\u00a0", "Q"]))
def test_fingerprints_are_read_alike(twin: Twin, drop_id: bytes, at: int, piece: str) -> None:
    good = root.fingerprint(drop_id)
    assert raw(twin.ask("fingerprint", text=good)) == drop_id
    for text in (good[:at] + piece + good[at:], good[:at] + piece + good[at + 1 :]):
        assert twin.ask("fingerprint", text=text) == tried(lambda text=text: root.parse_fingerprint(text))


def test_proofs_of_work_are_solved_and_checked_alike(twin: Twin) -> None:
    for difficulty in (0, 1, 8, 12):
        about = {"permit": "a.permit-of_Some.length", "epoch": EPOCH, "id": DROP_ID[:16], "difficulty": difficulty}
        nonce = proof.solve(about["permit"], EPOCH, DROP_ID[:16], difficulty)
        assert twin.ask("solve", **about) == str(nonce)
        for other in (nonce, nonce + 1, 2**64 - 1):
            passes = proof.check(about["permit"], EPOCH, DROP_ID[:16], other, difficulty)
            assert twin.ask("check", nonce=str(other), **about) == passes

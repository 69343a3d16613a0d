"""Codenames, derivation, epochs and proof of work."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knothole_keys import clock, codename, epoch, kdf, proof
from knothole_keys.errors import BadCodename
from tests.keys.refusing import refusal

WORDS = codename.word_list()
EIGHT = st.lists(st.sampled_from(WORDS), min_size=8, max_size=8)
SPACES = st.text(
    st.sampled_from("\t\n\v\f\r \u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"), min_size=1, max_size=3
)


def test_the_list_is_the_effs() -> None:
    assert len(WORDS) == len(set(WORDS)) == 7776
    assert list(WORDS) == sorted(WORDS)
    assert all(word == word.lower() and word.isascii() and not word.startswith("-") for word in WORDS)
    assert {word for word in WORDS if not word.isalpha()} == {"drop-down", "felt-tip", "t-shirt", "yo-yo"}
    assert 8 * hashlib.sha256().digest_size > 103.4


def test_generated_codenames_are_eight_words_and_differ() -> None:
    made = {codename.generate() for _ in range(200)}
    assert len(made) == 200
    assert all(codename.parse(text) == text for text in made)
    # 1600 draws out of 7776 hit each eighth of the list: 200 each on average, 100 is fifty million to one.
    eighths = [0] * 8
    for text in made:
        for word in text.split():
            eighths[WORDS.index(word) * 8 // len(WORDS)] += 1
    assert min(eighths) > 100


@given(EIGHT, st.lists(SPACES, min_size=9, max_size=9), st.data())
def test_however_it_is_typed_it_is_the_same_codename(words: list[str], gaps: list[str], data: st.DataObject) -> None:
    cased = ["".join(data.draw(st.sampled_from([c, c.upper()])) for c in word) for word in words]
    typed = gaps[0] + "".join(word + gap for word, gap in zip(cased, gaps[1:], strict=True))
    assert codename.parse(typed) == " ".join(words)


@given(st.lists(st.sampled_from(WORDS), max_size=12).filter(lambda words: len(words) != 8))
def test_other_numbers_of_words_are_refused(words: list[str]) -> None:
    assert refusal(lambda: codename.parse(" ".join(words))) == "BadCodename"


@pytest.mark.parametrize(
    ("text", "found"), [("", "0 words"), ("1. zoom", "one word"), ("zoom, " * 7, "7 words"), ("zoom " * 12, "12 words")]
)
def test_a_refusal_says_how_many_words_there_are_and_how_many_are_needed(text: str, found: str) -> None:
    with pytest.raises(BadCodename, match=f"exactly 8 words; this has {found}"):
        codename.parse(text)


@given(EIGHT, st.integers(0, 7), st.text(min_size=1, max_size=12))
def test_words_that_are_not_listed_are_refused_and_not_quoted(words: list[str], at: int, other: str) -> None:
    changed = [*words[:at], f"{words[at]}{other}x", *words[at + 1 :]]
    with pytest.raises(BadCodename) as caught:
        codename.parse(" ".join(changed))
    message = str(caught.value)
    assert not any(f" {word} " in f" {message} " for word in [words[at], *changed] if word not in ("list", "word", "spelling"))


@given(st.text(max_size=200))
def test_any_text_is_a_codename_or_refused(text: str) -> None:
    assert refusal(lambda: codename.parse(text)) in (None, "BadCodename")


def test_everything_derived_is_apart() -> None:
    words = " ".join(WORDS[:8])
    one, other = (codename.thread_keys(words, bytes([i]) * 32) for i in range(2))
    parts = [
        one.secret,
        one.signing_seed,
        one.reply_key,
        one.thread,
        other.secret,
        other.signing_seed,
        other.reply_key,
        other.thread,
    ]
    assert len(set(parts)) == 8
    assert repr(one.secret) not in repr(one)


@given(st.binary(max_size=80), st.binary(max_size=40), st.binary(max_size=40), st.integers(1, 200))
def test_hkdf_is_rfc_5869(secret: bytes, salt: bytes, info: bytes, length: int) -> None:
    prk = hmac.digest(salt or bytes(64), secret, "sha512")
    block, out = b"", b""
    for i in range(1, 5):
        block = hmac.digest(prk, block + info + bytes([i]), "sha512")
        out += block
    assert kdf.hkdf(secret, salt, info, length) == out[:length]


def test_labels_end_in_zero_so_that_none_begins_another() -> None:
    assert kdf.derive(b"s", "a", b"b") != kdf.derive(b"s", "ab")
    assert kdf.derive(b"s", "thread") != kdf.derive(b"s", "thread-sign")


@given(st.integers(-(10**6), 2**53 - 1))
def test_each_second_lies_in_one_epoch(t: int) -> None:
    e = epoch.epoch_of(t)
    assert epoch.start(e) <= t < epoch.end(e) == epoch.start(e + 1)
    assert epoch.accepts(e, t)
    assert [epoch.accepts(e + d, t) for d in (-2, 2)] == [False, False]


@given(st.integers(0, clock.LAST))
def test_epochs_begin_on_mondays(t: int) -> None:
    begins = datetime.fromtimestamp(max(0, epoch.start(epoch.epoch_of(t))), UTC)
    assert begins.weekday() == 0 or epoch.epoch_of(t) == 0
    assert (begins.hour, begins.minute, begins.second) == (0, 0, 0)


@given(st.integers(0, epoch.MAX_EPOCH), st.integers(0, 2**53 - 1))
def test_any_epoch_and_time_of_a_signed_list_can_be_shown(number: int, t: int) -> None:
    assert len(epoch.days(number)) == len("2026-11-23 to 2026-11-29")
    assert len(clock.day_of(t)) == 10


def test_a_week_is_shown_by_its_first_and_last_day() -> None:
    assert epoch.days(2968) == "2026-11-16 to 2026-11-22"


@settings(max_examples=30)
@given(st.text(max_size=40), st.integers(0, epoch.MAX_EPOCH), st.binary(min_size=16, max_size=16), st.integers(0, 10))
def test_proofs_are_found_and_bound_to_their_box(permit: str, number: int, box_id: bytes, bits: int) -> None:
    nonce = proof.solve(permit, number, box_id, bits)
    assert proof.check(permit, number, box_id, nonce, bits)
    assert not any(proof.check(permit, number, box_id, smaller, bits) for smaller in range(nonce))
    message = b"knothole/1 proof\x00" + hashlib.sha256(permit.encode()).digest() + number.to_bytes(4, "big") + box_id
    zeros = 256 - int.from_bytes(hashlib.sha256(message + nonce.to_bytes(8, "big")).digest(), "big").bit_length()
    assert proof.check(permit, number, box_id, nonce, zeros)
    assert not proof.check(permit, number, box_id, nonce, zeros + 1)


@pytest.mark.parametrize("nonce", [-1, 2**64])
def test_nonces_beyond_64_bits_prove_nothing(nonce: int) -> None:
    assert not proof.check("permit", 1, bytes(16), nonce, 0)

"""The source's side of the board: what is hers is found among everything, and nothing else passes for it."""

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Encryptor
from nacl.signing import SigningKey

from knothole_client.source import answers, seen
from knothole_client.source import cli as source_cli
from knothole_keys import board, clock, codename
from knothole_keys.board import BOARD_LIMIT, SLOT
from knothole_keys.card import LABEL, MAX_IGNORED, MAX_PIECES, PIECE, Card, make_slots
from knothole_keys.cli import run
from knothole_keys.codename import ThreadKeys
from knothole_keys.errors import Refused
from knothole_keys.letter import MAX_READ
from knothole_keys.recipient import recipient_id
from knothole_keys.root import fingerprint
from tests.client.served import Asked, Reply, lie
from tests.support.drop import Drop, Reader, make_drop, new_thread

Read = Callable[..., dict[str, Any]]


@pytest.fixture
def words(tmp_path: Path, drop: Drop) -> ThreadKeys:
    """A thread whose codename lies in a file."""
    text, keys = new_thread(drop)
    (tmp_path / "codename").write_text(text)
    return keys


@pytest.fixture
def read(drop: Drop, words: ThreadKeys, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Read:
    """What `source replies` prints of a board."""

    def ran(*slots: bytes, as_json: bool = True, code: int = 0, answer: Callable[[Asked], Reply] | None = None) -> Any:
        def serve(asked: Asked) -> Reply:
            shown = {"/roots": drop.chain_bytes, "/roster": drop.roster_bytes, "/board": b"".join(slots)}
            return 200, shown[asked.path]

        with lie(answer or serve) as (url, _):
            options = ["--codename-file", str(tmp_path / "codename"), *(["--json"] if as_json else [])]
            capsys.readouterr()
            assert run(["source", "replies", url, "--root", fingerprint(drop.drop_id), *options]) == code
        out, error = capsys.readouterr()
        return json.loads(out) if as_json and code == 0 else out + error

    return ran


def sealed(drop: Drop, keys: ThreadKeys, text: str, *, by: Reader | None = None, drop_id: bytes | None = None) -> list[bytes]:
    """The slots of a reply; `by` another reader than the first."""
    signing_key = SigningKey((by or drop.readers[0]).signing_seed)
    return make_slots(
        Card("reply", clock.day_of(drop.now), recipient_id(bytes(signing_key.verify_key)), 7, text),
        reply_key=keys.reply_key,
        drop_id=drop_id or drop.drop_id,
        thread=keys.thread,
        signing_key=signing_key,
    )


def noise(count: int) -> list[bytes]:
    data = os.urandom(count * SLOT)
    return [data[at : at + SLOT] for at in range(0, len(data), SLOT)]


def nothing(found: dict[str, Any]) -> bool:
    return not found["replies"] and not found["acknowledgements"]


def test_one_reply_among_two_thousand_slots_is_found(read: Read, drop: Drop, words: ThreadKeys):
    slots = sorted([*noise(1999), *sealed(drop, words, "here I am")])
    found = read(*slots)
    assert [(one["name"], one["text"]) for one in found["replies"]] == [("Ada", "here I am")]
    assert (found["ignored"], found["incomplete"]) == (0, 0)


def test_a_long_reply_comes_together_from_slots_in_any_order(read: Read, drop: Drop, words: ThreadKeys):
    text = "é" * (PIECE * MAX_PIECES // 2)
    slots = sealed(drop, words, text)
    assert [one["text"] for one in read(*noise(20), *reversed(slots), *noise(20))["replies"]] == [text]
    found = read(*slots[1:], *noise(3))
    assert (nothing(found), found["incomplete"], found["ignored"]) == (True, 1, 0)


def test_what_is_not_hers_or_not_the_newsrooms_is_not_shown(read: Read, drop: Drop, words: ThreadKeys):
    other_drop, stranger = make_drop(recipients=["Eve"]), new_thread(drop)[1]
    foreign = sealed(drop, words, "from another drop", drop_id=other_drop.drop_id)
    assert read(*foreign, *sealed(drop, stranger, "to another thread"))["ignored"] == 0
    forged = sealed(drop, words, "not on the list", by=other_drop.readers[0])
    # What a colleague was told in another thread, carried over into this one.
    moved = ThreadKeys(stranger.secret, stranger.signing_seed, words.reply_key)
    found = read(*foreign, *forged, *sealed(drop, moved, "meant for another"), *noise(5))
    assert nothing(found)
    assert found["ignored"] == 2


def test_a_reply_that_comes_again_is_one_reply(read: Read, drop: Drop, words: ThreadKeys):
    slots = [*sealed(drop, words, "hello"), *sealed(drop, words, "hello"), *sealed(drop, words, "hello")]
    assert len(set(slots)) == 3
    assert len(read(*slots)["replies"]) == 1


def test_a_reply_cannot_take_the_terminal_over(read: Read, drop: Drop, words: ThreadKeys):
    said = read(*sealed(drop, words, "right\u202eleft\r\n\u2028two\u200b\tthree"), as_json=False)
    assert not set(said) & set("\u202e\u2028\u200b\r\t\x1b")
    assert "right\N{REPLACEMENT CHARACTER}left" in said


@pytest.mark.parametrize("length", [1, SLOT - 1, SLOT + 1, 3 * SLOT - 7])
def test_a_board_that_ends_within_a_slot_is_refused_whole(
    length: int, read: Read, drop: Drop, words: ThreadKeys, tmp_path: Path
):
    said = read(*sealed(drop, words, "hello"), os.urandom(length), code=1)
    assert "whole number of reply slots" in said
    assert "hello" not in said
    assert not seen.beside(tmp_path / "codename").exists()


def test_a_line_that_breaks_begins_anew_and_counts_nothing_twice(read: Read, drop: Drop, words: ThreadKeys):
    slots, tries = b"".join([*noise(40), *sealed(drop, words, "x" * (2 * PIECE))]), []

    def answer(asked: Asked) -> Reply:
        if asked.path != "/board":
            return 200, {"/roots": drop.chain_bytes, "/roster": drop.roster_bytes}[asked.path]
        tries.append(1)
        if len(tries) == 1:
            # It claims more than it sends, and hangs up.
            return 200, slots[: 41 * SLOT + 100], {"Content-Length": str(len(slots)), "Connection": "close"}
        return 200, slots

    found = read(answer=answer)
    assert [len(one["text"]) for one in found["replies"]] == [2 * PIECE]
    assert (len(tries), found["incomplete"]) == (2, 0)


def test_a_board_without_end_is_refused_before_it_fills_the_memory(
    read: Read, drop: Drop, words: ThreadKeys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answers, "BOARD_LIMIT", 100 * SLOT)
    assert len(read(*noise(100))["replies"]) == 0
    assert "longer than it may be" in read(*noise(101), code=1)


def test_the_limit_is_what_a_server_may_keep_and_no_more():
    # 30 days, and as many as a roster may live beyond, each with all the slots that a server takes in a day.
    assert BOARD_LIMIT == 66 * board.SLOTS_A_DAY * board.SLOT


def test_an_error_of_the_servers_is_not_taken_for_a_board(read: Read, drop: Drop, words: ThreadKeys):
    def answer(asked: Asked) -> Reply:
        if asked.path == "/board":
            return 404, b'{"error": "not_found", "message": "There is nothing here."}'
        return 200, {"/roots": drop.chain_bytes, "/roster": drop.roster_bytes}[asked.path]

    said = read(code=1, answer=answer)
    assert "The board: the server does not have it" in said
    assert 'It says: "There is nothing here."' in said


def test_a_full_board_is_never_in_memory(read: Read, drop: Drop, words: ThreadKeys):
    data = b"".join([*noise(4096), *sealed(drop, words, "hello")])
    shown = {"/roots": drop.chain_bytes, "/roster": drop.roster_bytes, "/board": data}
    tracemalloc.start()
    assert len(read(answer=lambda asked: (200, shown[asked.path]))["replies"]) == 1
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < len(data) / 2


def forgeries(words: ThreadKeys, drop: Drop, count: int) -> list[bytes]:
    """Slots that open, sealed by somebody who holds the reply key and is nobody on the list."""
    made = []
    for number in range(count):
        trial = Cobblestone256Encryptor(words.reply_key, context=LABEL + drop.drop_id)
        made.append(trial.update(number.to_bytes(8, "big") + bytes(1968)) + trial.finalize())
    return made


def test_a_board_of_forgeries_is_not_in_memory_either(read: Read, drop: Drop, words: ThreadKeys):
    forged = forgeries(words, drop, 4096)
    data = b"".join([*forged, *sealed(drop, words, "hello"), *forged[:100]])
    shown = {"/roots": drop.chain_bytes, "/roster": drop.roster_bytes, "/board": data}
    tracemalloc.start()
    found = read(answer=lambda asked: (200, shown[asked.path]))
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one["text"] for one in found["replies"]] == ["hello"]
    assert found["ignored"] == 4096
    assert used < len(data) / 2
    # So many are counted, and no more.
    assert read(*forged, *forgeries(words, drop, 4200)[4096:])["ignored"] == MAX_IGNORED


def test_what_was_shown_is_remembered_newest_first_to_what_a_letter_names(tmp_path: Path):
    file, owner = tmp_path / "codename", (bytes(32), b"t" * 32)
    assert seen.load(file, *owner) == ()
    seen.add(file, *owner, [("ab" * 8, number) for number in range(2 * MAX_READ, 0, -1)])
    seen.add(file, *owner, [("cd" * 8, 5), ("01" * 8, 10**9)])
    kept = seen.load(file, *owner)
    assert (len(kept), kept[0], kept[-1]) == (MAX_READ, ("01" * 8, 10**9), ("ab" * 8, 2 * MAX_READ))
    assert codename.parse("abacus " * 8)
    assert list(kept) == sorted(set(kept)), "a letter's list is sorted, and names none twice"


def test_another_thread_or_drop_at_the_same_path_takes_nothing_over(
    read: Read, drop: Drop, words: ThreadKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    named: list[Any] = []

    def stop(**given: Any) -> None:
        named.append(tuple(given["read"]))
        raise Refused("enough")

    monkeypatch.setattr(source_cli, "compose", stop)
    file = tmp_path / "codename"

    def send(to: Drop) -> Any:
        shown = {"/roots": to.chain_bytes, "/roster": to.roster_bytes}
        with lie(lambda asked: (200, shown[asked.path])) as (url, _):
            options = ["--root", fingerprint(to.drop_id), "-m", "x", "--codename-file", str(file)]
            assert run(["source", "send", url, *options]) == 1
        return named[-1]

    read(*sealed(drop, words, "here I am"))
    mine = ((recipient_id(bytes(SigningKey(drop.readers[0].signing_seed).verify_key)), 7),)
    assert send(drop) == mine
    assert send(make_drop(recipients=["Eve"])) == ()
    # Words from elsewhere put in place of the old ones.
    file.write_text(new_thread(drop)[0])
    assert send(drop) == ()
    seen.add(file, drop.drop_id, b"t" * 32, [("ab" * 8, 1)])
    assert seen.load(file, drop.drop_id, b"t" * 32) == (("ab" * 8, 1),)
    assert seen.load(file, drop.drop_id, words.thread) == ()
    # A new codename is made here.
    file.unlink()
    assert send(drop) == ()
    assert not seen.beside(file).exists()

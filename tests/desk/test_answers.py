"""Answers on their way out: when they go, again and for how long, in how many slots, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk import relocking, vault
from knothole_client.desk.answers import Answers
from knothole_client.desk.locks import Holding
from knothole_keys import clock
from knothole_keys.board import BOARD_DAYS, SLOT, SLOTS_A_FILE
from knothole_keys.card import MAX_TEXT, PIECE, read_acknowledgement
from knothole_keys.epoch import DAY
from tests.desk.answering import board, exported, import_one, next_letter, queued, reply, texts
from tests.desk.conftest import CHEAP, NOW, PASSPHRASE, Command, Desk
from tests.support import looking
from tests.support.drop import Drop, seal_submission, write_out


def test_an_unread_answer_goes_out_every_month_seven_times_and_then_no_more(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "are you there?")
    days, files = [], []
    for day in range(300):
        done, data = exported(desk, tmp_path, day)
        if texts(drop, sent, data):
            days.append(day)
            files.append(data)
        # The acknowledgement goes the same way.
        assert done.acknowledgements == done.replies
    assert days == [0, 30, 60, 90, 120, 150, 180]
    slots = [data[at : at + SLOT] for data in files for at in range(0, len(data), SLOT)]
    assert len(set(slots)) == len(slots), "the same bytes twice would show that an answer is unread"
    assert texts(drop, sent, *files) == ["are you there?"], "it is one answer, however often it comes"


def test_an_answer_that_a_letter_names_as_read_never_goes_out_again(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent, other = import_one(desk, drop, tmp_path / "in"), import_one(desk, drop, tmp_path / "other")
    first, second = reply(desk, sent, "first"), reply(desk, sent, "second")
    elsewhere = reply(desk, other, "to another thread")
    exported(desk, tmp_path, 0)
    # It names what is not its own, too: another thread's answer, and another desk's of the same number.
    read = [(first.sender, first.sequence), (first.sender, elsewhere.sequence), ("ab" * 8, second.sequence)]
    desk.take_in(write_out(tmp_path / "more", drop, next_letter(drop, sent, read)))
    assert [one.read for one in queued(desk)] == [clock.day_of(NOW), "", ""]
    _, data = exported(desk, tmp_path, BOARD_DAYS)
    assert texts(drop, sent, data) == ["second"]
    assert texts(drop, other, data) == ["to another thread"]


def test_an_answer_read_before_its_end_went_out_stops(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    answer = reply(desk, sent, "x" * (3 * PIECE))
    exported(desk, tmp_path, 0, count=3)
    _, data = exported(desk, tmp_path, BOARD_DAYS, count=2)
    assert queued(desk)[0].done == 2
    desk.take_in(write_out(tmp_path / "more", drop, next_letter(drop, sent, [(answer.sender, answer.sequence)])))
    done, _ = exported(desk, tmp_path, BOARD_DAYS + 1)
    assert (done.replies, done.replies_left) == (0, 0)
    assert board(drop, sent, data).cards == []


def test_a_clock_that_was_ahead_for_a_day_silences_nothing(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "hello")
    exported(desk, tmp_path, 3000)
    for day in (0, 30, 180):
        assert texts(drop, sent, exported(desk, tmp_path, day)[1]) == ["hello"]


def test_a_long_answer_takes_several_slots_and_goes_on_in_the_next_days_file(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    long, short = "ü" * (MAX_TEXT // 2), "after it"
    reply(desk, sent, long)
    reply(desk, sent, long)
    reply(desk, sent, long[:-1])
    reply(desk, sent, short)
    one, first = exported(desk, tmp_path, 0)
    # 32 slots: two of sixteen, whole. What does not fit waits.
    assert (one.replies, one.replies_left, one.acknowledgements_left) == (2, 2, 1)
    assert [len(text) for text in texts(drop, sent, first)] == [len(long)] * 2
    _, second = exported(desk, tmp_path, 1, count=10)
    three, third = exported(desk, tmp_path, 2, count=8)
    assert (board(drop, sent, second).incomplete, texts(drop, sent, second)) == (1, [])
    assert (three.replies, three.acknowledgements) == (2, 1)
    assert texts(drop, sent, second, third) == [long[:-1], short]
    assert {len(data) for data in (first, second, third)} == {32 * SLOT, 10 * SLOT, 8 * SLOT}


def test_answers_go_before_acknowledgements_and_new_ones_before_those_that_went_out(
    desk: Desk, drop: Drop, tmp_path: Path
) -> None:
    sent = [import_one(desk, drop, tmp_path / f"in-{number}") for number in range(4)]
    reply(desk, sent[0], "old")
    exported(desk, tmp_path, 0, count=2)
    reply(desk, sent[1], "new")
    _, data = exported(desk, tmp_path, 40, count=1)
    assert texts(drop, sent[1], data) == ["new"]
    done, data = exported(desk, tmp_path, 41, count=2)
    assert texts(drop, sent[0], data) == ["old"]
    assert (done.acknowledgements, done.acknowledgements_left) == (1, 3)


def test_real_slots_lie_anywhere_in_the_file(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    exported(desk, tmp_path, 0)
    places = set()
    for day in range(1, 13):
        reply(desk, sent, "where?")
        _, data = exported(desk, tmp_path, day)
        found = [at for at in range(SLOTS_A_FILE) if texts(drop, sent, data[at * SLOT : (at + 1) * SLOT])]
        places.update(found)
        assert len(found) == 1
    assert len(places) > 3


def test_a_newer_acknowledgement_takes_the_place_of_the_one_before(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "hello", {"a.bin": b"x" * 600_000, "b.bin": b"y" * 600_000, "same.bin": b"x" * 600_000})
    parts = [*sent.letter_boxes, *sent.file_boxes["a.bin"], *sent.file_boxes["b.bin"]]
    told = []
    for number, boxes in enumerate([sent.letter_boxes, parts[:3], [], parts]):
        desk.take_in(write_out(tmp_path / f"in-{number}", drop, boxes))
        (one,) = queued(desk, "acknowledgement")
        known = read_acknowledgement(one.text)
        assert known is not None
        assert (known.letter, known.day) == (sent.id.hex(), clock.day_of(NOW))
        told.append((known.boxes, known.expected, known.files, known.of))
    # Seven boxes: the letter's, and three for each of two files; the third file is the first one's bytes again.
    assert told == [(1, 7, 0, 3), (3, 7, 0, 3), (3, 7, 0, 3), (7, 7, 3, 3)]
    exported(desk, tmp_path, 0)
    # Something came, and nothing is new: it is not told twice.
    with desk.opened() as (vaulted, _), vaulted.records.transaction():
        vaulted.records.put("changed letter", sent.id.hex(), {"letter": sent.id.hex()})
    assert exported(desk, tmp_path, 1)[0].acknowledgements == 0


def test_an_answer_to_a_thread_that_is_gone_harms_no_other(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    gone, kept = import_one(desk, drop, tmp_path / "gone"), import_one(desk, drop, tmp_path / "kept")
    reply(desk, gone, "to nobody")
    reply(desk, kept, "to somebody")
    with desk.opened() as (one, _), one.records.transaction():
        for kind in ("submission", "content", "claims", "letter stream"):
            one.records.remove(kind, gone.id.hex())
        one.records.put("changed letter", gone.id.hex(), {"letter": gone.id.hex()})
    done, data = exported(desk, tmp_path, 0)
    assert (done.replies, done.lost) == (1, 2)
    assert texts(drop, kept, data) == ["to somebody"]
    assert board(drop, gone, data).cards == []


def test_nothing_of_an_answer_is_in_the_vaults_files(desk: Desk, drop: Drop, tmp_path: Path, command: Command) -> None:
    canary = "CANARY-7b1e-of-an-answer"
    sent = import_one(desk, drop, tmp_path / "in")
    assert command("reply", sent.id.hex()[:8], "-m", f"{canary} " * 2000)[0] == 1
    assert command("reply", sent.id.hex()[:8], "-m", canary)[0] == 0
    assert canary in command("replies")[1]
    assert command("slots", "-o", tmp_path / "day")[0] == 0
    needles = looking.spellings([canary, sent.thread.thread.hex(), sent.thread.reply_key.hex()])
    assert [hit for place in (desk.path, tmp_path / "in") for hit in looking.in_folder(place, needles)] == []
    assert not [needle for needle in needles if needle in (tmp_path / "day").read_bytes()]


def test_a_travelling_vault_answers(desk: Desk, drop: Drop, tmp_path: Path, command: Command) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "written at home")
    key = tmp_path / "key"
    key.write_bytes(b"")
    key.unlink()
    assert command("lock-travel", "--key-file", key)[0] == 0
    assert command("reply", sent.id.hex(), "-m", "refused")[0] == 1
    assert command("reply", sent.id.hex(), "-m", "written abroad", "--key-file", key)[0] == 0
    assert command("slots", "-o", tmp_path / "day", "--key-file", key)[0] == 0
    assert texts(drop, sent, (tmp_path / "day").read_bytes()) == ["written at home", "written abroad"]


def test_a_backup_restored_uses_no_number_again(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        before = list(one.records.everything())
    used = [reply(desk, sent, "hello", now=NOW).sequence for _ in range(3)]
    with desk.opened() as (one, _), one.records.transaction():
        one.records.remove("desk", "sequence")
        for kind, name, value in before:
            one.records.put(kind, name, value)
    again = [reply(desk, sent, "hello", now=NOW + day * DAY).sequence for day in (0, 0, 1)]
    assert len({*used, *again}) == 6, "a source would take the new answer for the old one"
    assert (used, again) == (sorted(used), sorted(again))
    assert max(used + again) < 2**53


def test_numbers_keep_to_their_day_and_do_not_count_the_cards(desk: Desk) -> None:
    today = NOW // DAY
    with vault.opened(desk.path, PASSPHRASE, change=True) as one, one.records.transaction():
        answers = Answers(one.records)
        used = [answers.next_sequence(clock.day_of(NOW)) for _ in range(100)]
        first = answers.next_sequence(clock.day_of(NOW + DAY))
        # A restored vault, which knows of none of these, is above them from the next day on.
        one.records.remove("desk", "sequence")
        restored = answers.next_sequence(clock.day_of(NOW + DAY))
    assert used == sorted(set(used))
    assert {number >> 32 for number in used[:2]} == {today}
    assert first >> 32 == restored >> 32 == today + 1
    assert restored > max(used)


def test_relocking_keeps_what_waits(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "hello")
    relocking.relock(desk.path, PASSPHRASE, relocking.passphrase(b"another horse battery", PASSPHRASE), CHEAP)
    relocking.relock(
        desk.path,
        Holding(b"another horse battery"),
        relocking.passphrase(PASSPHRASE.passphrase, Holding(b"another horse battery")),
        CHEAP,
    )
    assert texts(drop, sent, exported(desk, tmp_path, 0)[1]) == ["hello"]


REFUSED: dict[str, tuple[list[str], str]] = {
    "no_such_thread": (["ffffffffff", "-m", "x"], "No thread and no submission has this id"),
    "no_thread_named": (["", "-m", "x"], "No thread and no submission has this id"),
    "empty": (["ID", "-m", ""], "There is nothing to send"),
    "white_space": (["ID", "-m", " \n\t"], "There is nothing to send"),
    "too_long": (["ID", "-m", "x" * (MAX_TEXT + 1)], f"1 to {MAX_TEXT} bytes"),
    "a_control_character": (["ID", "-m", "bell\x07"], "control character"),
    "half_a_character": (["ID", "-m", "half \ud800"], "not text"),
    "a_file_that_is_not_there": (["ID", "--file", "/no/such/file"], "cannot be read"),
    "nobody_to_ask": (["ID"], "nobody to ask for the answer"),
    "an_unread_letter": (["UNREAD", "-m", "x"], "was not read yet"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_answered_is_refused_in_a_sentence_and_changes_nothing(
    desk: Desk, drop: Drop, tmp_path: Path, command: Command, unchanged: Callable[[Path], Callable[[], None]], case: str
) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    part = seal_submission(drop, "long " * 90_000)
    desk.take_in(write_out(tmp_path / "part", drop, part.letter_boxes[:1]))
    check = unchanged(desk.path)
    words, why = REFUSED[case]
    stand_ins = {"ID": sent.id.hex()[:10], "UNREAD": part.id.hex()[:10]}
    code, out, error = command("reply", *(stand_ins.get(word, word) for word in words))
    assert (code, out) == (1, "")
    assert why in error
    assert queued(desk) == []
    check()


def test_a_beginning_that_two_threads_share_is_refused(desk: Desk, drop: Drop, tmp_path: Path, command: Command) -> None:
    threads: dict[str, str] = {}
    while len(threads) < 17:
        sent = import_one(desk, drop, tmp_path / f"in-{len(threads)}")
        threads[sent.thread.thread.hex()] = sent.id.hex()
    firsts = [name[0] for name in threads]
    shared = next(one for one in firsts if firsts.count(one) > 1)
    code, _, error = command("reply", shared, "-m", "x")
    assert (code, "Several threads" in error) == (1, True)
    thread, submission = next(iter(threads.items()))
    for start in (thread[:12], thread, submission[:12], submission.upper()):
        assert json.loads(command("reply", start, "-m", "x", "--json")[1])["thread"] == thread
    assert thread[:10] in command("list")[1]
    assert len(command("replies", thread[:12])[1].splitlines()) == 5


def test_the_file_is_never_written_over_and_nothing_is_claimed_then(
    desk: Desk, drop: Drop, tmp_path: Path, command: Command, unchanged: Callable[[Path], Callable[[], None]]
) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    reply(desk, sent, "hello")
    (tmp_path / "day").write_text("mine")
    check = unchanged(desk.path)
    for path, why in (
        (tmp_path / "day", "exists already"),
        (tmp_path / "no" / "folder", f"The folder {tmp_path / 'no'} does not exist"),
    ):
        code, _, error = command("slots", "-o", path)
        assert (code, why in error) == (1, True)
    check()
    assert (tmp_path / "day").read_text() == "mine"
    assert [one.times for one in queued(desk)] == [0]


def test_a_desk_that_is_told_to_wait_says_how_many_do(desk: Desk, drop: Drop, tmp_path: Path, command: Command) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    for number in range(5):
        reply(desk, sent, f"answer {number}")
    code, said, _ = command("slots", "-o", tmp_path / "day", "--count", 2)
    assert code == 0
    assert "2 slots, with 2 answers and 0 acknowledgements among them" in said
    assert "3 answers wait for the next file.\n1 acknowledgement waits for the next file." in said
    assert command("slots", "-o", tmp_path / "none", "--count", 0)[0] == 2

"""Marks, notes, names of threads and duplicates: what a newsroom keeps beside what came, and lists chosen by it."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from knothole_client.desk import listing, looking, pseudonyms, vault
from knothole_client.desk.custody import Custody
from knothole_client.desk.duplicates import Duplicates
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.listing import Filter, Listing, Row, page, threads
from knothole_client.desk.marks import Mark, Marks
from knothole_client.desk.notes import MAX_NOTES, MAX_TEXT, Notes
from knothole_client.desk.records import Records
from knothole_client.desk.vault import Vault
from knothole_keys.errors import Refused
from tests.desk.conftest import NOW, PASSPHRASE, Desk
from tests.support.big_vault import fill
from tests.support.drop import Drop, Sent, seal_submission, write_out

ID = "ab" * 32


@pytest.fixture
def reader(desk: Desk) -> Iterator[Vault]:
    """The vault as a desk has it that stays open: to be read."""
    with vault.opened(desk.path, PASSPHRASE) as one:
        yield one


@pytest.fixture
def sent(desk: Desk, drop: Drop, tmp_path: Path) -> list[Sent]:
    """Two letters of one source and one of another; the first and the last have a file in common."""
    first = seal_submission(drop, "first", {"a.bin": b"same", "other.bin": b"other", "none.bin": b""})
    second = seal_submission(drop, "second", {"big.bin": b"x" * 500_000}, words=first.codename)
    third = seal_submission(drop, "third", {"renamed.bin": b"same", "empty.bin": b""})
    boxes = [*first.boxes, *second.letter_boxes, *third.boxes]
    desk.take_in(write_out(tmp_path / "out", drop, boxes))
    return [first, second, third]


def test_a_mark_and_a_note_last_and_take_no_one_elses_place(desk: Desk, reader: Vault) -> None:
    wanted = Mark(True, True, ("tax", "bridge", "tax"), "triage", "2026-12-01", "2026-12-02", "fact desk")
    looking.mark(reader, ID, wanted, NOW)
    looking.note(reader, ID, " two\nlines ", NOW)
    looking.note(reader, ID, "three", NOW)
    with vault.opened(desk.path, PASSPHRASE) as one:
        assert Marks(one.records).of(ID) == replace(wanted, labels=("bridge", "tax"))
        assert Marks(one.records).of("cd" * 32) == Mark()
        assert list(Marks(one.records).all()) == [ID]
        assert [(note.by, note.text, note.day) for note in Notes(one.records).of(ID)] == [
            ("Ada", "two\nlines", "2026-11-25"),
            ("Ada", "three", "2026-11-25"),
        ]
    looking.mark(reader, ID, Mark(), NOW)
    assert Marks(reader.records).all() == {}


@pytest.mark.parametrize(
    "wrong",
    [
        Mark(state="mine"),
        Mark(embargo="tomorrow"),
        Mark(reminder="2026-02-30"),
        Mark(labels=("a\nb",)),
        Mark(labels=("",)),
        Mark(labels=tuple(map(str, range(33)))),
        Mark(assigned="x" * 101),
        Mark(assigned="\u202eabc"),
    ],
)
def test_a_mark_that_cannot_be_is_refused_and_changes_nothing(reader: Vault, wrong: Mark) -> None:
    with pytest.raises(Refused):
        looking.mark(reader, ID, wrong, NOW)
    assert (Marks(reader.records).of(ID), Custody(reader.records).head()[0]) == (Mark(), 0)


@pytest.mark.parametrize("text", ["", " \n ", "x" * (MAX_TEXT + 1), "half \ud83d"])
def test_a_note_that_cannot_be_is_refused(reader: Vault, text: str) -> None:
    with pytest.raises(Refused):
        looking.note(reader, ID, text, NOW)
    assert Notes(reader.records).of(ID) == []


def test_notes_end_somewhere(reader: Vault) -> None:
    notes = Notes(reader.records)
    with reader.changing():
        for number in range(MAX_NOTES):
            notes.add(ID, str(number), "Ada", NOW)
        with pytest.raises(Refused, match="at most 500 notes"):
            notes.add(ID, "one more", "Ada", NOW)


@contextmanager
def another(desk: Desk) -> Iterator[None]:
    """Another process that holds the vault for a change."""
    context = multiprocessing.get_context("fork")
    holds, let_go = context.Event(), context.Event()

    def hold() -> None:
        with vault.opened(desk.path, PASSPHRASE, change=True):
            holds.set()
            let_go.wait(60)

    process = context.Process(target=hold)
    process.start()
    try:
        assert holds.wait(60)
        yield
    finally:
        let_go.set()
        process.join(60)


def test_an_open_desk_writes_for_a_moment_and_others_write_meanwhile(desk: Desk, reader: Vault) -> None:
    for turn in range(2):
        looking.mark(reader, ID, Mark(star=not turn, seen=True), NOW)
        with desk.opened() as (one, _), one.records.transaction():
            assert Marks(one.records).of(ID).star is (not turn)
            Marks(one.records).put("cd" * 32, Mark(state="triage" if turn else "verifying"))
    assert Marks(reader.records).of("cd" * 32).state == "triage"


def test_an_open_desk_is_refused_while_another_command_changes(desk: Desk, reader: Vault) -> None:
    with another(desk):
        with pytest.raises(Refused, match="Another command is changing this vault"):
            looking.mark(reader, ID, Mark(star=True), NOW)
        assert Marks(reader.records).of(ID) == Mark()
        assert "Another command" not in looking.opened(reader, ID, NOW)
        assert "custody log has no entry" in looking.opened(reader, ID, NOW)
    looking.mark(reader, ID, Mark(star=True), NOW)


def test_what_fails_in_the_middle_of_a_change_leaves_nothing_of_it(reader: Vault) -> None:
    def cut_short() -> None:
        with reader.changing():
            Marks(reader.records).put(ID, Mark(star=True))
            with reader.changing():
                Custody(reader.records).write("marked", ID, NOW, "Ada")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        cut_short()
    assert (Marks(reader.records).all(), Custody(reader.records).head()[0]) == ({}, 0)
    looking.mark(reader, ID, Mark(star=True), NOW)


def test_duplicates_are_named_both_ways_and_empty_files_are_none(desk: Desk, reader: Vault, sent: list[Sent]) -> None:
    with desk.inbox() as inbox:
        found = {}
        for one in sent:
            looked = looking.look(reader, inbox, inbox.find(one.id.hex()))
            found[looked.submission.message] = looked.duplicates
    first, _, third = (one.id.hex() for one in sent)
    assert found == {"first": {"a.bin": [third]}, "second": {}, "third": {"renamed.bin": [first]}}


def test_a_damaged_record_of_duplicates_does_not_stop_a_look(desk: Desk, reader: Vault, sent: list[Sent]) -> None:
    with desk.inbox() as inbox:
        files = [file.entry for file in inbox.find(sent[0].id.hex()).files]
    with reader.changing():
        place, shelf = reader.records._where("contents of files", sent[2].id.hex())
        reader.records._db.execute("update records set box = zeroblob(400) where place = ? and shelf = ?", [place, shelf])
    assert Duplicates(reader.records).of(sent[0].id.hex(), files) == {}
    assert reader.records.damaged == 1


def test_pseudonyms_are_the_same_everywhere_and_apart_where_they_meet() -> None:
    many = [f"{number:064x}" for number in range(5000)]
    names = pseudonyms.distinct(many)
    assert len(set(names.values())) == len(many)
    alone = [thread for thread in many if names[thread] == pseudonyms.pseudonym(thread)]
    assert 3000 < len(alone) < 5000
    assert all(names[thread].startswith(f"{pseudonyms.pseudonym(thread)} ") for thread in set(many) - set(alone))
    # In a vault that lacks some of them, nobody has a number that is another one's here.
    fewer = pseudonyms.distinct(many[:2500])
    numbered = {thread: name for thread, name in fewer.items() if name[-1].isdigit()}
    whose = {name: thread for thread, name in names.items()}
    assert numbered
    assert all(whose.get(name, thread) == thread for thread, name in numbered.items())
    assert pseudonyms.pseudonym("00" * 32) == pseudonyms.pseudonym("00" * 32) == "Lilac Shore"


def rows_of(desk: Desk) -> list[Row]:
    with vault.opened(desk.path, PASSPHRASE) as one:
        return Listing(one).rows()


def chosen(rows: list[Row], *, sort: str = "", **options: object) -> set[str]:
    return {row.summary.start for row in page(rows, Filter(**options), sort).rows}  # type: ignore[arg-type]


def test_lists_are_chosen_by_marks(desk: Desk, reader: Vault, sent: list[Sent]) -> None:
    first, second, third = (one.id.hex() for one in sent)
    today = "2026-12-10"
    looking.mark(reader, first, Mark(seen=True, labels=("tax",), embargo="2026-12-10", reminder="2026-12-11"), NOW)
    looking.mark(reader, second, Mark(star=True, state="triage", embargo="2026-12-11", reminder="2026-12-10"), NOW)
    looking.mark(reader, third, Mark(assigned="fact desk"), NOW)
    rows = rows_of(desk)
    thread = sent[0].thread.thread.hex()
    for options, expected in (
        ({}, {"first", "second", "third"}),
        ({"unread": True}, {"second", "third"}),
        ({"unread": False}, {"first"}),
        ({"starred": True}, {"second"}),
        ({"label": "tax"}, {"first"}),
        ({"label": "ta"}, set()),
        ({"state": "triage"}, {"second"}),
        ({"assigned": "fact desk"}, {"third"}),
        ({"thread": thread[:9].upper()}, {"first", "second"}),
        ({"thread": pseudonyms.pseudonym(thread).lower()}, {"first", "second"}),
        ({"incomplete": True}, {"second"}),
        ({"incomplete": False, "unread": True}, {"third"}),
        ({"embargo": "passed"}, {"first"}),
        ({"embargo": "ahead"}, {"second"}),
        ({"due": True}, {"second"}),
        ({"answered": True}, set()),
        ({"among": {third}}, {"third"}),
    ):
        assert chosen(rows, today=today, **options) == expected, options
    for wrong in ({"state": "mine"}, {"embargo": "soon"}):
        with pytest.raises(Refused):
            Filter(**wrong)
    with pytest.raises(Refused, match="sorted by"):
        page(rows, Filter(), "name")


def test_pages_neither_repeat_nor_miss_a_row(reader: Vault, desk: Desk) -> None:
    with reader.changing():
        fill(reader, 60, 2)
    rows = rows_of(desk)
    for sort in ("", *listing.SORTS, *(f"-{one}" for one in listing.SORTS)):
        pages = [page(rows, Filter(), sort, start, 7) for start in range(0, 63, 7)]
        seen = [row.id for one in pages for row in one.rows]
        assert (len(seen), len(set(seen)), {one.total for one in pages}) == (60, 60, {60})
        keys = [listing.SORTS[sort.strip("-") or "day"](row) for one in pages for row in one.rows]
        assert keys == sorted(keys, reverse=sort.startswith("-"))
    assert page(rows, Filter(), "", 60, 7).rows == []
    assert [len(one.rows) for one in threads(rows)] == [3] * 20


def test_a_list_that_is_kept_opens_only_what_changed(
    desk: Desk, drop: Drop, reader: Vault, sent: list[Sent], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Listing(reader)
    assert len(kept.rows()) == 3
    opened: list[bytes] = []
    real = Records._open_whole
    monkeypatch.setattr(Records, "_open_whole", lambda self, place, *rest: opened.append(place) or real(self, place, *rest))
    assert (len(kept.rows()), opened) == (3, [])
    first = sent[0].id.hex()
    looking.mark(reader, first, Mark(star=True), NOW)
    opened.clear()
    assert [row.mark.star for row in kept.rows() if row.id == first] == [True]
    assert len(opened) == 1
    # Another command's changes show as well: a letter that came, a mark that went.
    more = seal_submission(drop, "fourth")
    desk.take_in(write_out(tmp_path / "more", drop, more.boxes))
    with desk.opened() as (one, _), one.changing():
        Marks(one.records).put(first, Mark())
    assert {(row.summary.start, row.mark.star) for row in kept.rows()} == {
        (text, False) for text in ("first", "second", "third", "fourth")
    }


def test_a_damaged_mark_takes_nothing_else_from_the_list(desk: Desk, reader: Vault, sent: list[Sent]) -> None:
    for one in sent:
        looking.mark(reader, one.id.hex(), Mark(star=True), NOW)
    with reader.changing():
        place, _ = reader.records._where("mark", sent[0].id.hex())
        reader.records._db.execute("update records set box = zeroblob(400) where place = ?", [place])
    assert len(Listing(reader).rows()) == 3
    assert sum(row.mark.star for row in Listing(reader).rows()) == 2
    assert reader.records.damaged == 1


def test_an_inbox_of_thousands_opens_each_submission_once_and_in_few_questions(
    desk: Desk, reader: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reader.changing():
        fill(reader, 1500, 1)
    asked: list[str] = []
    opened: list[bytes] = []
    real = Records._open_whole
    monkeypatch.setattr(Records, "_open_whole", lambda self, place, *rest: opened.append(place) or real(self, place, *rest))
    reader.records._db.conn.set_trace_callback(asked.append)
    with desk.inbox() as inbox:
        inbox = Inbox(reader.records, inbox._boxes)
        assert len(inbox.summaries()) == 1500
    # One for each of the letters, and the lists of what was refused and of damaged boxes.
    assert len(opened) <= 1502
    assert len(asked) < 20

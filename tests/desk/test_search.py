"""Search: every script is found, hits are plain text with the places of what was found, and nothing of it is on a disk."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from knothole_client.desk import extracts, looking
from knothole_client.desk.documents import MAX_TEXTS, Document, Documents, documents
from knothole_client.desk.extracts import KIND, MAX_TEXT, Extracts
from knothole_client.desk.records import Records
from knothole_client.desk.search import Index
from knothole_keys.errors import BoxDamaged, Refused
from tests.desk.conftest import NOW, Desk
from tests.support.drop import Drop, seal_submission, write_out


@pytest.fixture
def index() -> Iterator[Index]:
    with closing(Index()) as made:
        yield made


def add(index: Index, name: str, message: str = "", **columns: str) -> None:
    fields = [("message", "", message), *((column, "", text) for column, text in columns.items())]
    index.add(Document(name, tuple(fields)))


def ids(index: Index, query: str) -> list[str]:
    return sorted(hit.id for hit in index.search(query).hits)


FOUND = [
    ("The Minister PAID twice", "minister"),
    ("The Minister PAID twice", "PAID minister"),
    ("The Minister PAID twice", '"paid twice"'),
    ("The Minister PAID twice", "min*"),
    ("naïve café, Müller", "cafe muller NAIVE"),
    ("naive cafe\u0301", "café"),
    ("部门为一座桥付了两次钱", "一座桥"),
    ("部门为一座桥付了两次钱", "桥"),
    ("部门为一座桥付了两次钱", "钱"),
    ("部门为一座桥付了两次钱", "部门"),
    ("部门为一座桥付了两次钱", "部门 两次钱"),
    ("買了iPhone手机x2", "iPhone手机"),
    ("買了iPhone手机x2", "手机x2"),
    ("買了iPhone手机x2", "iphone"),
    ("東京タワーのひみつ", "タワー"),
    ("東京ﾀﾜｰ", "タワー"),
    ("증거는 서울에서 왔다", "서울"),
    ("증거는 서울에서 왔다", "증거"),
    ("ความลับของรัฐมนตรี", "รัฐมนตรี"),
    ("كَتَبَ الوزيرُ رسالةً", "كتب الوزير"),
    ("كتب الوزير", "كَتَبَ"),
    ("می‌خواهم بنویسم", "می‌خواهم"),
    ("गुप्त दस्तावेज़ हिन्दी में", "हिन्दी"),
    ("министр Ёлкин", "елкин"),
    ("שָׁלוֹם עולם", "שלום"),
    ("file_name-with.signs", "name signs"),
    ("ﬁnance", "finance"),
    ("ＡＢＣ会社", "abc会社"),
]


@pytest.mark.parametrize(("text", "query"), FOUND)
def test_it_is_found_and_shown_where_it_is(index: Index, text: str, query: str) -> None:
    add(index, "a", text)
    add(index, "b", "something else 別の何か")
    (hit,) = index.search(query).hits
    assert (hit.id, hit.column) == ("a", "message")
    # A ligature's letters are found, but are no place of their own in the text.
    assert hit.marks or text == "ﬁnance"
    assert all(0 <= start < end <= len(hit.snippet) for start, end in hit.marks)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The Minister PAID twice", "mini"),
        ("The Minister PAID twice", '"twice paid"'),
        ("The Minister PAID twice", "minister never"),
        ("中国 人民", "中国人"),
        ("部门为一座桥付了两次钱", "部为"),
        ("部门为一座桥付了两次钱", "桥钱"),
        ("手机 电话", "手机x"),
        ("한국", "하"),
        ("paid", "p aid"),
    ],
)
def test_what_is_not_there_is_not_found(index: Index, text: str, query: str) -> None:
    add(index, "a", text)
    assert index.search(query).hits == []


@pytest.mark.parametrize(
    "query", ['a" OR b', "message:a", "NEAR(a b)", "a AND", "^a", "a*b", "-a", "{a}", "(a", "a" * 9000, "harmless NOT x"]
)
def test_a_question_is_words_and_never_the_databases_language(index: Index, query: str) -> None:
    add(index, "a", "harmless")
    assert index.search(query).hits == []


@pytest.mark.parametrize("query", ["", '"', "*", "- _ ()"])
def test_a_question_without_a_word_is_refused(index: Index, query: str) -> None:
    with pytest.raises(Refused, match="write at least one"):
        index.search(query)


def test_snippets_are_plain_text_with_places(index: Index) -> None:
    add(index, "a", "x " * 300 + "<b>Bridge</b>\nbridge\u2028" + "y " * 300)
    (hit,) = index.search("bridge").hits
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["Bridge", "bridge"]
    assert "<b>Bridge</b> bridge " in hit.snippet
    assert len(hit.snippet) < 300


def test_the_column_with_most_of_the_terms_is_shown(index: Index) -> None:
    fields = (("message", "", "a bridge"), ("text", "scan.pdf", "an invoice for a bridge"))
    index.add(Document("a", fields))
    (hit,) = index.search("bridge invoice").hits
    assert (hit.column, hit.label) == ("text", "scan.pdf")


def test_a_document_that_changed_is_found_as_it_is_now(index: Index) -> None:
    add(index, "a", "first 一座桥")
    add(index, "a", "second", notes="我的笔记")
    assert (ids(index, "first"), ids(index, "桥"), ids(index, "second"), ids(index, "笔记")) == ([], [], ["a"], ["a"])
    index.remove("a")
    assert ids(index, "second") == []


def test_pages_and_filters_count_what_they_leave_out(index: Index) -> None:
    for number in range(30):
        add(index, str(number), "bridge")
    found = index.search("bridge", start=10, count=5)
    assert (len(found.hits), found.total, found.start) == (5, 30, 10)
    assert {hit.id for hit in index.search("bridge", {"3", "4", "other"}).hits} == {"3", "4"}


def test_it_can_be_asked_while_it_is_built_and_says_how_far_it_is(
    desk: Desk, drop: Drop, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [seal_submission(drop, f"bridge {i}") for i in range(3)]
    desk.take_in(write_out(tmp_path / "out", drop, [box for one in sent for box in one.boxes]))
    two, go_on = threading.Event(), threading.Event()
    real, made = Documents.make, list[str]()

    def slowly(self: Documents, records: Records, name: str, stopped: Callable[[], bool]) -> Document:
        if len(made) == 2:
            two.set()
            assert go_on.wait(60)
        made.append(name)
        return real(self, records, name, stopped)

    monkeypatch.setattr(Documents, "make", slowly)
    with desk.opened() as (vault, _), closing(Index()) as index:
        index.start(vault)
        assert two.wait(60)
        assert index.progress == (2, 3)
        assert len(index.search("bridge").hits) == 2
        assert not index.wait(0)
        go_on.set()
        assert index.wait(60)
        assert (index.progress, index.failure, len(index.search("bridge").hits)) == ((3, 3), "", 3)


def test_where_it_ended_too_early_it_goes_on_the_next_time(
    desk: Desk, drop: Drop, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [seal_submission(drop, f"bridge {i}") for i in range(3)]
    desk.take_in(write_out(tmp_path / "out", drop, [box for one in sent for box in one.boxes]))
    real, added = Index.add, list[str]()

    def full(self: Index, document: Document) -> None:
        added.append(document.id)
        if len(added) == 2:
            raise MemoryError
        real(self, document)

    monkeypatch.setattr(Index, "add", full)
    with desk.opened() as (vault, _), closing(Index()) as index:
        index.start(vault)
        assert index.wait(60)
        assert "Only 1 of 3 submissions can be searched. This machine has too little memory" in index.failure
        index.start(vault)
        assert index.wait(60)
        assert (index.progress, index.failure, len(index.search("bridge").hits)) == ((3, 3), "", 3)


def test_locking_stops_the_building(desk: Desk, drop: Drop, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take_in(write_out(tmp_path / "out", drop, seal_submission(drop, "bridge").boxes))
    real = Documents.make
    endless = threading.Event()

    def forever(self: Documents, records: Records, name: str, stopped: Callable[[], bool]) -> Document:
        endless.set()
        while not stopped():
            time.sleep(0.01)
        return real(self, records, name, stopped)

    monkeypatch.setattr(Documents, "make", forever)
    with desk.opened() as (vault, _):
        index = Index()
        index.start(vault)
        assert endless.wait(60)
        index.close()
        assert index.wait(0)


def test_messages_names_notes_and_extracted_text_are_searched(desk: Desk, drop: Drop, tmp_path) -> None:
    sent = seal_submission(drop, "the message", {"invoice-桥.pdf": b"a" * 10, "b.bin": b"b" * 10})
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    name = sent.id.hex()
    with desk.opened() as (vault, _), desk.inbox() as inbox:
        looking.note(vault, name, "ask the accountant", NOW)
        submission = inbox.find(name)
        assert extracts.fill(vault, inbox, submission, lambda source, _: f"inside {source.read().decode()}") == 2
        assert extracts.fill(vault, inbox, submission, lambda source, _: "again") == 0
        with closing(Index()) as index:
            index.start(vault)
            assert index.wait(60)
            for query, column in [("message", "message"), ("桥", "names"), ("accountant", "notes"), ("aaaaaaaaaa", "text")]:
                (hit,) = index.search(query).hits
                assert (hit.id, hit.column, hit.label) == (name, column, "invoice-桥.pdf" if column == "text" else "")


def test_extracted_text_is_capped_and_a_file_without_any_is_not_tried_again(desk: Desk, drop: Drop, tmp_path) -> None:
    sent = seal_submission(drop, "", {"a.bin": b"a", "b.bin": b"b"})
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    with desk.opened() as (vault, _), desk.inbox() as inbox:
        submission = inbox.find(sent.id.hex())

        def how(source, name: str) -> str:
            if name == "a.bin":
                raise BoxDamaged("The converter was stopped.")
            return "x\0\ud800" + "y" * MAX_TEXT

        assert extracts.fill(vault, inbox, submission, how) == 2
        first, second = (Extracts(vault.records).of(file.entry.root.hex()) for file in submission.files)
        assert first is not None
        assert second is not None
        assert (first.text, first.why) == ("", "The converter was stopped.")
        assert second.cut
        assert second.text.startswith("x y")
        assert len(second.text) < MAX_TEXT
        assert extracts.due(vault.records, submission) == []


def test_a_text_that_has_many_names_is_opened_once_and_no_letter_fills_the_memory(
    desk: Desk, drop: Drop, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {f"{number}.txt": bytes([number % 8]) for number in range(80)}
    sent = seal_submission(drop, "", contents)
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    opened: list[str] = []
    with desk.opened() as (vault, _), desk.inbox() as inbox:
        submission = inbox.find(sent.id.hex())
        # The first eight are all that differ.
        extracts.fill(vault, inbox, submission, lambda source, name: f"bridge {name} " * 100_000, submission.files[:8])
        real = vault.records.get_sound
        monkeypatch.setattr(
            vault.records, "get_sound", lambda kind, name: (opened.append(name) if kind == KIND else None, real(kind, name))[1]
        )
        (made,) = documents(vault.records)
        texts = [(label, text) for column, label, text in made.fields if column == "text"]
        assert [label for label, _ in texts] == [f"{number}.txt" for number in range(len(texts))]
        assert sum(len(text) for _, text in texts) == MAX_TEXTS
        assert len(opened) == len(set(opened)) == len(texts) < 8
        opened.clear()
        # It is stopped in the middle of a letter, too.
        list(documents(vault.records, lambda: len(opened) == 1))
        assert len(opened) == 1

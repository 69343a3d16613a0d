"""A file read anywhere without unpacking it: the same bytes as the file's, one box at a time, and only those asked for."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knothole_client.desk.boxes import Boxes
from knothole_client.desk.submission import Submission
from knothole_client.desk.view import View
from knothole_keys.errors import Refused
from tests.desk.conftest import Desk
from tests.support.drop import Drop, Sent, seal_submission, write_out

BIG = os.urandom(900_000)
FILES = {"big.bin": BIG, "small.txt": b"a few bytes inside", "none.txt": b""}


@pytest.fixture
def sent(desk: Desk, drop: Drop, tmp_path) -> Sent:
    made = seal_submission(drop, "hello", FILES)
    desk.take_in(write_out(tmp_path / "out", drop, made.boxes))
    return made


@pytest.fixture
def view(desk: Desk, sent: Sent) -> Iterator[Callable[[str], View]]:
    """Makes a view of a file by its name."""
    with ExitStack() as stack:
        inbox = stack.enter_context(desk.inbox())
        submission: Submission = inbox.find(sent.id.hex())
        yield lambda name: View(inbox, submission, next(one for one in submission.files if one.entry.name == name))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The ids of the boxes that were opened, in order."""
    ids: list[bytes] = []
    open_ = Boxes.open

    def counted(self, epoch, box_id, box_key):
        ids.append(box_id)
        return open_(self, epoch, box_id, box_key)

    monkeypatch.setattr(Boxes, "open", counted)
    return ids


PLACE = st.integers(-10, len(BIG) + 10)
STEP = st.one_of(
    st.tuples(st.just("seek"), PLACE, st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])),
    st.tuples(st.just("read"), st.one_of(st.just(-1), st.integers(0, 400_000))),
    st.tuples(st.just("readinto"), st.integers(0, 300_000)),
    st.tuples(st.just("tell")),
)


def step(file: io.BufferedReader | io.BytesIO, what: str, *arguments: int) -> object:
    try:
        if what == "readinto":
            buffer = bytearray(arguments[0])
            return file.readinto(buffer), bytes(buffer)
        return getattr(file, what)(*arguments)
    except (OSError, ValueError):
        return "refused"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FILES)), steps=st.lists(STEP, max_size=12))
def test_it_reads_as_the_file_itself_does(view, name: str, steps: list[tuple]) -> None:
    with io.BufferedReader(view(name)) as ours, io.BytesIO(FILES[name]) as theirs:
        for one in steps:
            if one[0] == "seek" and {0: 0, 1: theirs.tell(), 2: len(FILES[name])}[one[2]] + one[1] < 0:
                # Where a file says no, a BytesIO goes to its beginning.
                assert step(ours, *one) == "refused"
            else:
                assert step(ours, *one) == step(theirs, *one)


def test_only_boxes_that_are_asked_for_are_opened_and_each_once(view, sent: Sent, opened: list[bytes], drop: Drop) -> None:
    boxes, capacity = [one.id for one in sent.file_boxes["big.bin"]], drop.geometry().capacity
    file = view("big.bin")
    assert (file.size, len(boxes)) == (len(BIG), 4)
    file.seek(-10, io.SEEK_END)
    assert opened == []
    assert file.read(10) == BIG[-10:]
    assert opened == boxes[3:]
    file.seek(5)
    assert file.read(7) + file.read(7) == BIG[5:19]
    assert opened == [boxes[3], boxes[0]]
    file.seek(capacity - 3)
    assert io.BufferedReader(file, 16).read(6) == BIG[capacity - 3 : capacity + 3]
    assert opened == [boxes[3], boxes[0], boxes[1]]


def test_a_file_inside_the_letter_costs_the_letters_box(view, sent: Sent, opened: list[bytes]) -> None:
    with io.BufferedReader(view("small.txt")) as file:
        assert file.read() == FILES["small.txt"]
    assert opened == [one.id for one in sent.letter_boxes]


def damage(desk: Desk, sent: Sent, index: int, change: Callable[[bytes], bytes]) -> None:
    box = sent.file_boxes["big.bin"][index]
    path = desk.path / "boxes" / str(box.epoch) / f"{box.id.hex()}.box"
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: data[:200_000] + bytes([data[200_000] ^ 128]) + data[200_001:],
    ],
    ids=["last byte", "cut", "empty", "in the middle"],
)
def test_a_damaged_box_is_refused_in_a_sentence_and_the_others_are_read(
    view, desk: Desk, sent: Sent, drop: Drop, change
) -> None:
    damage(desk, sent, 1, change)
    capacity = drop.geometry().capacity
    with io.BufferedReader(view("big.bin")) as file:
        assert file.read(100) == BIG[:100]
        file.seek(capacity + 1)
        with pytest.raises(Refused, match="damaged or altered on this disk; import the courier's folder again"):
            file.read(1)
        file.seek(2 * capacity)
        assert file.read() == BIG[2 * capacity :]


def test_another_files_box_in_its_place_is_refused(view, desk: Desk, sent: Sent, drop: Drop) -> None:
    other = sent.file_boxes["big.bin"][2].data
    damage(desk, sent, 1, lambda data: other)
    file = view("big.bin")
    file.seek(drop.geometry().capacity)
    with pytest.raises(Refused, match="damaged or altered"):
        file.read(1)


def test_a_part_that_has_not_come_is_named_as_such(desk: Desk, drop: Drop, tmp_path) -> None:
    made = seal_submission(drop, "hello", {"big.bin": BIG})
    desk.take_in(write_out(tmp_path / "out", drop, made.letter_boxes + made.file_boxes["big.bin"][:2]))
    with desk.inbox() as inbox:
        submission = inbox.find(made.id.hex())
        file = View(inbox, submission, submission.files[0])
        assert file.read(10) == BIG[:10]
        file.seek(-1, io.SEEK_END)
        with pytest.raises(Refused, match="has not come yet"):
            file.read(1)


def test_a_size_that_the_boxes_do_not_have_is_refused(desk: Desk, drop: Drop, tmp_path) -> None:
    from knothole_keys.letter import FileEntry
    from tests.desk.test_hostile_letters import boxed
    from tests.support.drop import file_parts, letter_value, new_thread, seal_parts, sealer, sign_letter

    _, keys = new_thread(drop)
    parts = file_parts(BIG, keys, drop.geometry().capacity)
    head = parts[0][0]
    entry = FileEntry("lie.bin", len(BIG) - 5, "", head.root, head.stream, False)
    letter = boxed(drop, keys, sign_letter(drop, keys, letter_value(drop, keys, files=[entry.value()])))
    desk.take_in(write_out(tmp_path / "out", drop, [*letter, *seal_parts(sealer(drop, keys), drop.epoch, parts)]))
    with desk.inbox() as inbox:
        (submission,) = inbox.submissions()
        file = View(inbox, submission, submission.files[0])
        assert file.read(10) == BIG[:10]
        file.seek(-1, io.SEEK_END)
        with pytest.raises(Refused, match="do not have the length"):
            file.read(1)


def test_a_closed_view_reads_nothing(view) -> None:
    file = view("big.bin")
    file.close()
    for use in (lambda: file.read(1), lambda: file.seek(0), lambda: file.tell()):
        with pytest.raises(ValueError, match="closed"):
            use()

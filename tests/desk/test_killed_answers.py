"""kill -9 while a desk acknowledges or writes a day's slots: nothing is lost, and nothing counts as exported that was not."""

import os
from pathlib import Path

import pytest

from knothole_keys.board import SLOT, SLOTS_A_FILE
from knothole_keys.card import read_acknowledgement
from tests.desk.answering import board, export, import_one, queued, reply, texts
from tests.desk.conftest import Desk
from tests.desk.killing import Killer, at, copy_of, leftovers
from tests.support.drop import Drop, seal_submission, write_out

pytestmark = pytest.mark.timeout(7200)


@pytest.fixture
def killer() -> Killer:
    return Killer()


def test_what_was_not_written_is_never_claimed(desk: Desk, drop: Drop, tmp_path: Path, killer: Killer, moments: int) -> None:
    sent = import_one(desk, drop, tmp_path / "in")
    wanted = [f"answer {number}" for number in range(12)]
    for text in wanted:
        reply(desk, sent, text)
    trial = copy_of(desk.path, tmp_path / "trial")
    killer.measure(lambda: export(at(desk, trial), tmp_path / f"trial-{os.urandom(8).hex()}"))
    claimed = early = 0
    for number in range(moments):
        broken, output = at(desk, copy_of(desk.path, tmp_path / "broken")), tmp_path / f"day-{number}"
        killer.kill(lambda: export(broken, output))  # noqa: B023 - it has ended when this returns
        exports = {one.times for one in queued(broken)}
        assert len(exports) == 1, "all of a file's answers were remembered, or none"
        data = output.read_bytes() if output.exists() else b""
        assert len(data) in (0, SLOTS_A_FILE * SLOT), "half a file has a file's name"
        assert exports == {0} or texts(drop, sent, data) == wanted, "it claims to be exported and is not"
        claimed += exports == {1}
        early += exports == {0}
        done = export(broken, tmp_path / f"again-{number}")
        again = (tmp_path / f"again-{number}").read_bytes()
        assert done.replies == (0 if exports == {1} else len(wanted))
        assert texts(drop, sent, data, again) == wanted
        assert leftovers(broken.path) == []
    killer.check(moments)
    if moments >= 50:
        assert min(claimed, early) > 0, "it was never killed before the end, or never after it"


def test_an_import_killed_at_any_moment_acknowledges_all_the_same(
    desk: Desk, drop: Drop, tmp_path: Path, killer: Killer, moments: int
) -> None:
    sent = [seal_submission(drop, f"letter {number}", {"a.bin": os.urandom(400_000)}) for number in range(6)]
    letters = write_out(tmp_path / "letters", drop, [box for one in sent for box in one.letter_boxes])
    desk.take_in(letters)
    rest = write_out(tmp_path / "rest", drop, [box for one in sent for box in one.boxes])
    killer.measure(lambda: at(desk, copy_of(desk.path, tmp_path / "trial")).take_in(rest))
    for number in range(moments):
        broken = at(desk, copy_of(desk.path, tmp_path / "broken"))
        killer.kill(lambda: broken.take_in(rest))  # noqa: B023 - it has ended when this returns
        broken.take_in(rest)
        told = [read_acknowledgement(one.text) for one in queued(broken, "acknowledgement")]
        assert {one.letter: (one.boxes, one.expected, one.files) for one in told if one} == {
            one.id.hex(): (len(one.boxes), len(one.boxes), 1) for one in sent
        }
        output = tmp_path / f"day-{number}"
        assert export(broken, output).acknowledgements == len(sent)
        assert [len(board(drop, one, output.read_bytes()).cards) for one in sent] == [1] * len(sent)
    killer.check(moments)


def test_a_stop_between_the_last_box_and_its_acknowledgement_is_made_good_by_the_next_file(
    desk: Desk, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from knothole_client.desk import acknowledging

    def power_cut(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(acknowledging, "settle", power_cut)
        with pytest.raises(RuntimeError):
            import_one(desk, drop, tmp_path / "in")
    assert queued(desk, "acknowledgement") == []
    assert export(desk, tmp_path / "day").acknowledgements == 1

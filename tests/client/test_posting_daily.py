"""One line in cron posts one file a day: the oldest that waits, or random slots, whatever happened the day before."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from knothole_client.courier.posted import POSTED, Memory
from knothole_keys import files
from knothole_keys.board import SLOT, SLOTS_A_FILE, SLOTS_A_POST
from knothole_keys.cli import run
from tests.client.served import Asked, Reply, Served, lie

Post = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "waiting"
    made.mkdir()
    return made


@pytest.fixture
def daily(served: Served, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Post:
    (tmp_path / "token").write_text(served.token)

    def ran(*arguments: object, code: int = 0, url: str = served.url) -> str:
        words = arguments or ("--from", folder)
        capsys.readouterr()
        assert run(["courier", "post", url, "--token-file", str(tmp_path / "token"), *map(str, words)]) == code
        out, error = capsys.readouterr()
        assert "Traceback" not in error
        return out + error

    return ran


def board(served: Served) -> set[bytes]:
    data = httpx.get(f"{served.url}/board").content
    return {data[at : at + SLOT] for at in range(0, len(data), SLOT)}


def wait(folder: Path, name: str, age: int, count: int = SLOTS_A_FILE) -> set[bytes]:
    """A file of slots that a desk exported `age` days ago."""
    data = os.urandom(count * SLOT)
    (folder / name).write_bytes(data)
    os.utime(folder / name, (10**9 - age * 86400,) * 2)
    return {data[at : at + SLOT] for at in range(0, len(data), SLOT)}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_files_go_one_a_day_the_oldest_first_and_random_slots_after_them(served: Served, daily: Post, folder: Path):
    newer, older = wait(folder, "a", 1), wait(folder, "b", 2)
    before = board(served)
    for left, posted in (({"a"}, older), (set(), newer), (set(), set())):
        daily()
        after = board(served)
        assert len(after - before) == SLOTS_A_FILE
        assert posted <= after - before
        assert names(folder) == left
        before = after
    assert names(folder / POSTED) == {"a", "b"}


def test_stopped_between_posting_and_moving_it_posts_again_and_the_next_day_has_its_slots(
    served: Served, daily: Post, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = wait(folder, "a", 2), wait(folder, "b", 1)

    def power_cut(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Memory, "put", power_cut)
        with pytest.raises(RuntimeError):
            daily()
    before = board(served)
    assert first <= before
    assert names(folder) == {"a", "b"}
    assert "was on the board already" in daily()
    assert board(served) - before == second
    assert names(folder) == set()


def test_a_server_that_calls_everything_old_does_not_get_all_files_at_once(daily: Post, folder: Path):
    for number in range(6):
        wait(folder, f"{number}", number)

    def answer(asked: Asked) -> Reply:
        return 200, b'{"new": 0, "posted": 32}'

    with lie(answer) as (url, asked):
        daily("--from", folder, url=url)
    assert [len(one.body) for one in asked if one.method == "POST"] == [SLOTS_A_FILE * SLOT] * 3
    assert len(names(folder)) == 4


def test_what_is_no_file_of_slots_is_named_and_the_day_is_not_lost(served: Served, daily: Post, folder: Path):
    (folder / "letter.txt").write_text("not slots")
    (folder / ".half.part").write_bytes(os.urandom(SLOT))
    (folder / "endless").write_bytes(bytes((SLOTS_A_POST + 1) * SLOT))
    good = wait(folder, "z", -1)
    before = board(served)
    said = daily()
    assert said.count("Warning: ") >= 2
    assert "letter.txt is not a file of reply slots" in said
    assert board(served) - before == good
    assert names(folder) == {"letter.txt", ".half.part", "endless"}
    daily()
    assert len(board(served) - before) == 2 * SLOTS_A_FILE


def test_a_folder_that_is_not_there_costs_no_day(served: Served, daily: Post, tmp_path: Path):
    before = board(served)
    assert "random slots are posted" in daily("--from", tmp_path / "stick")
    assert len(board(served) - before) == SLOTS_A_FILE


def test_what_was_refused_waits_for_tomorrow(daily: Post, folder: Path):
    wait(folder, "a", 1)
    with lie(lambda _: (507, b"{}")) as (url, _):
        assert "post them tomorrow" in daily("--from", folder, url=url, code=1)
    assert names(folder) == {"a"}
    assert names(folder / POSTED) == set()


def test_a_second_file_of_a_name_does_not_take_the_first_ones_place(daily: Post, folder: Path):
    for _ in range(3):
        wait(folder, "slots", 1)
        daily()
    assert names(folder / POSTED) == {"slots", "slots.1", "slots.2"}


def test_moving_is_durable_before_the_command_ends(daily: Post, folder: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_directory", lambda path: synced.append(path))
    wait(folder, "a", 1)
    daily()
    assert synced[:2] == [folder / POSTED, folder]


def locked(folder: Path) -> None:
    # Root may write anywhere; a plain file in the folder's place stops it, too.
    (folder / POSTED).write_bytes(b"")


def test_a_folder_that_cannot_be_written_is_posted_file_by_file_all_the_same(served: Served, daily: Post, folder: Path):
    newer, older = wait(folder, "a", 1), wait(folder, "b", 2)
    locked(folder)
    before = board(served)
    for expected in (older, newer, None, None):
        said = daily()
        assert "already" not in said
        new = board(served) - before
        before |= new
        assert len(new) == SLOTS_A_FILE
        assert expected in (None, new)
    assert names(folder) == {"a", "b", POSTED}
    (folder / POSTED).unlink()
    daily()
    assert names(folder) == set(), "what was noted moves as soon as it can"


def test_where_nothing_can_be_remembered_random_slots_go_every_day(served: Served, daily: Post, folder: Path, tmp_path: Path):
    waiting = wait(folder, "a", 1)
    locked(folder)
    (tmp_path / "token.posted").mkdir()
    before = board(served)
    for day in range(1, 4):
        said = daily(code=1)
        assert "32 slots are on the board." in said
        assert "random ones were posted instead" in said
        after = board(served)
        assert len(after - before) == day * SLOTS_A_FILE
        assert not waiting & after
    (folder / POSTED).unlink()
    daily()
    assert waiting <= board(served)


def test_a_file_that_comes_once_more_from_its_stick_costs_no_day(served: Served, daily: Post, folder: Path):
    wait(folder, "a", 2)
    again = (folder / "a").read_bytes()
    daily()
    (folder / "copied-again").write_bytes(again)
    os.utime(folder / "copied-again", (1, 1))
    newer = wait(folder, "b", 1)
    before = board(served)
    assert "already" not in daily()
    assert board(served) - before == newer
    assert names(folder) == set()


@pytest.mark.parametrize("noted", [b"", b"\xff\xfe\0", b"abc\n", b"0" * 10**6])
def test_a_damaged_list_of_hashes_costs_no_day(served: Served, daily: Post, folder: Path, tmp_path: Path, noted: bytes):
    (tmp_path / "token.posted").write_bytes(noted)
    waiting = wait(folder, "a", 1)
    daily()
    assert waiting <= board(served)
    assert len((tmp_path / "token.posted").read_text().splitlines()) == 1


def test_a_files_name_does_not_reach_the_terminal_raw(daily: Post, folder: Path):
    for name in ("\x1b[2Jcleared", "title\x1b]0;x\x07", "two\nlines", b"\xffnot-text".decode("utf-8", "surrogateescape")):
        (folder / name).write_bytes(b"no slots")
        said = daily()
        assert "is not a file of reply slots" in said
        assert not {"\x1b", "\x07"} & set(said)
        assert "two\nlines" not in said
        assert name not in said
        (folder / name).write_bytes(bytes((SLOTS_A_POST + 1) * SLOT))
        assert name not in daily()
        said = daily(folder / name, code=1)
        assert name not in said
        (folder / name).unlink()


def test_a_file_and_a_folder_together_are_wrong_usage(daily: Post, folder: Path):
    wait(folder, "a", 1)
    daily(folder / "a", "--from", folder, code=2)


def test_a_day_with_answers_asks_as_one_without(daily: Post, folder: Path):
    def answer(asked: Asked) -> Reply:
        return (200, b'{"new": 32, "posted": 32}') if asked.method == "POST" else (404, b"{}")

    shapes = []
    for files_waiting in (0, 1, 5):
        for number in range(files_waiting):
            wait(folder, f"{number}", number)
        with lie(answer) as (url, asked):
            daily("--from", folder, url=url)
        shapes.append([(one.method, one.path, len(one.body), sorted(one.headers)) for one in asked])
    assert shapes[0] == shapes[1] == shapes[2]

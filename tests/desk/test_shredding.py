"""Shredding: what was shredded is nowhere in the vault, opens with nothing that the vault was, and does not come back."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from knothole_client.desk import restoring, shredding, vault
from knothole_client.desk.cli.common import inbox_of
from knothole_client.desk.copies import Copies
from knothole_client.desk.extracts import Extracts
from knothole_keys import clock
from tests.desk.conftest import NOW, PASSPHRASE
from tests.desk.killing import Killer, copy_of
from tests.desk.test_chunks import put_copy
from tests.desk.test_commands import Command, desk, drop  # noqa: F401 - fixtures
from tests.support import looking
from tests.support.drop import Drop, Sent, seal_submission, write_out

FILM = os.urandom(600_000)


@dataclass
class Scene:
    """Two submissions of two threads, which name the same film, as two sources sent it; all that a desk keeps beside one."""

    desk: Command
    drop: Drop
    doomed: Sent
    kept: Sent
    out: Path

    @property
    def id(self) -> str:
        return self.doomed.id.hex()

    def kinds(self) -> dict[str, list[tuple[str, Any]]]:
        found: dict[str, list[tuple[str, Any]]] = {}
        with vault.opened(Path(self.desk.vault), PASSPHRASE) as one:
            for kind, name, value in one.records.everything():
                found.setdefault(kind, []).append((name, value))
        return found

    def ids(self) -> list[str]:
        return [one["id"] for one in self.desk.json("list", self.desk.vault)["submissions"]]


@pytest.fixture
def scene(desk: Command, drop: Drop, tmp_path: Path) -> Scene:  # noqa: F811
    doomed = seal_submission(drop, "CANARY of the doomed", {"film.mp4": FILM, "a.txt": b"inside"})
    kept = seal_submission(drop, "of the kept", {"copy of film.mp4": FILM})
    out = write_out(tmp_path / "out", drop, [*doomed.boxes, *kept.boxes])
    desk("import", desk.vault, out)
    made = Scene(desk, drop, doomed, kept, out)
    desk("note", desk.vault, made.id, "-m", "to be forgotten")
    desk("mark", desk.vault, made.id, "--star", "--label", "secret label")
    desk("reply", desk.vault, made.id, "-m", "thank you")
    with vault.opened(Path(desk.vault), PASSPHRASE, change=True) as one:
        put_copy(one, made.id, b"worked on")
        with one.changing():
            Extracts(one.records).put("11" * 32, "text of something else")
    return made


def traces(scene: Scene) -> list[str]:
    """Every record, but for the custody log, that names the shredded submission, one of its streams or its thread."""
    words = {scene.id, scene.doomed.thread.thread.hex()}
    return [
        kind
        for kind, several in scene.kinds().items()
        for name, value in several
        if kind not in ("custody", "custody head") and any(word in f"{name} {value}" for word in words)
    ]


def test_nothing_of_it_is_left_in_the_vault(scene: Scene) -> None:
    command = scene.desk
    assert {"submission", "content", "notes", "mark", "copy", "answer", "letter stream", "box"} <= set(traces(scene))
    before = len(list((Path(command.vault) / "boxes").rglob("*.box")))
    command("shred", command.vault, scene.id[:8], code=1)
    assert "the last of its thread: its 1 answer will be destroyed, too, 1 of which" in command.error
    assert "--yes" in command.error
    assert scene.id in scene.ids()
    told = command.json("shred", command.vault, scene.id[:8], "--yes")
    assert (told["boxes"], told["answers"], told["copies"], told["fresh_keys"]) == (len(scene.doomed.boxes), 1, 1, True)
    assert traces(scene) == []
    assert scene.ids() == [scene.kept.id.hex()]
    assert len(list((Path(command.vault) / "boxes").rglob("*.box"))) == before - len(scene.doomed.boxes)
    assert list((Path(command.vault) / "copies").iterdir()) == []
    assert "to be wiped" not in [name for name, _ in scene.kinds()["vault"]]
    (last,) = [one for one in command.json("log", command.vault)["entries"] if one["what"] == "shredded"]
    assert last["about"] == scene.id
    command("log", command.vault, "--check")
    # The other one is whole, film and all.
    told = command.json("export", command.vault, scene.kept.id.hex(), "--out", scene.out.parent / "ex")
    assert told["incomplete"] == []


def test_what_another_letter_names_stays_until_that_goes(scene: Scene) -> None:
    # The same source sends the film once more: the same stream, in another letter.
    again = seal_submission(scene.drop, "again", {"film.mp4": FILM}, words=scene.doomed.codename)
    command, film = scene.desk, len(scene.doomed.file_boxes["film.mp4"])
    command("import", command.vault, write_out(scene.out.parent / "again", scene.drop, again.letter_boxes))
    told = command.json("shred", command.vault, scene.id, "--yes")
    # Not the last of its thread, and not the last that names the film.
    assert (told["boxes"], told["shared"], told["answers"]) == (len(scene.doomed.letter_boxes), 1, 0)
    shown = command.json("show", command.vault, again.id.hex())
    assert shown["complete"]
    told = command.json("shred", command.vault, again.id.hex(), "--yes")
    assert (told["boxes"], told["shared"], told["answers"]) == (len(again.letter_boxes) + film, 0, 1)


def test_an_import_leaves_it_out_until_it_is_taken_back(scene: Scene) -> None:
    command = scene.desk
    command("shred", command.vault, scene.id, "--yes")
    report = command.json("import", command.vault, scene.out)
    assert (report["shredded"], report["kept"], report["known"]) == (len(scene.doomed.boxes), 0, len(scene.kept.boxes))
    assert f"{len(scene.doomed.boxes)} boxes belong to submissions that were shredded" in command(
        "import", command.vault, scene.out
    )
    assert scene.ids() == [scene.kept.id.hex()]
    assert traces(scene) == []
    for wrong in ("", "ffff", scene.kept.id.hex()):
        command("import", command.vault, scene.out, "--take-back", wrong, code=1)
        assert "0 shredded submissions have this id" in command.error
    report = command.json("import", command.vault, scene.out, "--take-back", scene.id[:10])
    assert (report["shredded"], report["kept"]) == (0, len(scene.doomed.boxes))
    assert set(scene.ids()) == {scene.id, scene.kept.id.hex()}


def test_no_earlier_key_opens_what_the_disk_may_keep(scene: Scene, tmp_path: Path) -> None:
    command, old = scene.desk, copy_of(Path(scene.desk.vault), tmp_path / "old")
    with vault.opened(old, PASSPHRASE) as one:
        key = one.locks.key
    command("shred", command.vault, scene.id, "--yes")
    with vault.opened(Path(command.vault), PASSPHRASE) as one:
        assert one.locks.key != key
    # Overwritten, not only forgotten: no piece of an old box, record or copy is in any file.
    pieces = [one.data[:64] for one in scene.doomed.boxes]
    pieces += [path.read_bytes()[:64] for path in (old / "copies").iterdir()]
    assert looking.in_folder(Path(command.vault), pieces) == []


def test_where_copies_remain_is_said(scene: Scene, tmp_path: Path) -> None:
    command = scene.desk
    command("backup", command.vault, "-o", tmp_path / "a-backup")
    command("export", command.vault, scene.id, "--out", tmp_path / "ex")
    told = {one["kind"]: one["sentence"] for one in command.json("shred", command.vault, scene.id, "--yes")["remains"]}
    assert set(told) == {"backup", "export", "week", "stick", "server", "disk"}
    assert str(tmp_path / "a-backup") in told["backup"]
    assert clock.day_of(NOW) in told["export"]
    assert f"--epoch {scene.drop.epoch}" in told["week"]
    # What is promised of backups is true: they still have it.
    done = restoring.restore(tmp_path / "a-backup", tmp_path / "restored", PASSPHRASE, boxes=None, until=None)
    assert done.records
    with vault.opened(tmp_path / "restored", PASSPHRASE) as one:
        assert one.records.has("submission", scene.id)


def test_letters_that_were_refused_or_not_whole_can_be_shredded(scene: Scene) -> None:
    long = seal_submission(scene.drop, "x" * 600_000)
    assert len(long.letter_boxes) > 1
    command = scene.desk
    command("import", command.vault, write_out(scene.out.parent / "long", scene.drop, long.boxes[:1]))
    told = command.json("shred", command.vault, long.id.hex(), "--yes")
    assert told["boxes"] == 1
    assert command.json("import", command.vault, scene.out.parent / "long")["shredded"] == 1
    command("shred", command.vault, "0123456789", "--yes", code=1)
    assert "No submission has this id" in command.error


@pytest.mark.timeout(7200)
def test_killed_at_any_moment_it_is_whole_or_goes_for_good(scene: Scene, tmp_path: Path, moments: int) -> None:
    def shred(path: Path) -> None:
        scene.desk.vault = str(path)
        with vault.opened(path, PASSPHRASE, change=True) as one:
            shredding.shred(one, shredding.plan(one, inbox_of(one), scene.id), NOW)

    original = Path(scene.desk.vault)
    killer = Killer()
    killer.measure(lambda: shred(copy_of(original, tmp_path / "trial")))
    for _ in range(moments):
        broken = copy_of(original, tmp_path / "broken")
        killer.kill(lambda path=broken: shred(path))  # type: ignore[misc]
        scene.desk.vault = str(broken)
        with vault.opened(broken, PASSPHRASE, change=True) as one:
            there = one.records.has("submission", scene.id)
            shredding.finish(one)
            boxes = {path.stem for path in one.boxes.rglob("*.box")}
            assert bool(Copies(one).all()) == there
        gone = {box.id.hex() for box in scene.doomed.boxes}
        assert boxes >= gone if there else not boxes & gone
        assert bool(traces(scene)) == there
    killer.check(moments)

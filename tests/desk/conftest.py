"""A real desk that has joined a small drop in memory, with a cheap passphrase cost."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from knothole_client.desk import drop as drops
from knothole_client.desk import enrolling, exporting, vault
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.exporting import Exported
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.intake import Report, take_in
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.locks import Holding
from knothole_client.desk.submission import Submission, Summary
from knothole_client.desk.vault import Vault
from knothole_keys import clock
from knothole_keys.cli import passphrase, run
from knothole_keys.secret import Cost
from tests.support.drop import Drop, make_drop

Command = Callable[..., tuple[int, str, str]]
CHEAP = Cost(1, 8192)
PASSPHRASE = Holding(b"correct horse battery")
# A Tuesday, so that neighbouring weeks are never a surprise.
NOW = 1795564800


class Desk:
    """A vault in a folder, used through the desk's public functions."""

    def __init__(self, path: Path, drop: Drop, name: str = "Ada") -> None:
        self.path, self.drop = path, drop
        vault.create(path, name, PASSPHRASE, CHEAP)

    @contextmanager
    def opened(self) -> Iterator[tuple[Vault, Keyring]]:
        with vault.opened(self.path, PASSPHRASE, change=True) as one:
            yield one, one.keyring(PASSPHRASE)

    def enrol(self, *, weeks: int = 8, now: int | None = None, roots: bytes | None = None) -> enrolling.Enrolled:
        with self.opened() as (one, keyring):
            roots = self.drop.chain_bytes if roots is None else roots
            return enrolling.enrol(one, keyring, roots=roots, weeks=weeks, note=None, now=now or self.drop.now)

    def join(self) -> "Desk":
        """Enrol, be admitted, and have a roster issued."""
        self.drop.admit(self.enrol().data)
        self.drop.issue()
        return self

    def take_in(self, folder: Path, *, now: int | None = None, again: Iterable[str] = ()) -> Report:
        with self.opened() as (one, keyring):
            return take_in(one, keyring, folder, now or self.drop.now, again)

    @contextmanager
    def inbox(self) -> Iterator[Inbox]:
        with vault.opened(self.path, PASSPHRASE) as one:
            yield Inbox(one.records, Boxes(one.boxes, drops.needed(one.records).chain))

    def submissions(self) -> list[Submission]:
        with self.inbox() as inbox:
            return list(inbox.submissions())

    def summaries(self) -> list[Summary]:
        with self.inbox() as inbox:
            return inbox.summaries()

    def export(self, start: str, out: Path) -> Exported:
        with self.inbox() as inbox:
            return exporting.export(inbox, inbox.find(start), out)

    def destroy(self, *epochs: int) -> None:
        with self.opened() as (_, keyring):
            keyring.destroy(epochs)


@pytest.fixture
def drop() -> Drop:
    return make_drop(recipients=[], now=NOW)


@pytest.fixture
def desk(drop: Drop, tmp_path: Path) -> Desk:
    return Desk(tmp_path / "vault", drop).join()


@pytest.fixture
def command(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `knothole desk NAME VAULT …`: exit code, and what was said on both sides."""
    (tmp_path / "passphrase").write_bytes(PASSPHRASE.passphrase)
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "passphrase"))
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def ran(name: str, *arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["desk", name, str(desk.path), *map(str, arguments)])
        return code, *capsys.readouterr()

    return ran


def whole(desk: Desk, out: Path) -> bytes:
    """Export the one submission and return its file's bytes."""
    (submission,) = desk.submissions()
    assert submission.complete
    assert desk.export(submission.id, out).incomplete == []
    (file,) = (out / "files").iterdir()
    return file.read_bytes()


def snapshot(folder: Path) -> dict[str, bytes | str]:
    """Every path below a folder with its bytes: equal snapshots mean that nothing was changed."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and not path.is_symlink() else "other"
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def unchanged() -> Callable[[Path], Callable[[], None]]:
    """`check = unchanged(folder)`, then `check()` after something that must have changed nothing in it."""

    def watch(folder: Path) -> Callable[[], None]:
        before = snapshot(folder)

        def check() -> None:
            assert snapshot(folder) == before

        return check

    return watch

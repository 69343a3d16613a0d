"""The vault at rest: what it shows without the passphrase, and that damage or a wrong passphrase is refused whole."""

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_client.desk import database, vault
from knothole_client.desk.locks import Holding
from knothole_client.desk.records import Records, sentences
from knothole_client.desk.vault import opened
from knothole_keys.errors import Refused
from knothole_keys.secret import WrongPassphrase
from tests.desk.conftest import CHEAP, PASSPHRASE, Desk
from tests.support.drop import Drop, seal_submission, write_out

WRONG = Holding(b"wrong horse battery")
Unchanged = Callable[[Path], Callable[[], None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    vault.create(tmp_path / "v", "Ada", PASSPHRASE, CHEAP)
    return tmp_path / "v"


def test_everything_is_its_owners_alone(path: Path) -> None:
    for one in [path, *path.rglob("*")]:
        assert stat.S_IMODE(one.stat().st_mode) == (0o700 if one.is_dir() else 0o600), one


def test_records_survive_closing_and_are_replaced_whole(path: Path) -> None:
    with opened(path, PASSPHRASE, change=True) as one, one.records.transaction():
        one.records.put("kind", "a", {"n": 1})
        one.records.put("kind", "a", {"n": 2})
        one.records.put("other", "a", {"n": 3})
    with opened(path, PASSPHRASE) as one:
        assert one.records.get("kind", "a") == {"n": 2}
        assert one.records.get("kind", "b") is None
        assert list(one.records.all("kind")) == [{"n": 2}]


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    def fail(records: Records) -> None:
        with records.transaction():
            records.put("kind", "a", {"n": 1})
            raise KeyError

    with opened(path, PASSPHRASE, change=True) as one, pytest.raises(KeyError):
        fail(one.records)
    with opened(path, PASSPHRASE) as one:
        assert one.records.get("kind", "a") is None


def test_a_wrong_passphrase_changes_nothing(path: Path, unchanged: Unchanged) -> None:
    check = unchanged(path)
    with pytest.raises(WrongPassphrase, match="nothing was changed"), opened(path, WRONG, change=True):
        pass
    check()


def test_two_commands_cannot_change_one_vault(path: Path) -> None:
    with (
        opened(path, PASSPHRASE, change=True),
        pytest.raises(Refused, match="Another command"),
        opened(path, PASSPHRASE, change=True),
    ):
        pass
    with opened(path, PASSPHRASE, change=True):
        pass


def test_looking_is_allowed_while_another_changes(path: Path) -> None:
    with opened(path, PASSPHRASE, change=True), opened(path, PASSPHRASE) as one:
        assert one.identity["name"] == "Ada"


def test_an_existing_folder_is_not_taken_over(tmp_path: Path, unchanged: Unchanged) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    check = unchanged(tmp_path)
    with pytest.raises(Refused, match="not empty"):
        vault.create(tmp_path / "full", "Ada", PASSPHRASE, CHEAP)
    check()


def test_a_vault_is_not_made_twice(path: Path, unchanged: Unchanged) -> None:
    check = unchanged(path)
    with pytest.raises(Refused, match="not empty"):
        vault.create(path, "Eve", PASSPHRASE, CHEAP)
    check()


@pytest.mark.parametrize("name", ["", " Ada", "A\x1bda", "A\u202eda", "x" * 65])
def test_a_name_that_no_roster_could_carry_makes_no_vault(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="name"):
        vault.create(tmp_path / "v", name, PASSPHRASE, CHEAP)
    assert not (tmp_path / "v").exists()


def test_another_folder_is_not_a_vault(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a vault"), opened(tmp_path, PASSPHRASE):
        pass


def test_a_vault_of_a_later_version_is_left_alone(path: Path, unchanged: Unchanged) -> None:
    db = sqlite3.connect(path / "vault.db")
    db.execute(f"PRAGMA user_version = {database.SCHEMA + 1}")
    db.close()
    check = unchanged(path)
    with pytest.raises(Refused, match="another version"), opened(path, PASSPHRASE, change=True):
        pass
    check()


def test_a_vault_whose_making_was_interrupted_says_so(path: Path) -> None:
    (path / "vault.db").write_bytes(b"")
    with pytest.raises(Refused, match="never finished"), opened(path, PASSPHRASE):
        pass


def test_a_file_that_is_no_database_is_one_sentence(path: Path) -> None:
    (path / "vault.db").write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(Refused, match="damaged"), opened(path, PASSPHRASE):
        pass


def test_an_altered_record_is_refused(path: Path) -> None:
    db = sqlite3.connect(path / "vault.db")
    db.execute("update records set box = zeroblob(length(box))")
    db.commit()
    db.close()
    with opened(path, PASSPHRASE) as one, pytest.raises(Refused, match="damaged"):
        _ = one.identity


def test_a_record_does_not_open_in_the_place_of_another(path: Path) -> None:
    with opened(path, PASSPHRASE, change=True) as one, one.records.transaction():
        one.records.put("kind", "a", {"n": 1})
        one.records.put("kind", "b", {"n": 2})
    db = sqlite3.connect(path / "vault.db")
    rows = db.execute("select place, box from records").fetchall()
    for (place, _), (_, other) in zip(rows, [*rows[1:], rows[0]], strict=True):
        db.execute("update records set box = ? where place = ?", (other, place))
    db.commit()
    db.close()
    with opened(path, PASSPHRASE) as one:
        for kind, name in [("kind", "a"), ("kind", "b"), ("desk", "identity")]:
            with pytest.raises(Refused, match="damaged"):
                one.records.get(kind, name)


def test_a_record_does_not_pass_for_another_kind(path: Path) -> None:
    with opened(path, PASSPHRASE, change=True) as one, one.records.transaction():
        one.records.put("submission", "a", {"n": 1})
        one.records.put("refused", "b", {"n": 2})
    db = sqlite3.connect(path / "vault.db")
    (shelf,) = db.execute("select distinct shelf from records limit 1").fetchone()
    db.execute("update records set shelf = ?", (shelf,))
    db.commit()
    db.close()
    with opened(path, PASSPHRASE) as one, pytest.raises(Refused, match="damaged"):
        [list(one.records.all(kind)) for kind in ("submission", "refused", "desk")]


def test_the_files_show_no_name_no_id_and_no_kind(desk: Desk, drop: Drop, tmp_path: Path) -> None:
    sent = seal_submission(drop, "about the minister", {"ledger.pdf": b"CANARY" * 50}, inside=False)
    desk.take_in(write_out(tmp_path / "out", drop, sent.boxes))
    everything = b"".join(path.read_bytes() for path in desk.path.rglob("*") if path.is_file())
    secrets = [sent.id, sent.thread.thread, sent.thread.reply_key, drop.drop_id]
    # No short words: three letters turn up by chance in so much ciphertext.
    words = ["minister", "ledger", "CANARY", "submission", "letter", "The Test Drop", *drop.recipients]
    for secret in [*secrets, *(one.hex().encode() for one in secrets), *(word.encode() for word in words)]:
        assert secret not in everything


def test_a_records_length_says_little_about_the_text(path: Path) -> None:
    with opened(path, PASSPHRASE, change=True) as one, one.records.transaction():
        for i in range(0, 200, 7):
            one.records.put("kind", f"{i:03}", {"text": "x" * i})
    db = sqlite3.connect(path / "vault.db")
    assert len(db.execute("select distinct length(box) from records").fetchall()) == 1
    db.close()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device", "/some/where"), "/some/where failed: no space left on device."),
        (OSError(5, "Input/output error"), "The disk failed: input/output error."),
        (sqlite3.OperationalError("database is locked"), "The vault is busy"),
        (sqlite3.OperationalError("database or disk is full"), "disk is full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "cannot be written"),
        (sqlite3.DatabaseError("database disk image is malformed"), "damaged"),
    ],
)
def test_a_failing_disk_is_one_sentence(error: Exception, told: str) -> None:
    with pytest.raises(Refused, match=told), sentences():
        raise error

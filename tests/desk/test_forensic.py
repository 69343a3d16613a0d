"""After a destruction: no byte of an expired secret in any file, nor of what it derives from or to; what was not imported stays
shut with everything that the desk has.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from knothole_client.desk import backup, relocking, restoring, vault
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.locks import Holding, Locks
from knothole_keys import canonical, fields, secret
from knothole_keys.errors import KnotholeError
from knothole_keys.kdf import derive
from knothole_keys.open import Opener
from tests.desk.conftest import CHEAP, PASSPHRASE, Desk
from tests.support import looking
from tests.support.drop import Drop, SealedBox, seal_submission, write_out

STICK = Holding(PASSPHRASE.passphrase, b"k" * 32)
NEW = Holding(b"another horse battery")


@dataclass
class Scene:
    """A desk with one imported submission and one that came too late, a backup from before, and an unimported box's week."""

    desk: Desk
    drop: Drop
    backup: Path
    late: list[SealedBox]
    imported: str
    carried: Path
    holding: Holding = PASSPHRASE
    backups: list[Path] = field(default_factory=list)

    def files(self) -> list[Path]:
        return [self.desk.path, *self.backups]

    def restore(self, name: str, holding: Holding) -> Desk:
        restored = object.__new__(Desk)
        restored.path, restored.drop = self.backup.with_name(name), self.drop
        restoring.restore(self.backup, restored.path, holding, boxes=None, until=None, cost=CHEAP)
        return restored


@pytest.fixture
def scene(desk: Desk, drop: Drop, tmp_path: Path) -> Scene:
    kept = seal_submission(drop, "imported", {"a.bin": b"evidence" * 60_000})
    desk.take_in(write_out(tmp_path / "kept", drop, kept.boxes))
    late = seal_submission(drop, "late", {"b.bin": b"too late" * 60_000}).boxes
    file = tmp_path / "backups" / "before"
    file.parent.mkdir()
    with vault.opened(desk.path, PASSPHRASE, change=True) as one:
        restoring.make(one, file, tmp_path / "backups" / "boxes")
    carried = write_out(tmp_path / "late", drop, late)
    return Scene(desk, drop, file, late, kept.id.hex(), carried, backups=[file.parent])


def of_lock(locks: Locks, holding: Holding) -> Iterator[bytes]:
    """A lock's key, and what leads to it and from it."""
    yield locks.key
    for label in ("week", "slots", "places", "backup chunk"):
        yield derive(locks.key, label)
    for slot in locks.slots:
        file = canonical.decode(slot.locked)
        material = holding.material(slot.kind) or b""
        yield secret.unlock(slot.locked, material, locks.purpose)
        salt = bytes.fromhex(file["salt"])
        stretched = argon2id.kdf(32, material, salt, opslimit=file["passes"], memlimit=file["memory"])
        yield stretched
        yield derive(stretched, f"locked {locks.purpose}")


def of_seed(seed: bytes) -> Iterator[bytes]:
    """A weekly secret, and every private thing that it expands to."""
    expanded = hashlib.shake_256(seed).digest(96)
    yield from (seed, expanded, expanded[:64], expanded[:32], expanded[32:64], expanded[64:])


def sealed_forms(desk: Desk) -> list[bytes]:
    """Pieces of what locked the weekly secrets and the vault on the disk: not even that is to survive."""
    pieces = []
    for path in (desk.path / "epochs").glob("*.week"):
        pieces += [path.read_bytes()[:64], path.read_bytes()[-64:]]
    for path in (desk.path / "epochs").glob("*.lock"):
        value = canonical.decode(path.read_bytes())
        pieces += [value["inside"].encode()]
        # That of a slot which stays is there again, before another key.
        pieces += [slot["box"].encode() for slot in value["slots"]]
    return pieces


def secrets_of(scene: Scene) -> list[bytes]:
    """Everything that must not be found after the week is destroyed and the keys are changed."""
    with scene.desk.opened() as (one, keyring):
        seed = keyring.seed(scene.drop.epoch)
        assert seed is not None
        found = [*of_seed(seed), *of_lock(keyring.locks, PASSPHRASE), *of_lock(one.locks, PASSPHRASE)]
        # What every record's key is derived from, and lies in memory.
        found.append(one.records._keys.key)
    opener = Opener(drop_id=scene.drop.drop_id, epoch=scene.drop.epoch, geometry=scene.drop.geometry(), seeds=[seed])
    found += [opener.open(box.data, box.id).box_key for box in scene.late]
    return found


def needles(secrets: list[bytes]) -> list[bytes]:
    return sorted({spelling for secret in secrets for spelling in looking.spellings_of(secret)})


def found(scene: Scene, wanted: list[bytes]) -> list[str]:
    return [hit for place in scene.files() for hit in looking.in_folder(place, wanted)]


def change_nothing(_: Scene) -> None:
    pass


def change_passphrase(scene: Scene) -> None:
    relocking.relock(scene.desk.path, scene.holding, relocking.passphrase(NEW.passphrase, scene.holding), CHEAP)
    scene.holding = NEW


def lock_for_travel(scene: Scene) -> None:
    relocking.relock(scene.desk.path, scene.holding, relocking.travel(PASSPHRASE.passphrase, lambda: b"k" * 32), CHEAP)
    scene.holding = STICK


@pytest.mark.parametrize("then", [change_nothing, change_passphrase, lock_for_travel])
def test_no_file_holds_anything_of_an_expired_secret(scene: Scene, then: object) -> None:
    secrets, sealed = secrets_of(scene), sealed_forms(scene.desk)
    assert len(sealed) >= 2 * 8 + 2
    assert len(set(found(scene, sealed))) >= len(sealed), "the control: before, the sealed forms are there to be found"
    scene.desk.destroy(scene.drop.epoch)
    then(scene)  # type: ignore[operator]
    assert found(scene, needles(secrets)) == []
    assert found(scene, sealed) == [], "what was sealed is still there, for whoever gets its key one day"


@pytest.mark.parametrize("change", [change_passphrase, lock_for_travel])
def test_what_opened_the_vault_before_is_nowhere_in_it(scene: Scene, change: object) -> None:
    with vault.opened(scene.desk.path, PASSPHRASE) as one:
        secrets = list(of_lock(one.locks, PASSPHRASE))
        old = [fields.to_base64(slot.locked).encode() for slot in one.locks.slots]
    # The database holds the lock as it is.
    assert looking.in_folder(scene.desk.path, old)
    database = (scene.desk.path / "vault.db").read_bytes()
    pieces = [database[at : at + 64] for at in range(0, len(database), 256)]
    # Those of sealed records and of the lock, not what every database has.
    pieces = [piece for piece in pieces if len(set(piece)) > 32]
    assert len(pieces) > 20
    change(scene)  # type: ignore[operator]
    assert looking.in_folder(scene.desk.path, [*needles(secrets), *old, *pieces]) == []


def test_the_search_finds_each_secret_in_each_spelling(scene: Scene, tmp_path: Path) -> None:
    secrets = secrets_of(scene)
    for number, one in enumerate(secrets):
        for spelling in looking.spellings_of(one):
            planted = tmp_path / "planted" / str(number)
            planted.parent.mkdir(exist_ok=True)
            planted.write_bytes(b"\0" * 999 + spelling + b"\0" * 999)
            assert looking.in_folder(planted.parent, needles([one]))
            planted.unlink()


def everything(path: Path, holding: Holding) -> set[bytes]:
    """Every secret that a vault gives to whoever opens it, and what can be made of them."""
    with vault.opened(path, holding, change=True) as one:
        keyring = one.keyring(holding)
        keys = {*of_lock(one.locks, holding), *of_lock(keyring.locks, holding), bytes.fromhex(one.identity["seed"])}
        seeds = {seed for epoch in keyring.epochs if (seed := keyring.seed(epoch)) is not None}
        records = str(sorted(str(item) for item in one.records.everything()))
    keys |= {part for seed in seeds for part in of_seed(seed) if len(part) == 32}
    # The keys of boxes, as records name the places of parts, and whatever else is 32 bytes long.
    words = re.findall(r"[A-Za-z0-9+=_-]+(?:/[A-Za-z0-9+=_-]+)*", records)
    keys |= {raw[-32:] for word in words if len(raw := fields.strict_base64(word) or b"") in (32, 52)}
    return keys | {bytes.fromhex(word) for word in words if len(word) == 64 and set(word) <= set("0123456789abcdef")}


def opens(scene: Scene, box: SealedBox, keys: set[bytes]) -> bool:
    opener = Opener(drop_id=scene.drop.drop_id, epoch=box.epoch, geometry=scene.drop.geometry(), seeds=keys)
    attempts = [lambda: opener.open(box.data, box.id)]
    attempts += [lambda key=key: opener.open_with(box.data, box.id, key) for key in keys]  # type: ignore[misc]
    for attempt in attempts:
        try:
            attempt()
        except KnotholeError:
            continue
        return True
    return False


def test_what_was_not_imported_stays_shut_with_everything_that_the_desk_has(scene: Scene, tmp_path: Path) -> None:
    lock_for_travel(scene)
    with vault.opened(scene.desk.path, STICK, change=True) as one:
        restoring.make(one, tmp_path / "backups" / "travelling", None)
        seed = one.keyring(STICK).seed(scene.drop.epoch)
        assert seed is not None
    assert all(opens(scene, box, {seed}) for box in scene.late), "the control: before, the secret opens them"
    with vault.opened(scene.desk.path, STICK, change=True) as one:
        one.keyring(STICK).destroy([scene.drop.epoch])
    restored = scene.restore("restored", PASSPHRASE)
    keys = everything(scene.desk.path, STICK) | everything(restored.path, PASSPHRASE)
    for file, holding in ((scene.backup, PASSPHRASE), (tmp_path / "backups" / "travelling", STICK)):
        keys |= set(of_lock(backup.open_whole(file, holding).locks, holding))
    assert len(keys) > 60
    assert not any(opens(scene, box, keys) for box in scene.late)
    assert restored.take_in(scene.carried).keyless == len(scene.late)
    # What was imported opens still, in both: the same keys are enough for every box that the vault keeps.
    kept = sorted((scene.desk.path / "boxes").rglob("*.box"))
    assert kept
    for path in kept:
        assert opens(scene, SealedBox(int(path.parent.name), bytes.fromhex(path.stem), path.read_bytes()), keys)
    relocking.relock(scene.desk.path, STICK, relocking.exchange(PASSPHRASE, STICK), CHEAP)
    assert scene.desk.take_in(scene.carried).keyless == len(scene.late)
    assert scene.desk.export(scene.imported, tmp_path / "ex").incomplete == []


def test_an_old_copy_of_the_weekly_secrets_is_what_the_limit_says_it_is(scene: Scene) -> None:
    """Not a promise but its end, as docs say it: whoever copied the whole folder before has the secret with the passphrase."""
    copy = scene.desk.path.with_name("copied-by-a-snapshot")
    copy.mkdir()
    for path in (scene.desk.path / "epochs").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    scene.desk.destroy(scene.drop.epoch)
    assert Keyring.open(copy, PASSPHRASE).seed(scene.drop.epoch) is not None
    # A single one of its files is worth nothing, with all that the vault has today.
    for path in copy.glob("*.lock"):
        path.unlink()
    with pytest.raises(KnotholeError, match="missing"):
        Keyring.open(copy, PASSPHRASE)

"""Making a backup of a vault, and a vault out of a backup. Neither ever carries a weekly secret.

A restored vault has fresh keys, one key slot (what opened the backup) and no weekly secret: boxes of any week open there
only if they were imported before the backup was made. It remembers every week for which this desk ever exported a key, so
that no week gets a second one: sources would go on sealing to the first.
"""

import filecmp
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from knothole_client.desk import backup, copies, relocking, vault
from knothole_client.desk.backup import Item
from knothole_client.desk.claims import note_all
from knothole_client.desk.copies import Copies
from knothole_client.desk.enrolling import EXPORTED, exported
from knothole_client.desk.locks import Holding
from knothole_client.desk.records import sentences
from knothole_client.desk.vault import Vault
from knothole_client.desk.writing import Writer
from knothole_keys import clock, files
from knothole_keys.epoch import epoch_of
from knothole_keys.errors import Refused
from knothole_keys.secret import Cost

BATCH = 64
_PIECE = 1024 * 1024
_BOX = re.compile(r"[0-9]{1,10}/[0-9a-f]{32}\.box")


@dataclass(frozen=True)
class Restored:
    """The day of the backup, how many records it had, boxes copied and boxes that are not here, and weeks ever exported.

    `lost` counts working copies that are not here.
    """

    made: str
    records: int
    boxes: int
    missing: int
    exported: list[int]
    lost: int = 0


def make(one: Vault, path: Path, boxes: Path | None) -> int:
    """Write a backup of an open vault (held for a change), and copy new boxes to a folder. How many boxes. Raises Refused."""
    for place in (path, *([boxes] if boxes else [])):
        if place.resolve().is_relative_to(one.path.resolve()):
            raise Refused("Choose a place outside the vault: a backup must not be lost along with it.")
    backup.refuse_existing(path)
    made = clock.day_of(clock.now())
    # Remembered first: killed in between, the vault names one file too many and never one too few.
    relocking.remember_backup(one.records, path.resolve(), made, one.locks.slots)
    try:
        with one.records.transaction():
            backup.write(path, one.locks, one.records.everything(), len(one.records.places()), made)
    except BaseException:
        # It may have its name, or lie where it was written, though the disk failed: then it opens, and must be known.
        if not os.path.lexists(path) and not os.path.lexists(backup.partial(path)):
            relocking.forget_newest_backup(one.records)
        raise
    if not boxes:
        return 0
    copy_copies(one.copies, boxes / vault.COPIES)
    return copy_boxes(one.boxes, boxes)


def restore(
    file: Path, path: Path, holding: Holding, *, boxes: Path | None, until: int | None, cost: Cost | None = None
) -> Restored:
    """Make the new vault `path` out of a backup, which is read to its end before anything is made. Raises Refused.

    `until` is the last epoch that this desk enrolled for after the backup was made, or None.
    """
    # Of a link, the folder itself: only that can give its name away.
    path = path.resolve()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Refused(f"{path} exists and is not an empty folder; choose another one.")
    # The vault takes the folder's place: a shell that stands in it would be left in one that is gone.
    if path.is_dir() and path.samefile(Path()):
        raise Refused(f"You stand in {path}, whose place the vault would take: go out of it (`cd ..`), or name a new folder.")
    found = backup.open_whole(file, holding)
    # What opened the backup opens the vault; and no more, should its slot not have asked for the key file.
    holding = Holding(holding.passphrase, holding.key_file if found.locks.slot.kind == holding.kind else None)
    with sentences():
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        part.mkdir(mode=0o700)
        try:
            # Numbers beyond all in the backup: what it knows of its own backups stays true.
            vault.build(part, holding, found.records(), cost, number=1 + _highest(found))
            copied = copy_boxes(boxes, part / vault.BOXES) if boxes else 0
            if boxes:
                copy_copies(boxes / vault.COPIES, part / vault.COPIES)
            with vault.opened(part, holding, change=True) as one:
                weeks = _remember_weeks(one, found.made, until)
                missing, lost = _missing(one), len(Copies(one).missing())
            part.rename(path)
            files.sync_directory(path.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return Restored(found.made, found.count, copied, missing, weeks, lost)


def copy_boxes(source: Path, target: Path) -> int:
    """Copy every box that is not in the other folder yet, and read each again. How many. Raises Refused."""
    copied: list[tuple[Path, Path]] = []
    count = 0
    with sentences(), Writer() as writer:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in _boxes(source):
            place = target / path.relative_to(source)
            if not place.exists() or place.stat().st_size != path.stat().st_size:
                writer.write(place, path.read_bytes())
                copied.append((path, place))
                count += 1
            if len(copied) == BATCH:
                _settle(writer, copied)
        _settle(writer, copied)
    return count


def copy_copies(source: Path, target: Path) -> None:
    """Copy the sealed bytes of every working copy that is not in the other folder yet, and read each again. Raises Refused."""
    with sentences():
        for path in _copies(source) if source.is_dir() else ():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = target / path.name
            if not place.exists() or place.stat().st_size != path.stat().st_size:
                part = place.with_name(f".{path.name}.part")
                with path.open("rb") as read, part.open("wb") as written:
                    shutil.copyfileobj(read, written, _PIECE)
                    written.flush()
                    os.fsync(written.fileno())
                if not filecmp.cmp(path, part, shallow=False):
                    raise Refused(f"{place} does not read back as it was written; use another disk.")
                part.rename(place)
                files.sync_directory(target)


def _settle(writer: Writer, copied: list[tuple[Path, Path]]) -> None:
    writer.sync()
    for path, place in copied:
        if path.read_bytes() != place.read_bytes():
            raise Refused(f"{place} does not read back as it was written; use another disk.")
    copied.clear()


def _boxes(folder: Path) -> Iterator[Path]:
    for week in sorted(folder.iterdir()):
        if week.is_dir() and not week.is_symlink():
            for path in sorted(week.iterdir()):
                if _BOX.fullmatch(f"{week.name}/{path.name}") and path.is_file() and not path.is_symlink():
                    yield path


def _copies(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if copies.NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            yield path


def _highest(found: backup.Opened) -> int:
    known = [slot["number"] for item in found.records() for slot in _slots_in(item)]
    return max([slot.number for slot in found.locks.slots] + known)


def _slots_in(item: Item) -> Iterator[dict[str, int]]:
    if item[:2] == relocking.BACKUPS:
        for one in item[2]["backups"]:
            yield from one["slots"]


def _remember_weeks(one: Vault, made: str, until: int | None) -> list[int]:
    weeks = exported(one)
    if until is not None:
        # Whoever enrolled after the backup began with its week at the earliest, whether it knows of any week or of none.
        day = epoch_of(int(datetime.fromisoformat(made).replace(tzinfo=UTC).timestamp()))
        weeks |= set(range(min({day, max(weeks, default=day)}), until + 1))
    with one.records.transaction():
        one.records.put(*EXPORTED, {"epochs": sorted(weeks)})
        # Boxes may not have come along.
        note_all(one.records)
    return sorted(weeks)


def _missing(one: Vault) -> int:
    names = (name for kind, name, value in one.records.everything() if kind == "box" and value.get("state") == "kept")
    return sum(1 for name in names if not (one.boxes / f"{name}.box").is_file())

"""Import: opening what the courier carried, once, and keeping it so that it opens without any weekly secret.

Order matters at every step. Roots and roster are judged before a box is looked at; a box's ciphertext is on disk before
any record names it; records are written some dozens at a time, all or none. So a crash loses at most work: importing the
same folder again finds what is known, skips it without opening it, and goes on. Importing twice changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from knothole_client.desk import drop
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.carried import ROOTS, ROSTER, Carried
from knothole_client.desk.drop import Known
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.streams import Group, Place, Streams
from knothole_client.desk.suspects import Suspects
from knothole_client.desk.terminal import counted
from knothole_client.desk.vault import Vault
from knothole_client.progress import Progress
from knothole_keys.box import Geometry
from knothole_keys.errors import BoxDamaged, ForeignPart, KnotholeError, MalformedHead, NotABox, NotForUs
from knothole_keys.open import Opener

BATCH = 64


@dataclass
class Report:
    """What an import did, in numbers of boxes; boxes that a person should know by name are named `epoch/id`."""

    kept: int = 0
    known: int = 0
    mended: int = 0
    twins: int = 0
    not_ours: int = 0
    keyless: int = 0
    not_open: int = 0
    odd: int = 0
    keyless_epochs: set[int] = field(default_factory=set)
    damaged: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def take_in(vault: Vault, keyring: Keyring, folder: Path, now: int) -> Report:
    """Import a courier's folder. Raises Refused, and the refusals of roots and rosters before anything is taken in."""
    report = Report()
    known = drop.needed(vault.records)
    with Carried.opened(folder) as carried:
        known = _meet(known, carried, now, report)
        with vault.records.transaction():
            drop.save(vault.records, known)
        boxes = Boxes(vault.boxes, known.chain)
        boxes.sweep()
        _Intake(vault, keyring, known, boxes, carried, report).run()
        report.odd = carried.odd
    # All that is complete, also what an import before this one had no time for.
    report.letters, report.refused = Inbox(vault.records, boxes).read_letters(now)
    return report


def _meet(known: Known, carried: Carried, now: int, report: Report) -> Known:
    roots, roster = carried.note(ROOTS), carried.note(ROSTER)
    try:
        if roots is not None:
            known, remarks = drop.meet_roots(known, roots, now)
            report.remarks += remarks
        if roster is not None:
            known, remarks = drop.meet_roster(known, roster, now)
            report.remarks += remarks
    except KnotholeError as error:
        # The refusal keeps its name; the sentence says what it meant for the boxes.
        raise type(error)(f"Nothing was imported. {error}") from None
    return known


class _Intake:
    def __init__(self, vault: Vault, keyring: Keyring, known: Known, boxes: Boxes, carried: Carried, report: Report) -> None:
        self._records, self._streams = vault.records, Streams(vault.records)
        self._keyring, self._known, self._boxes, self._carried = keyring, known, boxes, carried
        self._report = report
        self._pending: list[tuple[str, str, Group, int]] = []
        self._suspects = Suspects(vault.records)
        self._in_doubt = bool(self._suspects.all())

    def run(self) -> None:
        weeks = self._carried.list()
        with Progress("Importing", sum(len(ids) for _, ids in weeks), "boxes") as progress:
            for epoch, ids in weeks:
                geometry = self._known.chain.current.geometry(epoch)
                if geometry is None:
                    self._report.not_open += len(ids)
                    continue
                self._week(epoch, geometry, ids, progress)
        self._commit()
        if left := self._suspects.all():
            self._report.remarks.append(
                f"{counted(len(left), 'box', 'boxes')} damaged in the vault could not be mended from this folder."
            )

    def _week(self, epoch: int, geometry: Geometry, ids: Iterable[bytes], progress: Progress) -> None:
        seed = self._keyring.seed(epoch)
        opener = seed and Opener(drop_id=self._known.drop_id, epoch=epoch, geometry=geometry, seeds=[seed])
        for box_id in ids:
            progress.add()
            name = f"{epoch}/{box_id.hex()}"
            try:
                if not self._is_known(name, epoch, box_id, geometry):
                    self._fresh(name, epoch, box_id, geometry, opener or None)
            except NotForUs:
                self._report.not_ours += 1
            except BoxDamaged:
                self._report.damaged.append(name)
            except (NotABox, MalformedHead, ForeignPart):
                self._report.wrong.append(name)
            if len(self._pending) >= BATCH:
                self._commit()

    def _is_known(self, name: str, epoch: int, box_id: bytes, geometry: Geometry) -> bool:
        record = self._records.get("box", name)
        if record is None:
            return False
        if record["state"] == "kept" and not self._sound(record, epoch, box_id):
            return self._mend(record, epoch, box_id, geometry)
        self._report.known += 1
        return True

    def _sound(self, record: dict[str, object], epoch: int, box_id: bytes) -> bool:
        if not self._boxes.has(epoch, box_id):
            return False
        place = self._place_of(record) if self._in_doubt else None
        if place is None:
            return True
        try:
            self._boxes.open(epoch, box_id, place.box_key)
        except KnotholeError:
            return False
        self._suspects.remove(place.name)
        return True

    def _mend(self, record: dict[str, object], epoch: int, box_id: bytes, geometry: Geometry) -> bool:
        # The vault's own copy is gone or rotten, its key is not: the courier's copy takes its place, if it is the same box.
        place = self._place_of(record)
        sealed = self._carried.read(epoch, box_id, geometry.size)
        if place is not None and sealed is not None:
            self._boxes.check(epoch, box_id, place.box_key, sealed)
            self._boxes.write(epoch, box_id, sealed)
            self._suspects.remove(place.name)
            self._report.mended += 1
        return True

    def _place_of(self, record: dict[str, object]) -> Place | None:
        kind, stream, root, count, index = str(record["part"]).split("/")
        group = Group("letter" if kind == "letter" else "file", bytes.fromhex(stream), bytes.fromhex(root), int(count))
        return self._streams.place(group, int(index))

    def _fresh(self, name: str, epoch: int, box_id: bytes, geometry: Geometry, opener: Opener | None) -> None:
        if opener is None:
            self._report.keyless += 1
            self._report.keyless_epochs.add(epoch)
            return
        sealed = self._carried.read(epoch, box_id, geometry.size)
        if sealed is None:
            return
        opened = opener.open(sealed, box_id)
        group, index = Group.of(opened.head), opened.head.index
        if self._streams.place(group, index) is not None:
            # The same part, sealed again in another week or by hand: the Merkle tree proves that it is the same.
            self._pending.append((name, "twin", group, index))
            self._report.twins += 1
            return
        self._boxes.write(epoch, box_id, sealed)
        self._streams.add(group, index, Place(epoch, box_id, opened.box_key))
        self._pending.append((name, "kept", group, index))
        self._report.kept += 1

    def _commit(self) -> None:
        if not self._pending:
            return
        with self._records.transaction():
            self._streams.flush()
            for name, state, group, index in self._pending:
                self._records.put("box", name, {"state": state, "part": f"{group.name}/{index}"})
        self._pending.clear()

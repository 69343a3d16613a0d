"""Import: opening what the courier carried, once, and keeping it so that it opens without any weekly secret.

Order matters at every step. Roots and roster are judged before a box is looked at; a box's ciphertext is on disk before
any record names it; records are written some dozens at a time, all or none. So a crash loses at most work: importing the
same folder again finds what is known, skips it without opening it, and goes on. Importing twice changes nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from knothole_client.desk import acknowledging, drop, shredding
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.carried import Carried, CutShort, NotPlain, Unreadable
from knothole_client.desk.drop import Known
from knothole_client.desk.enrolling import signer
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.keyring import Keyring
from knothole_client.desk.mending import Mending
from knothole_client.desk.reading import Reading
from knothole_client.desk.shredding import Tombstones
from knothole_client.desk.streams import Group, Place, Streams
from knothole_client.desk.vault import Vault
from knothole_client.desk.writing import Writer
from knothole_client.folder import ROOTS, ROSTER
from knothole_client.progress import Progress
from knothole_client.terminal import counted
from knothole_keys import clock
from knothole_keys.box import Geometry
from knothole_keys.errors import BoxDamaged, ForeignPart, KnotholeError, MalformedHead, NotABox, NotForUs
from knothole_keys.open import Opened, Opener

BATCH = 64
# Bytes of letters of one box that are kept from opening it until reading it, so that it is not opened twice.
_AT_HAND = 16 * 1024 * 1024
# Longer than any box, and just below the largest block that glibc's allocator learns from.
_LONGEST = 31 * 1024 * 1024


@dataclass
class Report:
    """What an import did, in numbers of boxes; boxes that a person should know by name are named `epoch/id`.

    Folders are named as they lie in the courier's. `cut_off` has the ids of letters that were not read.
    """

    kept: int = 0
    known: int = 0
    mended: int = 0
    twins: int = 0
    not_ours: int = 0
    keyless: int = 0
    not_open: int = 0
    odd: int = 0
    shredded: int = 0
    keyless_epochs: set[int] = field(default_factory=set)
    unreadable_folders: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cut_off: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def take_in(
    vault: Vault, keyring: Keyring, folder: Path, now: int, again: Iterable[str] = (), back: Iterable[str] = ()
) -> Report:
    """Import a courier's folder. Raises Refused, and the refusals of roots and rosters before anything is taken in.

    `again` has the beginnings of the ids of letters that were cut off and are to be read once more, `back` of those that were
    shredded and are to be taken in again.
    """
    report = Report()
    shredding.finish(vault)
    known = drop.needed(vault.records)
    chosen = Reading(vault.records, Boxes(vault.boxes, known.chain)).chosen(again)
    # A block this long, once freed, has the allocator keep what is freed after it. Without that each box costs a
    # thousand page faults, a third of the whole import.
    bytes(_LONGEST)
    with Carried.opened(folder) as carried:
        known = _meet(known, carried, now, report)
        with vault.records.transaction():
            drop.save(vault.records, known)
            for start in back:
                Tombstones(vault.records).forget(start)
        boxes = Boxes(vault.boxes, known.chain)
        boxes.sweep()
        with Writer() as writer:
            intake = _Intake(vault, keyring, known, boxes, carried, writer, report)
            intake.run()
        report.odd += carried.odd
        report.unreadable_folders = carried.unreadable
    outcome = Reading(vault.records, boxes, intake.at_hand).run(now, chosen)
    report.letters, report.refused, report.cut_off = outcome.letters, outcome.refused, outcome.cut_off
    acknowledging.settle(vault.records, Inbox(vault.records, boxes), signer(vault).public.name, clock.day_of(now))
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
    def __init__(
        self, vault: Vault, keyring: Keyring, known: Known, boxes: Boxes, carried: Carried, writer: Writer, report: Report
    ) -> None:
        self._records, self._streams = vault.records, Streams(vault.records)
        self._keyring, self._known, self._boxes, self._carried = keyring, known, boxes, carried
        self._writer, self._report = writer, report
        self._shredded = Tombstones(vault.records)
        self._mending = Mending(vault.records, self._streams, boxes, writer)
        self._pending: list[tuple[str, str, Group, int]] = []
        self.at_hand: dict[Group, bytes] = {}
        self._room = _AT_HAND

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
        if left := self._mending.done():
            self._report.remarks.append(
                f"{counted(len(left), 'box', 'boxes')} damaged in the vault could not be mended from this folder."
            )

    def _week(self, epoch: int, geometry: Geometry, ids: Iterable[bytes], progress: Progress) -> None:
        seed = self._keyring.seed(epoch)
        opener = Opener(drop_id=self._known.drop_id, epoch=epoch, geometry=geometry, seeds=[seed]) if seed else None
        for box_id in ids:
            progress.add()
            name = f"{epoch}/{box_id.hex()}"
            try:
                self._box(name, epoch, box_id, geometry, opener)
            except NotForUs:
                self._report.not_ours += 1
            except NotPlain:
                self._report.odd += 1
            except Unreadable:
                self._report.unreadable.append(name)
            except CutShort:
                self._report.partial.append(name)
            except BoxDamaged:
                self._report.damaged.append(name)
            except (NotABox, MalformedHead, ForeignPart):
                self._report.wrong.append(name)
            if len(self._pending) >= BATCH:
                self._commit()

    def _box(self, name: str, epoch: int, box_id: bytes, geometry: Geometry, opener: Opener | None) -> None:
        record = self._mending.known(name)
        if record is None:
            if opener is None:
                self._report.keyless += 1
                self._report.keyless_epochs.add(epoch)
                return
            self._fresh(name, epoch, box_id, *self._open(epoch, box_id, geometry, opener.open))
            return
        needed = self._mending.needed(record, epoch, box_id)
        if needed is None:
            self._report.known += 1
            return
        group, index, place = needed
        if (place.epoch, place.box_id) == (epoch, box_id):
            sealed, opened = self._open(epoch, box_id, geometry, partial(self._by_key, epoch, place.box_key))
        elif opener is not None:
            sealed, opened = self._open(epoch, box_id, geometry, opener.open)
        else:
            self._report.known += 1
            return
        if (Group.of(opened.head), opened.head.index) != (group, index):
            raise ForeignPart("This box holds another part than it did; it was left out.")
        self._mend(name, epoch, box_id, sealed, opened, place)

    def _by_key(self, epoch: int, box_key: bytes, sealed: bytes, box_id: bytes) -> Opened:
        return self._boxes.check(epoch, box_id, box_key, sealed)

    def _open(
        self, epoch: int, box_id: bytes, geometry: Geometry, how: Callable[[bytes, bytes], Opened]
    ) -> tuple[bytes, Opened]:
        """The first copy of a box that opens. Raises the most telling failure when none does."""
        failure: KnotholeError | None = None
        for copy in self._carried.copies(epoch, box_id):
            try:
                sealed = self._carried.read(copy, geometry.size)
                return sealed, how(sealed, box_id)
            except KnotholeError as error:
                if failure is None or isinstance(failure, NotForUs):
                    failure = error
        raise failure or NotPlain("No such box is here.")

    def _fresh(self, name: str, epoch: int, box_id: bytes, sealed: bytes, opened: Opened) -> None:
        group, index = Group.of(opened.head), opened.head.index
        if self._shredded.has(group):
            self._report.shredded += 1
            return
        place = self._streams.place(group, index)
        if place is None:
            self._writer.write(self._boxes.path(epoch, box_id), sealed)
            self._streams.add(group, index, Place(epoch, box_id, opened.box_key))
            self._pending.append((name, "kept", group, index))
            self._report.kept += 1
            if group.kind == "letter" and group.count == 1 and len(opened.body) <= self._room:
                self.at_hand[group] = opened.body
                self._room -= len(opened.body)
        elif self._mending.sound(place):
            # The same part, sealed again in another week or by hand: the Merkle tree proves that it is the same.
            self._pending.append((name, "twin", group, index))
            self._report.twins += 1
        else:
            self._mend(name, epoch, box_id, sealed, opened, place)

    def _mend(self, name: str, epoch: int, box_id: bytes, sealed: bytes, opened: Opened, place: Place) -> None:
        # The vault's copy of a part is gone or rotten: this box takes its place.
        group, index = Group.of(opened.head), opened.head.index
        self._writer.write(self._boxes.path(epoch, box_id), sealed)
        self._streams.move(group, index, Place(epoch, box_id, opened.box_key))
        self._pending.append((name, "kept", group, index))
        self._mending.mended(place)
        self._report.mended += 1

    def _commit(self) -> None:
        if not self._pending:
            return
        self._writer.sync()
        with self._records.transaction():
            self._streams.flush()
            for name, state, group, index in self._pending:
                self._mending.remember(name, state, group, index)
        self._pending.clear()
        self._mending.done()

"""Shredding: one submission goes from this vault for good, and a person hears where copies of it may still be.

All records of it go in one transaction, box keys among them, so that its boxes are noise to whoever has the vault's key; the
boxes and the bytes of working copies are overwritten after that, and a crash in between is finished by the next shredding or
import. What another kept letter names too stays. The database's journal and freed pages may keep old records, sealed under the
vault's key: whoever shreds gives the vault fresh keys afterwards (`relocking`), which the command does.

The courier may bring the same boxes again, and weekly secrets may still open them. So each stream leaves a digest behind,
salted, by which an import knows and leaves out what was shredded, unless it is asked to take it back.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

from knothole_client.desk import relocking
from knothole_client.desk.answers import Answer, Answers
from knothole_client.desk.claims import CHANGED, Claims
from knothole_client.desk.copies import Copies
from knothole_client.desk.custody import Custody
from knothole_client.desk.drafts import Drafts
from knothole_client.desk.drop import needed
from knothole_client.desk.duplicates import KIND as CONTENTS
from knothole_client.desk.duplicates import Duplicates
from knothole_client.desk.extracts import Extracts
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.marks import KIND as MARK
from knothole_client.desk.notes import KIND as NOTES
from knothole_client.desk.reading import READING
from knothole_client.desk.records import Records
from knothole_client.desk.streams import Group, Streams
from knothole_client.desk.submission import Submission, Summary
from knothole_client.desk.suspects import Suspects
from knothole_client.desk.vault import Vault
from knothole_client.desk.wiping import wipe
from knothole_client.terminal import counted
from knothole_keys import clock
from knothole_keys.epoch import DAY, days, end
from knothole_keys.errors import Refused

TOMBSTONE = "shredded"
_SALT, _LEFT = ("vault", "shredding salt"), ("vault", "to be wiped")
_OF_LETTER = ("submission", "content", "claims", "waiting", "cut off", "refused", CONTENTS, MARK, NOTES, CHANGED)
_DIGEST = 16


@dataclass(frozen=True, repr=False)
class Doomed:
    """What goes with a submission. `shared` counts streams of files that stay, as another letter names them too; `answers` is
    what goes with its thread if this was its last letter, and `copies` counts working copies."""

    summary: Summary
    submission: Submission | None
    groups: tuple[Group, ...]
    shared: int
    answers: tuple[Answer, ...]
    copies: int

    @property
    def id(self) -> str:
        """The submission's id."""
        return self.summary.id

    @property
    def unread(self) -> int:
        """How many of the answers the source has not said to have read."""
        return sum(not one.read for one in self.answers)


@dataclass(frozen=True)
class Place:
    """Where a copy may remain (`backup`, `export`, `week`, `stick`, `server`, `colleagues`, `disk`), in a sentence."""

    kind: str
    sentence: str


def plan(vault: Vault, inbox: Inbox, start: str) -> Doomed:
    """What goes with the submission whose id begins like this; letters that were refused or not read, too. Raises Refused."""
    records, streams = vault.records, Streams(vault.records)
    start = start.lower()
    known = {one.id: one for one in inbox.summaries(sound=True) if start and one.id.startswith(start)}
    refused = {str(one["id"]) for one in inbox.refused() if start and str(one["id"]).startswith(start)}
    if len(known.keys() | refused) != 1:
        many = len(known.keys() | refused) > 1
        raise Refused(
            "Several submissions' ids begin like this; give more of it."
            if many
            else "No submission has this id; `knothole desk list` shows them."
        )
    name = next(iter(known.keys() | refused))
    letters = [group for group, _ in streams.letters() if group.stream.hex() == name]
    summary = known.get(name) or Summary(name, letters[0], letters[0].count)
    submission = inbox.submission(summary) if summary.read else None
    files = [summary.file_group(one.entry) for one in submission.files if not one.entry.inside] if submission else []
    kept = Claims(records, streams).named_by_others(name, files)
    answers: list[Answer] = []
    if summary.read and not any(one.thread == summary.thread and one.id != name for one in inbox.summaries(sound=True)):
        answers = [one for one in Answers(records).all("reply") if one.thread == summary.thread]
    going = [group for group in dict.fromkeys(files) if group not in kept]
    return Doomed(
        summary, submission, (*letters, *going), len(kept), tuple(answers), len(Copies(vault).of(name))
    )  # fmt: skip


def shred(vault: Vault, doomed: Doomed, now: int) -> int:
    """Do it; returns how many boxes went. Raises Refused, and then nothing was changed."""
    with vault.changing():
        boxes = _strike_out(vault, doomed)
        detail = f"{counted(len(boxes), 'box', 'boxes')}, {counted(doomed.copies, 'working copy', 'working copies')}"
        Custody(vault.records).write("shredded", doomed.id, now, vault.identity["name"], detail)
    finish(vault)
    return len(boxes)


def finish(vault: Vault) -> None:
    """Overwrite what a shredding, perhaps one that was cut short, left to be overwritten. Raises Refused."""
    left = vault.records.get(*_LEFT)
    if left is None:
        return
    for name in left["boxes"]:
        path = vault.boxes / f"{name}.box"
        if os.path.lexists(path):
            wipe(path)
    with vault.changing():
        Copies(vault).sweep()
        vault.records.remove(*_LEFT)


def places(vault: Vault, doomed: Doomed, weekly: Iterable[int] | None) -> list[Place]:
    """Where copies may remain, asked before it is shredded.

    `weekly` are the epochs whose secrets this desk still has, or None for who cannot look.
    """
    summary, known = doomed.summary, needed(vault.records)
    streams = Streams(vault.records)
    epochs = sorted({place.epoch for group in doomed.groups for place in streams.come(group)})
    found = [
        Place("backup", f"The backup {one['path']} of {one['made']} may hold it, and the boxes copied beside it: destroy both.")
        for one in relocking.with_parts(relocking.backups(vault.records))
        if one["made"] >= summary.imported
    ]
    exports = [one for one in Custody(vault.records).entries(doomed.id) if one.what == "exported"]
    if exports:
        on = ", ".join(sorted({one.when[:10] for one in exports}))
        found.append(Place("export", f"It was exported on {on}: destroy what was made of that, and ask whoever got it."))
    here = epochs if weekly is None else sorted(set(epochs) & set(weekly))
    said = "The secret of {} is here and opens" if weekly is not None else "The secret of {}, if this desk still has it, opens"
    found += [
        Place("week", f"{said.format(days(epoch))} any copy of its boxes: `destroy-expired --epoch {epoch}`.") for epoch in here
    ]
    found.append(Place("stick", "The courier's sticks and folders hold its boxes, sealed: have them overwritten."))
    if epochs:
        last = clock.day_of(end(epochs[-1]) + known.chain.current.retention_days * DAY)
        found.append(Place("server", f"The server keeps its boxes, sealed, until {last}."))
    others = len(doomed.submission.recipients) - 1 if doomed.submission else 0
    if others > 0 or not doomed.submission:
        found.append(Place("colleagues", "It was sealed to other desks as well, and each decides for itself: ask them."))
    found.append(Place("disk", "A flash disk, a snapshot or a copy of this vault may keep what was overwritten, sealed."))
    return found


class Tombstones:
    """What was shredded, as digests that tell nothing to whoever has not the boxes themselves."""

    def __init__(self, records: Records) -> None:
        self._records = records
        value = records.get(*_SALT)
        self._salt = bytes.fromhex(value["salt"]) if value else b""

    def add(self, letter: str, groups: Iterable[Group]) -> None:
        """Remember a letter's streams; inside the caller's `Vault.changing`."""
        if not self._salt:
            self._salt = os.urandom(32)
            self._records.put(*_SALT, {"salt": self._salt.hex()})
        for group in groups:
            name = self._digest(f"{group.kind}/{group.stream.hex()}")
            self._records.put(TOMBSTONE, name, {"name": name, "letter": self._digest(letter)})

    def has(self, group: Group) -> bool:
        """Whether a stream was shredded."""
        return bool(self._salt) and self._records.has(TOMBSTONE, self._digest(f"{group.kind}/{group.stream.hex()}"))

    def forget(self, start: str) -> None:
        """Let an import take back the submission whose id begins like this; inside `Vault.changing`. Raises Refused."""
        start = start.lower()
        ids = {one.about for one in Custody(self._records).entries() if one.what == "shredded"}
        ids = {one for one in ids if start and one.startswith(start)}
        if len(ids) != 1:
            raise Refused(f"{len(ids)} shredded submissions have this id; `knothole desk log` shows them.")
        letter = self._digest(ids.pop())
        for value in list(self._records.all(TOMBSTONE)):
            if value["letter"] == letter:
                self._records.remove(TOMBSTONE, value["name"])

    def _digest(self, what: str) -> str:
        return hashlib.sha256(b"knothole/1 shredded\x00" + self._salt + what.encode()).hexdigest()[: 2 * _DIGEST]


def _strike_out(vault: Vault, doomed: Doomed) -> list[str]:
    records, streams = vault.records, Streams(vault.records)
    gone = {group.name for group in doomed.groups}
    boxes = [place.name for group in doomed.groups for place in streams.remove(group)]
    # Boxes that held the same parts and were not kept are known by name alone.
    for name, value in list(records.named("box")):
        if value["part"].rpartition("/")[0] in gone:
            records.remove("box", name)
    suspects = Suspects(records)
    for name in boxes:
        suspects.remove(name)
    files = [file.entry for file in doomed.submission.files] if doomed.submission else []
    alike = Duplicates(records).of(doomed.id, files)
    for entry in files:
        if entry.name not in alike:
            Extracts(records).remove(entry.root.hex())
    answers = Answers(records)
    for answer in doomed.answers:
        answers.remove(answer)
    records.remove("answer", f"acknowledgement/{doomed.id}")
    thread = doomed.summary.thread
    if not any(one["thread"] == thread for one in records.all_sound("submission") if one["id"] != doomed.id):
        Drafts(records).put(thread, "")
    for kind in _OF_LETTER:
        records.remove(kind, doomed.id)
    reading = records.get(*READING)
    if reading and doomed.id in reading["letters"]:
        records.put(*READING, {"letters": [one for one in reading["letters"] if one != doomed.id]})
    copies = Copies(vault)
    for copy in copies.of(doomed.id):
        copies.forget(copy)
    Tombstones(records).add(doomed.id, doomed.groups)
    left = records.get(*_LEFT)
    records.put(*_LEFT, {"boxes": [*(left["boxes"] if left else []), *boxes]})
    return boxes

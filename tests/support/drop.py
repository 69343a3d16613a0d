"""A small drop made in memory: administrators, readers, roots, rosters, and whole submissions as sealed boxes.

    drop = make_drop(recipients=["Ada"])
    sent = seal_submission(drop, "hello", {"photo.jpg": data})
    write_out(folder, drop, sent.boxes)          # what `courier fetch` leaves behind

Everything goes through the public functions of `knothole_keys`; nothing is faked.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knothole_keys import canonical, clock, codename, enrolment, letter, merkle, root, roster, xwing
from knothole_keys.box import Geometry
from knothole_keys.codename import ThreadKeys
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.letter import Draft, FileEntry
from knothole_keys.recipient import Recipient, recipient_id
from knothole_keys.root import Chain
from knothole_keys.roster import Roster
from knothole_keys.seal import Sealer
from knothole_keys.sign import Signer, new_note
from knothole_keys.stream import Head, count_of, file_stream, letter_parts


@dataclass(frozen=True)
class SealedBox:
    """A box as the server keeps it: where it lies, and its bytes."""

    epoch: int
    id: bytes
    data: bytes


@dataclass(frozen=True)
class Reader:
    """A recipient with the secrets that a desk would keep: its signing seed and a seed for each epoch."""

    name: str
    signing_seed: bytes
    seeds: dict[int, bytes]

    @property
    def signer(self) -> Signer:
        public = Signer("x", self.signing_seed).public.key
        return Signer(recipient_id(public), self.signing_seed)

    @property
    def recipient(self) -> Recipient:
        key = self.signer.public.key
        epochs = {epoch: xwing.public_bytes(seed) for epoch, seed in self.seeds.items()}
        return Recipient(recipient_id(key), key, self.name, "", epochs)


@dataclass
class Drop:
    """A drop's public side, and its administrators' signers; `now` is the time at which it lives (seconds)."""

    admins: list[Signer]
    chain: Chain
    now: int
    readers: list[Reader] = field(default_factory=list)
    recipients: dict[str, Recipient] = field(default_factory=dict)
    rosters: list[Roster] = field(default_factory=list)

    @property
    def drop_id(self) -> bytes:
        return self.chain.drop_id

    @property
    def chain_bytes(self) -> bytes:
        return self.chain.data

    @property
    def roster(self) -> Roster:
        return self.rosters[-1]

    @property
    def roster_bytes(self) -> bytes:
        return self.roster.note.data

    @property
    def epoch(self) -> int:
        return epoch_of(self.now)

    def geometry(self, epoch: int | None = None) -> Geometry:
        found = self.chain.current.geometry(self.epoch if epoch is None else epoch)
        assert found is not None
        return found

    def admit(self, data: bytes) -> Recipient:
        """Take a desk's enrolment in, as `keys add` does; the next roster has it."""
        offered = enrolment.read_enrolment(data, drop_id=self.drop_id).recipient
        merged = enrolment.merge(self.recipients.get(offered.id), offered)
        self.recipients[merged.id] = merged
        return merged

    def issue(
        self, *, now: int | None = None, days: int = 14, version: int | None = None, signers: int | None = None
    ) -> Roster:
        """Sign the next roster of everybody admitted, and keep it as the newest."""
        made = self.draft_roster(now=now, days=days, version=version, signers=signers)
        self.rosters.append(made)
        return made

    def draft_roster(
        self, *, now: int | None = None, days: int = 14, version: int | None = None, signers: int | None = None
    ) -> Roster:
        """A roster like `issue` makes, but not kept: for forks and rollbacks."""
        issued = self.now if now is None else now
        last = self.rosters[-1] if self.rosters else None
        weeks = range(epoch_of(issued) - 1, epoch_of(issued + days * DAY) + 1)
        value: dict[str, Any] = {
            "type": roster.TYPE,
            "drop_id": self.drop_id.hex(),
            "root_version": self.chain.current.version,
            "version": version or (last.version + 1 if last else 1),
            "issued": issued,
            "expires": issued + days * DAY,
            "recipients": [
                Recipient(r.id, r.key, r.name, r.note, {e: k for e, k in r.epochs.items() if e in weeks}).value()
                for _, r in sorted(self.recipients.items())
            ],
        }
        if value["version"] > 1:
            value["previous"] = last.hash.hex() if last else bytes(32).hex()
        chosen = self.admins[: self.chain.current.threshold if signers is None else signers]
        return roster.parse_roster(new_note(value, chosen), self.chain)

    def rotate_root(self, *, now: int | None = None, size: int | None = None) -> Chain:
        """Append the next root, signed by all admins; `size` changes the boxes from the next epoch on."""
        last = self.chain.current
        issued = self.now if now is None else now
        boxes = [{"from_epoch": first, "size": g.size, "slots": g.slots} for first, g in last.boxes]
        if size is not None:
            boxes.append({"from_epoch": epoch_of(issued) + 1, "size": size, "slots": last.boxes[-1][1].slots})
        value = {
            **last.note.value,
            "version": last.version + 1,
            "drop_id": self.drop_id.hex(),
            "previous": last.note.hash.hex(),
            "issued": issued,
            "expires": issued + 365 * DAY,
            "boxes": boxes,
        }
        self.chain = root.join([*self.chain.roots, root.read_root(new_note(value, self.admins))])
        return self.chain


def make_drop(
    *,
    admins: int = 1,
    threshold: int = 1,
    recipients: Sequence[str] = ("Ada",),
    size: int = 2**18,
    slots: int = 4,
    weeks: int = 8,
    now: int | None = None,
    retention_days: int = 28,
) -> Drop:
    """A drop with its first root and, when it has recipients, a first roster.

    The readers hold keys for the epoch before `now`'s and `weeks` from it on. Without recipients nothing is issued yet:
    `drop.admit` enrolments of real desks, then `drop.issue()`.
    """
    now = clock.now() if now is None else now
    signers = [Signer(f"admin-{i + 1:02}", os.urandom(32)) for i in range(admins)]
    value = {
        "type": root.TYPE,
        "drop": "The Test Drop",
        "version": 1,
        "threshold": threshold,
        "admins": [{"key": signer.public.key.hex(), "name": signer.public.name} for signer in signers],
        "issued": now,
        "expires": now + 365 * DAY,
        "retention_days": retention_days,
        "boxes": [{"from_epoch": epoch_of(now) - 1, "size": size, "slots": slots}],
    }
    drop = Drop(signers, root.join([root.read_root(new_note(value, signers))]), now)
    for name in recipients:
        epochs = range(drop.epoch - 1, drop.epoch + weeks)
        reader = Reader(name, os.urandom(32), {epoch: xwing.new_seed() for epoch in epochs})
        drop.readers.append(reader)
        drop.recipients[reader.recipient.id] = reader.recipient
    if recipients:
        drop.issue()
    return drop


@dataclass(frozen=True)
class Sent:
    """A submission as it leaves the source: boxes in order, letter first; `id` is the letter's stream id."""

    id: bytes
    thread: ThreadKeys
    codename: str
    boxes: list[SealedBox]
    letter_boxes: list[SealedBox]
    file_boxes: dict[str, list[SealedBox]]


def sealer(drop: Drop, keys: ThreadKeys, *, epoch: int | None = None, readers: Iterable[Recipient] | None = None) -> Sealer:
    """A Sealer for an epoch and the roster's recipients (or those given)."""
    epoch = drop.epoch if epoch is None else epoch
    chosen = list(drop.recipients.values() if readers is None else readers)
    return Sealer(
        drop_id=drop.drop_id,
        epoch=epoch,
        geometry=drop.geometry(epoch),
        recipients=[one.epochs[epoch] for one in chosen if epoch in one.epochs],
        thread_secret=keys.secret,
    )


def file_parts(data: bytes, keys: ThreadKeys, capacity: int) -> list[tuple[Head, bytes]]:
    """The heads and bodies of a file that travels as its own stream."""
    count = count_of(len(data), capacity)
    bodies = [data[i * capacity : (i + 1) * capacity] for i in range(count)]
    tree = merkle.Tree([merkle.leaf(body) for body in bodies])
    stream = file_stream(keys.secret, tree.root)
    return [(Head("file", stream, tree.root, i, count, tree.path(i)), body) for i, body in enumerate(bodies)]


def seal_parts(made: Sealer, epoch: int, parts: Iterable[tuple[Head, bytes]]) -> list[SealedBox]:
    """Seal parts into boxes of an epoch."""
    return [SealedBox(epoch, *made.seal(head, body)) for head, body in parts]


def sign_letter(
    drop: Drop, keys: ThreadKeys, value: Mapping[str, Any], inside: bytes = b"", *, text: bytes | None = None
) -> bytes:
    """A letter stream over any JSON, signed as the thread would: for letters that no honest client writes."""
    text = canonical.encode(dict(value)) if text is None else text
    signature = Signer("x", keys.signing_seed).sign(b"knothole/1 letter\x00" + drop.drop_id + text)
    return len(text).to_bytes(4, "big") + text + signature + inside


def letter_value(drop: Drop, keys: ThreadKeys, **changes: Any) -> dict[str, Any]:
    """The members of an honest letter without files; `changes` replace some."""
    return {
        "type": letter.TYPE,
        "day": clock.day_of(drop.now),
        "files": [],
        "language": "en",
        "message": "",
        "nonce": os.urandom(16).hex(),
        "read": [],
        "recipients": sorted(drop.recipients),
        "reply_key": keys.reply_key.hex(),
        "roster": drop.roster.hash.hex(),
        "thread": keys.thread.hex(),
        **changes,
    }


def new_thread(drop: Drop) -> tuple[str, ThreadKeys]:
    """A fresh codename and its keys."""
    words = codename.generate()
    return words, codename.thread_keys(words, drop.drop_id)


def seal_submission(
    drop: Drop,
    message: str,
    files: Mapping[str, bytes] | None = None,
    *,
    epoch: int | None = None,
    words: str | None = None,
    inside: bool = True,
    readers: Iterable[Recipient] | None = None,
    language: str = "en",
    types: Mapping[str, str] | None = None,
) -> Sent:
    """Seal a message and files as a source's client does. `inside=False` sends every file as its own stream."""
    files, types = files or {}, types or {}
    epoch = drop.epoch if epoch is None else epoch
    capacity = drop.geometry(epoch).capacity
    words = words or codename.generate()
    keys = codename.thread_keys(words, drop.drop_id)
    parts = {name: file_parts(data, keys, capacity) for name, data in files.items()}
    chosen = list(drop.recipients.values() if readers is None else readers)

    def entries(flags: Sequence[bool]) -> list[FileEntry]:
        return [
            FileEntry(name, len(data), types.get(name, ""), parts[name][0][0].root, parts[name][0][0].stream, flag)
            for (name, data), flag in zip(files.items(), flags, strict=True)
        ]

    def draft(flags: Sequence[bool]) -> Draft:
        ids = sorted(one.id for one in chosen)
        return Draft(message, language, clock.day_of(drop.now), entries(flags), ids, drop.roster.hash)

    flags = [False] * len(files)
    if inside:
        flags = letter.choose_inside(draft(flags), keys, capacity)
    stream = letter.write_letter(draft(flags), keys, drop.drop_id, dict(files))
    made = sealer(drop, keys, epoch=epoch, readers=chosen)
    letter_boxes = seal_parts(made, epoch, letter_parts(stream, capacity))
    file_boxes = {name: seal_parts(made, epoch, parts[name]) for (name, flag) in zip(files, flags, strict=True) if not flag}
    boxes = letter_boxes + [one for several in file_boxes.values() for one in several]
    root_hash = next(letter_parts(stream, capacity))[0].stream
    return Sent(root_hash, keys, words, boxes, letter_boxes, file_boxes)


def write_out(folder: Path, drop: Drop, boxes: Iterable[SealedBox]) -> Path:
    """Lay roots, roster and boxes out in `folder` as `courier fetch` does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roots").write_bytes(drop.chain_bytes)
    if drop.rosters:
        (folder / "roster.note").write_bytes(drop.roster_bytes)
    for one in boxes:
        place = folder / str(one.epoch) / f"{one.id.hex()}.box"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(one.data)
    return folder

"""An administrator's folder: the drop's roots, its recipients, the rosters issued so far, the signing keys.

    root.note            the chain of roots
    root.next            the newest root that was proposed or signed here, finished or not
    recipients/ID.json   what enrolments have brought, public keys only
    revoked/ID.json      those who are not to read again
    rosters/N.note       every roster issued or cosigned here, by version
    NAME.key, NAME.pub   an administrator's key pair, the secret under a passphrase; or NAME/NAME.key, one folder each

Nothing here is secret but the `.key` files, and nothing here ever goes to the server but the notes.
"""

from pathlib import Path

from knothole_keys import canonical, clock, enrolment, fields, files, note, secret, vouching
from knothole_keys.epoch import DAY, end, epoch_of
from knothole_keys.errors import BrokenChain, KnotholeError, MalformedEnrolment, NotEnoughSignatures, Refused
from knothole_keys.note import NoteKey
from knothole_keys.recipient import MAX_EPOCHS, MEMBERS, Recipient, read_recipient
from knothole_keys.root import Chain, Root, check_time, read_chain, split
from knothole_keys.roster import TYPE, Roster, check_follows, parse_roster
from knothole_keys.rotation import Draft
from knothole_keys.sign import Signer, new_note
from knothole_keys.trial import try_recipient, try_recipient_keys

ROOT = "root.note"
PURPOSE = "administrator"
# Versions may have gaps, when rosters were made and never published; a leap to the end would be the last roster of all.
MAX_GAP = 100


class AdminFolder:
    """What one administrator, or one machine of a small newsroom, knows of a drop."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def chain(self) -> Chain:
        """The verified chain of roots. Raises Refused when there is none."""
        if not (self.path / ROOT).is_file():
            raise Refused(f"{self.path} holds no drop; make one with `knothole keys init`, or copy root.note into it.")
        try:
            return read_chain(files.read(self.path / ROOT, note.MAX_BYTES))
        except NotEnoughSignatures:
            raise Refused(
                f"{self.path / ROOT} is not signed by all administrators yet; when it is, run "
                f"`knothole keys cosign {self.path}` on the finished root."
            ) from None

    def kept_roots(self) -> list[Root]:
        """The roots in this folder as they are, none if there are none, signed by enough or not. Raises Refused."""
        path = self.path / ROOT
        return split(files.read(path, note.MAX_BYTES)) if path.exists() else []

    def check_roots(self, draft: Draft, *, instead: bool = False) -> None:
        """Refuse roots that do not continue those kept here; `instead` lets another one take the newest's place.

        Raises Refused, BrokenChain.
        """
        ours, theirs = ([root.note.hash for root in roots] for roots in (self.kept_roots(), draft.roots))
        if ours and ours[0] != theirs[0]:
            raise Refused(f"These roots are of another drop than {self.path}; if you administrate both, use a folder for each.")
        if len(theirs) < len(ours):
            raise Refused(f"These roots are older than those in {self.path}, which has {len(ours)}; nothing was signed.")
        shared = ours[:-1] if instead and len(ours) > 1 else ours
        if theirs[: len(shared)] != shared:
            raise BrokenChain(
                f"The roots in this file are not those in {self.path}: somebody made two of one version. Ask all others "
                f"which one the server has; only if it has neither, take this one with --instead."
            )

    def take_roots(self, draft: Draft) -> bool:
        """Keep a finished chain, or a first root on its way, unless what is here is as good. True when it is finished."""
        finished, kept = draft.finished(), self.kept_roots()
        better = not kept or [root.note.hash for root in kept] != [root.note.hash for root in draft.roots]
        if not better:
            better = len(kept[-1].note.signatures) < len(draft.root.note.signatures)
        if better and (finished is not None or draft.before is None):
            files.write_whole(self.path / ROOT, draft.data, mode=0o644)
        return finished is not None

    # Signing keys.

    def key_file(self, name: str | None) -> Path:
        """The locked key of `name`, or the only one here. Raises Refused."""
        found = {p.stem: p for p in sorted(self.path.glob("*/*.key")) + sorted(self.path.glob("*.key"))}
        if name is not None:
            if name not in found:
                raise Refused(f"There is no key of {name} in {self.path}.")
            return found[name]
        if not found:
            raise Refused(f"There is no administrator's key in {self.path}.")
        if len(found) > 1:
            raise Refused(f"Several administrators' keys are in {self.path}; say whose with --admin.")
        return next(iter(found.values()))

    def signer(self, name: str | None, passphrase: bytes) -> Signer:
        """Unlock an administrator's key. Raises WrongPassphrase."""
        path = self.key_file(name)
        seed = secret.unlock(files.read(path, secret.MAX_BYTES), passphrase, PURPOSE)
        return Signer(path.stem, seed)

    # Recipients.

    def recipients(self) -> list[Recipient]:
        """All recipients that are enrolled here, by id."""
        return self._read("recipients")

    def revoked(self) -> dict[str, Recipient]:
        """Those who were revoked here, or left by a roster that was cosigned here, by id."""
        return {recipient.id: recipient for recipient in self._read("revoked")}

    def _read(self, kind: str) -> list[Recipient]:
        found = []
        for path in sorted((self.path / kind).glob("*.json")):
            value = canonical.decode(files.read(path, note.MAX_BYTES))
            fields.members(value, MEMBERS, Refused, f"{path}")
            found.append(read_recipient(value, Refused, least_epochs=0))
        return found

    def vouched(self) -> dict[str, dict[int, bytes]]:
        """Weekly keys by recipient id: those that enrolments taken in here or rosters kept here have shown.

        A key that stands here never changes, whoever was revoked in between.
        """
        shown = [recipient for roster in self.rosters() for recipient in roster.recipients]
        merged: dict[str, dict[int, bytes]] = {}
        for recipient in [*shown, *self.revoked().values(), *self.recipients()]:
            for epoch, key in recipient.epochs.items():
                merged.setdefault(recipient.id, {}).setdefault(epoch, key)
        return merged

    def add(self, data: bytes, *, again: bool = False) -> Recipient:
        """Take an enrolment in, every key of it tried. Somebody revoked comes back only `again`. Raises SPEC 5's refusals."""
        chain = self.chain
        taken = enrolment.read_enrolment(data, drop_id=chain.drop_id)
        if taken.issued > clock.now() + DAY:
            raise MalformedEnrolment("This enrolment was issued in the future: set the clocks of this machine and of the desk.")
        offered = taken.recipient
        try_recipient(offered)
        if offered.id in self.revoked() and not again:
            raise Refused(f"{offered.id} was revoked; if they are to read again, say so with --again.")
        vouched = self.vouched()
        self._check_own(offered, vouched)
        known = {recipient.id: recipient for recipient in self.recipients()}
        before = Recipient(offered.id, offered.key, offered.name, offered.note, vouched.get(offered.id, {}))
        merged = _trimmed(enrolment.merge(before, offered))
        self._check_room(chain, {*known, merged.id})
        self._write("recipients", merged)
        (self.path / "revoked" / f"{merged.id}.json").unlink(missing_ok=True)
        return merged

    @staticmethod
    def _check_own(offered: Recipient, vouched: dict[str, dict[int, bytes]]) -> None:
        # Somebody who enrols with another's public keys could read nothing, and would stop every roster.
        theirs = {key: other for other, keys in vouched.items() if other != offered.id for key in keys.values()}
        for key in offered.epochs.values():
            if key in theirs:
                raise MalformedEnrolment(f"{offered.id} enrols with a weekly key of {theirs[key]}; ask both what happened.")

    @staticmethod
    def _check_room(chain: Chain, ids: set[str]) -> None:
        geometry = chain.current.geometry(epoch_of(clock.now()))
        if geometry is not None and len(ids) > geometry.slots:
            raise Refused(f"A box of this drop has {geometry.slots} slots, one a recipient; revoke somebody first.")

    def _write(self, kind: str, recipient: Recipient) -> None:
        folder = self.path / kind
        folder.mkdir(mode=0o700, exist_ok=True)
        files.write_whole(folder / f"{recipient.id}.json", canonical.encode(recipient.value()))

    def revoke(self, start: str) -> Recipient:
        """Leave a recipient out of all rosters to come. `start` is an id or its unique beginning."""
        last = self.rosters()[-1:]
        here = {recipient.id: recipient for roster in last for recipient in roster.recipients}
        here |= {recipient.id: recipient for recipient in self.recipients()}
        gone = self.revoked()
        found = [recipient for i, recipient in here.items() if start and i.startswith(start) and i not in gone]
        if len(found) != 1:
            raise Refused("No recipient has this id." if not found else "Several recipients' ids begin like this.")
        self._leave(found[0])
        return found[0]

    def _leave(self, recipient: Recipient) -> None:
        self._write("revoked", recipient)
        (self.path / "recipients" / f"{recipient.id}.json").unlink(missing_ok=True)

    # Rosters.

    def rosters(self) -> list[Roster]:
        """The rosters known here, by version, those made under earlier roots included."""
        chain = self.chain
        found = []
        for path in sorted((self.path / "rosters").glob("*.note"), key=lambda p: (len(p.stem), p.stem)):
            try:
                found.append(parse_roster(note.parse(files.read(path, note.MAX_BYTES)), chain, archived=True))
            except KnotholeError as error:
                raise Refused(f"{path} is damaged: {error}") from None
        return found

    def is_finished(self, roster: Roster) -> bool:
        """Whether as many of its root's administrators signed a roster, as it is kept here, as must agree."""
        under = self.chain.roots[roster.root_version - 1]
        return not note.tally(roster.note, under.admins, under.threshold).lacks

    def standing(self) -> list[Roster]:
        """The rosters that the next one continues: all known here but unfinished ones dated in the future.

        Those were made by a wrong clock, and nobody cosigns them: the next roster may take their version.
        """
        latest = clock.now() + DAY
        return [roster for roster in self.rosters() if roster.issued <= latest or self.is_finished(roster)]

    def before(self, version: int) -> tuple[Roster | None, list[str]]:
        """What a roster is compared with in words: the last finished one before it, or the last draft when none is.

        With it come sentences about the versions in between that were never finished here, or are not known here.
        """
        earlier = [roster for roster in self.rosters() if roster.version < version]
        finished = [roster for roster in earlier if self.is_finished(roster)]
        if not earlier:
            return None, []
        base = (finished or earlier)[-1]
        drafts = [roster.version for roster in earlier if not self.is_finished(roster)]
        drafts = [one for one in drafts if not finished or one > base.version]
        known = {roster.version for roster in earlier}
        absent = [one for one in range(base.version + 1, version) if one not in known]
        return base, [
            *_about(drafts, "was never finished here", "were never finished here"),
            *_about(absent, "is not known here", "are not known here"),
        ]

    def issue(self, signer: Signer, days: int) -> Roster:
        """Make the next roster, signed by one administrator: those enrolled here, for `days` from now.

        It carries the keys of the weeks that the roster's life touches and of the one before. Raises Refused.
        """
        chain, now = self.chain, clock.now()
        self._check_may_sign(chain, signer)
        known = self.standing()
        last = known[-1] if known else None
        self._check_clock(last, now)
        self._check_nobody_forgotten(last)
        issued = max(now, last.issued) if last else now
        expires = issued + days * DAY
        weeks = range(epoch_of(issued) - 1, epoch_of(expires) + 1)
        value = {
            "type": TYPE,
            "drop_id": chain.drop_id.hex(),
            "root_version": chain.current.version,
            "version": last.version + 1 if last else 1,
            "issued": issued,
            "expires": expires,
            "recipients": [_for_weeks(recipient, weeks).value() for recipient in self.recipients()],
        }
        if last:
            value["previous"] = last.hash.hex()
        roster = parse_roster(new_note(value, [signer]), chain)
        try_recipient_keys(roster)
        return roster

    @staticmethod
    def _check_may_sign(chain: Chain, signer: Signer) -> None:
        check_time(chain.current, clock.now())
        if signer.public not in chain.current.admins:
            raise Refused(f"{signer.public.name} is not an administrator of this drop.")

    def _check_clock(self, last: Roster | None, now: int) -> None:
        # What is dated after it would be refused by everybody whose clock is right.
        if last is not None and last.issued > now + DAY:
            day = clock.day_of(last.issued)
            raise Refused(
                f"This machine's clock says {clock.day_of(now)}, but roster {last.version} is dated {day}: "
                f"if this machine's clock is wrong, set it; if the clock of whoever made that roster was, and the server does "
                f"not have it, move rosters/{last.version}.note out of {self.path}."
            )

    def _check_nobody_forgotten(self, last: Roster | None) -> None:
        here = {recipient.id for recipient in self.recipients()} | set(self.revoked())
        for recipient in last.recipients if last else ():
            if recipient.id not in here:
                raise Refused(
                    f"{recipient.id} is in the last roster, and neither enrolled nor revoked in this folder: "
                    f"take the enrolment in with `keys add`, or revoke them."
                )

    def keep(self, roster: Roster) -> None:
        """Remember a roster, so that the next one continues it; who left by it counts as revoked here, too.

        Raises RosterFork, RosterRollback.
        """
        known, folder = self.standing(), self.path / "rosters"
        finished = [one for one in known if self.is_finished(one)]
        if known:
            check_follows(roster, known[-1])
            stay = {recipient.id for recipient in roster.recipients}
            gone = {recipient.id: recipient for one in (*finished[-1:], known[-1]) for recipient in one.recipients}
            for recipient in gone.values():
                if recipient.id not in stay:
                    self._leave(recipient)
        # Drafts of a wrong clock would stand in the way again as soon as their day has come.
        for one in self.rosters():
            if one.version > roster.version:
                (folder / f"{one.version}.note").unlink()
        folder.mkdir(mode=0o700, exist_ok=True)
        files.write_whole(folder / f"{roster.version}.note", roster.note.data)

    def cosign_roster(self, data: bytes, signer: Signer) -> Roster:
        """Add this administrator's signature to a roster after every check that a publisher makes, but for the threshold."""
        chain = self.chain
        self._check_may_sign(chain, signer)
        parsed = note.parse(data)
        roster = parse_roster(parsed, chain)
        note.require(parsed, chain.current.admins, 1)
        known = self.standing()
        if known:
            check_follows(roster, known[-1])
        if roster.version > (known[-1].version if known else 0) + MAX_GAP:
            raise Refused("This roster's version leaps far ahead; after it no honest roster could follow.")
        vouching.check(roster, enrolled=self.recipients(), revoked=self.revoked(), last=known[-1:], keys=self.vouched())
        try_recipient_keys(roster)
        return parse_roster(signer.cosign(parsed, chain.current.admins), chain)


def _trimmed(recipient: Recipient) -> Recipient:
    # Years of enrolments would outgrow what a recipient may have. Weeks that are over are dropped, and no others: a key
    # that is still to be used must stay known, so that nobody can change it.
    if len(recipient.epochs) <= MAX_EPOCHS:
        return recipient
    current = epoch_of(clock.now())
    epochs = {epoch: key for epoch, key in recipient.epochs.items() if epoch >= current}
    if len(epochs) > MAX_EPOCHS:
        raise MalformedEnrolment(f"These are keys for more than {MAX_EPOCHS} weeks to come; enrol for fewer.")
    return Recipient(recipient.id, recipient.key, recipient.name, recipient.note, epochs)


def _for_weeks(recipient: Recipient, weeks: range) -> Recipient:
    epochs = {epoch: key for epoch, key in recipient.epochs.items() if epoch in weeks}
    return Recipient(recipient.id, recipient.key, recipient.name, recipient.note, epochs)


def _about(versions: list[int], one: str, several: str) -> list[str]:
    if not versions:
        return []
    *most, last = map(str, versions)
    return [f"Rosters {', '.join(most)} and {last} {several}." if most else f"Roster {last} {one}."]


def missing_weeks(roster: Roster, now: int) -> list[str]:
    """Sentences about recipients who will not receive in a week of the roster's life."""
    found = []
    for recipient in roster.recipients:
        for week in range(epoch_of(now), epoch_of(roster.expires - 1) + 1):
            if week not in recipient.epochs:
                found.append(f"{recipient.name} has no key for the week that ends on {clock.day_of(end(week) - 1)}.")
    return found


def new_admin(folder: Path, name: str, passphrase: bytes, seed: bytes) -> NoteKey:
    """Write an administrator's key pair into a folder. Raises Refused when there is one already."""
    signer = Signer(fields.key_name(name, Refused, "The administrator's name"), seed)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_whole(folder / f"{name}.key", secret.lock(seed, passphrase, PURPOSE), replace=False)
    files.write_whole(folder / f"{name}.pub", f"{signer.public}\n".encode(), mode=0o644, replace=False)
    return signer.public

"""The recipients in an administrator's folder: enrolled, revoked, and every weekly key that was ever shown for them."""

from knothole_keys import canonical, clock, enrolment, fields, files, note
from knothole_keys.admin.rosters import Rosters
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.errors import MalformedEnrolment, Refused
from knothole_keys.recipient import MAX_EPOCHS, MEMBERS, Recipient, read_recipient
from knothole_keys.root import Chain
from knothole_keys.trial import try_recipient


class Recipients(Rosters):
    """And the public keys of who reads, and of who is not to read again."""

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

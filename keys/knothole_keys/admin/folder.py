"""The whole folder: rosters are issued, cosigned and kept."""

from knothole_keys import clock, files, note, vouching
from knothole_keys.admin.recipients import Recipients
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.errors import Refused
from knothole_keys.recipient import Recipient
from knothole_keys.root import Chain, check_time
from knothole_keys.roster import TYPE, Roster, check_follows, parse_roster
from knothole_keys.sign import Signer, new_note
from knothole_keys.trial import try_recipient_keys

# Versions may have gaps, when rosters were made and never published; a leap to the end would be the last roster of all.
MAX_GAP = 100


class AdminFolder(Recipients):
    """What one administrator, or one machine of a small newsroom, knows of a drop."""

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


def _for_weeks(recipient: Recipient, weeks: range) -> Recipient:
    epochs = {epoch: key for epoch, key in recipient.epochs.items() if epoch in weeks}
    return Recipient(recipient.id, recipient.key, recipient.name, recipient.note, epochs)

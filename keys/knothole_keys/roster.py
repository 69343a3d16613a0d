"""Rosters: who reads, with which key in which week, signed by the administrators (SPEC section 4). Pure rules, no I/O."""

from dataclasses import dataclass

from knothole_keys import clock, fields, note
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.errors import (
    MalformedRoster,
    RosterExpired,
    RosterFork,
    RosterFromFuture,
    RosterRollback,
    WrongDrop,
)
from knothole_keys.note import Note
from knothole_keys.recipient import MEMBERS, Recipient, read_recipient
from knothole_keys.root import MAX_ADMINS, Chain

TYPE = "knothole-roster/1"
MAX_LIFE = 35 * DAY
MAX_RECIPIENTS = MAX_ADMINS
MAX_AHEAD = DAY
_MEMBERS = {"type", "drop_id", "root_version", "version", "issued", "expires", "recipients"}


@dataclass(frozen=True)
class Roster:
    """A roster whose members are checked; times in seconds."""

    note: Note
    drop_id: bytes
    root_version: int
    version: int
    previous: bytes | None
    issued: int
    expires: int
    recipients: tuple[Recipient, ...]

    @property
    def hash(self) -> bytes:
        """SHA-256 of the text; the next roster and every letter name it."""
        return self.note.hash

    def receiving(self, epoch: int) -> tuple[Recipient, ...]:
        """The recipients who have a key for this epoch; the others do not receive in it."""
        return tuple(recipient for recipient in self.recipients if epoch in recipient.epochs)


def read_roster(data: bytes, chain: Chain, *, now: int | None, known: Roster | None = None) -> Roster:
    """Verify a roster against the chain of roots, a clock (None: not checked) and the newest roster known before.

    Raises MalformedNote, MalformedJSON, MalformedRoster, WrongDrop, BadSignature, NotEnoughSignatures,
    RosterFromFuture, RosterExpired, RosterRollback, RosterFork.
    """
    roster = parse_roster(note.parse(data), chain)
    note.require(roster.note, chain.current.admins, chain.current.threshold)
    if now is not None:
        check_time(roster, now)
    if known is not None:
        check_follows(roster, known)
    return roster


def parse_roster(parsed: Note, chain: Chain, *, archived: bool = False) -> Roster:
    """A roster's members, checked against the root in force; signatures not (SPEC 4, steps 1 to 3 without them).

    An `archived` one may have been made under an earlier root: it counts as what the next roster continues.
    """
    value, error = parsed.value, MalformedRoster
    version = fields.integer(value.get("version"), 1, 2**53, error, "The roster's version")
    later = {"previous"} if version > 1 else set()
    fields.members(value, _MEMBERS | later, error, "The roster")
    if value["type"] != TYPE:
        raise error("This note is not a roster; give the roster.note that the administrators signed.")
    issued = fields.integer(value["issued"], 0, 2**53, error, "The roster's date of issue")
    expires = fields.integer(value["expires"], issued + 1, issued + MAX_LIFE, error, "The roster's expiry")
    recipients = []
    for item in fields.items(value["recipients"], 0, MAX_RECIPIENTS, error, "The roster's recipients"):
        fields.members(item, MEMBERS, error, "A recipient")
        recipients.append(read_recipient(item, error, least_epochs=0))
    if not fields.rising([recipient.id for recipient in recipients]):
        raise error("The roster's recipients are not distinct and sorted by id.")
    weekly = [key for recipient in recipients for key in recipient.epochs.values()]
    if len(set(weekly)) != len(weekly):
        raise error("A weekly key occurs twice in the roster.")
    roster = Roster(
        note=parsed,
        drop_id=fields.hex_bytes(value["drop_id"], 32, error, "The drop_id"),
        root_version=fields.integer(value["root_version"], 1, 2**53, error, "The root's version"),
        version=version,
        previous=fields.hex_bytes(value["previous"], 32, error, "The previous roster's hash") if later else None,
        issued=issued,
        expires=expires,
        recipients=tuple(recipients),
    )
    if roster.drop_id != chain.drop_id:
        raise WrongDrop("This roster belongs to another drop: get the one of this drop from its administrators.")
    if archived and roster.root_version <= chain.current.version:
        return roster
    if roster.root_version > chain.current.version:
        raise MalformedRoster("This roster was made under a newer root: take the newest roots in first, then try again.")
    if roster.root_version < chain.current.version:
        raise MalformedRoster(
            "This roster was made under a root that is superseded, so its signatures count no more: issue it anew."
        )
    _check_slots(roster, chain)
    return roster


def _check_slots(roster: Roster, chain: Chain) -> None:
    # One reader too many and no box could hold all wraps: the roster, not the source, is where that must show.
    for epoch in range(epoch_of(roster.issued), epoch_of(roster.expires) + 1):
        geometry = chain.current.geometry(epoch)
        if geometry is None or len(roster.recipients) > geometry.slots:
            raise MalformedRoster("The roster has more recipients than a box of this drop has slots.")


def check_time(roster: Roster, now: int) -> None:
    """Refuse a roster from the future or past its expiry (SPEC 4, step 4)."""
    check_ahead(roster, now)
    if now >= roster.expires:
        raise RosterExpired("The roster has expired; the administrators must publish a new one.")


def check_ahead(roster: Roster, now: int) -> None:
    """Refuse a roster from the future: the half of step 4 that holds for whoever may carry an expired one along, too."""
    if roster.issued > now + MAX_AHEAD:
        raise RosterFromFuture(clock.ahead("The roster", roster.issued, now))


def check_follows(roster: Roster, known: Roster) -> None:
    """Refuse a roster that does not come after the newest one known (SPEC 4, step 5). The same one again is fine."""
    if roster.version < known.version:
        raise RosterRollback("This roster is older than one that is already known.")
    if roster.version == known.version and roster.hash != known.hash:
        raise RosterFork("Two different rosters carry the same version: ask the administrators before you trust either.")
    if roster.version == known.version + 1 and roster.previous != known.hash:
        raise RosterFork("This roster does not continue the one that is known: ask the administrators before you trust it.")
    if roster.issued < known.issued:
        raise RosterRollback("This roster was issued before one that is already known.")

"""What the administrators have published, as the server holds it: the chain of roots, and the newest roster. Pure rules.

The server trusts neither its own database nor its courier: both are read through the same verification as a source's.

To publish, in this order:
1. the new roots, if any came, are a whole chain of this drop, in force, and begin with the roots already known,
   and leave the boxes of all weeks as they are that the server has opened, or is about to;
2. the roster is signed under the root in force, in its time, and comes after the newest one known;
3. every weekly key in it can be sealed to, because one malformed key would stop every source.
Roots and roster are applied together or not at all.
"""

from dataclasses import dataclass

from knothole_keys.box import Geometry
from knothole_keys.epoch import DAY, end
from knothole_keys.errors import BrokenChain
from knothole_keys.root import Chain, check_weeks, read_chain
from knothole_keys.roster import Roster, read_roster
from knothole_keys.trial import try_recipient_keys


@dataclass(frozen=True)
class Published:
    """A verified chain of roots and the newest roster under its last root; no roster before the first is published."""

    chain: Chain
    roster: Roster | None

    @classmethod
    def read(cls, roots: bytes, roster: bytes | None) -> "Published":
        """Verify what was stored. Expiry is not checked here: an expired roster is still the newest. Raises KnotholeError."""
        chain = read_chain(roots)
        return cls(chain, None if roster is None else read_roster(roster, chain, now=None))

    def sealing_off(self, now: int) -> str | None:
        """Why nothing may be sealed at `now`, in one sentence, or None when all is in force."""
        if self.roster is None or not self.roster.recipients:
            return "The drop has no list of recipients yet, so it takes nothing; try again later."
        if now >= self.roster.expires or now >= self.chain.current.expires:
            return "The drop's list of recipients has expired, so it takes nothing; try again later."
        return None

    def geometry(self, epoch: int) -> Geometry | None:
        """The look of an epoch's boxes under the root in force."""
        return self.chain.current.geometry(epoch)

    def is_over(self, epoch: int, now: int) -> bool:
        """Whether an epoch's boxes are to be deleted.

        Two clocks must agree, this machine's and the signed one of the administrators, so that neither a wrong clock nor
        a thief of one key deletes anything.
        """
        last = end(epoch) + self.chain.current.retention_days * DAY
        return self.roster is not None and self.roster.issued > last and now > last

    def day(self, now: int) -> int:
        """The day (since 1970) for what comes at `now`: a clock that was turned is held within the roster's own dates."""
        return (now if self.roster is None else min(max(now, self.roster.issued), self.roster.expires)) // DAY

    def day_agreed(self, now: int) -> int:
        """The day that both clocks, this machine's and the administrators' signed one, are past: for what is taken down."""
        return (now if self.roster is None else min(now, self.roster.issued)) // DAY

    def advance(self, roster: bytes, roots: bytes | None, now: int) -> "Published":
        """What is published after this roster, and these roots, if any came. Raises KnotholeError."""
        chain = read_chain(self.chain.data if roots is None else roots, drop_id=self.chain.drop_id, now=now)
        known = [root.note.hash for root in self.chain.roots]
        if [root.note.hash for root in chain.roots[: len(known)]] != known:
            raise BrokenChain("These roots leave out or change one that the drop has published; send the newest chain.")
        if self.roster is not None:
            # Before the first roster nobody has sealed anything, whatever the calendar says.
            check_weeks(self.chain.current, chain.current, now)
        fresh = read_roster(roster, chain, now=now, known=self.roster)
        try_recipient_keys(fresh)
        return Published(chain, fresh)

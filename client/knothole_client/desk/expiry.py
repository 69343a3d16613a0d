"""When a weekly secret has done its work. Pure: no files, no clock but the one passed in.

A secret is kept while boxes of its week may still be on the server, and a fortnight more for the way to this desk. Both
clocks must agree that this is over: the machine's, which anybody with a minute at the keyboard can turn, and the date
that the administrators signed into the newest roster, which nobody can turn alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from knothole_client.desk.drop import Known
from knothole_keys import clock
from knothole_keys.epoch import DAY, end

GRACE_DAYS = 14


@dataclass(frozen=True)
class Verdict:
    """Whether a week's secret is to be destroyed; `why` says what it waits for, and is empty when it is to go."""

    epoch: int
    expired: bool
    why: str


def limit(epoch: int, known: Known) -> int:
    """The time (seconds) past which an epoch's secret has no work left."""
    return end(epoch) + (known.chain.current.retention_days + GRACE_DAYS) * DAY


def judge(epochs: Iterable[int], known: Known, now: int) -> list[Verdict]:
    """What becomes of each epoch's secret at `now`."""
    return [_verdict(epoch, known, now) for epoch in epochs]


def _verdict(epoch: int, known: Known, now: int) -> Verdict:
    due = limit(epoch, known)
    if now < due:
        return Verdict(epoch, False, f"boxes of this week may come until {clock.day_of(due)}")
    if known.roster is None or known.roster.issued < due:
        return Verdict(epoch, False, f"it waits for a roster issued after {clock.day_of(due)}; import the newest one")
    return Verdict(epoch, True, "")

"""What is about to run out, weeks before sources notice."""

from collections.abc import Iterator

from knothole_client.audit.findings import Finding, finding
from knothole_keys import clock
from knothole_keys.epoch import DAY, days, epoch_of
from knothole_keys.root import Root
from knothole_keys.roster import Roster

# A roster lives 14 days by default and is signed anew every week: with less than this left, a week was missed.
ROSTER_DAYS = 5
# Signing a root brings all administrators together.
ROOT_DAYS = 42
# The present week and this many more must have keys, as far as the roster reaches.
WEEKS_AHEAD = 2


def running_out(root: Root, roster: Roster | None, now: int) -> Iterator[Finding]:
    """Warnings of what has not expired and soon will."""
    if root.expires - ROOT_DAYS * DAY <= now < root.expires:
        yield finding("root_near_expiry", day=clock.day_of(root.expires))
    if roster is None:
        return
    if roster.expires - ROSTER_DAYS * DAY <= now < roster.expires:
        yield finding("roster_near_expiry", day=clock.day_of(roster.expires))
    # A roster holds keys for the weeks of its own life, and no later ones.
    for epoch in range(epoch_of(now), min(epoch_of(now) + WEEKS_AHEAD, epoch_of(roster.expires - 1)) + 1):
        away = len(roster.recipients) - len(roster.receiving(epoch))
        if away or not roster.recipients:
            yield finding("keys_near_end", week=days(epoch), away=away or "all", all=len(roster.recipients))
            return

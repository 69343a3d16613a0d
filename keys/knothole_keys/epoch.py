"""Epochs: numbered UTC weeks, Monday to Monday (SPEC 1.2)."""

from knothole_keys import clock

DAY = 86400
WEEK = 7 * DAY
# 1970-01-01 was a Thursday: three days are added so that epochs begin on Mondays.
OFFSET = 3 * DAY
MAX_EPOCH = 2**32 - 1


def epoch_of(t: int) -> int:
    """The epoch that holds time `t` (seconds)."""
    return (t + OFFSET) // WEEK


def start(epoch: int) -> int:
    """The first second of an epoch; before 1970 for epoch 0."""
    return epoch * WEEK - OFFSET


def end(epoch: int) -> int:
    """The first second after an epoch."""
    return start(epoch + 1)


def accepts(epoch: int, now: int) -> bool:
    """Whether a server takes boxes of `epoch` at `now`: a day of grace on either side, for clocks that are off."""
    return start(epoch) - DAY <= now < end(epoch) + DAY


def days(epoch: int) -> str:
    """The epoch as a person reads it: `2026-11-23 to 2026-11-29`."""
    return f"{clock.day_of(max(0, start(epoch)))} to {clock.day_of(end(epoch) - 1)}"

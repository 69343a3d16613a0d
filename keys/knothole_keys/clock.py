"""The one place that asks what time it is, so that a test can turn the clock and nothing else can."""

import time
from datetime import UTC, datetime

# 9999-12-31T23:59:59Z: signed lists may carry later times, calendars here end.
LAST = 253402300799


def now() -> int:
    """Seconds since 1970-01-01T00:00:00Z by this machine's clock."""
    return int(time.time())


def day_of(t: int) -> str:
    """The UTC day of a time, as `YYYY-MM-DD`; the calendar's last day for all later times."""
    return datetime.fromtimestamp(min(t, LAST), UTC).strftime("%Y-%m-%d")


def doubt(t: int) -> str:
    """What every refusal for being past must add, as a clause: it is true only when the clock that said `t` is not ahead."""
    return f"if this machine's date, {day_of(t)}, is right; else set its clock (UTC)"


def ahead(what: str, issued: int, t: int) -> str:
    """The sentence about `what` that is dated `issued`, too far after this machine's `t`: either clock may be the wrong one."""
    return (
        f"{what} is dated {day_of(issued)}, and this machine's clock says {day_of(t)}: if that is behind, set it (UTC); else "
        "it was signed on a machine whose clock was ahead, and the administrators must make another one."
    )


def today() -> str:
    """The present UTC day, as `YYYY-MM-DD`."""
    return day_of(now())

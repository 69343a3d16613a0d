"""What runs out soon, and who must do what about it: the same words for desk, courier and server. Pure rules.

Three things lapse by design, and each of them stops sources when it does: a reader's weekly keys, the roster, the root.
Whoever works with the drop is told in time, by sentences that name the day, who must act, and with which command.

A roster carries keys for the weeks of its own life and no others. So it tells that a reader's keys end only when they end
before it does; the desk that made them knows sooner, and says so to the one person who can make more.
"""

from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass

from knothole_keys import clock
from knothole_keys.epoch import DAY, WEEK, end, epoch_of
from knothole_keys.root import Chain, Root
from knothole_keys.roster import MAX_AHEAD, Roster

# How long before their end things are warned of. An enrolment travels by hand, and a root needs administrators to meet.
KEYS_BEFORE = 3 * WEEK
ROOT_BEFORE = 8 * WEEK
# A roster lives days or weeks, as its administrators choose: it is warned of in the second half of its life, so that
# of the usual fourteen days seven are left to find those who sign.
ROSTER_PART = 2

_NEW_ROOT = (
    "its administrators make a new one (`knothole keys rotate-root`), issue a roster under it, and somebody publishes both "
    "(`knothole courier publish --roots`)"
)
_SEE_TO_IT = "see to it before then that"
_CLOSED = "sources cannot send until"
_STAYS = "What is stored is not lost."


@dataclass(frozen=True)
class Warned:
    """What runs out: `kind` is clock, own, keys, roster, root or token; `until` the day it ends.

    `id` is the reader's or the token's, or empty.
    """

    kind: str
    until: str
    text: str
    id: str = ""

    def value(self) -> dict[str, str]:
        """As members for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Own:
    """A desk's own keys: its recipient id, the epochs of the keys that it has exported, the command that makes more."""

    id: str
    epochs: Container[int]
    command: str


def warnings(chain: Chain, roster: Roster | None, now: int, own: Own | None = None) -> list[Warned]:
    """All that has run out at `now` or soon will; a wrong clock first, then a desk's own keys, root, roster, other readers."""
    found = [*_clock(chain, roster, now), *([] if own is None else _own(own, roster, now))]
    found += _root(chain.current, now)
    if roster is not None:
        found += _roster(roster, chain.current.threshold, now)
        found += [one for one in _keys(roster, now) if own is None or one.id != own.id]
    return found


def lines(chain: Chain, roster: Roster | None, now: int, own: Own | None = None) -> list[str]:
    """The same as lines for a terminal."""
    return [f"Warning: {one.text}" for one in warnings(chain, roster, now, own)]


def token(token_id: str, until: int, now: int) -> list[Warned]:
    """A courier's token that is good until the time `until`, when that is in its last week or past: for whoever has it."""
    if until - now > WEEK:
        return []
    day = clock.day_of(until)
    ends = "ends" if now < until else "ended"
    text = (
        f"The courier's token {token_id} {ends} on {day}: make another (`knothole server courier-token DIR`) and bring it to "
        "whoever has this one."
    )
    return [Warned("token", day, text, token_id)]


def _own(own: Own, roster: Roster | None, now: int) -> list[Warned]:
    last = _last(own.epochs, now)
    if end(last) - now <= KEYS_BEFORE:
        said = _ends("This desk", last, now)
        return [Warned("own", _last_day(last), f"{said}: run `{own.command}` and carry it to an administrator.", own.id)]
    # Made in time, and not on the list: the enrolment lies somewhere, or waits for the next roster.
    short = [one for one in _keys(roster, now) if one.id == own.id] if roster else []
    if not short:
        return []
    text = (
        f"The roster has no key of this desk after {short[0].until}, though this desk has made more: carry its newest "
        f"enrolment to an administrator, who adds it and issues a new roster (`{own.command}` writes it again)."
    )
    return [Warned("own", short[0].until, text, own.id)]


def _root(root: Root, now: int) -> Iterator[Warned]:
    day = clock.day_of(root.expires)
    if now >= root.expires:
        yield Warned("root", day, f"The drop's root ran out on {day}{_by_clock(now)}: {_CLOSED} {_NEW_ROOT}. {_STAYS}")
    elif root.expires - now <= ROOT_BEFORE:
        yield Warned("root", day, f"The drop's root runs out on {day}: {_SEE_TO_IT} {_NEW_ROOT}.")


def _roster(roster: Roster, threshold: int, now: int) -> Iterator[Warned]:
    day = clock.day_of(roster.expires)
    new = (
        f"{threshold} administrator{'s' * (threshold != 1)} sign{'s' * (threshold == 1)} a new one (`knothole keys roster`, "
        "`knothole keys cosign`) and somebody publishes it (`knothole courier publish`)"
    )
    if now >= roster.expires:
        yield Warned("roster", day, f"The roster ran out on {day}{_by_clock(now)}: {_CLOSED} {new}. {_STAYS}")
    elif roster.expires - now <= _roster_before(roster):
        yield Warned("roster", day, f"The roster runs out on {day}: {_SEE_TO_IT} {new}.")


def _by_clock(now: int) -> str:
    # Whose clock runs ahead learns of it here, before anybody is called out of bed.
    return f" ({clock.doubt(now)})"


def _clock(chain: Chain, roster: Roster | None, now: int) -> Iterator[Warned]:
    issued = max(chain.current.issued, roster.issued if roster else 0)
    if issued > now + MAX_AHEAD:
        text = f"{clock.ahead('What the administrators signed', issued, now)} Until then no date here can be trusted."
        yield Warned("clock", clock.day_of(issued), text)


def _roster_before(roster: Roster) -> int:
    # Whole days, rounded up: seven of fourteen.
    return -(-(roster.expires - roster.issued) // (ROSTER_PART * DAY)) * DAY


def _keys(roster: Roster, now: int) -> Iterator[Warned]:
    for reader in roster.recipients:
        last = _last(reader.epochs, now)
        if last < epoch_of(roster.expires - 1) and end(last) - now <= KEYS_BEFORE:
            text = (
                f"{_ends(reader.name, last, now)}: {reader.name} must run `knothole desk enrol` and carry the enrolment to "
                "an administrator, who adds it and issues a new roster."
            )
            yield Warned("keys", _last_day(last), text, reader.id)


def _last(epochs: Container[int], now: int) -> int:
    """The last of the weeks from now on that have a key without a gap; the week before this one when this one has none."""
    last = epoch_of(now) - 1
    while last + 1 in epochs:
        last += 1
    return last


def _ends(whose: str, last: int, now: int) -> str:
    if last < epoch_of(now):
        return f"{whose} has no key for this week and receives nothing"
    return f"{whose} has no key after {_last_day(last)}"


def _last_day(epoch: int) -> str:
    return clock.day_of(end(epoch) - 1)

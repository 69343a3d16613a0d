"""For which week, and for whom, a source seals (SPEC 1.2 and section 4). Pure rules over a verified view and a clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from knothole_client.trust import View
from knothole_keys.box import Geometry
from knothole_keys.codename import ThreadKeys
from knothole_keys.epoch import DAY, end, epoch_of, start
from knothole_keys.errors import BadRecipientKey, Refused
from knothole_keys.recipient import Recipient
from knothole_keys.seal import Sealer
from knothole_keys.trial import try_key

SAFELY = "only by a way that is safe for you"


@dataclass(frozen=True)
class Week:
    """An epoch, the look of its boxes, and the recipients chosen, all of whom have a key for it."""

    epoch: int
    geometry: Geometry
    readers: tuple[Recipient, ...]

    def sealer(self, drop_id: bytes, keys: ThreadKeys) -> Sealer:
        """The sealer of this week for one thread."""
        return Sealer(
            drop_id=drop_id,
            epoch=self.epoch,
            geometry=self.geometry,
            recipients=[reader.epochs[self.epoch] for reader in self.readers],
            thread_secret=keys.secret,
        )


def choose(view: View, now: int, to: Sequence[str] = ()) -> Week:
    """The week of the source's clock, sealed to everybody who receives in it, or to the ids in `to`.

    Raises Refused, BadRecipientKey.
    """
    epoch = epoch_of(now)
    geometry = view.chain.current.geometry(epoch)
    if geometry is None:
        raise Refused("The drop is not open yet by this machine's clock; check the clock.")
    receiving = view.roster.receiving(epoch)
    readers = tuple(_one(view, wanted, epoch) for wanted in to) or receiving
    if not readers:
        raise Refused(f"Nobody at the drop receives this week; try again later, and tell the newsroom {SAFELY}.")
    chosen = tuple(sorted(set_of(readers).values(), key=lambda reader: reader.id))
    for reader in chosen:
        _try(reader, epoch)
    return Week(epoch, geometry, chosen)


def _try(reader: Recipient, epoch: int) -> None:
    # Before a file is read: the lists are signed, and a key in them may be broken all the same.
    try:
        try_key(reader.epochs[epoch])
    except BadRecipientKey:
        raise BadRecipientKey(
            f"Nothing can be sealed to the key of {reader.name}, and nothing was read or sent: choose other readers with --to, "
            f"and tell the newsroom {SAFELY}."
        ) from None


def set_of(readers: Sequence[Recipient]) -> dict[str, Recipient]:
    """Recipients by id, each once."""
    return {reader.id: reader for reader in readers}


def _one(view: View, wanted: str, epoch: int) -> Recipient:
    found = [reader for reader in view.roster.recipients if wanted and reader.id.startswith(wanted.lower())]
    if len(found) != 1:
        raise Refused("--to names nobody at this drop, or more than one; copy the id from the list of who reads.")
    if epoch not in found[0].epochs:
        raise Refused(f"{found[0].name} does not receive this week; choose somebody else, or try again later.")
    return found[0]


def other(view: View, week: Week, epoch: int) -> Week | None:
    """The same readers in another week, or None when one of them has no key for it or its boxes hold another length."""
    geometry = view.chain.current.geometry(epoch)
    if geometry is None or geometry.capacity != week.geometry.capacity:
        return None
    if not all(epoch in reader.epochs for reader in week.readers):
        return None
    return Week(epoch, geometry, week.readers)


def renewed(view: View, week: Week) -> Week:
    """The same week and readers by a newer view. Raises Refused when a reader has left, or has another key for the week."""
    there = set_of(view.roster.receiving(week.epoch))
    for reader in week.readers:
        if reader.id not in there or there[reader.id].epochs[week.epoch] != reader.epochs[week.epoch]:
            raise Refused(
                f"{reader.name} has left the drop, or has another key, since you began; nothing more was sealed. What was "
                "stored stays; send the same again with the same codename, and all of it goes to those who read now."
            )
    geometry = view.chain.current.geometry(week.epoch)
    if geometry != week.geometry:
        raise Refused("The drop has changed the size of its boxes since you began; send the same again with the same codename.")
    return Week(week.epoch, week.geometry, tuple(there[reader.id] for reader in week.readers))


def allowed(now: int) -> list[int]:
    """The epochs that may be sealed for by a clock that says `now`, the likeliest first.

    A neighbour only within a day of the boundary: a server could otherwise ask for a week whose keys it waits to see
    seized, or whose keys are long known.
    """
    epoch = epoch_of(now)
    found = [epoch]
    if now - start(epoch) < DAY:
        found.append(epoch - 1)
    if end(epoch) - now <= DAY:
        found.append(epoch + 1)
    return found

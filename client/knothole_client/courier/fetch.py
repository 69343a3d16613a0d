"""Fetching: every box of the weeks that the server keeps, into a folder that a desk imports (`folder`).

The first fetch pins the drop. Each run lists every week from the start, so that the server learns nothing of what was
fetched before but what it is asked for now. Files appear whole or not at all, and no box that may be whole is ever removed
(`kept`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knothole_client.courier.download import Boxes, Wanted
from knothole_client.courier.kept import Kept
from knothole_client.courier.listing import ENTRY, MAX_ENTRIES, Listed, read_listing
from knothole_client.folder import ROOTS, ROSTER
from knothole_client.http import Connection, refusal
from knothole_client.progress import Progress
from knothole_client.trust import Known, View, get_chain, get_roster
from knothole_keys import files, running_out
from knothole_keys.epoch import DAY, days, epoch_of
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.root import fingerprint

# However long a roster is overdue, weeks before this many are not asked for.
MAX_EPOCHS = 120


@dataclass
class Result:
    """What a run did: `listed` boxes in all, those `fetched` now, how many could not be had.

    `wrong` has a sentence for each of these, and for each week whose list could not be read; `changed` one for each box
    under whose id the server had listed other bytes before.
    """

    listed: int = 0
    fetched: list[Listed] = field(default_factory=list)
    missing: int = 0
    wrong: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def fetch(connection: Connection, out: Path, *, root: str | None, now: int, tell: Callable[[str], None]) -> Result:
    """Bring `out` up to date. Raises Refused, and the refusals of roots and rosters, before any box is asked for."""
    known = Known.read(out)
    drop_id = known.drop_id(root)
    chain = get_chain(connection, drop_id=drop_id, now=None)
    view = View(chain, get_roster(connection, chain, now=None))
    known.check(view, now)
    for line in _remarks(view, now, pinned=drop_id is not None):
        tell(line)
    _keep_notes(out, view)
    result, weeks = Result(), dict[int, Kept]()
    try:
        wanted = list(_wanted(connection, view, out, now, weeks, result))

        def keep(box: Wanted, data: bytes) -> None:
            weeks[box.epoch].write(box.spot, box.listed, data)
            result.fetched.append(box.listed)

        with Progress("Fetching", len(wanted), "boxes") as progress:
            bad = Boxes(connection, keep, progress.add).fetch(wanted)
    finally:
        for week in weeks.values():
            week.save()
    result.missing = len(bad)
    result.wrong.extend(bad)
    return result


def _remarks(view: View, now: int, *, pinned: bool) -> Iterator[str]:
    if not pinned:
        yield f"This is the first fetch. The drop's fingerprint is {fingerprint(view.chain.drop_id)}"
        yield "Compare it with the printed one before you carry anything to a desk; --root FINGERPRINT does it for you."
    yield from running_out.lines(view.chain, view.roster, now)


def _keep_notes(out: Path, view: View) -> None:
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, data in ((ROOTS, view.chain.data), (ROSTER, view.roster.note.data)):
            path = out / name
            if not path.exists() or path.read_bytes() != data:
                files.write_whole(path, data)
    except OSError as error:
        raise Refused(f"{out} cannot be written: {(error.strerror or 'it failed').lower()}.") from None


def epochs(view: View, now: int) -> range:
    """The weeks that the server may still keep, and the coming one.

    It deletes when its clock *and* the roster's signed date are past the week's end and the retention, so the earlier of
    the two counts.
    """
    kept_since = min(now, view.roster.issued) - view.chain.current.retention_days * DAY
    newest = epoch_of(now) + 1
    oldest = max(epoch_of(max(0, kept_since)) - 1, newest - MAX_EPOCHS, view.chain.current.boxes[0][0])
    return range(oldest, newest + 1)


def _wanted(
    connection: Connection, view: View, out: Path, now: int, weeks: dict[int, Kept], result: Result
) -> Iterator[Wanted]:
    for epoch in epochs(view, now):
        geometry = view.chain.current.geometry(epoch)
        answer = connection.persist("GET", f"/courier/boxes?epoch={epoch}", limit=MAX_ENTRIES * ENTRY)
        # A week that the server does not keep, or does not know, has no boxes.
        if geometry is None or answer.status == 404:
            continue
        if answer.status != 200:
            raise refusal(answer, "The list of boxes")
        try:
            listing = read_listing(answer.body)
        except KnotholeError as error:
            result.wrong.append(f"Week {days(epoch)}: {error}")
            continue
        result.listed += len(listing)
        weeks[epoch] = week = Kept(out, epoch, geometry.size)
        for listed in listing:
            spot = week.spot(listed)
            if spot.aside:
                result.changed.append(
                    f"The server now lists another box under {listed.short}… (week {days(epoch)}) than the one that came "
                    "first, which stays; what the server sends now is set aside."
                )
            if not spot.full:
                yield Wanted(epoch, geometry, listed, spot)

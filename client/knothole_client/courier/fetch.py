"""Fetching: every box of the weeks that the server keeps, into a folder that a desk imports.

    OUT/roots, OUT/roster.note     as the server shows them, verified; the first fetch pins the drop
    OUT/<epoch>/<id>.box           sealed boxes, exactly as they were sent
    OUT/set-aside/<id>-<digest>    boxes of the right length that were not the ones listed, before others took their place

Each run lists every week from the start, so that the server learns nothing of what was fetched before but what it is
asked for now. Files appear whole or not at all, and no box that may be whole is ever removed.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knothole_client.courier.download import Boxes, Wanted
from knothole_client.courier.listing import ENTRY, MAX_ENTRIES, Listed, read_listing
from knothole_client.http import Connection, refusal
from knothole_client.progress import Progress
from knothole_client.trust import Known, View, get_chain, get_roster
from knothole_keys import files
from knothole_keys.box import Geometry
from knothole_keys.epoch import DAY, days, epoch_of
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.root import fingerprint

# However long a roster is overdue, weeks before this many are not asked for.
MAX_EPOCHS = 120
SET_ASIDE = "set-aside"


@dataclass
class Result:
    """What a run did: `listed` boxes in all, those `fetched` now, how many could not be had.

    `wrong` has a sentence for each of these, and for each week whose list could not be read.
    """

    listed: int = 0
    fetched: list[Listed] = field(default_factory=list)
    missing: int = 0
    wrong: list[str] = field(default_factory=list)


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
    result = Result()
    wanted = list(_wanted(connection, view, out, now, result))

    def keep(box: Wanted, data: bytes) -> None:
        _write(out, box, data)
        result.fetched.append(box.listed)

    with Progress("Fetching", len(wanted), "boxes") as progress:
        bad = Boxes(connection, keep, progress.add).fetch(wanted)
    result.missing = len(bad)
    result.wrong.extend(bad)
    return result


def _remarks(view: View, now: int, *, pinned: bool) -> Iterator[str]:
    if not pinned:
        yield f"This is the first fetch. The drop's fingerprint is {fingerprint(view.chain.drop_id)}"
        yield "Compare it with the printed one before you carry anything to a desk; --root FINGERPRINT does it for you."
    if now >= view.chain.current.expires:
        yield "The drop's root has expired: sources cannot send until its administrators publish a new one."
    elif now >= view.roster.expires:
        yield "The drop's roster has expired: sources cannot send until its administrators publish a new one."


def _keep_notes(out: Path, view: View) -> None:
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, data in (("roots", view.chain.data), ("roster.note", view.roster.note.data)):
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


def _wanted(connection: Connection, view: View, out: Path, now: int, result: Result) -> Iterator[Wanted]:
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
        for listed in listing:
            if not _have(out / str(epoch) / listed.name, geometry, listed.digest):
                yield Wanted(epoch, geometry, listed)


def _have(path: Path, geometry: Geometry, digest: bytes) -> bool:
    # All of it is read: a stick that lost a byte must not keep a box from the desk for ever.
    return _size(path) == geometry.size and _digest(path) == digest


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else -1
    except OSError:
        return -1


def _digest(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None


def _write(out: Path, box: Wanted, data: bytes) -> None:
    folder = out / str(box.epoch)
    path = folder / box.listed.name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if _size(path) == len(data):
            # Damaged here, or the server lists another box than it did: then the one that came first is evidence.
            aside = out / SET_ASIDE
            aside.mkdir(mode=0o700, exist_ok=True)
            digest = _digest(path) or b""
            path.rename(aside / f"{path.stem}-{digest.hex()[:16]}")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {(error.strerror or 'it failed').lower()}.") from None
    files.write_whole(path, data)

"""Whether the server still has every cover box that it acknowledged, of the weeks that it must still keep.

Anybody may ask with `missing`, as sources do who return; a courier's token lists the boxes with their SHA-256 besides.
"""

from collections.abc import Iterator

from knothole_client.audit.findings import Finding, finding
from knothole_client.courier.listing import ENTRY, MAX_ENTRIES, read_listing
from knothole_client.http import Connection, refusal
from knothole_client.source import missing
from knothole_keys.epoch import DAY, days, end
from knothole_keys.errors import Refused
from knothole_keys.root import Chain, Root
from knothole_keys.roster import Roster


class TokenRefused(Refused):
    """The server does not take the courier's token."""


Boxes = dict[int, dict[bytes, bytes]]


def kept(acknowledged: Boxes, chain: Chain, roster: Roster | None, now: int) -> Boxes:
    """Those of weeks that no server may have deleted: it must wait for its clock and the roster's signed date, both.

    Administrators may have raised the retention since, so every root counts that was in force late enough to have deleted
    a week. Without a roster (it did not come) nobody knows its date, and only weeks that no clock ends yet are left.
    """

    def is_over(epoch: int, root: Root) -> bool:
        last = end(epoch) + root.retention_days * DAY
        # No roster is issued after its root's end, but for a clock that is a day ahead.
        return now > last and root.expires + DAY > last and (roster is None or roster.issued > last)

    return {
        epoch: boxes for epoch, boxes in acknowledged.items() if boxes and not any(is_over(epoch, root) for root in chain.roots)
    }


def not_stored(connection: Connection, epoch: int, boxes: dict[bytes, bytes]) -> set[bytes]:
    """The ids of which the server says that it has no box; always asks at least once. Raises Refused."""
    lost = set()
    for ids in list(missing.batches(sorted(boxes))) or [[]]:
        has = missing.stored(connection, epoch, ids)
        lost |= {one for one, there in zip(ids, has, strict=True) if not there}
    return lost


def listed_wrong(courier: Connection, epoch: int, boxes: dict[bytes, bytes]) -> tuple[set[bytes], set[bytes]]:
    """What the courier's list of a week lacks, and what it gives another SHA-256. Raises Refused, MalformedListing."""
    answer = courier.persist("GET", f"/courier/boxes?epoch={epoch}", limit=MAX_ENTRIES * ENTRY)
    if answer.status in (401, 403):
        raise TokenRefused(f"The courier's part was left out: {refusal(answer, 'the list of boxes')}")
    if answer.status != 200:
        raise refusal(answer, "The list of boxes")
    listing = {one.id: one.digest for one in read_listing(answer.body)}
    lost = {one for one in boxes if one not in listing}
    return lost, {one for one in boxes if one in listing and listing[one] != boxes[one]}


def describe(code: str, wrong: dict[int, set[bytes]]) -> Iterator[Finding]:
    """One finding for all boxes that were lost, or changed."""
    count = sum(map(len, wrong.values()))
    if not count:
        return
    yield finding(code, count=count, weeks=", ".join(days(epoch) for epoch in sorted(wrong) if wrong[epoch]))

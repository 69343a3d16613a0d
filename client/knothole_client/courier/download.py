"""Downloading boxes when some cannot be had: each is asked for by itself, and what failed is asked for again at the end.

The server cuts the connection in the middle of a box that is damaged on its disk, which looks the same as a network that
failed. Only the list of boxes tells the two apart: as long as the server hands that out, the failure is the box's own.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knothole_client import parallel
from knothole_client.courier.kept import Spot
from knothole_client.courier.listing import ENTRY, MAX_ENTRIES, Listed
from knothole_client.http import Connection, Unreachable, refusal
from knothole_keys.box import Geometry, check_prefix
from knothole_keys.errors import KnotholeError

THREADS = 4
# A box is asked for once, and when all others were asked for so many times more.
LAST_TRIES = 2
# So many failures in a row, of different boxes, and the list is asked for before the next one.
ROW = 8


class BadBox(KnotholeError):
    """The server sent something else than the box that it listed."""


class _Failed(KnotholeError):
    """The box did not come; asking again may help."""


@dataclass(frozen=True)
class Wanted:
    """A box to be fetched, and where it belongs."""

    epoch: int
    geometry: Geometry
    listed: Listed
    spot: Spot


class Boxes:
    """Fetches boxes. `keep` gets each one that is as listed; `done` is called for each that needs no more asking."""

    def __init__(self, connection: Connection, keep: Callable[[Wanted, bytes], None], done: Callable[[], None]) -> None:
        self._connection, self._keep, self._done = connection, keep, done
        self._lock = threading.Lock()
        self._failed: list[Wanted] = []
        self._row = 0
        self._bad: list[str] = []

    def fetch(self, wanted: Sequence[Wanted]) -> list[str]:
        """Fetch all that can be had; returns a sentence for each box that cannot.

        Raises Refused when the server cannot be reached any more, or refuses the courier.
        """
        parallel.run(wanted, lambda box: self._one(box, 1), THREADS)
        again, self._failed = self._failed, []
        if again:
            self._ask_for_list(again[0])
            parallel.run(again, lambda box: self._one(box, LAST_TRIES), THREADS)
        if self._failed:
            # The network may have gone in the meantime, and then these boxes are not to blame.
            self._ask_for_list(self._failed[0])
        self._bad.extend(
            f"The server lists box {box.listed.short}… but fails each time it is to hand it out." for box in self._failed
        )
        return self._bad

    def _one(self, box: Wanted, tries: int) -> None:
        try:
            data = _download(self._connection, box, tries)
        except _Failed:
            self._fail(box)
            if tries == 1:
                return
        except BadBox as error:
            self._bad.append(str(error))
        else:
            self._row = 0
            self._keep(box, data)
        self._done()

    def _fail(self, box: Wanted) -> None:
        # The others wait here, too, until it is known whether there is a server at all.
        with self._lock:
            self._failed.append(box)
            self._row += 1
            if self._row >= ROW:
                self._ask_for_list(box)
                self._row = 0

    def _ask_for_list(self, box: Wanted) -> None:
        answer = self._connection.persist("GET", f"/courier/boxes?epoch={box.epoch}", limit=MAX_ENTRIES * ENTRY)
        # 404: the week has been deleted while its boxes were fetched.
        if answer.status not in (200, 404):
            raise refusal(answer, "The list of boxes")


def _download(connection: Connection, box: Wanted, tries: int) -> bytes:
    path = f"/courier/boxes/{box.epoch}/{box.listed.id.hex()}"
    try:
        answer = connection.persist("GET", path, limit=box.geometry.size, tries=tries)
    except Unreachable:
        raise _Failed from None
    if answer.status >= 500:
        raise _Failed
    if answer.status in (401, 403):
        raise refusal(answer, "A box")
    if answer.status != 200:
        raise BadBox(f"The server lists box {box.listed.short}… but does not hand it out (code {answer.status}).")
    if len(answer.body) != box.geometry.size:
        raise BadBox(f"The server sent box {box.listed.short}… with a wrong length; it was not kept.")
    if hashlib.sha256(answer.body).digest() != box.listed.digest:
        raise BadBox(f"The server sent other bytes for box {box.listed.short}… than it listed; they were not kept.")
    try:
        check_prefix(answer.body, box.geometry)
    except KnotholeError:
        raise BadBox(f"What the server keeps as box {box.listed.short}… is not a sealed box; it was not kept.") from None
    return answer.body

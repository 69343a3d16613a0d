"""Which letter names which stream of a file, and which of those it still waits for.

The table of a letter may have 65,536 lines, and nobody who lists submissions or imports a box should have to read it. So
two records say it in digests, 16 bytes a line: `claims` has every stream that a letter names, `waiting` those that are
not whole yet; there is none where there would be nothing in it. A letter whose state changed here is noted, in the same
transaction, for `acknowledging`.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from knothole_client.desk.records import DAMAGED, Records
from knothole_client.desk.streams import LOOSE, Group, Streams
from knothole_keys import fields
from knothole_keys.errors import Refused

_CLAIMS, _WAITING = "claims", "waiting"
CHANGED = "changed letter"
_DIGEST = 16


class Claims:
    """Reads and writes the records of what letters name."""

    def __init__(self, records: Records, streams: Streams) -> None:
        self._records, self._streams = records, streams

    def claim(self, letter: str, groups: Iterable[Group]) -> int:
        """Write down what a letter names, a stream a line of its table; returns how many are not whole.

        Inside the caller's transaction, and after `settle`.
        """
        named, waiting = [], []
        for group in groups:
            digest, have = _digest(group.name), self._streams.have(group)
            named.append(digest)
            if have < group.count:
                waiting.append(digest)
            if have:
                self._records.remove(LOOSE, group.name)
        self._write(_CLAIMS, letter, named)
        self._write(_WAITING, letter, waiting)
        self._note(letter)
        return len(waiting)

    def settle(self) -> None:
        """Tell the letters that wait for them what has come of their files since the last time."""
        loose = {_digest(group.name): (group, have) for group, have in self._streams.loose()}
        complete = {digest for digest, (group, have) in loose.items() if have == group.count}
        claimed: set[bytes] = set()
        if not loose:
            return
        with self._records.transaction():
            for value in self._records.all(_WAITING):
                waiting = _digests(value)
                if loose.keys().isdisjoint(waiting):
                    continue
                claimed |= loose.keys() & set(waiting)
                self._note(value["letter"])
                left = [digest for digest in waiting if digest not in complete]
                if len(left) < len(waiting):
                    self._came(value["letter"], left)
            for digest in claimed:
                self._records.remove(LOOSE, loose[digest][0].name)

    def unclaimed(self) -> int:
        """How many streams of files have come that no letter names (yet)."""
        return self._records.count(LOOSE)

    def names_any(self, letter: str, groups: Iterable[str]) -> bool:
        """Whether a letter names one of these streams of files, given by their names."""
        value = self._records.get(_CLAIMS, letter)
        return value is not None and not {_digest(name) for name in groups}.isdisjoint(_digests(value))

    def named_by_others(self, letter: str, groups: Iterable[Group]) -> set[Group]:
        """Those of these streams of files that another letter names, too."""
        wanted = {_digest(group.name): group for group in groups}
        found: set[Group] = set()
        if wanted:
            for value in self._records.all(_CLAIMS):
                if value["letter"] != letter:
                    found |= {wanted[digest] for digest in wanted.keys() & set(_digests(value))}
        return found

    def _note(self, letter: str) -> None:
        self._records.put(CHANGED, letter, {"letter": letter})

    def _came(self, letter: str, left: list[bytes]) -> None:
        self._write(_WAITING, letter, left)
        summary = self._records.get("submission", letter)
        if summary is None:
            raise Refused(DAMAGED)
        self._records.put("submission", letter, {**summary, "outstanding": len(left)})

    def _write(self, kind: str, letter: str, digests: list[bytes]) -> None:
        if digests:
            self._records.put(kind, letter, {"letter": letter, "streams": fields.to_base64(b"".join(digests))})
        else:
            self._records.remove(kind, letter)


def note_streams(records: Records, streams: Iterable[str]) -> None:
    """Note the letters whose own streams, or files' streams, these names are: inside the caller's transaction."""
    names = set(streams)
    own = {name.split("/")[1] for name in names if name.startswith("letter/")}
    files = {_digest(name) for name in names if name.startswith("file/")}
    if files:
        own |= {value["letter"] for value in records.all(_CLAIMS) if not files.isdisjoint(_digests(value))}
    for letter in own:
        records.put(CHANGED, letter, {"letter": letter})


def note_all(records: Records) -> None:
    """Note every letter that was read: inside the caller's transaction."""
    for value in list(records.all("submission")):
        records.put(CHANGED, value["id"], {"letter": value["id"]})


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:_DIGEST]


def _digests(value: dict[str, Any]) -> list[bytes]:
    raw = fields.strict_base64(value["streams"])
    if raw is None:
        raise Refused(DAMAGED)
    return [raw[i : i + _DIGEST] for i in range(0, len(raw), _DIGEST)]

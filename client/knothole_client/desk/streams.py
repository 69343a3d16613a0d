"""Which part of which stream lies in which box, and the key of that box: sealed records under the vault key.

A stream has one record that counts its parts, and one for each thousand of them, so that a video of a million boxes is
imported in steady steps. A record exists from the first part on, whether or not a letter names the stream yet. Streams of
files of which a part has come are also *loose*, until `claims` has seen whether a letter names them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from knothole_client.desk.records import DAMAGED, Records
from knothole_keys import fields
from knothole_keys.box import ID
from knothole_keys.errors import Refused
from knothole_keys.stream import Head, Kind

SHARD = 1024
LOOSE = "loose stream"
_KEY = 32


@dataclass(frozen=True)
class Group:
    """What parts of one stream have in common (`Head.group`)."""

    kind: Kind
    stream: bytes
    root: bytes
    count: int

    @property
    def name(self) -> str:
        """The group as a record's name."""
        return f"{self.kind}/{self.stream.hex()}/{self.root.hex()}/{self.count}"

    @classmethod
    def of(cls, head: Head) -> "Group":
        """The group that a part belongs to."""
        return cls(head.kind, head.stream, head.root, head.count)


@dataclass(frozen=True, repr=False)
class Place:
    """The box that holds a part, and its key: no epoch key is needed any more."""

    epoch: int
    box_id: bytes
    box_key: bytes

    @property
    def name(self) -> str:
        """The box as reports name it."""
        return f"{self.epoch}/{self.box_id.hex()}"

    def encode(self) -> str:
        """The place in base64."""
        return fields.to_base64(self.epoch.to_bytes(4, "big") + self.box_id + self.box_key)

    @classmethod
    def decode(cls, text: str) -> "Place":
        """Read what `encode` wrote."""
        raw = fields.base64_bytes(text, 4 + ID + _KEY, Refused, "A place in the vault")
        return cls(int.from_bytes(raw[:4], "big"), raw[4 : 4 + ID], raw[4 + ID :])


class Streams:
    """Reads and writes the records of streams. What is added is written by `flush`, inside the caller's transaction."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._loaded: dict[tuple[Group, int], dict[str, str]] = {}
        self._added: dict[Group, int] = {}
        self._changed: set[tuple[Group, int]] = set()

    def have(self, group: Group) -> int:
        """How many parts of a stream are in the vault."""
        value = self._records.get(_shelf(group.kind), group.name)
        return (value["have"] if value else 0) + self._added.get(group, 0)

    def complete(self, group: Group) -> bool:
        """Whether every part is in the vault."""
        return self.have(group) == group.count

    def place(self, group: Group, index: int) -> Place | None:
        """Where a part lies, or None when it has not come."""
        text = self._shard(group, index // SHARD).get(str(index))
        return None if text is None else Place.decode(text)

    def places(self, group: Group) -> Iterator[Place]:
        """Where all parts of a complete stream lie, in order. Raises Refused when the vault lacks one."""
        for index in range(group.count):
            place = self.place(group, index)
            if place is None:
                raise Refused(DAMAGED)
            if index % SHARD == SHARD - 1:
                self._forget(group, index // SHARD)
            yield place

    def come(self, group: Group) -> Iterator[Place]:
        """Where the parts lie that have come, in no order."""
        if self.have(group):
            for number in range(-(-group.count // SHARD)):
                yield from [Place.decode(text) for text in self._shard(group, number).values()]
                self._forget(group, number)

    def letters(self, but: Iterable[Group] = ()) -> Iterator[tuple[Group, int]]:
        """Every letter's stream of which a part has come, and how many have; but for those known already."""
        return self._groups("letter", _shelf("letter"), [group.name for group in but])

    def loose(self) -> Iterator[tuple[Group, int]]:
        """Every loose stream, and how many of its parts have come."""
        return self._groups("file", LOOSE)

    def add(self, group: Group, index: int, place: Place) -> None:
        """Remember a new part; it counts from now on, and lasts from `flush` on."""
        self.move(group, index, place)
        self._added[group] = self._added.get(group, 0) + 1

    def move(self, group: Group, index: int, place: Place) -> None:
        """Remember another box for a part that is here already; lasts from `flush` on."""
        self._shard(group, index // SHARD)[str(index)] = place.encode()
        self._changed.add((group, index // SHARD))

    def remove(self, group: Group) -> list[Place]:
        """Forget a stream and where its parts lie; returns where they lay. At once, inside the caller's transaction."""
        places = list(self.come(group))
        for number in range(-(-group.count // SHARD)) if places else ():
            self._records.remove("parts", f"{group.name}/{number}")
        self._records.remove(_shelf(group.kind), group.name)
        self._records.remove(LOOSE, group.name)
        return places

    def flush(self) -> None:
        """Write what was added."""
        for group, number in self._changed:
            self._records.put("parts", f"{group.name}/{number}", {"parts": self._loaded[group, number]})
        for group, value in [(group, self._value(group)) for group in self._added]:
            self._records.put(_shelf(group.kind), group.name, value)
            if group.kind == "file":
                self._records.put(LOOSE, group.name, value)
        self._loaded.clear()
        self._changed.clear()
        self._added.clear()

    def _value(self, group: Group) -> dict[str, Any]:
        return {"count": group.count, "have": self.have(group), "root": group.root.hex(), "stream": group.stream.hex()}

    def _shard(self, group: Group, number: int) -> dict[str, str]:
        if (group, number) not in self._loaded:
            value = self._records.get("parts", f"{group.name}/{number}")
            self._loaded[group, number] = value["parts"] if value else {}
        return self._loaded[group, number]

    def _forget(self, group: Group, number: int) -> None:
        if (group, number) not in self._changed:
            del self._loaded[group, number]

    def _groups(self, kind: Kind, shelf: str, but: Iterable[str] = ()) -> Iterator[tuple[Group, int]]:
        for value in self._records.all(shelf, but):
            yield Group(kind, bytes.fromhex(value["stream"]), bytes.fromhex(value["root"]), value["count"]), value["have"]


def _shelf(kind: Kind) -> str:
    return f"{kind} stream"

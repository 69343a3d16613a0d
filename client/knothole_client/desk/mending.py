"""Boxes that the vault knows already: is its own copy sound, and if not, is what the courier carried good for its place?

Any box that holds the part will do. The box itself is opened by its key, kept since import; a *twin*, which holds the
same part in another week's box, by its week's secret.
"""

from knothole_client.desk.boxes import Boxes
from knothole_client.desk.records import Records
from knothole_client.desk.streams import Group, Place, Streams
from knothole_client.desk.suspects import Suspects
from knothole_client.desk.writing import Writer
from knothole_keys.errors import KnotholeError


class Mending:
    """What is known of the vault's own copies; while any is a suspect, none is trusted for its length alone."""

    def __init__(self, records: Records, streams: Streams, boxes: Boxes, writer: Writer) -> None:
        self._records, self._streams, self._boxes, self._writer = records, streams, boxes, writer
        self._suspects = Suspects(records)
        self._in_doubt = bool(self._suspects.all())
        self._mended: list[str] = []

    def remember(self, name: str, state: str, group: Group, index: int) -> None:
        """Write down that a box (`epoch/id`) is `kept` or a `twin`, and which part it holds."""
        self._records.put("box", name, {"state": state, "part": f"{group.name}/{index}"})

    def known(self, name: str) -> dict[str, str] | None:
        """What was written down of a box."""
        return self._records.get("box", name)

    def needed(self, record: dict[str, str], epoch: int, box_id: bytes) -> tuple[Group, int, Place] | None:
        """The part of a known box, and the place that should hold it and does not; None when all is well."""
        if not self._in_doubt and (record["state"] == "twin" or self._boxes.has(epoch, box_id)):
            return None
        kind, stream, root, count, number = record["part"].split("/")
        group = Group("letter" if kind == "letter" else "file", bytes.fromhex(stream), bytes.fromhex(root), int(count))
        place = self._streams.place(group, int(number))
        return None if place is None or self.sound(place) else (group, int(number), place)

    def sound(self, place: Place) -> bool:
        """Whether the vault's copy of a box is there, and opens where that is in doubt."""
        if self._writer.has(self._boxes.path(place.epoch, place.box_id)):
            return True
        if not self._boxes.has(place.epoch, place.box_id):
            return False
        if not self._in_doubt:
            return True
        try:
            self._boxes.open(place.epoch, place.box_id, place.box_key)
        except KnotholeError:
            return False
        self._suspects.remove(place.name)
        return True

    def mended(self, place: Place) -> None:
        """A part has a good box again: the one that lay in `place` is no suspect any more, from `done` on."""
        self._mended.append(place.name)

    def done(self) -> list[str]:
        """After what was mended is durable: strike it out; returns the suspects that are left."""
        for name in self._mended:
            self._suspects.remove(name)
        self._mended.clear()
        return sorted(self._suspects.all())

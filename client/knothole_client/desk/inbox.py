"""Submissions: letters that are whole and were read, those that still wait for parts, and how far their files have come.

Lists are made of summaries. A message and a table of files are opened for one submission at a time, when that is asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from knothole_client.desk.boxes import Boxes
from knothole_client.desk.claims import Claims
from knothole_client.desk.records import DAMAGED, Records
from knothole_client.desk.streams import Group, Place, Streams
from knothole_client.desk.submission import FileState, Submission, Summary, entry_of, file_group, summary_of
from knothole_client.desk.suspects import Suspects
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.letter import FileEntry, Letter, read_letter
from knothole_keys.open import Opened

_ALL = slice(None)


class Inbox:
    """Everything that has come, as the vault's records tell it."""

    def __init__(self, records: Records, boxes: Boxes) -> None:
        self._records, self._boxes = records, boxes
        self._streams, self._suspects = Streams(records), Suspects(records)
        self._claims = Claims(records, self._streams)

    def summaries(self, *, sound: bool = False, known: Iterable[Summary] | None = None) -> list[Summary]:
        """Every submission in a line, by day; those whose letter was not read come last.

        A damaged record is refused, or, where only `sound` ones are asked for, left out (`Records.damaged`). Whoever has them
        (`summary_of` each) gives those that were read as `known`.
        """
        harmed = set(self._suspects.all().values())
        if known is None:
            known = map(summary_of, self._records.all_sound("submission") if sound else self._records.all("submission"))
        read = [self._with_damage(one, harmed) if harmed else one for one in known]
        settled = {one.id for one in read} | {str(one["id"]) for one in self._records.all("refused")}
        unread = [
            Summary(name, group, have, cut_off=self._records.has("cut off", name))
            # What was read was whole, so its own stream need not be opened.
            for group, have in self._streams.letters(one.group for one in read)
            if (name := group.stream.hex()) not in settled or have < group.count
        ]
        return sorted(read, key=lambda one: (one.day, one.id)) + sorted(unread, key=lambda one: one.id)

    def submissions(self) -> Iterator[Submission]:
        """Every submission in full, in the same order; one at a time, since each may be long."""
        for one in self.summaries():
            yield self.submission(one)

    def submission(self, summary: Summary, only: slice = _ALL) -> Submission:
        """All that a letter says, and how far each of its files has come; or `only` some of them (`file_count` has all)."""
        if not summary.read:
            return Submission(**vars(summary))
        value = self._records.get("content", summary.id)
        if value is None:
            raise Refused(DAMAGED)
        # A table may name one stream 65,536 times.
        known: dict[Group, int] = {}
        files = tuple(self._file(entry_of(item), summary.capacity, known) for item in value["files"][only])
        outstanding = sum(not file.whole for file in files) if only == _ALL else summary.outstanding
        return Submission(
            **{**vars(summary), "outstanding": outstanding},
            message=value["message"],
            language=value["language"],
            recipients=tuple(value["recipients"]),
            roster=value["roster"],
            files=files,
        )

    def names(self, summary: Summary) -> list[str]:
        """The names of a letter's files in order, without asking how far they have come."""
        value = self._records.get("content", summary.id) if summary.read else None
        return [str(item["name"]) for item in value["files"]] if value else []

    def refused(self) -> list[dict[str, Any]]:
        """The letters that broke the rules: `id`, the refusal's `name`, the `sentence`, the day `imported`."""
        return sorted(self._records.all("refused"), key=lambda one: str(one["id"]))

    def unclaimed(self) -> int:
        """How many streams of files have come that no letter names (yet)."""
        return self._claims.unclaimed()

    def damaged(self) -> list[str]:
        """The boxes of the vault (`epoch/id`) that could not be opened when they were last read."""
        return sorted(self._suspects.all())

    def find(self, start: str) -> Submission:
        """The submission whose id begins like this. Raises Refused."""
        start = start.lower()
        found = [one for one in self.summaries() if start and one.id.startswith(start)]
        if len({one.id for one in found}) > 1:
            raise Refused("Several submissions' ids begin like this; give more of it.")
        if found:
            # Summaries come in this order: what was read before what only claims the same id.
            return self.submission(found[0])
        for one in self.refused():
            if start and str(one["id"]).startswith(start):
                raise Refused(f"This letter was refused when it was imported: {one['sentence']}")
        raise Refused("No submission has this id; `knothole desk list` shows them.")

    def letter(self, group: Group, body: bytes | None = None) -> tuple[Letter, int]:
        """Read a whole letter out of its boxes, with the bytes of the files inside, and the capacity of its boxes.

        `body` spares a letter of one box the opening, when its box was opened just now.
        Raises the refusals of letters (SPEC section 9), Refused and box refusals.
        """
        first = self._streams.place(group, 0)
        geometry = self._boxes.geometry(first.epoch) if first else None
        capacity = geometry.capacity if geometry else 0
        stream = b"".join(self.bodies(group)) if body is None else body
        return read_letter(stream, drop_id=self._boxes.drop_id, capacity=capacity), capacity

    def bodies(self, group: Group) -> Iterator[bytes]:
        """The bodies of a complete stream in order, each proved to be where it belongs; one box in memory at a time."""
        for index, place in enumerate(self._streams.places(group)):
            yield self._proved(group, index, place)

    def body(self, group: Group, index: int, ahead: bool = False) -> bytes:
        """One body of a stream, proved to be where it belongs; with `ahead`, the disk begins to look for the next one's box.

        Raises Refused, also when it has not come, and box refusals.
        """
        place = self._streams.place(group, index)
        if place is None:
            raise Refused("This part of the file has not come yet; import again when the courier has fetched more.")
        following = self._streams.place(group, index + 1) if ahead and index + 1 < group.count else None
        if following is not None:
            self._boxes.expect(following.epoch, following.box_id)
        return self._proved(group, index, place)

    def sound(self, group: Group) -> int:
        """How many parts of a stream lie in boxes that are there, in their length, and no suspects. None is opened."""
        suspects, boxes = self._suspects.all(), self._boxes
        places = self._streams.come(group)
        return sum(place.name not in suspects and boxes.has(place.epoch, place.box_id) for place in places)

    def _proved(self, group: Group, index: int, place: Place) -> bytes:
        opened = self._open(group, place)
        if Group.of(opened.head) != group or opened.head.index != index:
            raise Refused("A box of the vault holds another part than its record says; use a copy of the vault.")
        return opened.body

    def _open(self, group: Group, place: Place) -> Opened:
        try:
            opened = self._boxes.open(place.epoch, place.box_id, place.box_key)
        except KnotholeError:
            self._suspects.add(place.name, group.name)
            raise
        self._suspects.remove(place.name)
        return opened

    def _with_damage(self, summary: Summary, harmed: set[str]) -> Summary:
        files = [name for name in harmed if name.startswith("file/")]
        if summary.group.name in harmed or (files and self._claims.names_any(summary.id, files)):
            return replace(summary, damaged=True)
        return summary

    def _file(self, entry: FileEntry, capacity: int, known: dict[Group, int]) -> FileState:
        if entry.inside:
            return FileState(entry, "inside", 1, 1)
        group = file_group(entry, capacity)
        if group not in known:
            known[group] = self._streams.have(group)
        have = known[group]
        state = "complete" if have == group.count else "waiting" if have else "missing"
        return FileState(entry, state, group.count, have)

"""Notes that a desk keeps beside a submission: sealed, added and never rewritten; one record has all of a submission's."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from knothole_client.desk.records import Records
from knothole_keys import clock
from knothole_keys.errors import Refused

KIND = "notes"
MAX_TEXT = 32 * 1024
MAX_NOTES = 500


@dataclass(frozen=True)
class Note:
    """What was noted, on which day (`YYYY-MM-DD`), and by whom."""

    day: str
    by: str
    text: str


class Notes:
    """Reads and adds notes. What is added is inside the caller's `Vault.changing`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of(self, submission: str) -> list[Note]:
        """The notes of a submission, by its whole id, the oldest first. Raises Refused when they are damaged."""
        value = self._records.get(KIND, submission)
        return [Note(**one) for one in value["notes"]] if value else []

    def all(self) -> Iterator[tuple[str, list[Note]]]:
        """Every submission that has notes, by its id; damaged ones are left out (`Records.damaged`)."""
        for value in self._records.all_sound(KIND):
            yield value["id"], [Note(**one) for one in value["notes"]]

    def add(self, submission: str, text: str, by: str, now: int) -> Note:
        """Add one. Raises Refused."""
        text = text.strip()
        if not text:
            raise Refused("There is nothing to note: write something.")
        if len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
            raise Refused(f"A note has at most {MAX_TEXT} bytes; write it in several.")
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise Refused("The note holds half a character; type it anew.")
        notes = self.of(submission)
        if len(notes) >= MAX_NOTES:
            raise Refused(f"A submission has at most {MAX_NOTES} notes; export it, and go on in a document of your own.")
        note = Note(clock.day_of(now), by, text)
        self._records.put(KIND, submission, {"id": submission, "notes": [asdict(one) for one in [*notes, note]]})
        return note

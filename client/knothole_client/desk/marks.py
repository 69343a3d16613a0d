"""Marks: what a newsroom notes about a submission so as to find it again; one small sealed record for each that has any."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from knothole_client.desk.records import Records
from knothole_keys import fields
from knothole_keys.errors import Refused

KIND = "mark"
STATES = ("new", "triage", "verifying", "corroborated", "published", "withheld", "rejected")
MAX_LABELS = 32


@dataclass(frozen=True)
class Mark:
    """Seen or not, a star, labels in order, one of STATES, two days (`YYYY-MM-DD` or empty), and whose it is (a role)."""

    seen: bool = False
    star: bool = False
    labels: tuple[str, ...] = ()
    state: str = STATES[0]
    embargo: str = ""
    reminder: str = ""
    assigned: str = ""

    def with_labels(self, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()) -> "Mark":
        """The same with these labels, and without those."""
        return replace(self, labels=tuple(sorted({*self.labels, *added} - set(removed))))

    def value(self) -> dict[str, Any]:
        """The mark as JSON has it."""
        return {**asdict(self), "labels": list(self.labels)}


class Marks:
    """Reads and writes marks. What is put is inside the caller's `Vault.changing`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of(self, submission: str) -> Mark:
        """The mark of a submission, by its whole id; a fresh one when it has none. Raises Refused when it is damaged."""
        value = self._records.get(KIND, submission)
        return Mark() if value is None else mark_of(value)

    def all(self) -> dict[str, Mark]:
        """Every mark by its submission's id; damaged ones are left out (`Records.damaged`)."""
        return {value["id"]: mark_of(value) for value in self._records.all_sound(KIND)}

    def put(self, submission: str, mark: Mark) -> None:
        """Write a mark down, in place of what was. Raises Refused when it says something that marks cannot."""
        mark = checked(mark)
        if mark == Mark():
            self._records.remove(KIND, submission)
        else:
            self._records.put(KIND, submission, {"id": submission, **mark.value()})


def mark_of(value: dict[str, Any]) -> Mark:
    """Read a mark's record."""
    known = {name: value[name] for name in ("seen", "star", "state", "embargo", "reminder", "assigned")}
    return Mark(**known, labels=tuple(value["labels"]))


def checked(mark: Mark) -> Mark:
    """The same mark, its labels in order. Raises Refused."""
    if mark.state not in STATES:
        raise Refused(f"There is no state of that name; choose one of {', '.join(STATES)}.")
    for one, what in ((mark.embargo, "The embargo"), (mark.reminder, "The reminder")):
        if one:
            fields.day(one, Refused, what)
    if mark.assigned:
        fields.line(mark.assigned, 1, 100, Refused, "The role")
    for label in mark.labels:
        fields.line(label, 1, 50, Refused, "A label")
    labels = tuple(sorted(set(mark.labels)))
    if len(labels) > MAX_LABELS:
        raise Refused(f"A submission has at most {MAX_LABELS} labels; take one away first.")
    return replace(mark, labels=labels)

"""Records that a desk which stays open has read already: what was not written since is not opened again."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from knothole_client.desk.records import Records

T = TypeVar("T")


class Remembered(Generic[T]):
    """What all small records of one kind say, each opened once and `read`. Damaged ones are left out (`Records.damaged`)."""

    def __init__(self, records: Records, kind: str, read: Callable[[dict[str, Any]], T]) -> None:
        self._records, self._kind, self._of = records, kind, read
        self._versions: dict[bytes, bytes] = {}
        self._known: dict[bytes, T] = {}

    def all(self) -> list[T]:
        """Every one as it is now, in no order."""
        now = self._records.versions(self._kind)
        changed = [place for place, version in now.items() if self._versions.get(place) != version]
        for place in [*changed, *(self._versions.keys() - now.keys())]:
            self._known.pop(place, None)
        for place, value in self._records.at(self._kind, changed):
            self._known[place] = self._of(value)
        self._versions = now
        return list(self._known.values())

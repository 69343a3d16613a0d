"""All that has come, read by another thread than the vault's; refused at once when the vault is locked."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from knothole_client.desk.boxes import Boxes
from knothole_client.desk.chunks import Unsealing
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.records import Records
from knothole_client.desk.streams import Group
from knothole_keys.errors import Refused


class Beside(Inbox):
    """An inbox for long work."""

    def __init__(self, records: Records, boxes: Boxes, stopped: threading.Event) -> None:
        super().__init__(records, boxes)
        self.records, self._stopped = records, stopped

    def bodies(self, group: Group) -> Iterator[bytes]:
        """As an inbox has them."""
        for body in super().bodies(group):
            self.check()
            yield body

    def body(self, group: Group, index: int, ahead: bool = False) -> bytes:
        """As an inbox has it."""
        self.check()
        return super().body(group, index, ahead)

    def copy(self, path: Path, key: bytes, size: int) -> Unsealing:
        """A working copy's bytes. Raises Refused."""
        return _Watched(path, key, size, self.check)

    def check(self) -> None:
        """Raises Refused when the vault was locked."""
        if self._stopped.is_set():
            raise Refused("The vault was locked meanwhile; unlock it and begin again.")


class _Watched(Unsealing):
    def __init__(self, path: Path, key: bytes, size: int, check: Callable[[], None]) -> None:
        self._check = check
        super().__init__(path, key, size)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As it does."""
        self._check()
        return super().readinto(buffer)

"""Drafts: what a journalist began to answer and did not send yet, a sealed record for each thread."""

from knothole_client.desk.records import Records
from knothole_keys.card import MAX_TEXT
from knothole_keys.errors import Refused

KIND = "draft"


class Drafts:
    """Reads and writes drafts. What is put is inside the caller's `Vault.changing`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of(self, thread: str) -> str:
        """The draft for a thread (hexadecimal), or ""; a damaged one is left out (`Records.damaged`)."""
        value = self._records.get_sound(KIND, thread)
        return str(value["text"]) if value else ""

    def put(self, thread: str, text: str) -> None:
        """Keep a draft in place of the one before; an empty one is none. Raises Refused."""
        if not text.strip():
            self._records.remove(KIND, thread)
            return
        if len(text.encode("utf-8", "surrogatepass")) > 2 * MAX_TEXT:
            raise Refused(f"A draft has at most {2 * MAX_TEXT} bytes, and an answer half as many; write it in several.")
        self._records.put(KIND, thread, {"thread": thread, "text": text})

"""Text that was taken out of files, kept as sealed records: once for each content, however many letters name it.

Taking it out is not done here, as it means to interpret what a stranger sent: whoever calls hands in the way (`how`), which
does it in a sandbox. What comes out is a stranger's too: it is capped, and only ever searched and shown as plain text.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, cast

from knothole_client.desk.inbox import Inbox
from knothole_client.desk.records import Records
from knothole_client.desk.submission import FileState, Submission
from knothole_client.desk.vault import Vault
from knothole_client.desk.view import View
from knothole_keys.errors import KnotholeError

KIND = "extract"
# Characters of a file's text that are kept: some four hundred pages.
MAX_TEXT = 1024 * 1024
How = Callable[[BinaryIO, str], str]


@dataclass(frozen=True)
class Extract:
    """A file's text, whether it was `cut` at MAX_TEXT, and, where none could be taken out, the sentence `why`."""

    text: str
    cut: bool = False
    why: str = ""


class Extracts:
    """Reads and writes these records, by the Merkle root of a file's bytes in hexadecimal (`FileEntry.root`)."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of(self, root: str) -> Extract | None:
        """What was taken out of a file, or None when that was not tried. Raises Refused when it is damaged."""
        value = self._records.get(KIND, root)
        return None if value is None else Extract(value["text"], value["cut"], value["why"])

    def has(self, root: str) -> bool:
        """Whether it was tried; nothing is opened."""
        return self._records.has(KIND, root)

    def put(self, root: str, text: str, why: str = "") -> Extract:
        """Keep what came out, as far as MAX_TEXT; inside the caller's `Vault.changing`."""
        # Whatever is no text is left out: half characters, and zeros that end a text for others.
        kept = text[:MAX_TEXT].encode("utf-8", "ignore").decode().replace("\0", " ")
        made = Extract(kept, len(text) > MAX_TEXT, why)
        self._records.put(KIND, root, {"root": root, **vars(made)})
        return made

    def remove(self, root: str) -> None:
        """Forget it; inside the caller's `Vault.changing`."""
        self._records.remove(KIND, root)


def due(records: Records, submission: Submission) -> list[FileState]:
    """The whole files of a submission whose text was not taken out yet."""
    extracts = Extracts(records)
    return [file for file in submission.files if file.whole and file.entry.size and not extracts.has(file.entry.root.hex())]


def fill(vault: Vault, inbox: Inbox, submission: Submission, how: How, files: Iterable[FileState] | None = None) -> int:
    """Take the text out of a submission's files that are `due`, or of those given; returns how many were tried.

    A file from which none comes is remembered with the reason, and not tried again unless it is given. Raises Refused when the
    vault cannot be written.
    """
    tried = 0
    for file in due(vault.records, submission) if files is None else files:
        text, why = "", ""
        try:
            with View(inbox, submission, file) as source:
                text = how(cast(BinaryIO, source), file.entry.name)
        except KnotholeError as error:
            why = str(error)
        with vault.changing():
            Extracts(vault.records).put(file.entry.root.hex(), text, why)
        tried += 1
    return tried

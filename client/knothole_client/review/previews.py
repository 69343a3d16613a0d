"""What a file shows and tells, by way of the sandbox: the only place where the review desk calls it.

Without a working sandbox there is no preview: not a smaller one either. Nothing of a document reaches a page but pixels that
were made into a picture here, and plain text.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import BinaryIO, cast

from knothole_client.desk import exposure
from knothole_client.desk.exposure import Exposure
from knothole_client.desk.submission import FileState, Submission
from knothole_client.desk.view import View
from knothole_client.review.beside import Beside
from knothole_client.sandbox import LIMITS, Outcome, available, run
from knothole_client.sandbox.vocabulary import FLAGS, KINDS
from knothole_keys.errors import Refused

# Pictures of one preview that are kept, in bytes.
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, repr=False)
class Look:
    """A look into a file: its pages from `first` on, what is dangerous about it, what it tells of itself."""

    id: str
    letter: str
    number: int
    first: int
    preview: Outcome
    flags: Outcome
    metadata: Outcome
    text: Outcome
    exposure: Exposure
    pictures: tuple[bytes, ...] = field(default=())

    @property
    def dangers(self) -> list[str]:
        """A sentence for each danger that was found."""
        return [FLAGS[one] for one in self.flags.flags]

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return KINDS.get(self.flags.kind or self.preview.kind, "")

    @property
    def more(self) -> int:
        """The first page behind these, or 0."""
        after = self.first + len(self.pictures)
        return after if self.pictures and after <= self.preview.pages else 0


@lru_cache(1)
def why_not() -> str:
    """ "" where there is a sandbox, or the sentence why not."""
    return available() or ""


def look(inbox: Beside, submission: Submission, file: FileState, number: int, first: int, name: str) -> Look:
    """Look into a file. What goes wrong behind the walls is an outcome; Refused is raised when its boxes cannot be read."""
    if not file.whole:
        raise Refused("Not all of this file has come; it can be looked into when it is whole.")

    def out(program: str, first: int = 1) -> Outcome:
        with View(inbox, submission, file) as source:
            return run(program, cast(BinaryIO, source), file.entry.name, LIMITS[program], first=first, stop=inbox.check)

    preview, pictures, size = out("preview", first), list[bytes](), 0
    for picture in preview.pictures:
        size += len(picture)
        if size > MOST_BYTES and pictures:
            break
        pictures.append(picture)
    # The page leads on to what is not kept.
    preview = replace(preview, pictures=())
    flags, metadata = out("flags"), out("metadata")
    told = exposure.judged(metadata, flags, file.entry.name)
    return Look(name, submission.id, number, first, preview, flags, metadata, out("text"), told, tuple(pictures))

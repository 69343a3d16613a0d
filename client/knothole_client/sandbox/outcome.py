"""What is known after a program behind the walls has ended."""

from dataclasses import dataclass

from knothole_client.sandbox.vocabulary import ENDS, WHYS


@dataclass(frozen=True)
class Entry:
    """One line of an archive's list, as the archive says it."""

    name: str
    size: int


@dataclass(frozen=True)
class Outcome:
    """An end, and what came before it: `pictures` are PNGs made here, everything else is text to be escaped.

    `cut` says that a text goes on, or that a cleaned copy lacks parts that could not be cleaned."""

    end: str
    why: str = ""
    kind: str = ""
    pages: int = 0
    pictures: tuple[bytes, ...] = ()
    text: str = ""
    cut: bool = False
    flags: tuple[str, ...] = ()
    listing: tuple[Entry, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    written: int = 0

    @property
    def sentence(self) -> str:
        """One sentence for a journalist."""
        return WHYS.get(self.why) or (self.why if self.end == "unavailable" and self.why else ENDS[self.end])

"""From a message and files to the parts that are sealed: the letter's table, what travels inside, every stream (SPEC 8, 9)."""

import mimetypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from knothole_client.source.reading import SourceFile
from knothole_client.source.weeks import Week
from knothole_keys import names
from knothole_keys.codename import ThreadKeys
from knothole_keys.errors import MalformedJSON, Refused
from knothole_keys.letter import MAX_FILES, Draft, FileEntry, choose_inside, write_letter
from knothole_keys.stream import Head, file_stream, letter_parts

# The built-in table only: what this machine calls its files must not tell machines apart.
_TYPES = mimetypes.MimeTypes()


@dataclass(frozen=True)
class Part:
    """One body to be sealed. `load` reads it when it is needed; `key` tells it apart within a submission."""

    key: tuple[bytes, int]
    load: Callable[[], tuple[Head, bytes]]


@dataclass(frozen=True)
class Submission:
    """A letter and the streams of the files that travel outside it; `table` is what the letter says of all files."""

    table: tuple[FileEntry, ...]
    letter: tuple[tuple[Head, bytes], ...]
    outside: tuple[tuple[bytes, SourceFile], ...]

    @property
    def count(self) -> int:
        """How many boxes the whole submission takes."""
        return len(self.letter) + sum(len(file.leaves) for _, file in self.outside)

    def letter_parts(self) -> Iterator[Part]:
        """The letter's parts; all of them go before any file's."""
        for head, body in self.letter:
            yield Part((head.stream, head.index), lambda head=head, body=body: (head, body))  # type: ignore[misc]

    def file_parts(self) -> Iterator[Part]:
        """The parts of the files outside, in table order, a stream that occurs twice only once."""
        for stream, file in self.outside:
            for index in range(len(file.leaves)):
                yield Part((stream, index), lambda s=stream, f=file, i=index: _file_part(s, f, i))  # type: ignore[misc]


def _file_part(stream: bytes, file: SourceFile, index: int) -> tuple[Head, bytes]:
    tree = file.tree
    return Head("file", stream, tree.root, index, len(file.leaves), tree.path(index)), file.body(index)


def compose(
    *,
    message: str,
    language: str,
    day: str,
    files: Sequence[SourceFile],
    week: Week,
    roster_hash: bytes,
    keys: ThreadKeys,
    drop_id: bytes,
    read: Sequence[tuple[str, int]] = (),
) -> Submission:
    """Write and sign the letter; `read` names replies that were seen, by sender and sequence.

    The same arguments give the same submission, so that an interrupted one goes on.
    Raises Refused, CannotSeal.
    """
    if not message and not files:
        raise Refused("There is nothing to send: write a message with -m, or name a file.")
    if len(files) > MAX_FILES:
        raise Refused(f"A letter names at most {MAX_FILES} files; send them in several letters, or pack them.")
    entries = _table(files, keys)
    draft = Draft(message, language, day, entries, [reader.id for reader in week.readers], roster_hash, read)
    try:
        inside = choose_inside(draft, keys, week.geometry.capacity)
    except MalformedJSON:
        raise Refused("The message holds half a character that cannot be sent; save it as UTF-8.") from None
    table = tuple(replace(entry, inside=fits) for entry, fits in zip(entries, inside, strict=True))
    pairs = list(zip(table, files, strict=True))
    contents = {entry.name: file.body(0) for entry, file in pairs if entry.inside}
    stream = write_letter(replace(draft, files=table), keys, drop_id, contents)
    outside = {entry.stream: file for entry, file in pairs if not entry.inside}
    return Submission(table, tuple(letter_parts(stream, week.geometry.capacity)), tuple(outside.items()))


def _table(files: Sequence[SourceFile], keys: ThreadKeys) -> list[FileEntry]:
    taken: set[str] = set()
    entries = []
    for file in files:
        # A name that is not UTF-8 on this disk becomes one that every desk can show.
        name = names.clean(file.path.name, taken)
        kind = _TYPES.guess_type(name)[0] or ""
        entries.append(FileEntry(name, file.size, kind, file.tree.root, file_stream(keys.secret, file.tree.root)))
    return entries

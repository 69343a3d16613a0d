"""Export: the one place where plaintext is written to disk, because a person asked for it.

    OUT/files/NAME       the files, bit for bit, under the names that the letter gives them
    OUT/message.txt      the message
    OUT/letter.json      what the letter says, without the reply key
    OUT/SHA256SUMS       of all of these, for `sha256sum -c`
    OUT/INCOMPLETE.txt   what could not be exported, if anything

Every box is opened again and every part proved again. A file gets its name only when its size and the Merkle root of the
whole of it are those that the source signed; until then it lies beside `files` under a name of its own.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from knothole_client.desk.chunks import Unsealing
from knothole_client.desk.copies import Copy
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.submission import Submission
from knothole_client.terminal import counted
from knothole_keys import canonical, files, merkle
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.letter import FileEntry, Letter

FILES = "files"
_PIECE = 1024 * 1024


@dataclass
class Exported:
    """What was written: (path within OUT, SHA-256 in hex, size), and (name, sentence) of each file that could not be.

    `sums` is the SHA-256 of SHA256SUMS.
    """

    written: list[tuple[str, str, int]] = field(default_factory=list)
    incomplete: list[tuple[str, str]] = field(default_factory=list)
    sums: str = ""

    def summary(self) -> str:
        """What the custody log says of it: numbers, and the hash of SHA256SUMS; no name."""
        whole = counted(sum(path.startswith(f"{FILES}/") for path, _, _ in self.written), "file")
        return f"{whole} whole, {len(self.incomplete)} not; SHA256SUMS {self.sums}"


@dataclass(frozen=True, repr=False)
class Parts:
    """What an export has of a submission: a way to read each part by its path, and (name, sentence) of what has not come.

    Whoever reads a part to its end has proved it; before that it raises the refusals of boxes, and Refused.
    """

    parts: dict[str, Callable[[], Iterable[bytes]]]
    incomplete: list[tuple[str, str]]


def parts(inbox: Inbox, submission: Submission) -> Parts:
    """All of a submission, in the order in which it is written. Raises Refused, and box refusals of the letter itself."""
    if submission.have == submission.group.count and not submission.read:
        raise Refused("This letter was not read yet; import again, and follow what the import says.")
    if not submission.read:
        raise Refused(
            f"Only {submission.have} of the letter's {submission.group.count} boxes have come; export it when all are here."
        )
    letter, _ = inbox.letter(submission.group)
    found: dict[str, Callable[[], Iterable[bytes]]] = {
        "message.txt": lambda: [letter.message.encode()],
        "letter.json": lambda: [canonical.encode(_public(submission, letter))],
    }
    incomplete = []
    for file in submission.files:
        entry = file.entry
        if file.whole:
            found[f"{FILES}/{entry.name}"] = partial(_read, inbox, submission, letter, entry)
        else:
            come = f"{file.have} of its {file.parts} boxes have come" if file.have else "none of its boxes has come"
            incomplete.append((entry.name, f"{come}; import again when the courier has fetched more."))
    return Parts(found, incomplete)


def export(inbox: Inbox, submission: Submission, out: Path) -> Exported:
    """Write a submission to a new or empty folder. Raises Refused, and box refusals when the letter itself is damaged."""
    found = parts(inbox, submission)
    _check_room(submission, out)
    files.make_directory(out)
    (out / FILES).mkdir(mode=0o700)
    done = Exported(incomplete=found.incomplete)
    for path, pieces in found.parts.items():
        try:
            _write(out, path, pieces(), done)
        except KnotholeError as error:
            if not path.startswith(f"{FILES}/"):
                raise
            done.incomplete.append((path.removeprefix(f"{FILES}/"), str(error)))
    order = {file.entry.name: number for number, file in enumerate(submission.files)}
    done.incomplete.sort(key=lambda one: order[one[0]])
    if done.incomplete:
        lines = "".join(f"{name}: {why}\n" for name, why in done.incomplete)
        _write(out, "INCOMPLETE.txt", [lines.encode()], done)
    sums = "".join(f"{digest}  {path}\n" for path, digest, _ in done.written)
    _write(out, "SHA256SUMS", [sums.encode()], of_sums := Exported())
    done.sums = of_sums.written[0][1]
    return done


def export_copy(source: Unsealing, copy: Copy, out: Path) -> Exported:
    """Write a working copy to a new or empty folder, under its own name; `source` is closed. Raises Refused."""
    with source:
        _check_fits(copy.size, out)
        files.make_directory(out)
        done = Exported()
        _write(out, copy.name, iter(lambda: source.read(_PIECE), b""), done)
    return done


def _read(inbox: Inbox, submission: Submission, letter: Letter, entry: FileEntry) -> Iterator[bytes]:
    if entry.inside:
        return _checked([letter.contents[entry.name]], entry)
    return _checked(inbox.bodies(submission.file_group(entry)), entry)


def _checked(bodies: Iterable[bytes], entry: FileEntry) -> Iterator[bytes]:
    # The last check comes before the caller's loop ends, so a file that fails it never gets its name.
    leaves, size = [], 0
    for body in bodies:
        leaves.append(merkle.leaf(body))
        size += len(body)
        yield body
    if size != entry.size or merkle.Tree(leaves).root != entry.root:
        raise Refused("the boxes do not hold the file that the letter names.")


def _write(out: Path, name: str, pieces: Iterable[bytes], done: Exported) -> None:
    temporary, path = out / f".{secrets.token_hex(8)}.part", out / name
    digest, size = hashlib.sha256(), 0
    try:
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
                file.flush()
                os.fsync(file.fileno())
            if os.path.lexists(path):
                # Only a disk that takes two names for one can get here: the letter's names are distinct.
                raise Refused("this disk takes its name for another file's; export to another disk.")
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        files.sync_directory(path.parent)
    except UnicodeEncodeError:
        raise Refused("this machine's language settings have no such name; export again with LC_ALL=C.UTF-8.") from None
    except OSError as error:
        raise Refused(f"it cannot be written: {(error.strerror or 'it failed').lower()}.") from None
    done.written.append((name, digest.hexdigest(), size))


def _check_room(submission: Submission, out: Path) -> None:
    # A table may name one stream many times: a few boxes could otherwise fill a disk.
    _check_fits(sum(file.entry.size for file in submission.files if file.whole), out)


def _check_fits(needed: int, out: Path) -> None:
    there = next((folder for folder in (out, *out.absolute().parents) if folder.is_dir()), Path("/"))
    if needed > shutil.disk_usage(there).free:
        raise Refused(f"The files need {needed} bytes and {there} has less; export to another disk.")


def _public(submission: Submission, letter: Letter) -> dict[str, object]:
    # Without the reply key: whoever gets the export must not be able to answer, or to read answers.
    return {
        "id": submission.id,
        "day": letter.day,
        "thread": letter.thread.hex(),
        "language": letter.language,
        "message": letter.message,
        "recipients": list(letter.recipients),
        "roster": letter.roster.hex(),
        "files": [entry.value() for entry in letter.files],
    }

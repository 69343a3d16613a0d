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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knothole_client.desk.inbox import Inbox
from knothole_client.desk.submission import FileState, Submission
from knothole_keys import canonical, files, merkle
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.letter import FileEntry, Letter

FILES = "files"


@dataclass
class Exported:
    """What was written: (path within OUT, SHA-256 in hex, size), and (name, sentence) of each file that could not be."""

    written: list[tuple[str, str, int]] = field(default_factory=list)
    incomplete: list[tuple[str, str]] = field(default_factory=list)


def export(inbox: Inbox, submission: Submission, out: Path) -> Exported:
    """Write a submission to a new or empty folder. Raises Refused, and box refusals when the letter itself is damaged."""
    if submission.have == submission.group.count and not submission.read:
        raise Refused("This letter was not read yet; import again, and follow what the import says.")
    if not submission.read:
        raise Refused(
            f"Only {submission.have} of the letter's {submission.group.count} boxes have come; export it when all are here."
        )
    letter, _ = inbox.letter(submission.group)
    _check_room(submission, out)
    files.make_directory(out)
    (out / FILES).mkdir(mode=0o700)
    done = Exported()
    _write(out, "message.txt", [letter.message.encode()], done)
    _write(out, "letter.json", [canonical.encode(_public(submission, letter))], done)
    for file in submission.files:
        _one(inbox, submission, letter, file, out, done)
    if done.incomplete:
        lines = "".join(f"{name}: {why}\n" for name, why in done.incomplete)
        _write(out, "INCOMPLETE.txt", [lines.encode()], done)
    sums = "".join(f"{digest}  {path}\n" for path, digest, _ in done.written)
    _write(out, "SHA256SUMS", [sums.encode()], Exported())
    return done


def _one(inbox: Inbox, submission: Submission, letter: Letter, file: FileState, out: Path, done: Exported) -> None:
    entry = file.entry
    if not file.whole:
        come = f"{file.have} of its {file.parts} boxes have come" if file.have else "none of its boxes has come"
        done.incomplete.append((entry.name, f"{come}; import again when the courier has fetched more."))
        return
    if entry.inside:
        bodies: Iterable[bytes] = [letter.contents[entry.name]]
    else:
        bodies = inbox.bodies(submission.file_group(entry))
    try:
        _write(out, f"{FILES}/{entry.name}", _checked(bodies, entry), done)
    except KnotholeError as error:
        done.incomplete.append((entry.name, str(error)))


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
    there = next((folder for folder in (out, *out.absolute().parents) if folder.is_dir()), Path("/"))
    needed = sum(file.entry.size for file in submission.files if file.whole)
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

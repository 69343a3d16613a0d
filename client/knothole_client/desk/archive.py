"""An encrypted archive for a colleague: a submission as a tar, inside a file that `age` opens. No plaintext touches a disk.

Inside it is what `exporting` writes into a folder. Every file is read twice: once to prove that it is whole and to know its
hash, and once into the archive, so that nothing is in it that does not open. Archives are for age keys (X25519, as `age-keygen`
makes them) or for a passphrase. The library can only encrypt with a passphrase what is in memory as a whole, so those archives
have a limit. Neither kind is the drop's own sealing: a key of X25519 falls to a large quantum computer, a long passphrase does
not.
"""

import hashlib
import io
import os
import secrets
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyrage  # type: ignore[import-untyped]

from knothole_client.desk import exporting
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.submission import Submission
from knothole_client.terminal import counted
from knothole_keys import files
from knothole_keys.errors import KnotholeError, Refused

LARGEST_IN_MEMORY = 256 * 1024 * 1024
_FOLDER = "submission"


@dataclass(frozen=True)
class Archived:
    """How many files are in an archive, those that are not (name, sentence), and how long it is."""

    files: int
    incomplete: list[tuple[str, str]]
    size: int

    def summary(self) -> str:
        """What the custody log says of it: numbers, and no name."""
        return f"{counted(self.files, 'file')} whole, {len(self.incomplete)} not"


class _Pieces(io.RawIOBase):
    """What the encrypting library reads from: it says nothing but its own words about what we raise, so we keep that."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._left = pieces, b""
        self.problem: BaseException | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        try:
            while not self._left:
                self._left = next(self._pieces)
        except StopIteration:
            return b""
        except BaseException as problem:
            self.problem = problem
            raise
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def encrypted(keys: int) -> str:
    """How an archive is encrypted, in words: for so many keys, or with a passphrase where there are none."""
    return f"encrypted for {counted(keys, 'age key')}" if keys else "encrypted with a passphrase"


def recipient(text: str) -> object:
    """A colleague's public key, as age prints it (`age1…`). Raises Refused."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise Refused("This is no age key: it begins with `age1`, and `age-keygen -y` prints it; copy it whole.") from None


def for_keys(inbox: Inbox, submission: Submission, output: Path, recipients: Sequence[object]) -> Archived:
    """Write an archive that each of these keys opens, whatever its length. Raises Refused."""

    def encrypt(pieces: Iterator[bytes], file: io.BufferedWriter) -> None:
        source = _Pieces(pieces)
        try:
            pyrage.encrypt_io(source, file, recipients)
        except pyrage.EncryptError as error:
            raise source.problem or Refused(f"The archive could not be made: {error}.") from None

    return _archive(inbox, submission, output, encrypt)


def for_passphrase(inbox: Inbox, submission: Submission, output: Path, passphrase: str) -> Archived:
    """Write an archive that a passphrase opens, of LARGEST_IN_MEMORY bytes at most. Raises Refused."""
    if sum(file.entry.size for file in submission.files if file.whole) > LARGEST_IN_MEMORY:
        raise Refused(
            f"Archives with a passphrase have at most {LARGEST_IN_MEMORY // 2**20} MiB, as they are made in memory; ask your "
            "colleague for an age key, and use --age."
        )

    def encrypt(pieces: Iterator[bytes], file: io.BufferedWriter) -> None:
        file.write(pyrage.passphrase.encrypt(b"".join(pieces), passphrase))

    return _archive(inbox, submission, output, encrypt)


def _archive(
    inbox: Inbox, submission: Submission, output: Path, encrypt: Callable[[Iterator[bytes], io.BufferedWriter], None]
) -> Archived:
    if os.path.lexists(output):
        raise Refused(f"{output} exists already; name a new file.")
    if not output.parent.is_dir():
        raise Refused(f"The folder {output.parent} does not exist; put the stick in, or make the folder, and try again.")
    found = exporting.parts(inbox, submission)
    sums, sizes, incomplete = [], {}, list(found.incomplete)
    for name, pieces in found.parts.items():
        digest, size = hashlib.sha256(), 0
        try:
            for piece in pieces():
                digest.update(piece)
                size += len(piece)
        except KnotholeError as error:
            incomplete.append((name.removeprefix(f"{exporting.FILES}/"), str(error)))
        else:
            sums.append(f"{digest.hexdigest()}  {name}\n")
            sizes[name] = size
    members: dict[str, tuple[int, Callable[[], Iterable[bytes]]]] = {name: (sizes[name], found.parts[name]) for name in sizes}
    texts = {"SHA256SUMS": "".join(sums).encode()}
    if incomplete:
        texts["INCOMPLETE.txt"] = "".join(f"{name}: {why}\n" for name, why in incomplete).encode()
    for name, text in texts.items():
        members[name] = len(text), lambda text=text: [text]  # type: ignore[misc]
    part = output.with_name(f".{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            encrypt(_tar(members), file)
            file.flush()
            os.fsync(file.fileno())
            length = file.tell()
        part.rename(output)
        files.sync_directory(output.parent)
    except OSError as error:
        raise Refused(f"{output} cannot be written: {(error.strerror or 'it failed').lower()}.") from None
    finally:
        part.unlink(missing_ok=True)
    whole = sum(name.startswith(f"{exporting.FILES}/") for name in sizes)
    return Archived(whole, incomplete, length)


def _tar(members: dict[str, tuple[int, Callable[[], Iterable[bytes]]]]) -> Iterator[bytes]:
    for name, (size, pieces) in members.items():
        # No time, no owner: only what came.
        one = tarfile.TarInfo(f"{_FOLDER}/{name}")
        one.size, one.mode = size, 0o600
        yield one.tobuf(tarfile.PAX_FORMAT)
        written = 0
        for piece in pieces():
            written += len(piece)
            yield piece
        if written != size:
            raise Refused("A file changed while the archive was made; make it again.")
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)

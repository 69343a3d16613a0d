"""Cleaned copies of a person's files, by mat2, in memory: what `source send --clean` sends instead of the originals.

mat2 knows what it knows. What it refuses is refused here, too, rather than sent as it is; it is never told to leave out parts
that it does not know, which breaks documents. It leaves the comments of an OpenDocument text in place, authors included, so
those are looked for here.
"""

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from knothole_client.source.reading import look
from knothole_keys.errors import Refused

MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it, by mkdtemp
_MOUNTS = Path("/proc/self/mounts")
_REMARK = b"<office:annotation"
_PLAIN = re.compile(r"\.[A-Za-z0-9]{1,5}")
_ODF = {".odt", ".ods", ".odp", ".odg"}
# What mat2 makes of these is another thing than what went in.
_NOTES = {".pdf": "; its pages are pictures now, without text that can be searched"}


@contextmanager
def cleaned(paths: Sequence[Path], tell: Callable[[str], None]) -> Iterator[tuple[Path, ...]]:
    """Copies of these files, cleaned, under the same names, until the block ends; what happened to each is told.

    Nothing is written but to memory, and no original is changed. Raises Refused, naming the file, when one cannot be cleaned.
    """
    program = shutil.which("mat2")
    if program is None:
        raise Refused("To clean files, mat2 is needed: install Debian's package mat2, or send without --clean.")
    if not _is_memory(MEMORY):
        raise Refused(
            f"{MEMORY} is not in memory here, so copies would touch the disk; clean the files first, and send without --clean."
        )
    # 0700, as mkdtemp makes it.
    folder = Path(mkdtemp(prefix="knothole-clean-", dir=MEMORY))
    try:
        yield tuple(_clean(program, path, folder / str(number), tell) for number, path in enumerate(paths))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_memory(folder: Path) -> bool:
    try:
        mounts = [line.split(" ") for line in _MOUNTS.read_text().splitlines()]
    except OSError:
        return False
    return [kind for _, place, kind, *_ in mounts if place == str(folder)][-1:] == ["tmpfs"]


def _clean(program: str, path: Path, folder: Path, tell: Callable[[str], None]) -> Path:
    before = look(path)
    # A command line is no place for a name: every process can read it.
    copy = folder / f"file{path.suffix if _PLAIN.fullmatch(path.suffix) else ''}"
    temporary = folder / "tmp"
    try:
        temporary.mkdir(parents=True)
        shutil.copyfile(path, copy)
    except OSError as error:
        raise Refused(
            f"{path} cannot be copied into memory to be cleaned: {(error.strerror or 'it failed').lower()}; nothing was sent."
        ) from None
    # What mat2 unpacks goes where TMPDIR says.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "TMPDIR": str(temporary),
        "HOME": str(temporary),
        "LC_ALL": "C.UTF-8",
    }
    command = [program, "--inplace", "--", str(copy)]
    done = subprocess.run(command, env=environment, cwd=temporary, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        raise Refused(
            f"{path} was not cleaned: {_reason(done.stdout + done.stderr)}. Nothing was sent; leave it out, or clean it first."
        )
    if _still_holds_remarks(copy):
        raise Refused(f"{path} holds comments, which mat2 leaves in with their authors' names; delete them and save it first.")
    shutil.rmtree(temporary, ignore_errors=True)
    tell(f"{path}: a cleaned copy is sent, {before} bytes before and {look(copy)} after{_NOTES.get(path.suffix.lower(), '')}.")
    return copy.rename(folder / path.name)


def _reason(said: bytes) -> str:
    # What mat2 says of a file names the copy's place.
    if b"is not supported" in said:
        return "mat2 does not know this kind of file"
    if b"isn't supported" in said:
        return "it holds parts that mat2 does not know, such as comments"
    return "mat2 could not read it"


def _still_holds_remarks(copy: Path) -> bool:
    if copy.suffix.lower() not in _ODF:
        return False
    with zipfile.ZipFile(copy) as archive:
        return _REMARK in archive.read("content.xml")

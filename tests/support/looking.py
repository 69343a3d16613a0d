"""Where a secret could be found: in what a process read and wrote, in its memory, in its open files, in whole folders."""

import base64
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# Every call that moves bytes, whole (-s beyond any piece) and as hex (-xx), of all threads (-f).
TRACER = [
    "strace", "-f", "-qq", "-xx", "-s", "4194304", "-e",
    "trace=read,pread64,readv,preadv,preadv2,recvfrom,recvmsg,recvmmsg,write,pwrite64,writev,pwritev,pwritev2,sendto,"
    "sendmsg,sendmmsg,sendfile,splice,vmsplice,tee,copy_file_range,process_vm_writev,openat,openat2,open,creat,rename,renameat,"
    "renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,setxattr,fsetxattr,lsetxattr,mmap,memfd_create,execve,execveat,"
    "io_uring_setup", "-o",
]  # fmt: skip
_PIECE = 16 * 2**20
# Whether it succeeded or is still under way in another thread: the wish is enough.
_OPENED = re.compile(rb'open(?:at2?)?\([^"]*"((?:\\x[0-9a-f]{2})+)", [^)\n]*O_(?:WRONLY|RDWR)')


def spellings(words: Iterable[str]) -> list[bytes]:
    """The byte strings by which a word may be spelled: UTF-8, UTF-16, JSON escapes, percent, hex, base64 in three phases."""
    found: set[bytes] = set()
    for word in words:
        plain = word.encode()
        found |= {plain, word.encode("utf-16-le"), word.encode("utf-16-be"), plain.hex().encode()}
        found.add("".join(f"%{byte:02X}" for byte in plain).encode())
        for start in range(3):
            # Only what does not depend on neighbours: whole groups of three bytes.
            whole = plain[start : start + (len(plain) - start) // 3 * 3]
            found |= {base64.b64encode(whole), base64.urlsafe_b64encode(whole)}
    return sorted(spelling for spelling in found if len(spelling) >= 8)


def spellings_of(secret: bytes) -> list[bytes]:
    """The byte strings by which a secret may be spelled: raw, hex, base64 in three phases; its halves too."""
    found: set[bytes] = set()
    half = len(secret) // 2
    for part in {secret, secret[:half], secret[half:]}:
        found |= {part, part[::-1], part.hex().encode(), part.hex().upper().encode()}
        for start in range(3):
            whole = part[start : start + (len(part) - start) // 3 * 3]
            found |= {base64.b64encode(whole), base64.urlsafe_b64encode(whole)}
    assert all(len(spelling) >= 16 for spelling in found), "too short to be found by anything but chance"
    return sorted(found)


def found_in(data: bytes, needles: Iterable[bytes]) -> list[bytes]:
    """Which of the needles occur."""
    return [needle for needle in needles if needle in data]


def in_trace(trace: Path, needles: Iterable[bytes]) -> list[bytes]:
    """The needles in any of the bytes that a trace by TRACER shows."""
    # strace writes \x61 for every byte of a string.
    escaped = {needle: "".join(f"\\x{byte:02x}" for byte in needle).encode() for needle in needles}
    data = trace.read_bytes()
    return [needle for needle, text in escaped.items() if text in data]


def written_paths(trace: Path) -> set[str]:
    """Every path that a trace shows to have been opened for writing."""
    return {
        bytes.fromhex(match.group(1).replace(b"\\x", b"").decode()).decode("utf-8", "replace")
        for match in _OPENED.finditer(trace.read_bytes())
    }


def in_memory(pid: int, needles: Iterable[bytes]) -> list[bytes]:
    """The needles in any readable page of a process."""
    wanted = list(needles)
    found: set[bytes] = set()
    for piece in _memory(pid):
        found.update(found_in(piece, wanted))
    return sorted(found)


def _memory(pid: int) -> Iterator[bytes]:
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if "r" not in rights or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            # Pieces overlap, so that nothing hides on a seam.
            for at in range(start, end, _PIECE):
                try:
                    yield os.pread(descriptor, min(_PIECE + 4096, end - at), at)
                except OSError:
                    break
    finally:
        os.close(descriptor)


def in_open_files(pid: int, needles: Iterable[bytes]) -> list[bytes]:
    """The needles in any regular file that a process holds open, deleted ones included."""
    wanted = list(needles)
    found: set[bytes] = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if link.is_file():
            found.update(found_in(link.read_bytes(), wanted))
    return sorted(found)


def in_folder(folder: Path, needles: Iterable[bytes]) -> list[str]:
    """`path: needle` for every regular file below a folder that holds a needle in its contents or its name."""
    wanted = list(needles)
    found = []
    for path in folder.rglob("*"):
        hits = found_in(os.fsencode(path.name), wanted)
        if path.is_file() and not path.is_symlink():
            hits += found_in(path.read_bytes(), wanted)
        found += [f"{path}: {hit!r}" for hit in hits]
    return found

"""Promise 1: no byte of plaintext ever reaches the server: not its sockets, its memory, its files or anybody's scratch.

A submission with a marker in its message, its file's name and its file's contents goes through a real browser to a server
of which every system call that moves bytes is recorded. Then the marker is looked for in all of it.
"""

import os
import socket
import time
from pathlib import Path

import pytest

from tests.support import looking
from tests.support.browsers import Started, confirm_codename
from tests.support.newsroom import Newsroom
from tests.support.running import Running, running

pytestmark = [pytest.mark.tool("strace")]

# Fresh in every run: what an earlier one left in a scratch folder must not be taken for this one's.
MARKERS = [f"{bird}-{os.urandom(6).hex()}" for bird in ("Zaunkoenig", "Rotkehlchen", "Wendehals")]
MESSAGE, NAME, CONTENTS = MARKERS
# Ways in which eight words become one text: as shown, in an address, as a list's own text, in JSON.
JOINTS = [" ", "%20", "+", "-", ",", '","', ""]
NOT_THE_SERVERS = ("playwright", ".org.chromium", "Temp-", "pytest-of-", "knothole-break-")
SCRATCH = [Path("/tmp"), Path("/dev/shm"), Path("/var/tmp")]  # noqa: S108 - looked through, not written


def contents_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64 * 2**20)
    except OSError:
        return b""


def recent(folder: Path, since: float) -> list[Path]:
    """Files that were made or changed since a moment, but for browsers' own (what they keep is the source's) and tests'."""
    found = []
    # os.walk bears that others remove folders meanwhile, which rglob does not.
    for path in (Path(inside) / name for inside, _, names in os.walk(folder) for name in names):
        try:
            if any(part.startswith(NOT_THE_SERVERS) for part in path.parts):
                continue
            if path.is_file() and not path.is_symlink() and path.stat().st_ctime >= since:
                found.append(path)
        except OSError:
            continue
    return found


def visit_and_send(browser: Started, room: Newsroom) -> str:
    page = browser.composing(room.url, f"the word is {MESSAGE}, " * 40)
    contents = os.urandom(1_300_000) + f"{CONTENTS} ".encode() * 2000 + os.urandom(300_000)
    page.set_input_files("#files", [{"name": f"{NAME}.bin", "mimeType": "text/plain", "buffer": contents}])
    page.click("#send")
    words = confirm_codename(page)
    page.wait_for_selector("main[data-state=done]", timeout=120_000)
    page.context.close()
    return words


@pytest.mark.whole
def test_no_byte_of_a_submission_is_anywhere_on_the_server(browser: Started, unserved: Newsroom, tmp_path: Path) -> None:
    room, trace, began = unserved, tmp_path / "trace", time.time()
    with running(room, before=[*looking.TRACER, trace]) as server:
        words = visit_and_send(browser, room)
        needles = looking.spellings([*MARKERS, *(joint.join(words.split()) for joint in JOINTS)])
        assert looking.in_memory(server.pid, needles) == []
        assert looking.in_open_files(server.pid, needles) == []
        opened = {str(link.readlink()) for link in Path(f"/proc/{server.pid}/fd").iterdir()}
        server.stop()
        said = (server.process.stdout, server.process.stderr)
        assert [pipe.read() for pipe in said if pipe] == ["", ""]
    # The trace saw the boxes come and go to the disk, so it saw what there was to see.
    assert trace.stat().st_size > 4 * 2 * 2**20
    assert looking.in_trace(trace, [b"knothole-box/1\n"]) == [b"knothole-box/1\n"]
    assert looking.in_trace(trace, needles) == []
    assert looking.in_folder(room.path / "server", needles) == []
    for path in (path for folder in SCRATCH for path in recent(folder, began)):
        assert str(path) not in opened or tmp_path in path.parents, "the server wrote outside its directory"
        assert looking.found_in(contents_of(path), needles) == [], f"{path} holds plaintext"
    wanted = {path for path in looking.written_paths(trace) if not path.startswith(("/proc", "/dev/null"))}
    assert wanted, "the trace shows no file that was opened for writing"
    assert {path for path in wanted if not Path(path).is_relative_to(room.path / "server")} == set()
    calls = trace.read_bytes()
    assert calls.count(b" execve(") == 1, "the server started a program"
    # A ring would carry bytes past the trace. libuv has one for epoll_ctl alone; the one for files polls (SQPOLL).
    assert b"IORING_SETUP_SQPOLL" not in calls
    assert calls.count(b"io_uring_setup(") <= 1


def plaintext_to(server: Running) -> None:
    """What a browser would do if the page had sent plaintext."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        body = MESSAGE.encode() * 400
        connection.sendall(b"PUT /boxes/1/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        connection.recv(65_536)


def test_the_search_finds_plaintext_where_there_is_some(unserved: Newsroom, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    needles = looking.spellings(MARKERS)
    with running(unserved, before=[*looking.TRACER, trace]) as server:
        plaintext_to(server)
        held = looking.in_memory(server.pid, needles)
        server.stop()
    assert MESSAGE.encode() in looking.in_trace(trace, needles)
    assert MESSAGE.encode() in held
    (tmp_path / f"{NAME}.bin").write_bytes(CONTENTS.encode())
    assert len(looking.in_folder(tmp_path, [NAME.encode(), CONTENTS.encode()])) == 2

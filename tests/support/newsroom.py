"""A whole newsroom in one folder, worked by the real commands: administrators, a server, a courier, desks.

Everything runs in this process, the server in a thread, so that one clock can be turned for all of them.
"""

import contextlib
import io
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knothole_keys import clock
from knothole_keys.cli import run
from knothole_server.config import Config, Limits
from knothole_server.drop import Drop
from knothole_server.serve import bind_tcp, make_server

# Small slabs and quick beats: a test's disk and patience are smaller than a drop's.
LIMITS = Limits(first_extent=2**22, later_extent=2**23, beat_seconds=0.5, poll_seconds=0.1)


# Folders of newsrooms as they were made, before anybody served or sent; removed when the process ends.
_MADE: dict[tuple[object, ...], tempfile.TemporaryDirectory[str]] = {}


class CommandFailed(AssertionError):
    """A command ended with another code than the test expects."""


class Newsroom:
    """`path` holds drop/ (administrators), server/, out/ (the courier's), and one vault a journalist."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = ""

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Run `knothole …` and return what it printed to stdout (to stderr when it was refused)."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            result = run([str(argument) for argument in arguments])
        if result != code:
            raise CommandFailed(f"{arguments[:2]} ended with {result}: {err.getvalue()}{out.getvalue()}")
        return err.getvalue() if code == 1 else out.getvalue()

    @property
    def drop(self) -> Path:
        return self.path / "drop"

    @property
    def out(self) -> Path:
        return self.path / "out"

    @property
    def roster(self) -> Path:
        return self.path / "roster.note"

    @property
    def token(self) -> Path:
        return self.path / "token"

    def make(self, *journalists: str, options: tuple[object, ...] = ()) -> "Newsroom":
        """Make the drop with two of three administrators, a desk for each journalist, and the server's folder."""
        self("keys", "init", self.drop, "--name", "The Example", "--admins", 3, "--threshold", 2, *options)
        for name in journalists:
            self.join(name)
        self("server", "init", self.path / "server", "--root", self.drop / "root.note")
        self.issue()
        self("server", "publish", self.path / "server", self.roster)
        self.token.write_text(self("server", "courier-token", self.path / "server"))
        return self

    def copy(self, *journalists: str, options: tuple[object, ...] = ()) -> "Newsroom":
        """`make`, once a day and process; a copy of that, with the same keys, each time: for tests that need one newsroom."""
        key = (clock.now() // 86_400, journalists, options)
        if key not in _MADE:
            folder = tempfile.TemporaryDirectory(prefix="knothole-newsroom-")
            Newsroom(Path(folder.name)).make(*journalists, options=options)
            _MADE[key] = folder
        shutil.copytree(_MADE[key].name, self.path, dirs_exist_ok=True)
        return self

    def vault(self, name: str) -> Path:
        return self.path / f"vault-{name}"

    def join(self, name: str, weeks: int = 8) -> None:
        """A journalist makes a desk (or has one), enrols, and is added."""
        if not self.vault(name).exists():
            self("desk", "init", self.vault(name), "--name", name)
        enrolment = self.path / f"{name}.enrolment"
        enrolment.unlink(missing_ok=True)
        self("desk", "enrol", self.vault(name), "--root", self.drop / "root.note", "--weeks", weeks, "-o", enrolment)
        self("keys", "add", self.drop, enrolment)

    def id_of(self, name: str) -> str:
        shown = json.loads(self("keys", "show", self.path / f"{name}.enrolment", "--json"))
        return str(shown["notes"][0]["id"])

    def issue(self) -> None:
        """A new roster, signed by two."""
        self.roster.unlink(missing_ok=True)
        self("keys", "roster", self.drop, "--admin", "admin-1", "-o", self.roster)
        self("keys", "cosign", self.drop, self.roster, "--admin", "admin-2")

    def publish(self) -> None:
        """Issue a roster and let the courier bring it to the running server."""
        self.issue()
        self("courier", "publish", self.url, "--token-file", self.token, self.roster)

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block ends; the URL is `self.url`, too."""
        drop = Drop(Config(self.path / "server", limits=LIMITS))
        listening = bind_tcp("127.0.0.1", 0)
        server = make_server(drop)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield self.url
        finally:
            server.should_exit = True
            thread.join(20)

    @property
    def fingerprint(self) -> str:
        return self("keys", "fingerprint", self.drop / "root.note").strip()

    def send(self, message: str, *files: Path) -> None:
        self("source", "send", self.url, "--root", self.fingerprint, "-m", message, *files)

    def fetch(self) -> None:
        self("courier", "fetch", self.url, "--token-file", self.token, "--out", self.out)

    def submissions(self, name: str) -> list[dict[str, Any]]:
        """What `desk list --json` prints, for one journalist."""
        listed: list[dict[str, Any]] = json.loads(self("desk", "list", self.vault(name), "--json"))["submissions"]
        return listed

    def messages(self, name: str) -> list[str]:
        return sorted(submission["message"] for submission in self.submissions(name))

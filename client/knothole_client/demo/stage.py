"""The demo's acts: administrators, journalist, server, source, courier, desk. Each runs the real commands.

DIR/admins      three administrators' keys, two of whom must agree
DIR/server      the blind server's folder
DIR/carried     what the courier fetched: the only thing that would travel to the desk
DIR/slots       what travels back: a day's file of reply slots
DIR/vault       the desk, on a real desk a machine that is never online
DIR/source      the source's files
DIR/exported    what the desk handed out
"""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from knothole_client.demo import sample
from knothole_client.demo.commands import Commands
from knothole_client.demo.picture import knothole_png
from knothole_keys import files
from knothole_keys.errors import Refused

DROP, JOURNALIST = "The Knothole Demo", "Ada"
ADMINS, THRESHOLD = 3, 2


class Stage:
    """One drop with everybody on it. `say` prints a line."""

    def __init__(self, folder: Path, commands: Commands, say: Callable[[str], None]) -> None:
        self._folder, self._run, self._say = folder, commands.run, say
        self._begun = time.monotonic()
        self.seen: set[str] = set()

    def __truediv__(self, name: str) -> Path:
        return self._folder / name

    def _act(self, role: str, line: str) -> None:
        self._say(f"{time.monotonic() - self._begun:5.1f} s  {role:<16}{line}")

    # Before the drop opens.

    def make_drop(self) -> str:
        """Administrators make the drop, a journalist enrols, two administrators sign the roster. Returns the fingerprint."""
        admins, vault = self / "admins", self / "vault"
        count = ["--admins", str(ADMINS), "--threshold", str(THRESHOLD)]
        self._run("keys", "init", admins, "--name", DROP, *count)
        fingerprint = self._run("keys", "fingerprint", admins / "root.note").strip()
        self._act("administrators", f"{ADMINS} keys were made; {THRESHOLD} of them must agree on who reads. The fingerprint:")
        self._say(f"{'':25}{fingerprint}")
        self._run("desk", "init", vault, "--name", JOURNALIST)
        self._run("desk", "enrol", vault, "--root", admins / "root.note", "-o", self / "enrolment.note")
        self._act("journalist", f"{JOURNALIST}'s desk made a key for each of the coming weeks; only public halves leave it.")
        self._run("keys", "add", admins, self / "enrolment.note")
        self._run("keys", "roster", admins, "--admin", "admin-1", "-o", self / "roster.note")
        self._run("keys", "cosign", admins, self / "roster.note", "--admin", "admin-2")
        self._act("administrators", f"admin-1 issued the roster of readers, admin-2 looked at it and cosigned: {JOURNALIST}.")
        return fingerprint

    def make_server(self) -> None:
        """The server's folder, the roster in force, a token for the courier."""
        server = self / "server"
        self._run("server", "init", server, "--root", self / "admins" / "root.note")
        self._run("server", "publish", server, self / "roster.note")
        files.write_whole(self / "token", self._run("server", "courier-token", server).encode())

    def serving(self, url: str) -> None:
        """The server came up."""
        self._act("server", f"It serves {url} and has the roots and the roster: public notes, no key of any kind.")

    # A submission's way, and its answer's.

    def send(self, url: str, fingerprint: str) -> bytes:
        """The source seals and sends the sample; returns the photo."""
        photo = knothole_png()
        (self / "source").mkdir(mode=0o700)
        files.write_whole(self / "source" / sample.PHOTO, photo)
        options: list[str | Path] = [
            "--root",
            fingerprint,
            "--language",
            sample.LANGUAGE,
            "--codename-file",
            self / "source" / "codename",
        ]
        self._run("source", "send", url, *options, "-m", "-", self / "source" / sample.PHOTO, text=sample.MESSAGE)
        self._act(
            "source",
            f"She sealed a message in six languages and a photo of {len(photo):,} bytes, and sent both.",
        )
        status = json.loads(self._run("server", "status", self / "server", "--json"))
        boxes = sum(epoch["boxes"] for epoch in status["epochs"])
        self._act("server", f"It holds {boxes} boxes of one length, and cannot tell a message from a photo, or whose they are.")
        return photo

    def fetch(self, url: str) -> int:
        """The courier brings its folder up to date; returns how many boxes lie there."""
        self._run("courier", "fetch", url, "--token-file", self / "token", "--out", self / "carried")
        return sum(1 for _ in (self / "carried").glob("*/*.box"))

    def carry(self, url: str) -> int:
        """The courier's act, told; returns how many boxes it has."""
        count = self.fetch(url)
        self._act("courier", f"It fetched {count} boxes and checked their hashes. They would go to the desk on a USB stick.")
        return count

    def open(self) -> list[str]:
        """The desk takes in what was carried; returns the ids of submissions that are new."""
        self._run("desk", "import", self / "vault", self / "carried")
        listed = json.loads(self._run("desk", "list", self / "vault", "--json"))
        found = [str(one["id"]) for one in listed["submissions"]]
        new = [one for one in found if one not in self.seen]
        self.seen.update(new)
        return new

    def show(self, submission: str) -> None:
        """What the desk decrypted, as its own command shows it."""
        for line in self._run("desk", "show", self / "vault", submission).rstrip("\n").split("\n"):
            self._say(f"    | {line}")

    def read(self, photo: bytes) -> None:
        """The desk opens the sample and exports the photo. Raises Refused unless all of it is exactly what was sent."""
        new = self.open()
        if len(new) != 1:
            raise Refused(f"The demo failed: {len(new)} submissions arrived instead of one.")
        self._act("desk", "Offline, it opened the boxes with this week's key. This is what it reads:")
        self.show(new[0])
        shown = self._run("desk", "show", self / "vault", new[0])
        if not all(line in shown for line in sample.MESSAGE.splitlines()):
            raise Refused("The demo failed: the message that the desk shows is not the one that was sent.")
        self._run("desk", "export", self / "vault", new[0], "--out", self / "exported")
        exported = [
            path.read_bytes() for path in (self / "exported").rglob("*") if path.is_file() and path.name == sample.PHOTO
        ]
        self._act("desk", "It exported the photo. SHA-256:")
        self._say(f"{'':25}{hashlib.sha256(photo).hexdigest()}  as sent")
        for one in exported:
            self._say(f"{'':25}{hashlib.sha256(one).hexdigest()}  as exported")
        if exported != [photo]:
            raise Refused("The demo failed: the photo that the desk exported is not the one that was sent.")
        self._say(f"{'':25}They match.")

    def answer(self, url: str, fingerprint: str) -> None:
        """The desk answers, the courier posts, the source reads. Raises Refused unless she reads just that."""
        (submission,) = self.seen
        self._run("desk", "reply", self / "vault", submission, "-m", "-", text=sample.ANSWER)
        (self / "slots").mkdir(mode=0o700)
        self._run("desk", "slots", self / "vault", "-o", self / "slots" / "day-1")
        self._act("desk", "It answered. The answer lies somewhere in a file of 32 slots, which looks like any other day's.")
        self._run("courier", "post", url, "--token-file", self / "token", "--from", self / "slots")
        self._act("courier", "It put the 32 slots on the board, as it does every day, whatever is in them.")
        read: list[str | Path] = ["--root", fingerprint, "--codename-file", self / "source" / "codename"]
        said = self._run("source", "replies", url, *read)
        self._act("source", "She fetched the whole board, as everybody does, and tried each slot. This is what she reads:")
        for line in said.rstrip("\n").split("\n"):
            self._say(f"    | {line}")
        if sample.ANSWER not in said or "The newsroom has it" not in said:
            raise Refused("The demo failed: the answer that the source reads is not the one that the desk gave.")

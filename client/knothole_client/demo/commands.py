"""Running the installed `knothole` command, as each role would.

The demo imports none of the other rooms: what it shows is what their commands do. The command is the one installed beside
this Python, never `python -m`, which would put the working directory on the path.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from knothole_keys.cli.passphrase import VARIABLE
from knothole_keys.errors import Refused

_ADDRESS = re.compile(rb"at (http://\S+)")
_STOP_SECONDS = 15


class Commands:
    """Runs `knothole` with the demo's passphrase file. Whatever fails becomes one Refused."""

    def __init__(self, passphrase_file: Path) -> None:
        self._knothole = Path(sys.executable).parent / "knothole"
        if not self._knothole.is_file():
            raise Refused(f"There is no knothole command beside {sys.executable}; install Knothole first.")
        self._environment = {**os.environ, VARIABLE: str(passphrase_file)}

    def run(self, *arguments: str | Path, text: str = "") -> str:
        """Run one command to its end, `text` on its standard input, and return what it printed. Raises Refused."""
        done = subprocess.run(
            [self._knothole, *arguments],
            input=text.encode(),
            capture_output=True,
            env=self._environment,
            # Ctrl-C is ours to handle; a command under way ends by itself.
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Refused(f"`knothole {arguments[0]} {arguments[1]}` failed: {said[-1] if said else 'it said nothing'}")
        return done.stdout.decode("utf-8")

    @contextlib.contextmanager
    def serving(self, *arguments: str | Path) -> Iterator[str]:
        """Run what serves for as long as the context lasts; yields its address. Raises Refused when it does not come up."""
        server = subprocess.Popen(
            [self._knothole, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        try:
            line = server.stdout.readline() if server.stdout else b""
            found = _ADDRESS.search(line)
            if not found:
                server.terminate()
                said = server.communicate()[1].decode("utf-8", "replace").strip()
                what = "server" if arguments[0] == "server" else "review desk"
                raise Refused(f"The {what} did not start: {said.removeprefix('knothole: ') or 'it said nothing'}")
            yield found.group(1).decode()
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            for pipe in (server.stdout, server.stderr):
                if pipe:
                    pipe.close()

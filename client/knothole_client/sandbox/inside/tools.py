"""Running converters from inside: no input, no output but files and one pipe, a clock, and their end with ours."""

import os
import shutil
import subprocess
from pathlib import Path

from knothole_client.sandbox.inside.document import Cannot

WORK = Path("/tmp")  # noqa: S108  (the sandbox's own)
OFFICE_BUSY = 81


def ran(*command: object, seconds: float = 60, most: int = 8 << 20, well: tuple[int, ...] = (0,)) -> bytes:
    """What a converter writes to standard output, capped; Cannot when it is not here or ends otherwise than `well`."""
    if shutil.which(str(command[0])) is None:
        raise Cannot(why="no_tool")
    with Path(WORK, "said").open("w+b") as said:
        try:
            done = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                cwd=WORK,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise Cannot(why="broken") from late
        said.seek(0)
        text = said.read(most)
    if done.returncode not in well:
        raise Cannot(why=str(done.returncode) if done.returncode == OFFICE_BUSY else "broken")
    return text


def by_office(path: Path, to: str) -> Path:
    """A document converted by LibreOffice; with a fresh profile it ends with 81 and wants to be started again."""
    out = WORK / "converted"
    out.mkdir(exist_ok=True)
    command = (
        "soffice", "-env:UserInstallation=file:///tmp/profile", "--headless", "--norestore", "--nologo", "--nodefault",
        "--convert-to", to, "--outdir", out, path,
    )  # fmt: skip
    for again in (False, True):
        try:
            ran(*command)
        except Cannot as cannot:
            if cannot.why != str(OFFICE_BUSY):
                raise
            if again:
                raise Cannot(why="broken") from None
        made = [one for one in os.scandir(out) if one.is_file()]
        if made:
            return Path(made[0].path)
    raise Cannot(why="broken")

"""Guides that are tried from their own text: the commands of a page in docs/, section by section, run as they stand there."""

import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class Section:
    """A heading of a guide and the commands in its indented blocks, in order."""

    title: str
    commands: tuple[str, ...]


def read_guide(name: str) -> list[Section]:
    """The sections of docs/NAME, those without a command included."""
    text = (DOCS / name).read_text("utf-8")
    found = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        lines = [line[4:].split("  #")[0].strip() for line in body.splitlines() if line.startswith("    ")]
        found.append(Section(title, tuple(line for line in lines if line)))
    return found


def run_section(section: Section, knothole: Callable[..., str], stand_ins: Mapping[str, str]) -> list[str]:
    """Run a section's commands in the working directory and return what each printed.

    `knothole` runs one command of ours; `stand_ins` maps words of the guide (an address, an id) to what they are here.
    A line that is neither ours nor a copy is a mistake in the guide.
    """
    said = []
    for line in section.commands:
        program, *words = [stand_ins.get(word, word) for word in shlex.split(line)]
        if program == "cp":
            shutil.copy(*words)
            continue
        assert program == "knothole", f"{section.title}: {line}"
        said.append(knothole(*words))
    return said

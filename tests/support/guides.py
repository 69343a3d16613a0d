"""Guides that are tried from their own text: the commands in the indented blocks of a page in docs/, run as they stand there.

A line that begins with `knothole` is a command of ours; `export NAME=VALUE` sets the environment of those that follow; `cp`
copies a file and `mkdir -p` makes a folder. A comment that begins with "refused" says that the command must be refused. What
a page can only show (an address, a folder, an id) has a stand-in, also where it is the beginning of a path.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from knothole_keys.cli import run

DOCS = Path(__file__).parents[2] / "docs"
_INDENTED = re.compile(r"(?: {4}|\t)\s*(\S.*)")
_OURS = ("knothole", "export", "cp", "mkdir")


@dataclass(frozen=True)
class Step:
    """One line of a page: where it stands, under which heading, its words, and the exit code that the page promises."""

    where: str
    title: str
    words: list[str]
    code: int = 0

    def with_stand_ins(self, stand_ins: Mapping[str, str]) -> list[str]:
        """Its words, as they are here."""
        return [_swapped(word, stand_ins) for word in self.words]


def steps(page: str) -> list[Step]:
    """Every command in the indented blocks of docs/PAGE, in order; other lines are for another machine or for reading."""
    return [step for step in _steps(DOCS / page) if step.words[:1] and step.words[0] in _OURS]


def sections(page: str) -> dict[str, list[Step]]:
    """The lines of docs/PAGE by heading, headings without a line left out."""
    found: dict[str, list[Step]] = {}
    for step in _steps(DOCS / page):
        if step.words:
            found.setdefault(step.title, []).append(step)
    return found


def run_step(step: Step, stand_ins: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one command in this process, in the present folder."""
    words = step.with_stand_ins(stand_ins)
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        monkeypatch.setenv(name, _swapped(value, stand_ins))
    elif words[0] == "cp":
        shutil.copy(*words[1:])
    elif words[:2] == ["mkdir", "-p"]:
        Path(words[2]).mkdir(parents=True, exist_ok=True)
    else:
        assert run(words[1:]) == step.code, f"{step.where}: {' '.join(words)}"


def run_section(section: list[Step], knothole: Callable[..., str], stand_ins: Mapping[str, str]) -> list[str]:
    """Run a section's commands in the present folder and return what each of ours printed.

    `knothole` runs one command. A line that is neither ours nor a copy is a mistake in the guide.
    """
    said = []
    for step in section:
        program, *words = step.with_stand_ins(stand_ins)
        if program == "cp":
            shutil.copy(*words)
            continue
        assert program == "knothole", f"{step.where}: {program}"
        said.append(knothole(*words))
    return said


def _steps(page: Path) -> Iterator[Step]:
    title, begun = "", ""
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        title = line.removeprefix("## ") if line.startswith("## ") else title
        match = _INDENTED.fullmatch(line)
        if match is None:
            begun = ""
            continue
        text = begun + match.group(1)
        begun = text[:-1] if text.endswith("\\") else ""
        if begun:
            continue
        refused = re.search(r"#\s*refused\b[^\"']*$", text) is not None
        # A hash within quotes is no comment; shlex knows.
        yield Step(f"{page.name}:{number}", title, shlex.split(text, comments=True), 1 if refused else 0)


def _swapped(word: str, stand_ins: Mapping[str, str]) -> str:
    for shown, here in stand_ins.items():
        if word == shown or word.startswith(f"{shown}/"):
            return here + word[len(shown) :]
    return word

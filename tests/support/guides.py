"""Trying a guide from its own text: the indented code blocks of a markdown page, run line by line.

    for step in steps(page):
        run_step(step, {"VAULT": str(vault)}, monkeypatch)

Lines that begin with `knothole` are run in this process, in the present folder; `export NAME=VALUE` sets the environment of
those that follow. Other lines are for another machine or for reading. A comment that begins with "refused" says that the
command must be refused.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from knothole_keys.cli import run

_INDENTED = re.compile(r"(?: {4}|\t)\s*(\S.*)")


@dataclass(frozen=True)
class Step:
    """One command of a page: where it stands, its words, and the exit code that the page promises."""

    where: str
    words: list[str]
    code: int = 0


def steps(page: Path) -> list[Step]:
    """Every command in the indented code blocks of a page, in order; those within a list's items count as well."""
    return [_step(f"{page.name}:{number}", text) for number, text in _lines(page) if text.startswith(("knothole ", "export "))]


def _lines(page: Path) -> Iterator[tuple[int, str]]:
    begun = ""
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        match = _INDENTED.fullmatch(line)
        if match is None:
            begun = ""
            continue
        text = begun + match.group(1)
        begun = text[:-1] if text.endswith("\\") else ""
        if not begun:
            yield number, text


def _step(where: str, text: str) -> Step:
    # A hash within quotes is no comment; shlex knows.
    words = shlex.split(text, comments=True)
    refused = re.search(r"#\s*refused\b[^\"']*$", text) is not None
    return Step(where, words, 1 if refused else 0)


def run_step(step: Step, swap: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one command, with what the page can only show replaced by what this test has, also as the beginning of a path."""
    words = [_swapped(word, swap) for word in step.words]
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        monkeypatch.setenv(name, _swapped(value, swap))
        return
    assert run(words[1:]) == step.code, f"{step.where}: {' '.join(words)}"


def _swapped(word: str, swap: Mapping[str, str]) -> str:
    for shown, real in swap.items():
        if word == shown or word.startswith(f"{shown}/"):
            return real + word[len(shown) :]
    return word

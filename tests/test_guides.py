"""What the pages tell people to type exists: each `knothole …` with its options, each `make …`, each page linked to."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from knothole_keys.cli import ORDER, knothole

HOUSE = Path(__file__).parents[1]
PAGES = [*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md"), HOUSE / "keys" / "SPEC.md"]
# What ends a command in a shell's line.
_END = re.compile(r"\s(?:[<>|;]|\d?>>?\S)|;|\)|\s#\s")
_ROOMS = "|".join(ORDER)


def lines(page: Path) -> Iterator[tuple[str, str]]:
    """The commands in indented blocks, whole, each with where it stands."""
    begun = ""
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        text = begun + line.strip()
        begun = text[:-1] if line.startswith("    ") and text.endswith("\\") else ""
        if line.startswith("    ") and not begun:
            for found in re.finditer(rf"\bknothole (?:{_ROOMS}) [^`]*", text):
                yield f"{page.name}:{number}", _END.split(found[0])[0]


def spans(page: Path) -> Iterator[tuple[str, str]]:
    """The commands between backquotes, which may leave out what does not matter there, `knothole` as well."""
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        for found in re.finditer(r"`([^`]+)`", line):
            text = found[1].removeprefix("knothole ")
            if text.split(" ")[0] in ORDER and " " in text:
                yield f"{page.name}:{number}", _END.split(text)[0]


def command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words name, and what is left of them."""
    found: click.Command = knothole
    while isinstance(found, click.Group) and words:
        inner = found.get_command(click.Context(found), words[0])
        assert inner is not None, f"there is no {words[0]}"
        found, words = inner, words[1:]
    return found, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_line_to_be_typed_is_taken_by_its_command(page: Path) -> None:
    for where, line in lines(page):
        found, words = command(shlex.split(line)[1:])
        try:
            found.make_context(found.name, words)
        except click.UsageError as error:
            if "does not exist" in error.message:
                continue  # A file that the page can only show.
            pytest.fail(f"{where}: {line}: {error.format_message()}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_that_is_spoken_of_exists_with_these_options(page: Path) -> None:
    for where, text in spans(page):
        found, words = command([word.strip("[],.…") for word in text.split()])
        known = {name for option in found.params for name in (*option.opts, *option.secondary_opts)}
        lost = {word for word in words if word.startswith("-") and word != "-"} - known - {"--help"}
        assert not lost, f"{where}: {text}: {lost}"


def test_what_make_is_asked_for_and_what_is_linked_to_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        text = page.read_text("utf-8")
        assert set(re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.MULTILINE)) <= targets, page.name
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)|src=\"([^\":]+)\"", text):
            assert (page.parent / "".join(link)).exists(), f"{page.name}: {link}"


def test_enough_is_looked_at() -> None:
    """A change of the pages' form must not leave these tests with nothing."""
    assert len([line for page in PAGES for line in lines(page)]) > 100
    assert len([span for page in PAGES for span in spans(page)]) > 50

"""Where a person wants something written: a whole path, outside the vault."""

from pathlib import Path

from knothole_keys.errors import Refused


def folder(typed: str, vault: Path) -> None:
    """Look whether what was typed can be a new or empty folder. Raises Refused."""
    _check(
        typed,
        vault,
        "Name a new or empty folder by its whole path, as /home/you/case-1.",
        "Choose a folder outside the vault: what is exported is not sealed any more.",
    )


def new_file(typed: str, vault: Path) -> None:
    """Look whether what was typed can be a new file. Raises Refused."""
    _check(
        typed,
        vault,
        "Name a new file by its whole path, as /media/stick/letter.tar.age.",
        "Choose a file outside the vault.",
    )


def expanded(typed: str) -> Path:
    """Where that is, once it was found to be good."""
    return Path(typed).expanduser()


def _check(typed: str, vault: Path, how: str, inside: str) -> None:
    if not typed or "\0" in typed or not expanded(typed).is_absolute():
        raise Refused(how)
    try:
        within = expanded(typed).resolve().is_relative_to(vault.resolve())
    except (OSError, RuntimeError):
        raise Refused("There can be nothing of that name; choose another one.") from None
    if within:
        raise Refused(inside)

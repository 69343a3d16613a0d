"""Where a person wants something written: a whole path, outside the vault."""

from pathlib import Path

from knothole_keys.errors import Refused


def folder(typed: str, vault: Path) -> Path:
    """The new or empty folder that was typed. Raises Refused."""
    return _outside(
        typed,
        vault,
        "Name a new or empty folder by its whole path, as /home/you/case-1.",
        "Choose a folder outside the vault: what is exported is not sealed any more.",
    )


def new_file(typed: str, vault: Path) -> Path:
    """The new file that was typed. Raises Refused."""
    return _outside(
        typed,
        vault,
        "Name a new file by its whole path, as /media/stick/letter.tar.age.",
        "Choose a file outside the vault.",
    )


def _outside(typed: str, vault: Path, how: str, inside: str) -> Path:
    if not typed or "\0" in typed or not Path(typed).expanduser().is_absolute():
        raise Refused(how)
    try:
        path = Path(typed).expanduser()
        if path.resolve().is_relative_to(vault.resolve()):
            raise Refused(inside)
    except (OSError, RuntimeError):
        raise Refused("There can be nothing of that name; choose another one.") from None
    return path

"""What a folder remembers of the next root that was proposed or signed in it, so that nobody signs two of one version.

A chain takes a root in only when it has its signatures; two finished ones of one version would split the drop for good.
"""

from pathlib import Path

from knothole_keys import clock, files, note
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.root import Root, read_root
from knothole_keys.rotation import Draft

NEXT = "root.next"


def kept(folder: Path) -> Root | None:
    """The newest root proposed or signed in this folder, if any. Raises Refused, MalformedNote, MalformedRoot."""
    path = folder / NEXT
    return read_root(note.parse(files.read(path, note.MAX_BYTES))) if path.exists() else None


def other(folder: Path, draft: Draft) -> str | None:
    """A sentence's beginning about another root of this version that was proposed or signed here."""
    before, root = kept(folder), draft.root
    if before is None or (before.drop_id, before.version) != (root.drop_id, root.version) or before.note.hash == root.note.hash:
        return None
    names = ", ".join(key.name for key in before.admins)
    return (
        f"Another root {before.version} was signed in {folder} before, of {clock.day_of(before.issued)}, with hash "
        f"{before.note.hash.hex()[:16]} and the administrators {names}, of whom {before.threshold} must agree"
    )


def check(folder: Path, draft: Draft, *, instead: bool) -> None:
    """Refuse to sign a second root of one version, unless it is to take the first one's place. Raises Refused."""
    said = other(folder, draft)
    if said and not instead:
        raise Refused(f"{said}; ask all others which one they signed, and only if that one is given up, sign with --instead.")


def remember(folder: Path, draft: Draft) -> None:
    """Keep the root that was just signed. The first root needs none of this: it is in the folder as it is."""
    if draft.before is not None:
        files.write_whole(folder / NEXT, draft.root.note.data)


def check_output(path: Path, name: str, known: list[note.Note]) -> None:
    """Refuse to write what `name` signs over a note with others' signatures, unless `known` notes have them. Raises Refused."""
    try:
        data = files.read(path, note.MAX_BYTES) if path.is_file() else b""
        newest = note.parse(data[max(data.rfind(b"\n{") + 1, 0) :])
    except KnotholeError:
        # No note, and so no signature.
        return
    safe = {line for one in known if one.hash == newest.hash for line in one.signatures}
    names = [line[0] for line in newest.signatures if line not in safe and line[0] != name]
    if names:
        raise Refused(
            f"{path} has the signature of {', '.join(names)}, which would be lost: take the file in with `keys cosign`, "
            f"or write to another name."
        )

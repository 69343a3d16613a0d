"""The chain of roots in an administrator's folder: read, compared with what is offered, taken in."""

from pathlib import Path

from knothole_keys import files, note
from knothole_keys.errors import BrokenChain, NotEnoughSignatures, Refused
from knothole_keys.root import Chain, Root, read_chain, split
from knothole_keys.rotation import Draft

ROOT = "root.note"


class Roots:
    """The roots in the folder `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def chain(self) -> Chain:
        """The verified chain of roots. Raises Refused when there is none."""
        if not (self.path / ROOT).is_file():
            raise Refused(f"{self.path} holds no drop; make one with `knothole keys init`, or copy root.note into it.")
        try:
            return read_chain(files.read(self.path / ROOT, note.MAX_BYTES))
        except NotEnoughSignatures:
            raise Refused(
                f"{self.path / ROOT} is not signed by all administrators yet; when it is, run "
                f"`knothole keys cosign {self.path}` on the finished root."
            ) from None

    def kept_roots(self) -> list[Root]:
        """The roots in this folder as they are, none if there are none, signed by enough or not. Raises Refused."""
        path = self.path / ROOT
        return split(files.read(path, note.MAX_BYTES)) if path.exists() else []

    def check_roots(self, draft: Draft, *, instead: bool = False) -> None:
        """Refuse roots that do not continue those kept here; `instead` lets another one take the newest's place.

        Raises Refused, BrokenChain.
        """
        ours, theirs = ([root.note.hash for root in roots] for roots in (self.kept_roots(), draft.roots))
        if ours and ours[0] != theirs[0]:
            raise Refused(f"These roots are of another drop than {self.path}; if you administrate both, use a folder for each.")
        if len(theirs) < len(ours):
            raise Refused(f"These roots are older than those in {self.path}, which has {len(ours)}; nothing was signed.")
        shared = ours[:-1] if instead and len(ours) > 1 else ours
        if theirs[: len(shared)] != shared:
            raise BrokenChain(
                f"The roots in this file are not those in {self.path}: somebody made two of one version. Ask all others "
                f"which one the server has; only if it has neither, take this one with --instead."
            )

    def take_roots(self, draft: Draft) -> bool:
        """Keep a finished chain, or a first root on its way, unless what is here is as good. True when it is finished."""
        finished, kept = draft.finished(), self.kept_roots()
        better = not kept or [root.note.hash for root in kept] != [root.note.hash for root in draft.roots]
        if not better:
            better = len(kept[-1].note.signatures) < len(draft.root.note.signatures)
        if better and (finished is not None or draft.before is None):
            files.write_whole(self.path / ROOT, draft.data, mode=0o644)
        return finished is not None

"""The boxes that the vault keeps, as they came: sealed, one file each, opened again by the box key kept since import.

`writing` puts them there.
"""

import os
from contextlib import suppress
from pathlib import Path

from knothole_keys.box import Geometry
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.open import Opened, Opener
from knothole_keys.root import Chain

HOW_TO_MEND = "import the courier's folder again"


class Boxes:
    """The folder of boxes of one drop."""

    def __init__(self, folder: Path, chain: Chain) -> None:
        self._folder, self._chain = folder, chain
        self._openers: dict[int, Opener] = {}

    @property
    def drop_id(self) -> bytes:
        """The drop that the boxes belong to."""
        return self._chain.drop_id

    def geometry(self, epoch: int) -> Geometry | None:
        """The look of a week's boxes."""
        return self._chain.current.geometry(epoch)

    def path(self, epoch: int, box_id: bytes) -> Path:
        """Where a box lies."""
        return self._folder / str(epoch) / f"{box_id.hex()}.box"

    def has(self, epoch: int, box_id: bytes) -> bool:
        """Whether a box lies there, with the length of its week."""
        geometry = self.geometry(epoch)
        try:
            return geometry is not None and self.path(epoch, box_id).lstat().st_size == geometry.size
        except OSError:
            return False

    def expect(self, epoch: int, box_id: bytes) -> None:
        """Have the disk begin to read a box that is wanted soon; nothing is waited for, and nothing opened."""
        with suppress(OSError):
            descriptor = os.open(self.path(epoch, box_id), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(descriptor)

    def sweep(self) -> None:
        """Remove what a crash left half written; only while the vault is held for a change."""
        for left in self._folder.glob("*/.*.part"):
            left.unlink()

    def open(self, epoch: int, box_id: bytes, box_key: bytes) -> Opened:
        """Open a box that is kept. Raises Refused when it cannot be read, or the refusals of SPEC section 7; both name it."""
        geometry = self.geometry(epoch)
        path = self.path(epoch, box_id)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as file:
                sealed = file.read(geometry.size + 1 if geometry else 0)
        except OSError:
            raise Refused(f"{path} is missing or cannot be read; {HOW_TO_MEND}.") from None
        try:
            return self.check(epoch, box_id, box_key, sealed)
        except KnotholeError as error:
            raise type(error)(f"{path} was damaged or altered on this disk; {HOW_TO_MEND}.") from None

    def check(self, epoch: int, box_id: bytes, box_key: bytes, sealed: bytes) -> Opened:
        """Open a box's bytes by its key, wherever they come from."""
        opener = self._openers.get(epoch)
        if opener is None:
            geometry = self.geometry(epoch)
            if geometry is None:
                raise Refused("The drop was not open in this box's week.")
            opener = Opener(drop_id=self._chain.drop_id, epoch=epoch, geometry=geometry, seeds=[])
            self._openers[epoch] = opener
        return opener.open_with(sealed, box_id, box_key)

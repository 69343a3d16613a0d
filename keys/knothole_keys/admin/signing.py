"""Administrators' signing keys: made, found in a folder, unlocked."""

from pathlib import Path

from knothole_keys import fields, files, secret
from knothole_keys.admin.roots import Roots
from knothole_keys.errors import Refused
from knothole_keys.note import NoteKey
from knothole_keys.sign import Signer

PURPOSE = "administrator"


class Signing(Roots):
    """A folder's roots, and the locked keys beside them."""

    def key_file(self, name: str | None) -> Path:
        """The locked key of `name`, or the only one here. Raises Refused."""
        found = {p.stem: p for p in sorted(self.path.glob("*/*.key")) + sorted(self.path.glob("*.key"))}
        if name is not None:
            if name not in found:
                raise Refused(f"There is no key of {name} in {self.path}.")
            return found[name]
        if not found:
            raise Refused(f"There is no administrator's key in {self.path}.")
        if len(found) > 1:
            raise Refused(f"Several administrators' keys are in {self.path}; say whose with --admin.")
        return next(iter(found.values()))

    def signer(self, name: str | None, passphrase: bytes) -> Signer:
        """Unlock an administrator's key. Raises WrongPassphrase."""
        path = self.key_file(name)
        seed = secret.unlock(files.read(path, secret.MAX_BYTES), passphrase, PURPOSE)
        return Signer(path.stem, seed)


def new_admin(folder: Path, name: str, passphrase: bytes, seed: bytes) -> NoteKey:
    """Write an administrator's key pair into a folder. Raises Refused when there is one already."""
    signer = Signer(fields.key_name(name, Refused, "The administrator's name"), seed)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_whole(folder / f"{name}.key", secret.lock(seed, passphrase, PURPOSE), replace=False)
    files.write_whole(folder / f"{name}.pub", f"{signer.public}\n".encode(), mode=0o644, replace=False)
    return signer.public

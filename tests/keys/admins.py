"""Administrators at their command line, for tests: a folder, the commands, enrolments of desks made by hand."""

import base64
import hashlib
import os
from pathlib import Path

import pytest

from knothole_keys import clock, enrolment, xwing
from knothole_keys.cli import run
from knothole_keys.recipient import recipient_id
from knothole_keys.root import read_chain
from knothole_keys.sign import Signer, new_note

NOW = 1_795_500_000
PASSPHRASE = b"six random words would be better"


class Newsroom:
    """One folder with three administrators, and the commands that work on it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self.capsys = path, capsys

    def __call__(self, *arguments: object, code: int = 0) -> str:
        self.capsys.readouterr()
        result = run(["keys", *map(str, arguments)])
        out, err = self.capsys.readouterr()
        assert result == code, err
        if code == 1:
            # One sentence, for a person, and no traceback.
            assert err.startswith("knothole: ")
            assert err.endswith(".\n")
            assert err.count("\n") == 1
        return out + err

    def refused(self, *arguments: object, saying: str) -> None:
        before = snapshot(self.path)
        assert saying in self(*arguments, code=1)
        assert snapshot(self.path) == before

    @property
    def drop(self) -> Path:
        return self.path / "drop"

    def enrol(self, signer: Signer, keys: dict[int, bytes], name: str = "Dana", **changes: object) -> Path:
        chain = read_chain((self.drop / "root.note").read_bytes())
        own = signer.public.key
        value = {
            "type": enrolment.TYPE,
            "drop_id": chain.drop_id.hex(),
            "issued": clock.now(),
            "id": recipient_id(own),
            "key": own.hex(),
            "name": name,
            "note": "",
            "epochs": [{"epoch": e, "key": base64.b64encode(k).decode()} for e, k in sorted(keys.items())],
            **changes,
        }
        path = self.path / f"{len(list(self.path.iterdir()))}.enrolment"
        path.write_bytes(new_note(value, [signer]).data)
        return path


def snapshot(path: Path) -> dict[str, str]:
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in path.rglob("*") if p.is_file()}


def desk() -> Signer:
    seed = os.urandom(32)
    public = Signer("x", seed).public.key
    return Signer(recipient_id(public), seed)


def weekly(first: int, count: int = 3) -> dict[int, bytes]:
    return {epoch: xwing.public_bytes(xwing.new_seed()) for epoch in range(first, first + count)}

"""An encrypted archive through real HTTP: what age opens, for whom a person said, and nothing readable beside it."""

import io
import tarfile
from pathlib import Path

import pyrage  # type: ignore[import-untyped]
import pytest

from tests.desk.conftest import Desk
from tests.review.conftest import CHINESE
from tests.review.desks import Page, Visitor
from tests.review.test_copying import log_of

WORDS = "for a colleague alone"


def asked(visitor: Visitor, letters: dict[str, str], *fields: tuple[str, str]) -> Page:
    path = f"/letters/{letters['chinese']}/archive"
    return visitor.fill(visitor.get(path), path, *fields)


def unpacked(plain: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {one.name: file.read() for one in tar if (file := tar.extractfile(one))}


def test_a_colleagues_key_or_a_passphrase_opens_all_of_it(
    visitor: Visitor, letters: dict[str, str], desk: Desk, tmp_path: Path
) -> None:
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    first, second = tmp_path / "first.age", tmp_path / "second.age"
    page = asked(visitor, letters, ("file", str(first)), ("keys", "\r\n".join(str(key.to_public()) for key in keys)))
    assert page.at == f"/letters/{letters['chinese']}"
    assert "2 files whole, 0 not), encrypted for 2 age keys" in page.text
    asked(visitor, letters, ("file", str(second)), ("keys", " "), ("passphrase", WORDS), ("again", WORDS))
    found = [pyrage.decrypt(first.read_bytes(), [key]) for key in keys]
    for plain in [*found, pyrage.passphrase.decrypt(second.read_bytes(), WORDS)]:
        files = unpacked(plain)
        assert files["submission/message.txt"].decode() == CHINESE
        assert files["submission/files/账目 2026.txt"] == b"one two three\n"
    assert log_of(desk, "exported") == [
        "encrypted for 2 age keys, begun",
        "encrypted for 2 age keys, 2 files whole, 0 not",
        "encrypted with a passphrase, begun",
        "encrypted with a passphrase, 2 files whole, 0 not",
    ]
    assert sorted(one.name for one in tmp_path.glob("*.age")) == ["first.age", "second.age"]
    # Never over what is there.
    page = asked(visitor, letters, ("file", str(first)), ("passphrase", WORDS), ("again", WORDS))
    assert "exists already" in page.text


KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
REFUSED = [
    ({"keys": ""}, "or a passphrase for the archive"),
    ({"passphrase": WORDS, "again": WORDS}, "and not both"),
    ({"keys": "", "passphrase": WORDS, "again": "for a colleague"}, "differ"),
    ({"keys": "", "passphrase": "short", "again": "short"}, "too short"),
    ({"keys": f"{KEY} age1nonsense"}, "no age key"),
    ({"file": "letter.age"}, "whole path"),
    ({"file": "{vault}/letter.age"}, "outside the vault"),
    ({"file": "{out}/nowhere/letter.age"}, "does not exist"),
]


@pytest.mark.parametrize(("fields", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_cannot_be_is_refused_and_no_passphrase_comes_back(
    visitor: Visitor, letters: dict[str, str], desk: Desk, tmp_path: Path, fields: dict[str, str], why: str
) -> None:
    usual = {"file": "{out}/letter.age", "keys": KEY, "passphrase": "", "again": ""}
    sent = {name: text.format(vault=desk.path, out=tmp_path) for name, text in {**usual, **fields}.items()}
    page = asked(visitor, letters, *sent.items())
    assert "Attention:" in page.text
    assert why in page.text
    assert sent["file"] in page.source
    assert WORDS not in page.source
    assert not list(tmp_path.rglob("*.age"))

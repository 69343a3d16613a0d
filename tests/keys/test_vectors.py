"""The vectors of keys/vectors/ against knothole_keys, and whether they are enough."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from knothole_keys import errors
from knothole_keys.errors import KnotholeError
from tests.keys.recipes import VECTORS
from tests.keys.vector_kinds import KINDS

FILES = sorted(VECTORS.glob("*.json"))
SPEC = (VECTORS.parent / "SPEC.md").read_text("utf-8")


def load(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text("ascii"))
    return value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_vector(path: Path) -> None:
    vector = load(path)
    assert set(vector) == {"name", "about", "kind", "given", "expect"}
    assert vector["name"] == path.stem
    run = KINDS[vector["kind"]]
    if "refused" in vector["expect"]:
        with pytest.raises(KnotholeError) as caught:
            run(vector["given"])
        assert caught.value.name == vector["expect"]["refused"]
        assert one_sentence(str(caught.value))
    else:
        assert run(vector["given"]) == vector["expect"]


def one_sentence(text: str) -> bool:
    return bool(re.fullmatch(r"[^\n]+\.", text))


def fails(path: Path) -> bool:
    """Whether nothing may come out of a vector: it is refused, or a reader of the board passes it over."""
    expect = load(path)["expect"]
    return "refused" in expect or expect.get("cards") == [] or expect.get("acknowledgement", "") is None


def test_there_are_enough_vectors_and_most_must_fail() -> None:
    refused = sum(fails(path) for path in FILES)
    assert len(FILES) >= 300
    assert refused >= 3 * (len(FILES) - refused)


@pytest.mark.parametrize("kind", ["box", "note", "root", "roster", "letter", "part", "board", "acknowledgement"])
def test_most_of_each_object_must_fail(kind: str) -> None:
    outcomes = [fails(path) for path in FILES if load(path)["kind"] == kind]
    assert sum(outcomes) >= 3 * (len(outcomes) - sum(outcomes)) > 0


def test_every_refusal_of_the_spec_has_a_vector() -> None:
    section = SPEC.split("## 13. Refusals")[1].split("## 14.")[0]
    named = set(re.findall(r"`([A-Z][A-Za-z]+)`", section))
    defined = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, KnotholeError)}
    assert named == defined - {"KnotholeError", "Refused"}
    seen = Counter(load(path)["expect"].get("refused") for path in FILES)
    assert named <= set(seen)


def test_every_kind_is_described_and_used() -> None:
    described = set(re.findall(r"^### `([a-z_]+)`", (VECTORS / "README.md").read_text("utf-8"), re.MULTILINE))
    assert described == set(KINDS) == {load(path)["kind"] for path in FILES}


def test_making_them_again_changes_nothing(tmp_path: Path) -> None:
    # In another folder: other tests read these files at the same time.
    subprocess.run([sys.executable, str(VECTORS / "make.py"), str(tmp_path)], check=True, capture_output=True)
    again = {path.name: path.read_bytes() for path in tmp_path.glob("*.json")}
    assert again == {path.name: path.read_bytes() for path in FILES}


def test_the_base_boxes_are_few_and_small() -> None:
    boxes = list((VECTORS / "base").iterdir())
    assert {path.name for path in boxes} == {"letter.box", "part.box", "salamander.box"}
    assert sum(path.stat().st_size for path in boxes) == 3 * 2**18

"""The hostile table: each document behind the real walls, looked through for dangers and shown, ends in a clear word."""

import io

import pytest

from knothole_client import sandbox
from knothole_client.sandbox.vocabulary import ENDS, FLAGS, KINDS, WHYS
from tests.sandbox.hostile import TABLE, content

pytestmark = pytest.mark.tool("bwrap")


@pytest.mark.parametrize("what", TABLE)
def test_a_document_that_means_ill_is_flagged(what: str) -> None:
    name, _, must, must_not = TABLE[what]
    outcome = sandbox.run("flags", io.BytesIO(content(what)), name)
    assert outcome.end == "done"
    assert must <= set(outcome.flags)
    assert not must_not & set(outcome.flags)


@pytest.mark.whole
@pytest.mark.tool("soffice", "pdftoppm", "exiftool", "mat2")
@pytest.mark.parametrize("what", TABLE)
def test_a_document_that_means_ill_is_looked_into_to_a_clear_end(what: str) -> None:
    for program in ("preview", "text", "metadata", "clean"):
        outcome = sandbox.run(program, io.BytesIO(content(what)), TABLE[what][0], sink=io.BytesIO())
        assert outcome.end in ENDS
        assert outcome.end not in ("lied", "unavailable"), (program, outcome)
        assert outcome.end == "done" or outcome.sentence.endswith(".")


def test_every_word_is_a_sentence_for_a_journalist() -> None:
    for words in (FLAGS, ENDS, WHYS):
        assert all(one[0].isupper() and one.endswith(".") and one.count(". ") == 0 for one in words.values())
    assert all(KINDS.values())

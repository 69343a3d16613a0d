"""Nothing that a source wrote may command the terminal that shows it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_client.desk.cli import words
from knothole_client.desk.streams import Group
from knothole_client.desk.submission import FileState, Submission
from knothole_client.terminal import first_words, safe, safe_lines, safe_name, size
from knothole_keys.fields import BIDI_CONTROLS
from knothole_keys.letter import FileEntry

HARMFUL = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\x00",
    "\r",
    "\n",
    "\b",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u2028",
    "\U000e0041",
    "\u200b",
    "\u00ad",
    "\u2060",
    "\u2063",
    "\ufeff",
    "\u180e",
    "\U0001d173",
]


@pytest.mark.parametrize("text", HARMFUL, ids=ascii)
def test_what_a_terminal_would_obey_is_marked(text: str) -> None:
    assert "\ufffd" in safe(f"a{text}b")
    assert text not in safe(f"a{text}b")


@given(st.text(st.characters(codec=None)))
def test_no_control_gets_through(text: str) -> None:
    for shown in [safe(text), safe_name(text), first_words(text), *safe_lines(text)]:
        assert not any(unicodedata.category(c) in ("Cc", "Cs") or c in BIDI_CONTROLS for c in shown)
        shown.encode()


@pytest.mark.parametrize(
    "text", ["plain", "Grüße", "你好，世界", "سلام", "emoji \U0001f600", "می\u200cخواهم", "a\u0301", "\u0601١٢"]
)
def test_people_s_languages_are_left_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("report\u200b.pdf", "report\\u{200b}.pdf"),
        ("re\u00adport.pdf", "re\\u{ad}port.pdf"),
        ("می\u200cخواهم", "می\\u{200c}خواهم"),
        ("a\u200db", "a\\u{200d}b"),
        ("a\U000e0041b", "a\\u{e0041}b"),
        ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
        ("Grüße 你好.txt", "Grüße 你好.txt"),
    ],
)
def test_invisible_characters_of_a_name_are_shown(name: str, shown: str) -> None:
    assert safe_name(name) == shown


def test_a_submission_shows_its_names_and_message_so() -> None:
    entry = FileEntry("a\u200db\u200b.txt", 1, "", bytes(32), bytes(32), inside=True)
    one = Submission(
        "0" * 64,
        Group("letter", bytes(32), bytes(32), 1),
        have=1,
        read=True,
        message="می\u200cخواهم\u200b",
        files=(FileState(entry, "inside", 1, 1),),
    )
    told = words.whole(one)
    assert any(line.startswith("  a\\u{200d}b\\u{200b}.txt  1 B") for line in told)
    assert told[-1] == "می\u200cخواهم\ufffd"


def test_lines_stay_lines() -> None:
    assert safe_lines("one\r\ntwo\n\n\tthree\rfour") == ["one", "two", "", "    three\ufffdfour"]


def test_first_words_are_one_short_line() -> None:
    assert first_words("  two\n\n words ") == "two words"
    assert len(first_words("x" * 10**6)) == 48
    assert first_words("") == ""


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_499, "999.5 kB"),
        (1_000_000, "1.0 MB"),
        (4 * 10**9, "4.0 GB"),
        (2**53, "9007.2 TB"),
    ],
)
def test_sizes(count: int, shown: str) -> None:
    assert size(count) == shown

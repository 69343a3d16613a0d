"""File names: what a letter may hold, and what becomes of those that people chose."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knothole_keys import fields, names
from knothole_keys.errors import BadFileName
from tests.keys.refusing import refusal

# Everything a file system or a browser can hand over, half characters included.
ANY = st.text(st.characters(), max_size=300) | st.text(st.sampled_from("aA./\\ _\u0301\u202e\ud800é(2)\n"), max_size=12)


@given(st.lists(ANY, max_size=12))
def test_cleaned_names_are_allowed_and_distinct(chosen: list[str]) -> None:
    taken: set[str] = set()
    cleaned = [names.clean(name, taken) for name in chosen]
    for name in cleaned:
        assert names.check(name) == name
        assert unicodedata.is_normalized("NFC", name)
    names.check_distinct(cleaned)
    assert taken == {names.folded(name) for name in cleaned}


@given(ANY)
def test_cleaning_changes_only_what_it_must(name: str) -> None:
    plain = unicodedata.normalize("NFC", name)
    fits = len(plain.encode("utf-8", "replace")) <= 255
    if refusal(lambda: names.check(name)) is None and fits and name == name.strip(" "):
        assert names.clean(name, set()) == plain


@given(ANY)
def test_cleaning_twice_changes_nothing(name: str) -> None:
    once = names.clean(name, set())
    # A cut can leave a space at the end, which a second cleaning takes away.
    assert names.clean(once, set()) == once.strip(" ")


@given(ANY)
def test_a_checked_name_names_one_file_in_one_folder(name: str) -> None:
    if refusal(lambda: names.check(name)) is None:
        assert name not in ("", ".", "..")
        assert not set(name) & {"/", "\\", "\x00", "\n"}
        assert len(name.encode()) <= 255
        assert not any(unicodedata.category(c) == "Cc" for c in name)


@pytest.mark.parametrize("name", [None, 7, True, b"a", ["a"], {"a": 1}])
def test_what_is_no_text_is_no_name(name: object) -> None:
    assert refusal(lambda: names.check(name)) == "BadFileName"


@pytest.mark.parametrize(
    "character",
    [*sorted(fields.BIDI_CONTROLS), *sorted(fields.SEPARATORS), "\x00", "\x1b", "\x7f", "\x9b", "\ud800", "/", "\\"],
)
def test_each_forbidden_character_alone(character: str) -> None:
    assert refusal(lambda: names.check(f"a{character}b")) == "BadFileName"
    assert names.clean(f"a{character}b", set()) == "a_b"


def test_names_that_were_taken_are_numbered() -> None:
    taken: set[str] = set()
    assert [names.clean(name, taken) for name in ("a.txt", "A.TXT", "a.txt", "a (2).txt")] == [
        "a.txt", "A (2).TXT", "a (3).txt", "a (2) (2).txt",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "kept"), [("x" * 300 + ".mp4", ".mp4"), ("é" * 300 + ".jpeg", ".jpeg"), ("x" * 300, "x")])
def test_a_cut_name_keeps_its_extension(name: str, kept: str) -> None:
    taken: set[str] = set()
    for _ in range(12):
        cut = names.clean(name, taken)
        assert cut.endswith(kept) or cut.endswith(")")
        assert 250 <= len(cut.encode()) <= 255


def test_errors_do_not_quote_names() -> None:
    with pytest.raises(BadFileName) as caught:
        names.check("secret-source\u202e.txt")
    assert "secret" not in str(caught.value)

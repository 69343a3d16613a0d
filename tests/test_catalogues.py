"""The page's translations: whole, and no flaw passes. The check is part of the build and of `make lint`."""

import gettext
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from knothole_keys.languages import TRANSLATED

HOUSE = Path(__file__).parents[1]
PARTS = ["scripts/catalogues", "scripts/catalogue", "keys/knothole_keys", "server/web"]
Edit = Callable[[str], str]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the catalogues are made of, to be spoiled."""
    for part in PARTS:
        source, target = HOUSE / part, tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules", "test", "release", "__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path


def catalogues(folder: Path, command: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, folder / "scripts" / "catalogues", command], capture_output=True, text=True)
    return done.returncode, done.stderr


def edited(path: Path, edit: Edit) -> None:
    before = path.read_text("utf-8")
    after = edit(before)
    assert after != before, "the test changed nothing"
    path.write_text(after, "utf-8")


def string(key: str, change: Edit) -> Edit:
    """Changes the (first) translation of one key."""
    entry = re.compile(rf'(msgctxt "{re.escape(key)}"\n.*?msgstr(?:\[\d\])? )((?:"[^\n]*"\n)+)', re.DOTALL)
    return lambda text: entry.sub(lambda found: found.group(1) + change(found.group(2)), text, count=1)


FLAWS: dict[str, tuple[str, str, Edit, str]] = {
    "a hole": ("de", "done.title", lambda old: '""\n', "done.title: the translation is missing."),
    "a hole in one form": ("ar", "files.added", lambda old: '""\n', "files.added: the translation is missing."),
    "a name lost": ("fr", "compose.toomany", lambda old: '"Trop de fichiers."\n', "compose.toomany: {n} is lost."),
    "a name invented": ("es", "files.removed", lambda old: '"{name} {nombre}"\n', "files.removed: {nombre} is no name of"),
    "a count lost where one is many": ("ru", "files.added", lambda old: '"Добавлен."\n', "{n} is lost in the form one"),
    "markup": ("de", "done.title", lambda old: '"<b>Fertig</b>"\n', "done.title: a text holds no markup."),
    "a turned direction": ("fa", "done.title", lambda old: '"x\u202ey"\n', "done.title: a text holds no characters"),
    "an open brace": ("de", "done.title", lambda old: '"Fertig {"\n', "done.title: a brace is open"),
    "a space at the end": ("de", "done.title", lambda old: '"Fertig "\n', "done.title: a text begins and ends without spaces."),
    "two lines": ("de", "done.title", lambda old: '"Fertig\\n"\n"Ja"\n', "done.title: a text is one line"),
}  # fmt: skip


def test_every_language_is_whole() -> None:
    assert catalogues(HOUSE, "check") == (0, "")


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_one_sentence_that_names_language_and_key(copy: Path, flaw: str) -> None:
    code, key, change, sentence = FLAWS[flaw]
    edited(copy / "server" / "web" / "locales" / f"{code}.po", string(key, change))
    status, said = catalogues(copy, "compile")
    assert status == 1
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert f"({code})" in said
    assert re.match(rf"server/web/locales/{code}\.po:\d+: ", said)


# What Poedit, Lokalize and others write into a head, or leave there empty.
FOREIGN = [
    "POT-Creation-Date: 2026-03-01 10:00+0100",
    "PO-Revision-Date: ",
    "Last-Translator: Erika <Mustermann> <erika@example.org",
    "Language-Team: ",
    "X-Generator: Poedit 3.4.2",
    "X-Poedit-Basepath: ../..",
    "X-Poedit-SearchPath-0: .",
    "no header at all",
]


def test_what_an_editor_adds_to_the_head_is_nothing_to_us(copy: Path) -> None:
    path = copy / "server" / "web" / "locales" / "fa.po"
    before = path.read_bytes()
    compiling = [sys.executable, copy / "scripts" / "catalogues", "compile"]
    plain = subprocess.run(compiling, capture_output=True, check=True).stdout
    foreign = "".join(f'"{line}\\n"\n' for line in FOREIGN)
    edited(
        path, lambda text: text.replace('"MIME-Version', f'{foreign}"MIME-Version').replace("Language: fa", "Language: fa_IR")
    )
    gone = '#~| msgid "Gone"\n#~ msgctxt "done.gone"\n#~ msgid "Gone away"\n#~ msgstr "x"\n'
    path.write_bytes(b"\xef\xbb\xbf" + (path.read_text("utf-8") + gone).replace("\n", "\r\n").encode())
    assert subprocess.run(compiling, capture_output=True, check=True).stdout == plain
    assert catalogues(copy, "update") == (0, "")
    assert path.read_bytes() == before


# By what is wrong: how the bytes change, the line that is named (0: any), the sentence.
UNREADABLE: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "another encoding": (lambda data: data.decode().encode("utf-16"), 1, "this is not UTF-8"),
    "one byte of another encoding": (lambda data: b"#\n#\n# \xfc\n" + data, 3, "this is not UTF-8"),
    "a merge that nobody finished": (lambda data: b"<<<<<<< HEAD\n" + data, 1, "no line of a catalogue"),
    "a quotation mark too few": (lambda data: data.replace(b'msgid ""\n', b'msgid "\n', 1), 2, "no line of a catalogue"),
    "a quotation mark too many": (lambda data: data.replace(b'msgid ""\n', b'msgid """\n', 1), 2, "no line of a catalogue"),
    "cut off": (lambda data: data.rstrip()[:-1], 0, "no line of a catalogue"),
    "a key twice": (
        lambda data: data + b'msgctxt "done.title"\nmsgid "a"\nmsgstr "b"\n',
        0,
        "done.title is here a second time",
    ),
    "a form too many": (lambda data: data.replace(b"msgstr[1]", b"msgstr[7]", 1), 0, "has a form too many"),
    "an entry without a translation": (lambda data: data + b'msgctxt "x"\nmsgid "a"\n', 0, "is not whole"),
    "another count of forms": (lambda data: data.replace(b"nplurals=", b"nplurals=1"), 1, "its head must have"),
    "another language": (lambda data: data.replace(b"Language: ", b"Language: x"), 1, "its head must have"),
}


@pytest.mark.parametrize("batch", [0, 1])
def test_a_catalogue_that_cannot_be_read_is_one_sentence_with_file_and_line(copy: Path, batch: int) -> None:
    # A check takes a second or two: each language has a flaw of its own.
    spoiled = dict(zip((language.code for language in TRANSLATED), list(UNREADABLE)[batch * 7 :][:7], strict=False))
    for code, flaw in spoiled.items():
        path = copy / "server" / "web" / "locales" / f"{code}.po"
        before = path.read_bytes()
        path.write_bytes(UNREADABLE[flaw][0](before))
        assert path.read_bytes() != before, "the test changed nothing"
    status, said = catalogues(copy, "check")
    assert (status, len(said.splitlines())) == (1, len(spoiled)), said
    for (code, flaw), sentence in zip(spoiled.items(), said.splitlines(), strict=True):
        _, line, words = UNREADABLE[flaw]
        assert words in sentence
        assert re.match(rf"server/web/locales/{code}\.po:{line or '[0-9]+'}: ", sentence), flaw


def test_a_script_or_template_that_cannot_be_read_is_named_with_its_line(copy: Path) -> None:
    web = copy / "server" / "web"
    edited(web / "strings.js", lambda text: "\n\n{{\n" + text)
    assert re.fullmatch(r"server/web/strings\.js:\d+: this cannot be read: SyntaxError: .*\n", catalogues(copy, "check")[1])
    shutil.copy(HOUSE / "server" / "web" / "strings.js", web)
    edited(web / "page.html", lambda text: "\n{{ t( }}\n" + text)
    assert re.fullmatch(r"page\.html.*:2: .*\n", catalogues(copy, "check")[1])


def test_a_text_that_changes_or_comes_is_missed_until_it_is_translated_again(copy: Path) -> None:
    strings = copy / "server" / "web" / "strings.js"
    edited(
        strings,
        lambda text: text.replace("has stored everything", "has stored it all").replace(
            "TEXTS = {", 'TEXTS = {\n"new": "New",'
        ),
    )
    assert "run scripts/catalogues update" in catalogues(copy, "check")[1]
    assert catalogues(copy, "update") == (0, "")
    status, said = catalogues(copy, "check")
    assert status == 1
    for language in TRANSLATED:
        assert f"({language.code}), done.title: the translation is marked fuzzy" in said
        assert f"({language.code}), new: the translation is missing." in said
    assert '#| msgid "The server says it has stored everything"' in (copy / "server/web/locales/de.po").read_text()

    # What is gone is told, and goes; what was untouched stayed as it was.
    edited(strings, lambda text: text.replace("has stored it all", "has stored everything").replace('"new": "New",', ""))
    assert "new: the page does not say this any more" in catalogues(copy, "check")[1]


def test_a_text_of_the_template_that_nobody_can_translate_is_refused(copy: Path) -> None:
    edited(copy / "server" / "web" / "page.html", lambda text: text.replace("<footer>", "<footer><p>Bonjour</p>"))
    status, said = catalogues(copy, "check")
    assert (status, 'page.html says "Bonjour" outside of t' in said) == (1, True)


def test_who_reviewed_a_language_is_kept_and_compiled(copy: Path) -> None:
    path = copy / "server" / "web" / "locales" / "de.po"
    edited(path, lambda text: text.replace("X-Reviewed-By: ", "X-Reviewed-By: Erika Mustermann, 2026-03-01"))
    assert catalogues(copy, "update") == (0, "")
    assert "X-Reviewed-By: Erika Mustermann, 2026-03-01" in path.read_text("utf-8")
    done = subprocess.run(
        [sys.executable, copy / "scripts" / "catalogues", "compile"], capture_output=True, text=True, check=True
    )
    assert [done.stdout.count('"reviewed":true'), done.stdout.count('"reviewed":false')] == [1, 6]


def forms(code: str) -> tuple[str, ...]:
    """The order in which compiling names a language's forms."""
    script = "import sys; sys.path[:0] = ['scripts', 'keys']; from catalogue.files import FORMS; print(*FORMS[sys.argv[1]][0])"
    done = subprocess.run([sys.executable, "-c", script, code], cwd=HOUSE, capture_output=True, text=True, check=True)
    return tuple(done.stdout.split())


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.code)
def test_gettext_counts_by_the_same_rule(language) -> None:
    """Other tools read the head's rule: it must choose the form that the page's Intl.PluralRules choose."""
    head = (HOUSE / "server" / "web" / "locales" / f"{language.code}.po").read_text("utf-8")
    found = re.search(r"nplurals=(\d); plural=(.*?);\\n", head)
    assert found
    rule = gettext.c2py(found.group(2))
    script = (
        f"process.stdout.write([...Array(1001).keys()].map((n) => new Intl.PluralRules('{language.tag}').select(n)).join())"
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    categories = {rule(n): category for n, category in enumerate(done.stdout.split(","))}
    assert tuple(categories[index] for index in range(int(found.group(1)))) == forms(language.code)
    assert all(categories[rule(n)] == category for n, category in enumerate(done.stdout.split(",")))

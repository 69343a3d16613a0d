"""The catalogues as files: one template of English texts, one .po for each language, whose head says who reviewed it."""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po

from catalogue import reading
from catalogue.texts import HOUSE, WEB, Entry
from knothole_keys.languages import Language

LOCALES = WEB / "locales"
POT = LOCALES / "page.pot"

# By language: the plural categories of the Unicode CLDR that whole numbers have, in the order of gettext's indexes, and the
# rule by which gettext counts. What French and Spanish call "many" (millions) falls to "other".
FORMS: dict[str, tuple[tuple[str, ...], str]] = {
    "ar": (
        ("zero", "one", "two", "few", "many", "other"),
        "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5)",
    ),
    "de": (("one", "other"), "(n != 1)"),
    "es": (("one", "other"), "(n != 1)"),
    "fa": (("one", "other"), "(n > 1)"),
    "fr": (("one", "other"), "(n > 1)"),
    "ru": (
        ("one", "few", "many"),
        "(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2)",
    ),
    "zh-hans": (("other",), "0"),
}
_HEAD = """# {name}. How this file is worked on: docs/translating.md
msgid ""
msgstr ""
"Project-Id-Version: Knothole\\n"
"Language: {tag}\\n"
"Plural-Forms: nplurals={count}; plural={rule};\\n"
"X-Reviewed-By: {reviewed}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def path_of(language: Language) -> Path:
    """Where a language's catalogue is."""
    return LOCALES / f"{language.code}.po"


def head(language: Language, reviewed: str = "") -> str:
    """The head of a language's catalogue."""
    count, rule = _counting(language)
    return _HEAD.format(name=language.name, tag=language.tag, count=count, rule=rule, reviewed=reviewed)


def name_of(language: Language) -> str:
    """Its name in sentences: where it is in the house."""
    return str(path_of(language).relative_to(HOUSE))


def read(language: Language) -> reading.Read:
    """A language's catalogue and its headers; an empty one where there is none yet. May raise `reading.Unreadable`."""
    path = path_of(language)
    return _parse(language, path.read_bytes() if path.exists() else head(language).encode())


def reviewer(headers: Mapping[str, str]) -> str:
    """Who reviewed a language's texts, or "" for nobody."""
    return headers.get("x-reviewed-by", "")


def check_head(language: Language, headers: Mapping[str, str]) -> list[str]:
    """What is wrong with a catalogue's head; headers that nobody here knows may stand in it."""
    expected = {"language": language.tag, "plural-forms": "nplurals={}; plural={};".format(*_counting(language))}
    given = {name: headers.get(name, "") for name in expected}
    # Editors write de_DE for de, and spaces where they like.
    same = {
        "language": re.split("[-_@]", given["language"].lower())[0] == re.split("[-_]", language.tag.lower())[0],
        "plural-forms": "".join(given["plural-forms"].split()) == "".join(expected["plural-forms"].split()),
    }
    return [
        f'its head must have "{name.title()}: {expected[name]}"; run scripts/catalogues update.'
        for name in same
        if not same[name]
    ]


def by_key(catalogue: Catalog) -> dict[str, Message]:
    """Its entries by their keys."""
    return {message.context: message for message in catalogue if message.id and message.context}


def strings(message: Message) -> tuple[str, ...]:
    """A message's translations, by gettext's index."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def write_template(english: list[Entry]) -> None:
    """Write page.pot."""
    POT.write_bytes(_template(english))


def check_template(english: list[Entry]) -> list[str]:
    """A sentence when page.pot is not made of the page's present texts."""
    same = POT.exists() and POT.read_bytes() == _template(english)
    return [] if same else ["The page's English texts have changed: run scripts/catalogues update, and translate what is new."]


def merge(language: Language, english: list[Entry]) -> None:
    """Bring a catalogue to the present texts: what is new is empty, what changed is fuzzy, what is gone is left out."""
    before_it = read(language)
    known, fresh = by_key(before_it.catalogue), _parse(language, head(language).encode()).catalogue
    for entry in english:
        before = known.get(entry.key)
        counts = not isinstance(entry.msgid, str)
        message = Message(entry.msgid, context=entry.key, locations=[(file, None) for file in entry.file.split()])
        if before is None or before.pluralizable != counts:
            message.string = ("",) * len(FORMS[language.code][0]) if counts else ""
        else:
            message.string, message.flags = before.string, set(message.flags) | set(before.flags) & {"fuzzy"}
            # Babel reads the earlier English as if a translator had remarked it: it goes, and comes again where it is doubtful.
            remarks = before.user_comments
            message.user_comments = [] if any(one.startswith("|") for one in remarks) else remarks
            if before.id != entry.msgid and any(strings(before)):
                message.flags |= {"fuzzy"}
                message.previous_id = list(before.id) if isinstance(before.id, tuple) else [before.id]
        fresh[message.id] = message
    path_of(language).write_bytes(head(language, reviewer(before_it.headers)).encode() + _body(fresh, include_previous=True))


def compiled(language: Language, in_page: Mapping[str, bool]) -> dict[str, object]:
    """What the build needs of a checked catalogue; `in_page` says of every key whether the template asks for it."""
    texts: dict[str, object] = {}
    found = read(language)
    for key, message in by_key(found.catalogue).items():
        forms = dict(zip(FORMS[language.code][0], strings(message), strict=True)) if message.pluralizable else {}
        # Whole numbers have no other category in Russian; a fraction would.
        texts[key] = {**forms, "other": forms.get("other", strings(message)[-1])} if forms else message.string
    page = {key: texts[key] for key, asked in in_page.items() if asked}
    return {
        "tag": language.tag,
        "script": language.script,
        "reviewed": bool(reviewer(found.headers)),
        "texts": texts,
        "page": page,
    }


def _counting(language: Language) -> tuple[int, str]:
    categories, rule = FORMS[language.code]
    return len(categories), rule


def _parse(language: Language, data: bytes) -> reading.Read:
    # Our head says how many forms there are: Babel's own list knows another number for Persian.
    return reading.read(data, where=name_of(language), head=head(language), locale=language.tag.replace("-", "_"))


def _template(english: list[Entry]) -> bytes:
    catalogue = Catalog()
    for entry in english:
        message = Message(entry.msgid, context=entry.key, locations=[(file, None) for file in entry.file.split()])
        message.string = ("", "") if message.pluralizable else ""
        catalogue[message.id] = message
    return b"# The page's English texts, by scripts/catalogues update: do not edit.\n\n" + _body(catalogue)


def _body(catalogue: Catalog, *, include_previous: bool = False) -> bytes:
    out = BytesIO()
    write_po(out, catalogue, omit_header=True, width=110, include_previous=include_previous, include_lineno=False)
    return out.getvalue()

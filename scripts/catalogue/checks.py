"""What a text may not be: a hole, a doubt, markup, or a sentence that lost one of its names. One sentence for each."""

import re
import unicodedata
from collections.abc import Iterator

from babel.messages.catalog import Message

from catalogue import files
from catalogue.reading import Unreadable
from catalogue.texts import Entry
from knothole_keys.fields import BIDI_CONTROLS, SEPARATORS
from knothole_keys.languages import Language

# Forms that are said of one number only, which may then be a word: "ein Kasten", and no "{n}".
_EXACT = {"ar": {"zero", "one", "two"}, "de": {"one"}, "es": {"one"}}
_NAME = re.compile(r"\{(\w+)\}")
_MARKUP = re.compile(r"[<>]|&#?\w+;")


def check_english(english: list[Entry]) -> list[str]:
    """What is wrong with the English texts themselves."""
    return [f"English, {entry.key}: {flaw}" for entry in english for form in entry.forms for flaw in _flaws(form)]


def check(language: Language, english: list[Entry]) -> list[str]:
    """What is wrong with a language's catalogue."""
    where = f"{language.name} ({language.code})"
    if not files.path_of(language).exists():
        return [f"{where} has no catalogue: run scripts/catalogues update, and translate it."]
    try:
        read = files.read(language)
    except Unreadable as error:
        return [str(error)]
    name = files.name_of(language)
    found = [f"{name}:1: {where}: {flaw}" for flaw in files.check_head(language, read.headers)]
    messages = files.by_key(read.catalogue)
    lines = {key: message.lineno for key, message in messages.items()}
    for key in messages.keys() - {entry.key for entry in english}:
        found.append(
            f"{name}:{lines[key]}: {where}, {key}: the page does not say this any more; run scripts/catalogues update."
        )
    for entry in english:
        place = f"{name}:{lines.get(entry.key, 1)}: {where}, {entry.key}"
        found += [f"{place}: {flaw}" for flaw in _check(language, entry, messages.get(entry.key))]
    return found


def _check(language: Language, entry: Entry, message: Message | None) -> Iterator[str]:
    if message is None or message.id != entry.msgid:
        yield "the English text is new or another; run scripts/catalogues update."
        return
    categories = files.FORMS[language.code][0] if message.pluralizable else ("",)
    texts = files.strings(message)
    if len(texts) != len(categories) or not all(text.strip() for text in texts):
        yield "the translation is missing."
        return
    if message.fuzzy:
        yield "the translation is marked fuzzy, because the English text changed; look at it, then take the mark away."
    names = {name for form in entry.forms for name in _NAME.findall(form)}
    for category, text in zip(categories, texts, strict=True):
        yield from _flaws(text)
        given = set(_NAME.findall(text))
        free = {"n"} if category in _EXACT.get(language.code, ()) else set()
        yield from (f"{{{name}}} is no name of the English text." for name in sorted(given - names))
        yield from (
            f"{{{name}}} is lost{f' in the form {category}' if category else ''}." for name in sorted(names - given - free)
        )


def _flaws(text: str) -> Iterator[str]:
    if _MARKUP.search(text):
        yield "a text holds no markup."
    if BIDI_CONTROLS & set(text):
        yield "a text holds no characters that turn the direction of writing; the page sees to that."
    if SEPARATORS & set(text) or any(unicodedata.category(char) == "Cc" for char in text):
        yield "a text is one line, without control characters."
    if text != text.strip():
        yield "a text begins and ends without spaces."
    if set("{}") & set(_NAME.sub("", text)):
        yield "a brace is open or holds no name."

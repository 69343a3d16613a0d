"""What the page says in a language, by the keys of its texts: as the catalogues have them, not as a test remembers them."""

import functools
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from babel import Locale
from playwright.sync_api import Locator

from knothole_keys.languages import SOURCE, Language

# Seconds: a loaded machine stores a box in some.
PATIENCE = 30
HOUSE = Path(__file__).parents[2]
_ENGLISH = 'import { TEXTS } from "./strings.js"; process.stdout.write(JSON.stringify(TEXTS));'
_ISOLATES = re.compile("[\u2066-\u2069]")


@functools.cache
def _texts(language: Language) -> dict[str, Any]:
    if language is SOURCE:
        return _printed(["node", "--input-type=module", "-e", _ENGLISH])
    translated: dict[str, Any] = _printed([sys.executable, HOUSE / "scripts" / "catalogues", "compile"])[language.code]["texts"]
    return translated


def _printed(command: list[str | Path]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=HOUSE / "server" / "web", capture_output=True, text=True, check=True)
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def text(language: Language, key: str, **values: object) -> str:
    """The text of a key, filled in; one that counts takes its form from `n`. Without isolates, see `says`."""
    entry = _texts(language)[key]
    if not isinstance(entry, str):
        form = Locale.parse(language.tag, sep="-").plural_form(values["n"])
        entry = entry.get(form, entry["other"])
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), entry)


def says(locator: Locator, language: Language, key: str, **values: object) -> None:
    """Wait until an element says this text, perhaps among others; what keeps names apart from a text does not count."""
    wanted = " ".join(text(language, key, **values).split())
    end = time.monotonic() + PATIENCE
    while wanted not in (said := " ".join(plain(locator.text_content() or "").split())):
        assert time.monotonic() < end, f"{key} in {language.name} is {wanted!r}; the page says {said!r}"
        locator.page.wait_for_timeout(50)


def plain(said: str) -> str:
    """A text without what isolates the names in it."""
    return _ISOLATES.sub("", said)

"""The page's English texts, out of the places where they are written: strings.js and what it spreads in, and the templates."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract as babel_extract
from jinja2 import Environment
from jinja2.ext import babel_extract as from_jinja

from knothole_keys.page import ANSWER, TEMPLATE, one_line

HOUSE = Path(__file__).parents[2]
WEB = HOUSE / "server" / "web"
SCRIPTS = "strings.js"
TEMPLATES = (TEMPLATE, ANSWER)
# What stands in the templates and is nobody's language.
_NAMES = {"Knothole", "knothole", "source", "send", "--root", "--out", "1.boxes"}
_PRINT = f'import {{ TEXTS }} from "./{SCRIPTS}"; process.stdout.write(JSON.stringify(TEXTS));'


@dataclass(frozen=True)
class Entry:
    """One text by its key: for one that counts, its forms by English plural category."""

    key: str
    text: str | Mapping[str, str]
    file: str

    @property
    def in_page(self) -> bool:
        """Whether the template needs it; a text of the same key in a script is the same text."""
        return any(template in self.file for template in TEMPLATES)

    @property
    def msgid(self) -> str | tuple[str, str]:
        """As gettext names it."""
        return self.text if isinstance(self.text, str) else (self.text["one"], self.text["other"])

    @property
    def forms(self) -> list[str]:
        """Every form's text."""
        return [self.text] if isinstance(self.text, str) else list(self.text.values())


def extract() -> list[Entry]:
    """Every text of the page, in the order in which people meet them: the template's, then the scripts'."""
    page, scripts = _of_templates(), _of_scripts()
    for key in page.keys() & scripts.keys():
        if page[key][0] != scripts[key]:
            sys.exit(f"{key} has one text in a template and another in {SCRIPTS}: give one of them another key.")
    both = page.keys() & scripts.keys()
    found = [Entry(key, text, f"{file} {SCRIPTS}" if key in both else file) for key, (text, file) in page.items()]
    return found + [Entry(key, text, SCRIPTS) for key, text in scripts.items() if key not in both]


def unmarked() -> list[str]:
    """A sentence for every text in a template that no translation would reach."""
    return [sentence for template in TEMPLATES for sentence in _unmarked(template)]


def _unmarked(template: str) -> list[str]:
    tokens = list(Environment(autoescape=True).lex((WEB / template).read_text("utf-8")))
    text = "".join(value if kind == "data" else "" for _, kind, value in tokens)
    attributes = re.findall(r'\b(?:alt|title|aria-label|placeholder|content)="([^"]*)"', text)
    shown = re.sub(r"<!--.*?-->|<[^>]*>", " ", text, flags=re.DOTALL)
    words = [word for word in shown.split() if re.search(r"\w", word) and word not in _NAMES]
    # What <meta> says is for machines: no space, but for the viewport's and colours' lists.
    words += [
        one for one in attributes if " " in one and not re.fullmatch(r"[a-z-]+(=[a-z0-9-]+)?(,? [a-z-]+(=[0-9]+)?)*", one)
    ]
    return [f'{template} says {json.dumps(word, ensure_ascii=False)} outside of t("key", "English").' for word in words]


def _of_templates() -> dict[str, tuple[str, str]]:
    # By key: the text, and where it is first.
    found: dict[str, tuple[str, str]] = {}
    for template in TEMPLATES:
        source = BytesIO((WEB / template).read_bytes())
        for _, message, _, key in babel_extract(from_jinja, source, {"t": ((1, "c"), 2)}, (), {"silent": "false"}):
            text = one_line(message if isinstance(message, str) else message[0])
            if key is None or found.setdefault(key, (text, template))[0] != text:
                sys.exit(f"{template} has a second text for {key}: give one of them another key.")
    return found


def _of_scripts() -> dict[str, str | dict[str, str]]:
    node = shutil.which("node") or sys.exit("node is missing: run this after `make`, or put node on the PATH.")
    done = subprocess.run(
        [node, "--input-type=module", "--eval", _PRINT], cwd=WEB, capture_output=True, text=True, env={**os.environ}
    )
    if done.returncode:
        place = re.search(rf"{re.escape(str(WEB.parents[1]))}/(\S+\.js:\d+)", done.stderr)
        why = re.search(r"^\w*Error.*", done.stderr, re.MULTILINE)
        sys.exit(f"{place[1] if place else SCRIPTS}: this cannot be read: {why[0] if why else done.stderr.strip()}")
    found: dict[str, str | dict[str, str]] = json.loads(done.stdout)
    return found

"""What a drop's page looks like from outside: its rendering, the headers of every answer, the one padded length.

The server answers by this, and `courier audit` compares by it: there is one text of both. Pure: no files, no network.
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from jinja2 import Template as Compiled
from markupsafe import Markup, escape

from knothole_keys import canonical, fields
from knothole_keys.errors import Refused
from knothole_keys.languages import LANGUAGES, SOURCE, TRANSLATED, Language
from knothole_keys.root import Chain, fingerprint

TEMPLATE = "page.html"
# What answers a form without scripts: the server's own, rendered for each form.
ANSWER = "form.html"
# The template's texts in all languages but English, whose texts stand in the template.
TEXTS = "texts.json"
# HTML and JSON answers all have this length, or a multiple of it.
PADDED = 16_384
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
# The kinds of file that a page may have, by their names' endings.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": TEXT,
    ".woff2": "font/woff2",
}
# Fixed files, the same in every drop, of which gzip is sent to whoever takes it: their lengths tell nothing that their
# addresses do not. All else is never compressed.
PACKED = (".css", ".js", ".svg", ".txt")
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
)
# Not screen-wake-lock: a phone that sleeps stops sending, so the page keeps it awake.
_FEATURES = (
    "accelerometer autoplay bluetooth browsing-topics camera display-capture encrypted-media geolocation gyroscope hid "
    "magnetometer microphone midi payment picture-in-picture publickey-credentials-get serial usb "
    "xr-spatial-tracking"
)
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in _FEATURES.split())),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


def padded(body: bytes) -> bytes:
    """A body filled with spaces to the one length of HTML and JSON answers, or its next multiple."""
    return body.ljust(-(-len(body) // PADDED) * PADDED, b" ")


@dataclass(frozen=True)
class Catalogue:
    """The template's texts in one language, by their keys; `reviewed` says that a native speaker has."""

    reviewed: bool
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Template:
    """A release's template and, by the code of each translated language, its texts."""

    html: str
    catalogues: Mapping[str, Catalogue]

    @classmethod
    def read(cls, html: bytes, texts: bytes) -> "Template":
        """What `page.html` and `texts.json` hold. Raises Refused when they are not of this version."""
        try:
            value = canonical.decode(texts)
            parts = fields.members(value, {one.code for one in TRANSLATED}, Refused, "The list of texts")
            return cls(html.decode("utf-8"), {code: _catalogue(part) for code, part in parts.items()})
        except UnicodeDecodeError:
            raise Refused("The page's template is no text.") from None


def _catalogue(value: object) -> Catalogue:
    part = fields.members(value, {"reviewed", "texts"}, Refused, "A language")
    reviewed, texts = part["reviewed"], part["texts"]
    if not isinstance(reviewed, bool) or not isinstance(texts, dict):
        raise Refused("A language does not hold what it should.")
    if not all(isinstance(text, str) for text in texts.values()):
        raise Refused("A language holds what is no text.")
    return Catalogue(reviewed, texts)


def pages(template: Template, chain: Chain) -> dict[Language, bytes]:
    """A drop's page in every language, all of one length, so that the length does not tell the language.

    Raises Refused when a text is missing.
    """
    compiled = _compiled(template.html)
    bodies = {language: compiled.render(_names(template, chain, language)).encode() for language in LANGUAGES}
    longest = max(len(padded(body)) for body in bodies.values())
    return {language: body.ljust(longest, b" ") for language, body in bodies.items()}


def answer_page(template: Template, chain: Chain, language: Language, facts: Mapping[str, object]) -> bytes:
    """The page that answers a form without scripts, padded; `template` is ANSWER's. Raises Refused when a text is missing."""
    return padded(_compiled(template.html).render({**_names(template, chain, language), **facts}).encode())


def _names(template: Template, chain: Chain, language: Language) -> dict[str, object]:
    catalogue = template.catalogues.get(language.code)
    return {
        "drop": chain.current.drop,
        "drop_id": chain.drop_id.hex(),
        "fingerprint": fingerprint(chain.drop_id),
        "t": _Texts(language, catalogue),
        "language": language,
        "languages": LANGUAGES,
        "reviewed": catalogue is None or catalogue.reviewed,
        "source_link": _SOURCE_LINK,
        "program": _PROGRAM,
        "b": Markup("<b>{}</b>").format,
        "code": Markup('<code dir="ltr" translate="no">{}</code>').format,
        "link": Markup('<a href="{}" download="{}" translate="no">{}</a>').format,
    }


def render(template: Template, chain: Chain, language: Language = SOURCE) -> bytes:
    """The page for a drop in one language, padded, out of a release's template. Raises Refused when a text is missing."""
    return pages(template, chain)[language]


@functools.lru_cache(maxsize=4)
def _compiled(html: str) -> Compiled:
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(html)


_SOURCE_LINK = Markup('<a href="{0}" lang="{1}" hreflang="{1}" dir="{2}" translate="no">{3}</a>').format(
    SOURCE.address, SOURCE.tag, SOURCE.dir, SOURCE.name
)
_PROGRAM = Markup('<code dir="ltr" translate="no">knothole</code>')


def one_line(text: str) -> str:
    """A text of the template as it is meant: where its lines break there means nothing."""
    return " ".join(text.split())


class _Texts:
    """The template's `t("key", "English", name=value)`: the text of a language, escaped, its braces filled in."""

    def __init__(self, language: Language, catalogue: Catalogue | None) -> None:
        self._language, self._texts = language, None if catalogue is None else catalogue.texts

    def __call__(self, key: str, english: str, /, **facts: object) -> Markup:
        """One text as markup. Raises Refused for a hole."""
        if self._texts is not None and key not in self._texts:
            raise Refused(f"The page has no text {json.dumps(key)} in {self._language.name}; build the page again.")
        text = one_line(english) if self._texts is None else self._texts[key]
        return Markup(re.sub(r"\{(\w+)\}", lambda name: str(escape(facts[name.group(1)])), str(escape(text))))  # noqa: S704

"""The languages that the source's page speaks, and the addresses of its pages: one page for everybody in a language.

A page's language is its address and nothing else: no header of a visitor's browser and no cookie chooses it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """`code` stands in addresses and names of files, `tag` (BCP 47) in `lang`, `name` is the language's own."""

    code: str
    tag: str
    name: str
    dir: str = "ltr"

    @property
    def address(self) -> str:
        """Where its page is."""
        return "/" if self is SOURCE else f"/{self.code}"

    @property
    def form_address(self) -> str:
        """Where the form of its page goes, when no scripts run."""
        return f"{self.address.rstrip('/')}/boxes"

    @property
    def script(self) -> str:
        """The one script with this language's texts."""
        return "/page.js" if self is SOURCE else f"/page.{self.code}.js"

    @property
    def page(self) -> str:
        """The name of the file that a drop's rendered page is in."""
        return "page.html" if self is SOURCE else f"page.{self.code}.html"


# The language that all others are translated from, and the authority where they differ.
SOURCE = Language("en", "en", "English")
TRANSLATED = (
    Language("ar", "ar", "العربية", "rtl"),
    Language("de", "de", "Deutsch"),
    Language("es", "es", "Español"),
    Language("fa", "fa", "فارسی", "rtl"),
    Language("fr", "fr", "Français"),
    Language("ru", "ru", "Русский"),
    Language("zh-hans", "zh-Hans", "简体中文"),
)
LANGUAGES = (SOURCE, *TRANSLATED)

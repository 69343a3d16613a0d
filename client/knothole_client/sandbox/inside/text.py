"""The text of a document, for the search index and for reading aloud; capped."""

import zipfile
import zlib
from html.parser import HTMLParser
from typing import BinaryIO
from xml.parsers import expat

from knothole_client.sandbox.inside.document import Cannot, Document, buffered, copied
from knothole_client.sandbox.inside.encodings import decoded
from knothole_client.sandbox.inside.kinds import kind_of
from knothole_client.sandbox.inside.papers import count, ending, refuse_locked
from knothole_client.sandbox.inside.start import Asked
from knothole_client.sandbox.inside.tools import by_office, ran

_PARTS = ("word/document", "word/footnotes", "word/endnotes", "word/comments", "word/header", "word/footer", "xl/sharedstrings",
          "xl/comments", "ppt/slides/slide", "ppt/notesslides/notesslide", "content.xml")  # fmt: skip
_BREAKS = ("p", "tr", "h", "br", "tab", "si", "table-row", "line-break", "text-box", "title", "div", "li")
_EACH = 64 << 20


def run(document: Document, asked: Asked) -> None:
    """Write it as UTF-8; pages is 1 when something was left out."""
    source = buffered(document)
    asked.kind = kind_of(source)
    most = asked.output // 2
    text = _text(document, source, asked, most)
    data = text.encode("utf-8", "replace")
    asked.head("text", pages=int(len(data) > most or (asked.kind in ("text", "html", "svg") and document.size > most)))
    asked.out.write(data[:most].decode("utf-8", "ignore").encode("utf-8"))


def _text(document: Document, source: BinaryIO, asked: Asked, most: int) -> str:
    source.seek(0)
    if asked.kind in ("text", "svg", "html"):
        text = decoded(source.read(most)) or ""
        return _of_page(text) if asked.kind == "html" else text
    if asked.kind == "pdf":
        path = copied(document, "paper.pdf", asked.room)
        count(path)
        return ran("pdftotext", "-enc", "UTF-8", path, "-", seconds=60, most=most + 4).decode("utf-8", "replace")
    if asked.kind == "office":
        refuse_locked(source)
        return _packed(source, most) or _by_office(document, asked, most)
    raise Cannot(why="nothing_to_see")


def _by_office(document: Document, asked: Asked, most: int) -> str:
    made = by_office(copied(document, f"paper.{ending(asked.name)}", asked.room), "pdf")
    return ran("pdftotext", "-enc", "UTF-8", made, "-", most=most + 4).decode("utf-8", "replace")


def _packed(source: BinaryIO, most: int) -> str:
    """Straight out of the XML of newer documents, in a fraction of the time."""
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as packed:
            parts: list[str] = []
            for one in packed.infolist()[:5000]:
                if one.filename.lower().startswith(_PARTS) and one.filename.endswith(".xml") and sum(map(len, parts)) < most:
                    with packed.open(one) as part:
                        parts.append(_of_xml(part.read(_EACH)))
            return "\n".join(parts)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, zlib.error, EOFError, RuntimeError):
        return ""


def _of_xml(data: bytes) -> str:
    said: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    inner: list[str] = []

    def began(name: str, _: object) -> None:
        inner.append(name.rpartition(" ")[2])

    def ended(name: str) -> None:
        inner.pop()
        if name.rpartition(" ")[2] in _BREAKS:
            said.append("\n")

    parser.StartElementHandler = began
    parser.EndElementHandler = ended
    # Who changed it and when is metadata.
    parser.CharacterDataHandler = lambda text: said.append(text) if not inner or inner[-1] not in ("creator", "date") else None
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return "".join(said)
    return "".join(said)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        self.said.append("\n" if tag in _BREAKS else " ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in ("script", "style")))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


def _of_page(text: str) -> str:
    page = _Page()
    page.feed(text)
    page.close()
    return "".join(page.said)

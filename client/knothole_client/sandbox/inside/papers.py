"""PDF by poppler, and office documents by LibreOffice as PDF."""

import re
from pathlib import Path
from typing import BinaryIO

from knothole_client.sandbox.inside.document import Cannot, Document, copied
from knothole_client.sandbox.inside.kinds import ENDINGS
from knothole_client.sandbox.inside.start import Asked
from knothole_client.sandbox.inside.tools import WORK, by_office, ran

LONGEST_SIDE = 1200
_PAGES = re.compile(rb"^Pages: +([0-9]{1,6})$", re.MULTILINE)


def show(document: Document, source: BinaryIO, asked: Asked) -> None:
    """The pages that were asked for, each as soon as it is made."""
    if asked.kind == "office":
        source.seek(0)
        refuse_locked(source)
        path = by_office(copied(document, f"paper.{ending(asked.name)}", asked.room), "pdf")
    else:
        path = copied(document, "paper.pdf", asked.room)
    pages = count(path)
    if asked.first > pages:
        raise Cannot(why="no_page")
    for page in range(asked.first, min(asked.last, pages) + 1):
        ran("pdftoppm", "-scale-to", LONGEST_SIDE, "-f", page, "-l", page, "-singlefile", path, WORK / "page", seconds=30)
        if page == asked.first:
            asked.head("pixels", pages=pages)
        with Path(WORK, "page.ppm").open("rb") as made:
            while piece := made.read(1 << 20):
                asked.out.write(piece)
        asked.out.flush()


def count(path: Path) -> int:
    """How many pages a PDF has; Cannot when it is locked or broken."""
    try:
        told = ran("pdfinfo", path, seconds=20)
    except Cannot as cannot:
        if cannot.why == "broken" and b"/Encrypt" in path.read_bytes():
            raise Cannot(why="encrypted") from None
        raise
    found = _PAGES.search(told)
    if found is None:
        raise Cannot(why="broken")
    return int(found[1])


def ending(name: str) -> str:
    """An ending that LibreOffice knows; of what the name says nothing else is used."""
    last = name.rpartition(".")[2].lower()
    return last if ENDINGS.get(last) == "office" else "doc"


def refuse_locked(source: BinaryIO) -> None:
    """Office documents with a password are an OLE file with an encrypted package, or an ODF that says so."""
    head = source.read(1 << 20)
    if "EncryptedPackage".encode("utf-16-le") in head or (head.startswith(b"PK") and b"manifest:encryption-data" in head):
        raise Cannot(why="encrypted")

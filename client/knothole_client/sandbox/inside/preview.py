"""A document as pixels, or an archive as a list of names and sizes."""

import json
from collections.abc import Callable
from typing import BinaryIO

from knothole_client.sandbox.inside import archives
from knothole_client.sandbox.inside.document import Cannot, Document, buffered
from knothole_client.sandbox.inside.kinds import kind_of
from knothole_client.sandbox.inside.start import Asked


def run(document: Document, asked: Asked) -> None:
    """Look what it is, and show it."""
    source = buffered(document)
    asked.kind = kind_of(source)
    if asked.kind == "archive":
        entries = archives.listed(source)
        asked.head("listing", pages=1)
        asked.out.write(json.dumps([[one.name[:4096], one.size] for one in entries[:10_000]]).encode("ascii"))
        return
    _shower(asked.kind)(document, source, asked)


def _shower(kind: str) -> Callable[[Document, BinaryIO, Asked], None]:
    # Each is loaded only for its own kind: less code that a document could reach.
    if kind in ("text", "html", "svg"):
        from knothole_client.sandbox.inside import letters

        return letters.show
    if kind == "image":
        from knothole_client.sandbox.inside import images

        return images.show
    if kind in ("pdf", "office"):
        from knothole_client.sandbox.inside import papers

        return papers.show
    if kind == "media":
        from knothole_client.sandbox.inside import media

        return media.show
    raise Cannot(why="nothing_to_see" if kind == "empty" else "unknown")

"""A copy without traces, by mat2."""

import os
from pathlib import Path

from knothole_client.sandbox.inside.document import MOST, Cannot, Document, buffered, copied
from knothole_client.sandbox.inside.kinds import kind_of
from knothole_client.sandbox.inside.start import Asked
from knothole_client.sandbox.inside.tools import WORK, ran


def run(document: Document, asked: Asked) -> None:
    """Write the cleaned file."""
    asked.kind = kind_of(buffered(document))
    # Of the name only its ending counts, by which mat2 goes.
    last = asked.name.rpartition(".")[2].lower()
    ending = last if last.isascii() and last.isalnum() and len(last) <= 5 else "bin"
    path = copied(document, f"copy.{ending}", asked.room)
    try:
        # mat2's own sandbox cannot be built in this one.
        ran("mat2", "--no-sandbox", path, seconds=asked.more["cpu"])
    except Cannot as cannot:
        raise Cannot("not_cleaned" if cannot.args[0] != "no_tool" else "no_tool") from cannot
    made = [Path(one.path) for one in os.scandir(WORK) if one.name.startswith("copy.cleaned")]
    if not made:
        raise Cannot("not_cleaned")
    if made[0].stat().st_size > asked.output - MOST:
        raise Cannot("too_large")
    asked.head("clean")
    with made[0].open("rb") as cleaned:
        while piece := cleaned.read(MOST):
            asked.out.write(piece)

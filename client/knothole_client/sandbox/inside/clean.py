"""A copy without traces, by mat2."""

import os
import shutil
from pathlib import Path

from knothole_client.sandbox.inside.document import MOST, Cannot, Document, buffered, copied
from knothole_client.sandbox.inside.kinds import kind_of
from knothole_client.sandbox.inside.start import Asked
from knothole_client.sandbox.inside.tools import WORK, ran

# mat2's command asks for semaphores, which there are none of here, and for a sandbox of its own; its library does not.
_SCRUB = """
import sys
from libmat2 import UnknownMemberPolicy, parser_factory
for policy in (UnknownMemberPolicy.ABORT, UnknownMemberPolicy.OMIT):
    parser, _ = parser_factory.get_parser(sys.argv[1])
    if parser is None:
        sys.exit(1)
    parser.sandbox, parser.unknown_member_policy = False, policy
    if parser.remove_all():
        if policy is UnknownMemberPolicy.OMIT:
            open(sys.argv[2], "w").close()
        sys.exit(0)
sys.exit(1)
"""


def run(document: Document, asked: Asked) -> None:
    """Write the cleaned file; pages is 1 when parts that cannot be cleaned, a document's comments say, were left out."""
    asked.kind = kind_of(buffered(document))
    # Of the name only its ending counts, by which mat2 goes.
    last = asked.name.rpartition(".")[2].lower()
    ending = last if last.isascii() and last.isalnum() and len(last) <= 5 else "bin"
    path = copied(document, f"copy.{ending}", asked.room)
    if shutil.which("mat2") is None:
        raise Cannot(why="no_tool")
    try:
        seconds = asked.more["cpu"]
        ran("/usr/bin/python3", "-I", "-B", "-c", _SCRUB, path, WORK / "parts-left-out", seconds=seconds)
    except Cannot as cannot:
        raise Cannot(why="not_cleaned") from cannot
    made = [Path(one.path) for one in os.scandir(WORK) if one.name.startswith("copy.cleaned")]
    if not made:
        raise Cannot(why="not_cleaned")
    if made[0].stat().st_size > asked.output - MOST:
        raise Cannot(why="too_large")
    asked.head("clean", pages=int((WORK / "parts-left-out").exists()))
    with made[0].open("rb") as cleaned:
        while piece := cleaned.read(MOST):
            asked.out.write(piece)

"""A plain form's body, taken apart as it comes: the bytes of each file, and where it ends. Nothing is gathered or kept.

python-multipart's parser alone is used, which calls back with slices of what it is given. The rest of that library, which
writes what was sent to temporary files, is named nowhere. The lines before a file, in which browsers say its name, are
parsed past and never looked at.
"""

import re
from collections.abc import AsyncIterator

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser
from starlette.requests import Request

from knothole_server.config import FORM_HEAD_LINE, FORM_HEAD_LINES, FORM_PARTS
from knothole_server.refusals import Refusal

_TYPE = re.compile(r"""multipart/form-data; ?boundary="?([A-Za-z0-9'()+_,./:=?-]{1,70})"?""")


# What a boundary begins with.
_DASH = ord("-")


class PartEnd:
    """One file of the form is over."""


def boundary_of(request: Request) -> str:
    """What stands between the parts of a form with files. Raises Refusal (415)."""
    found = _TYPE.fullmatch(request.headers.get("content-type", ""))
    if found is None:
        raise Refusal(415, "not_a_form", "This address takes only what the form on the drop's page sends; use that form.")
    return found[1]


async def parts(body: AsyncIterator[bytes], boundary: str) -> AsyncIterator[bytes | PartEnd]:
    """The bytes of each part as they come, and PartEnd after each. Raises Refusal (400), and what `body` raises."""
    parser = _Parser(boundary)
    async for piece in body:
        for event in parser.feed(piece):
            yield event
        if parser.refused:
            raise parser.refused
    if not parser.whole:
        raise Refusal(400, "form_cut", "The form ended too early; send it again.")


class _Parser:
    """The events of each piece. What a piece held before its first fault counts: boxes before it may be whole."""

    def __init__(self, boundary: str) -> None:
        self.whole = False
        self.refused: Refusal | None = None
        self._events: list[bytes | PartEnd] = []
        self._parts, self._fed = 0, False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
                "on_part_end": lambda: self._events.append(PartEnd()),
                "on_end": self._end,
            },
            max_header_count=FORM_HEAD_LINES,
            max_header_size=FORM_HEAD_LINE,
        )

    def feed(self, piece: bytes) -> list[bytes | PartEnd]:
        self._events = []
        if piece and not self._fed and piece[0] != _DASH:
            # Lines before a form's first part, which no browser sends and which could go on for ever.
            message = "This is not the form on the drop's page; open the drop's own address and use the form there."
            self.refused = Refusal(400, "form", message, headers={"Connection": "close"})
            return []
        self._fed = self._fed or bool(piece)
        if piece and self.whole:
            self.refused = Refusal(400, "form", "After the form's end more came; send it again from the drop's page.")
            return []
        try:
            self._parser.write(piece)
        except MultipartParseError:
            message = "The form could not be read: a file's name may be too long, so call the file 1.boxes and send it again."
            self.refused = Refusal(400, "form", message)
        except _TooMany:
            self.refused = Refusal(413, "too_many", f"A form takes at most {FORM_PARTS} files; send the others in another.")
        return self._events

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > FORM_PARTS:
            raise _TooMany

    def _end(self) -> None:
        self.whole = True


class _TooMany(Exception):
    """Raised inside the parser's callbacks to stop it."""

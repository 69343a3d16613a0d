"""The page that answers a form without scripts: how many boxes the server says it has, what was refused and why, what next."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from knothole_keys.languages import Language
from knothole_keys.page import HTML, answer_page
from knothole_server.refusals import Refusal

if TYPE_CHECKING:
    from knothole_server.drop import Drop

# What has words of its own in every language, for people who cannot set a clock or send a box again by themselves; anything
# else is told in the server's own, English words.
_KINDS = {"epoch", "no_room", "busy", "permit", "sealing_off", "empty"}


@dataclass
class Receipt:
    """What became of a form: boxes `stored` by it, `already` there, and whether the file in hand has shown to be sealed."""

    stored: int = 0
    already: int = 0
    sealed: bool = True


def stored(drop: "Drop", language: Language, receipt: Receipt) -> Response:
    """The answer when every box of the form is on the disk."""
    return _answer(drop, language, receipt, 200, {}, "", "")


def refused(drop: "Drop", language: Language, receipt: Receipt, refusal: Refusal) -> Response:
    """The answer when something was refused, after what the receipt says was stored; nothing more of the form is read."""
    kind = "unsealed" if not receipt.sealed else refusal.code if refusal.code in _KINDS else "other"
    headers = {**refusal.headers, "Connection": "close"}
    return _answer(drop, language, receipt, refusal.status, headers, kind, refusal.message)


def _answer(
    drop: "Drop", language: Language, receipt: Receipt, status: int, headers: dict[str, str], kind: str, message: str
) -> Response:
    # Nothing that a visitor sent is ever in it.
    body = answer_page(
        drop.answer,
        drop.published.chain,
        language,
        {
            "stored": receipt.stored,
            "already": receipt.already,
            "number": receipt.stored + receipt.already + 1,
            "kind": kind,
            "message": message,
        },
    )
    return Response(body, status, headers, media_type=HTML)

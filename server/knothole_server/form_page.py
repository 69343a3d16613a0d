"""The page that answers a form without scripts: how many boxes the server says it has, what was refused and why, what next."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from starlette.responses import Response

from knothole_keys.page import HTML, padded
from knothole_server.refusals import Refusal

if TYPE_CHECKING:
    from knothole_server.drop import Drop

# Its words are in one file, and nothing that a visitor sent is ever in it.
_TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined).from_string(
    Path(__file__).with_name("form.html").read_text("utf-8")
)
# What has words of its own for people who cannot set a clock or send a box again by themselves.
_KINDS = {"epoch", "no_room", "busy"}


@dataclass
class Receipt:
    """What became of a form: boxes `stored` by it, `already` there, and whether the file in hand has shown to be sealed."""

    stored: int = 0
    already: int = 0
    sealed: bool = True


def stored(drop: "Drop", receipt: Receipt) -> Response:
    """The answer when every box of the form is on the disk."""
    return _answer(drop, receipt, 200, {}, "", "")


def refused(drop: "Drop", receipt: Receipt, refusal: Refusal) -> Response:
    """The answer when something was refused, after what the receipt says was stored; nothing more of the form is read."""
    kind = "unsealed" if not receipt.sealed else refusal.code if refusal.code in _KINDS else "other"
    headers = {**refusal.headers, "Connection": "close"}
    return _answer(drop, receipt, refusal.status, headers, kind, refusal.message)


def _answer(drop: "Drop", receipt: Receipt, status: int, headers: dict[str, str], kind: str, message: str) -> Response:
    text = _TEMPLATE.render(
        drop=drop.published.chain.current.drop,
        stored=receipt.stored,
        already=receipt.already,
        number=receipt.stored + receipt.already + 1,
        kind=kind,
        message=message,
    )
    return Response(padded(text.encode()), status, headers, media_type=HTML)

"""A text as a QR code: for a terminal, without escape sequences, or as SVG."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode

_BORDER = 2


def terminal(text: str) -> list[str]:
    """The lines of a code, light on dark as terminals mostly are."""
    out = io.StringIO()
    _made(text).terminal(out, border=_BORDER, compact=True)
    return out.getvalue().rstrip("\n").split("\n")


def svg(text: str) -> str:
    """The code as an SVG element, black on white, without scripts or styles."""
    return _made(text).svg_inline(scale=4, border=4, light="#fff")


def _made(text: str) -> "QRCode":
    # Only here: no other command waits for it.
    import segno

    return segno.make_qr(text, error="m")

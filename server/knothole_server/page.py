"""The source's page: one template rendered for this drop, and assets that are the same bytes in every drop of a release."""

from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from knothole_keys.errors import Refused
from knothole_keys.page import TEMPLATE, TYPES
from knothole_keys.page import render as rendered
from knothole_keys.root import Chain


@dataclass(frozen=True)
class Asset:
    """One file of the page, in memory: a few hundred kilobytes in all."""

    body: bytes
    media_type: str

    def answer(self) -> Response:
        """The asset as an answer."""
        return Response(self.body, media_type=self.media_type)


def render(built: Path, chain: Chain) -> bytes:
    """The page for a drop, padded. Raises Refused when the built page is missing."""
    try:
        template = (built / TEMPLATE).read_text("utf-8")
    except OSError:
        raise Refused(f"The page was not built: {built / TEMPLATE} is missing; run `make page`, or install a wheel.") from None
    return rendered(template, chain)


def read_assets(built: Path) -> dict[str, Asset]:
    """Every file of the built page but its template, by its address. Raises Refused for a kind that has no type here."""
    found = {}
    for path in sorted(path for path in built.rglob("*") if path.is_file() and path != built / TEMPLATE):
        if path.suffix not in TYPES:
            raise Refused(f"{path} is not a kind of file that the page may have; build the page again.")
        found["/" + path.relative_to(built).as_posix()] = Asset(path.read_bytes(), TYPES[path.suffix])
    return found

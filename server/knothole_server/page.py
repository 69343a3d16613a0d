"""The source's page: one template, rendered for this drop in each language; assets that are the same in every drop."""

import zlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from knothole_keys import files
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.languages import Language
from knothole_keys.page import ANSWER, PACKED, TEMPLATE, TEXTS, TYPES, Template, pages
from knothole_keys.root import Chain

PART_BYTES = 2**22
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Asset:
    """One file of the page, in memory: a few hundred kilobytes in all."""

    body: bytes
    media_type: str
    # The body as one gzip stream, the same at every start; or None for what is never compressed.
    packed: bytes | None = None

    def answer(self, request: Request) -> Response:
        """The asset as an answer, packed for whoever takes that. No `Vary`: no-store lets nobody keep the one for the other."""
        if self.packed is None or not _takes_gzip(request.headers.getlist("accept-encoding")):
            return Response(self.body, media_type=self.media_type)
        return Response(self.packed, headers={"Content-Encoding": "gzip"}, media_type=self.media_type)


def _takes_gzip(accepted: list[str]) -> bool:
    for one in ",".join(accepted).lower().split(","):
        name, _, weight = (part.strip() for part in one.partition(";"))
        if name == "gzip":
            return weight.replace(" ", "").rstrip("0.") != "q="
    return False


def render(built: Path, chain: Chain) -> dict[Language, bytes]:
    """The page for a drop in every language, padded. Raises Refused when the built page is missing."""
    return pages(read_template(built, TEMPLATE), chain)


def read_template(built: Path, name: str) -> Template:
    """One template of the built page with its texts. Raises Refused when it is missing or damaged."""
    for path in (built / name, built / TEXTS):
        if not path.is_file():
            raise Refused(f"The page was not built: {path} is missing; run `make page`, or install a wheel.")
    try:
        return Template.read(*(files.read(built / part, PART_BYTES) for part in (name, TEXTS)))
    except KnotholeError:
        raise Refused(f"The built page in {built} is damaged; run `make page`, or install a wheel.") from None


def read_assets(built: Path) -> dict[str, Asset]:
    """Every file of the built page but templates and texts, by its address. Raises Refused for a kind that has no type here."""
    found = {}
    apart = {built / TEMPLATE, built / ANSWER, built / TEXTS}
    for path in sorted(path for path in built.rglob("*") if path.is_file() and path not in apart):
        if path.suffix not in TYPES:
            raise Refused(f"{path} is not a kind of file that the page may have; build the page again.")
        body = path.read_bytes()
        # Once, at the start: nothing that a visitor sends is ever compressed together with anything.
        packed = zlib.compress(body, 9, _GZIP) if path.suffix in PACKED else None
        found["/" + path.relative_to(built).as_posix()] = Asset(body, TYPES[path.suffix], packed)
    return found

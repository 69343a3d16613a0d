"""The source's page: one template, rendered for this drop in each language; assets that are the same in every drop."""

from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from knothole_keys import files
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.languages import Language
from knothole_keys.page import ANSWER, TEMPLATE, TEXTS, TYPES, Template, pages
from knothole_keys.root import Chain

PART_BYTES = 2**22


@dataclass(frozen=True)
class Asset:
    """One file of the page, in memory: a few hundred kilobytes in all."""

    body: bytes
    media_type: str

    def answer(self) -> Response:
        """The asset as an answer."""
        return Response(self.body, media_type=self.media_type)


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
        found["/" + path.relative_to(built).as_posix()] = Asset(path.read_bytes(), TYPES[path.suffix])
    return found

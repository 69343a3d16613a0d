"""Where a drop's files lie, and the numbers that bound what a visitor can make the server do."""

from dataclasses import dataclass, field
from pathlib import Path

from knothole_keys.languages import LANGUAGES, SOURCE, Language

MIB = 2**20

# What `make page` puts beside this module; wheels carry it.
BUILT = Path(__file__).with_name("built")

MISSING_IDS = 1024

# A form without scripts: where each language's goes, all of it, what is left of it when sealed boxes are refused and yet read
# on, the files in it, and the lines before each file, the file's name included.
FORMS = {language.form_address: language for language in LANGUAGES}
FORM_BYTES = 8 * 2**30
FORM_DRAINED = 64 * MIB
FORM_PARTS = 64
FORM_HEAD_LINES = 8
FORM_HEAD_LINE = 4096
# In a request's state: a first box of its form has begun.
BOX_BEGUN = "box_begun"

ROSTER_BYTES = 4 * MIB


@dataclass(frozen=True)
class Limits:
    """Bounds that an operator of a large drop may want to move; the defaults suit a small machine behind Tor.

    An extent is what a slab grows by. The first one is 64 MiB, so that a drop on trial takes little, and the later
    ones 256 MiB, because a box's place tells its order of arrival no finer than its extent. An extent never has fewer
    than 16 places, whatever the box size. Times are seconds, rates bytes a second.

    A body must have brought `body_rate` for every second after its first `stall_seconds`. A bad Tor circuit carries 10
    KB/s, and the page shares one among four uploads: 2.5 KB/s each, after a stall of up to a minute, must pass. A box
    of 1 MiB then has nine and a half minutes, while the page itself gives one up after three and starts it again.
    `slow_rate` is what the page gives up at: when all `uploads` are taken and somebody waits, the slowest upload below
    it makes room. A form brings many boxes in one body, so it may take `form_seconds` at the same least rate,
    once its first box has begun.
    """

    first_extent: int = 64 * MIB
    later_extent: int = 256 * MIB
    least_places: int = 16
    uploads: int = 64
    upload_wait: float = 10
    slow_rate: int = 8192
    twins: int = 2
    connections: int = 512
    head_bytes: int = 32_768
    head_seconds: float = 15
    idle_seconds: float = 15
    stall_seconds: float = 60
    unread_seconds: float = 120
    body_rate: int = 2048
    body_seconds: float = 1800
    form_seconds: float = 86_400
    beat_seconds: float = 60
    poll_seconds: float = 1


@dataclass(frozen=True)
class Config:
    """One drop's directory, the built page it serves, and its limits."""

    directory: Path
    built: Path = BUILT
    limits: Limits = field(default_factory=Limits)

    @property
    def state(self) -> Path:
        """The database: roots, rosters, slots, settings and secrets."""
        return self.directory / "state.db"

    @property
    def slabs(self) -> Path:
        """The folder of slab files."""
        return self.directory / "slabs"

    @property
    def lock(self) -> Path:
        """Held for as long as a server runs on this directory."""
        return self.directory / "lock"

    @property
    def page(self) -> Path:
        """The source's page in English, rendered for this drop."""
        return self.page_in(SOURCE)

    def page_in(self, language: Language) -> Path:
        """The source's page in a language, rendered for this drop."""
        return self.directory / language.page

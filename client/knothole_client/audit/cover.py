"""Uploading boxes for nobody, at random moments: what sources hide among, and what an audit asks for afterwards.

Each visit is a browser's with a letter of one box: the page and what it loads, roots and roster, the two questions, a permit,
the box. It has a connection of its own, and the box goes through the code that sources' boxes go through.
"""

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from knothole_client.audit import page
from knothole_client.audit.browser import Browser
from knothole_client.audit.state import State
from knothole_client.http import Unreachable
from knothole_client.source import missing
from knothole_client.source.uploading import Uploader
from knothole_client.trust import Known, get_view
from knothole_keys import clock
from knothole_keys.cover import cover_box
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.errors import KnotholeError, Refused, RootExpired, RosterExpired
from knothole_keys.languages import LANGUAGES
from knothole_keys.release import Release

_ASSET_LIMIT = 2**23
Opening = Callable[[], AbstractContextManager[Browser]]


def upload(browser: Browser, drop_id: bytes, folder: Path | None, release: Release) -> None:
    """One visit and one box, remembered in `folder` when the server has acknowledged it.

    Raises Refused, and the refusals of SPEC sections 3 and 4, before anything is sealed.
    """
    # Nobody knows what languages sources read: a fixed one would tell cover from them.
    language = secrets.choice(LANGUAGES)
    for address in (language.address, *page.loaded(release, language)):
        browser.get(address, limit=_ASSET_LIMIT, what="The page")
    now = clock.now()
    view = get_view(browser, drop_id=drop_id, now=now)
    if folder:
        Known.read(folder).check(view, now)
    for address in page.loaded_later(release):
        browser.get(address, limit=_ASSET_LIMIT, what="The page")
    epoch = epoch_of(now)
    geometry = view.chain.current.geometry(epoch)
    if geometry is None or not view.roster.receiving(epoch):
        raise Refused("Nobody at the drop receives this week, so cover would stand alone; try again later.")
    for asked in (epoch, epoch - 1):
        missing.stored(browser, asked, [])
    box_id, box = cover_box(drop_id, epoch, geometry)
    if Uploader(browser).put(epoch, box_id, box) == 409:
        raise Refused("The server is in another week than this machine: set the clock right (in UTC), then try again.")
    if folder:
        State(folder).acknowledge(epoch, box_id, hashlib.sha256(box).digest())


def keep_uploading(
    once: Callable[[], None], per_day: int, wait: Callable[[float], object], tell: Callable[[str], None]
) -> None:
    """Upload `per_day` boxes a day on average, for ever. What may pass by itself is told and waited for; all else is raised."""
    # Exponential gaps: having seen one box come tells nothing of when the next will.
    chance, sent, said = secrets.SystemRandom(), 0, ""
    while True:
        wait(chance.expovariate(per_day / DAY))
        try:
            once()
        except KnotholeError as error:
            if not isinstance(error, (Unreachable, RosterExpired, RootExpired)):
                raise
            if str(error) != said:
                tell(f"No cover for now: {error}")
            said = str(error)
            continue
        sent, said = sent + 1, ""
        tell(f"Cover: {sent} acknowledged, the last on {clock.today()}.")

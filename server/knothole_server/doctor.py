"""Looking at a drop's directory, beside a running server or without one: `status` counts, `doctor` reads everything.

Both open slabs read-only and take no lock. An entry is written after its body is durable, so a running server never
makes a box look damaged.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from knothole_keys import clock, files, running_out
from knothole_keys import epoch as epochs
from knothole_keys.errors import KnotholeError
from knothole_keys.root import fingerprint
from knothole_server.config import Config
from knothole_server.drop import PAGE_BYTES
from knothole_server.page import render
from knothole_server.published import Published
from knothole_server.slab import Slab
from knothole_server.slab_table import SlabDamaged
from knothole_server.state import State
from knothole_server.store import slab_files, unreadable
from knothole_server.tokens import near_end

_PIECE = 2**20


def status(config: Config) -> dict[str, Any]:
    """The drop's state in numbers, for `status` and its --json. Raises KnotholeError."""
    state = State(config.state)
    published = state.published()
    root, roster, now = published.chain.current, published.roster, clock.now()
    off = published.sealing_off(now)
    return {
        "drop": root.drop,
        "drop_id": published.chain.drop_id.hex(),
        "fingerprint": fingerprint(published.chain.drop_id),
        "root": {"version": root.version, "expires": clock.day_of(root.expires)},
        "roster": None
        if roster is None
        else {
            "version": roster.version,
            "expires": clock.day_of(roster.expires),
            "recipients": len(roster.recipients),
        },
        "sealing": off is None,
        "why": off or "",
        "warnings": [one.value() for one in [*running_out.warnings(published.chain, roster, now), *near_end(state)]],
        "difficulty": state.difficulty(),
        "slots": state.slot_count(),
        "epochs": [_slab_status(config, epoch) for epoch in _epochs(config)],
    }


def _slab_status(config: Config, epoch: int) -> dict[str, Any]:
    found: dict[str, Any] = {"epoch": epoch, "days": epochs.days(epoch)}
    try:
        slab = Slab.open(slab_files(config.slabs)[epoch], writable=False)
    except (SlabDamaged, OSError):
        return {**found, "readable": False}
    numbers = {"boxes": len(slab.index), "free": slab.free, "damaged": len(slab.damaged), "box_size": slab.shape.size}
    numbers["surplus"] = slab.surplus
    slab.close()
    return {**found, "readable": True, **numbers}


def examine(config: Config) -> Iterator[str]:
    """Everything that is wrong with a drop's directory, one sentence each; nothing when all is well."""
    if config.directory.stat().st_mode & 0o077:
        yield f"{config.directory} can be entered by others; run chmod 700 on it."
    published = None
    try:
        published = State(config.state).published()
    except KnotholeError as error:
        yield f"The published roots and roster do not verify: {error}"
    if published is not None:
        yield from _examine_published(config, published)
    for epoch in _epochs(config):
        yield from _examine_slab(config, epoch)


def _examine_published(config: Config, published: Published) -> Iterator[str]:
    off = published.sealing_off(clock.now())
    if off is not None:
        yield f"Nothing can be sealed: {off}"
    try:
        for language, page in render(config.built, published.chain).items():
            path = config.page_in(language)
            if not path.is_file() or files.read(path, PAGE_BYTES) != page:
                yield f"{path} is not the page of this release; start the server again to renew it."
    except KnotholeError as error:
        yield str(error)


def _examine_slab(config: Config, epoch: int) -> Iterator[str]:
    path = slab_files(config.slabs)[epoch]
    try:
        slab = Slab.open(path, writable=False)
    except (SlabDamaged, OSError) as error:
        yield f"{unreadable(path, error)}; restore it from a copy."
        return
    if slab.surplus:
        yield f"{path} ends within an extent, an empty one; the server makes it whole at its next start."
    if slab.shape.epoch != epoch:
        yield f"{path} holds epoch {slab.shape.epoch}, not the one that its name says."
    for position in slab.damaged:
        yield f"{path} has a damaged entry at place {position}; the place is kept out of use."
    for box_id, (position, digest) in sorted(slab.index.items()):
        if _digest_of(slab, position) != digest:
            yield f"{path} holds a damaged box, {box_id.hex()}, at place {position}; a courier's copy may be whole."
    slab.close()


def _digest_of(slab: Slab, position: int) -> bytes | None:
    hasher = hashlib.sha256()
    try:
        for offset in range(0, slab.shape.size, _PIECE):
            hasher.update(slab.read(position, offset, min(_PIECE, slab.shape.size - offset)))
    except (OSError, SlabDamaged):
        return None
    return hasher.digest()


def _epochs(config: Config) -> list[int]:
    return sorted(slab_files(config.slabs)) if config.slabs.is_dir() else []

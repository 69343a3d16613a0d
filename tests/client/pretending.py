"""A server with an honest page and whatever lists a test gives it: for forks and rollbacks that no real server would store."""

import json
from pathlib import Path

from knothole_keys import release
from knothole_keys.page import HEADERS, HTML, TEXT, TYPES, padded, pages
from knothole_keys.root import Chain
from knothole_keys.roster import Roster
from tests.client.served import Asked, Reply

BUILT = Path(__file__).parents[2] / "server" / "knothole_server" / "built"


class Pretender:
    """Shows `chain` and `roster`, and the rosters in `older`, by their version."""

    def __init__(self, chain: Chain, roster: Roster, *older: Roster) -> None:
        self.roots, self.roster = chain.data, roster.note.data
        self.pages = {one.address: (body, HTML) for one, body in pages(release.installed().template, chain).items()}
        self.older = {f"/rosters/{one.version}": one.note.data for one in older}

    def __call__(self, asked: Asked) -> Reply:
        fixed = {**self.pages, "/roots": (self.roots, TEXT), "/roster": (self.roster, TEXT)}
        fixed["/boxes/missing"] = (bytes(128), "application/octet-stream")
        fixed["/permit"] = (padded(json.dumps({"difficulty": 0, "permit": "p"}).encode()), "application/json")
        fixed |= {path: (data, TEXT) for path, data in self.older.items()}
        if asked.path in fixed:
            body, kind = fixed[asked.path]
        elif Path(asked.path).suffix in TYPES:
            body, kind = (BUILT / asked.path.strip("/")).read_bytes(), TYPES[Path(asked.path).suffix]
        else:
            return 404, padded(b"{}"), {**dict(HEADERS), "Content-Type": "application/json"}
        return 200, body, {**dict(HEADERS), "Content-Type": kind}

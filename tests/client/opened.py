"""What a desk would make of the boxes in a courier's folder: opened with `knothole_keys` alone, put together by their heads."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from knothole_keys.letter import Letter, read_letter
from knothole_keys.open import Opener
from tests.support.drop import Drop, Reader


@dataclass
class Found:
    """Every whole letter, and every whole file stream by its id; `parts` counts boxes that opened."""

    letters: list[Letter] = field(default_factory=list)
    streams: dict[bytes, bytes] = field(default_factory=dict)
    parts: int = 0

    def file(self, name: str, letter: Letter | None = None) -> bytes:
        letter = letter or self.letters[-1]
        entry = next(entry for entry in letter.files if entry.name == name)
        return letter.contents[name] if entry.inside else self.streams[entry.stream]


def open_all(out: Path, drop: Drop, reader: Reader | None = None) -> Found:
    reader = reader or drop.readers[0]
    groups: dict[tuple[str, bytes, bytes, int], dict[int, bytes]] = defaultdict(dict)
    found = Found()
    for path in sorted(out.glob("*/*.box")):
        epoch = int(path.parent.name)
        opener = Opener(drop_id=drop.drop_id, epoch=epoch, geometry=drop.geometry(epoch), seeds=[reader.seeds[epoch]])
        opened = opener.open(path.read_bytes(), bytes.fromhex(path.stem))
        groups[opened.head.group][opened.head.index] = opened.body
        found.parts += 1
    for (kind, stream, _, count), bodies in groups.items():
        if len(bodies) == count:
            whole = b"".join(bodies[i] for i in range(count))
            if kind == "letter":
                found.letters.append(read_letter(whole, drop_id=drop.drop_id, capacity=drop.geometry().capacity))
            else:
                found.streams[stream] = whole
    return found

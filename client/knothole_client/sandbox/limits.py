"""How much a program behind the walls may take, and how much of what it says is heard."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Time in seconds, room in bytes. `memory` counts for each process, and for all of them together."""

    seconds: float = 30
    cpu: int = 30
    memory: int = 2048 * MIB
    # A file system in memory, for programs that want a file; what is larger is not copied.
    room: int = 512 * MIB
    processes: int = 64
    files: int = 256
    frames: int = 12
    width: int = 2400
    height: int = 8000
    pixels: int = 40_000_000
    output: int = 8 * MIB


PROGRAMS = ("preview", "text", "metadata", "flags", "clean")

LIMITS = {
    "preview": Limits(seconds=90, cpu=90, processes=256, files=1024, output=12 * 32 * MIB),
    "text": Limits(seconds=90, cpu=90, processes=256, files=1024, output=4 * MIB),
    "metadata": Limits(seconds=30, output=2 * MIB),
    "flags": Limits(seconds=30, output=MIB),
    "clean": Limits(seconds=180, cpu=180, room=1536 * MIB, output=1024 * MIB),
    "probe": Limits(seconds=20, output=MIB),
}

"""One scenario, one file: what a vector is, and the recipes by which it spells bytes."""

from dataclasses import dataclass
from typing import Any

Bytes = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """What stands in one file of `keys/vectors/`; `name` is the file's name and, for a refusal, the flaw."""

    name: str
    about: str
    kind: str
    given: dict[str, Any]
    expect: dict[str, Any]

    @property
    def fails(self) -> bool:
        """Whether nothing may come out: it is refused, or a reader of the board passes it over."""
        return "refused" in self.expect or self.expect.get("cards") == [] or self.expect.get("acknowledgement", "") is None

    def value(self) -> dict[str, Any]:
        """The file's JSON."""
        return {"name": self.name, "about": self.about, "kind": self.kind, "given": self.given, "expect": self.expect}


def refused(name: str, about: str, kind: str, given: dict[str, Any], error: str) -> Scenario:
    """A scenario that every reader must refuse by the name `error`."""
    return Scenario(name, about, kind, given, {"refused": error})


def text(value: str) -> Bytes:
    """Bytes spelled as the UTF-8 of a text."""
    return {"text": value}


def raw(value: bytes) -> Bytes:
    """Bytes spelled in hex."""
    return {"hex": value.hex()}


def spelled(value: bytes) -> Bytes:
    """Bytes as text where they are text, in hex where they are not."""
    try:
        return text(value.decode("utf-8"))
    except UnicodeDecodeError:
        return raw(value)


def many(value: bytes, times: int) -> Bytes:
    """The same bytes over and over."""
    return {"hex": value.hex(), "times": times}


def joined(*parts: Bytes) -> Bytes:
    """Parts one after the other."""
    return {"join": list(parts)}

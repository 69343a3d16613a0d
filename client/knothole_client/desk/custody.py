"""The custody log: what was done with what came, by whom and when; each entry bound to all before it.

An entry's hash is SHA-256 over the hash of the entry before, random bytes of its own and what it says. So a changed, dropped or
inserted entry shows, and the hash of the last one, the *head*, stands for the whole log. What it does not show is a tail that
was cut off together with the head that the vault keeps: against that the head is copied on paper now and then (an *anchor*)
and compared later. The random bytes (*salt*) make a head say nothing: nobody can find out by guessing what an entry says.

Entries outlive what they speak of: a submission that was shredded is still named by its id. So they hold no name, no text and
no plain hash that a source could be known by; only an export notes the hash of its list of hashes, which lies beside the files.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from knothole_client.desk.records import Records
from knothole_client.desk.vault import Vault
from knothole_keys import canonical, clock, fields
from knothole_keys.errors import Refused

ACTS = (
    "imported", "opened", "marked", "noted", "previewed", "copied", "exported", "answered", "sent", "shredded",
)  # fmt: skip
ENTRY, HEAD = "custody", "custody head"
MAX_DETAIL = 300
_LABEL = b"knothole/1 custody\x00"
_START = bytes(32)
_SALT = 16
_NOTHING = (0, _START.hex())


@dataclass(frozen=True)
class Entry:
    """One line: its `number` from 1 on, the moment (`YYYY-MM-DDThh:mmZ`), who, what, about which id or none, and its hash."""

    number: int
    when: str
    by: str
    what: str
    about: str
    detail: str
    salt: str
    hash: str

    @property
    def said(self) -> dict[str, Any]:
        """What is hashed, besides salt and the hash before."""
        names = ("number", "when", "by", "what", "about", "detail")
        return {name: getattr(self, name) for name in names}

    def hash_after(self, before: bytes) -> bytes:
        """The hash that it must have, after that one."""
        return hashlib.sha256(_LABEL + before + bytes.fromhex(self.salt) + canonical.encode(self.said)).digest()


class Custody:
    """Reads and writes the log. What is written is inside the caller's `Vault.changing`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def write(self, what: str, about: str, now: int, by: str, detail: str = "") -> Entry:
        """Add an entry. Raises Refused."""
        if what not in ACTS:
            raise ValueError(what)
        fields.line(detail, 0, MAX_DETAIL, Refused, "What the custody log says")
        count, before = self.head()
        entry = Entry(count + 1, _moment(now), by, what, about, detail, os.urandom(_SALT).hex(), "")
        made = entry.hash_after(bytes.fromhex(before)).hex()
        self._records.put(ENTRY, str(entry.number), {**entry.said, "salt": entry.salt, "hash": made})
        self._records.put(HEAD, "", {"count": entry.number, "hash": made})
        return Entry(**{**vars(entry), "hash": made})

    def head(self) -> tuple[int, str]:
        """How many entries there are, and the hash of the last one in hexadecimal: what is anchored on paper."""
        value = self._records.get(HEAD, "")
        return (value["count"], value["hash"]) if value else _NOTHING

    def entries(self, about: str = "") -> list[Entry]:
        """Every entry in order, or those about one id alone; damaged ones are left out (`Records.damaged`)."""
        found = (Entry(**value) for value in self._records.all_sound(ENTRY))
        return sorted((one for one in found if about in ("", one.about)), key=lambda one: one.number)

    def check(self, anchor: tuple[int, str] | None = None, after: tuple[int, str] = _NOTHING) -> tuple[int, str]:
        """Follow the chain from its beginning to the head. Raises Refused, in a sentence, at the first thing that is wrong.

        With an `anchor`, a head that was copied earlier, also see that the log still has it. Who has followed it to an entry
        before, and knows that nothing up to there was written since, goes on `after` it. Returns the head.
        """
        count, before = after[0], bytes.fromhex(after[1])
        for count, entry in enumerate(self._in_order(after[0]), after[0] + 1):
            if entry is None or entry.number != count:
                raise Refused(f"Entry {count} of the custody log is missing or damaged; take an older backup and compare it.")
            before = entry.hash_after(before)
            if before.hex() != entry.hash:
                raise Refused(f"Entry {count} of the custody log was changed, or one before it; compare it with a backup.")
            if anchor and anchor[0] == count and anchor[1] != entry.hash:
                raise Refused(
                    f"Entry {count} of the custody log is not the one whose head you copied; another log took its place."
                )
        if (count, before.hex()) != self.head():
            raise Refused("The custody log and its head do not fit each other; compare the vault with a backup.")
        if anchor and anchor[0] > count:
            raise Refused(
                f"The custody log had {anchor[0]} entries when its head was copied, and has {count}: its end was cut off."
            )
        return count, before.hex()

    def _in_order(self, after: int) -> Iterator[Entry | None]:
        # By the entries that lie there, so that one behind the head shows, too.
        numbers = max(self._records.count(ENTRY), self.head()[0])
        for number in range(after + 1, numbers + 1):
            value = self._records.get_sound(ENTRY, str(number))
            yield None if value is None else Entry(**value)


class Checking:
    """`Custody.check` for a vault that stays open: of a log that was whole, only what was written since is followed."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._whole = _NOTHING
        self._versions: dict[bytes, bytes] = {}

    def check(self) -> None:
        """Raises Refused, in a sentence, at the first thing that is wrong."""
        now = self._records.versions(ENTRY)
        # An entry that was written anew, or is gone, has the whole log followed once more.
        after = self._whole if self._versions.items() <= now.items() else _NOTHING
        whole = Custody(self._records).check(after=after)
        # Otherwise another command has just written one: that is followed the next time.
        if whole[0] == len(now):
            self._whole, self._versions = whole, now


def log(vault: Vault, what: str, about: str, detail: str = "", now: int | None = None) -> str:
    """Write an entry for an open vault in the desk's own name. Returns "", or a sentence why it could not be written.

    For acts that only read: they must work in a vault on a read-only disk, too.
    """
    try:
        with vault.changing():
            Custody(vault.records).write(what, about, clock.now() if now is None else now, vault.identity["name"], detail)
    except Refused as error:
        return unwritten(error)
    return ""


def unwritten(error: Refused) -> str:
    """The sentence about an act that the log could not have an entry of."""
    return f"The custody log has no entry of this, as it could not be written: {str(error)[:1].lower()}{str(error)[1:]}"


def anchor_text(count: int, head: str) -> str:
    """A head as it is copied on paper, and as its QR code says it."""
    return f"knothole custody {count} {' '.join(head[at : at + 8] for at in range(0, len(head), 8))}"


def read_anchor(text: str) -> tuple[int, str]:
    """A head as a person types it from paper, with or without the words before, spaces and capitals. Raises Refused."""
    words = text.lower().removeprefix("knothole custody").split()
    digits = "".join(words[1:])
    try:
        fields.hex_bytes(digits, 32, Refused, "The head")
        count = int(words[0]) if words[0].isascii() and words[0].isdigit() else 0
    except (Refused, IndexError):
        count = 0
    if not 0 < count < 2**31:
        raise Refused("This is no head of a custody log; type its number and the 64 digits as `desk log` shows them.")
    return count, digits


def _moment(now: int) -> str:
    return datetime.fromtimestamp(min(now, clock.LAST), UTC).strftime("%Y-%m-%dT%H:%MZ")

"""Search as the review desk has it: what was asked stays in memory, and addresses hold a number."""

from dataclasses import dataclass, field

from knothole_client.desk.documents import KINDS
from knothole_client.desk.search import Hit, Index
from knothole_client.desk.vault import Vault
from knothole_client.terminal import counted


@dataclass(frozen=True, repr=False)
class Found:
    """What was asked, and what was found by then: the best first. `total` counts more than are kept."""

    id: str
    query: str
    hits: list[Hit] = field(default_factory=list)
    total: int = 0


class Search:
    """The index of an open vault, built in the background."""

    MOST = 500
    # What a search waits for: so few documents, and so many seconds.
    _FEW, _MOMENT = 20, 1.0

    def __init__(self) -> None:
        self._index = Index()
        self._vault: Vault | None = None
        self._as_of: tuple[int, ...] = ()

    def start(self, vault: Vault) -> None:
        """Begin to build it."""
        self._vault = vault
        self.renew()

    def close(self) -> None:
        """Forget it."""
        self._index.close()
        self._vault = None

    def wait(self, timeout: float) -> bool:
        """Wait until all that was known to be due is indexed; whether it is."""
        return self._index.wait(timeout)

    def ask(self, name: str, query: str) -> Found:
        """What is found by now. Raises Refused."""
        self.renew()
        done, of = self._index.progress
        if of - done <= self._FEW:
            self._index.wait(self._MOMENT)
        found = self._index.search(query, count=self.MOST)
        return Found(name, query, found.hits, found.total)

    def renew(self) -> None:
        """Have indexed what changed since, here or by another command."""
        if self._vault is not None and (now := self._vault.records.changes(*KINDS)) != self._as_of:
            self._as_of = now
            self._index.start(self._vault)

    @property
    def how_far(self) -> str:
        """A sentence while the index is built, or when it ended too early; "" when all can be searched."""
        if self._index.failure:
            return self._index.failure
        done, of = self._index.progress
        if done >= of:
            return ""
        if self._index.built:
            return f"{counted(of - done, 'letter')} that came or changed just now cannot be found yet."
        return f"The search is still being built: {done:,} of {of:,} letters by now."

"""Search as the review desk has it: what was asked stays in memory, and addresses hold a number."""

from dataclasses import dataclass, field

from knothole_client.desk.records import Records
from knothole_client.desk.search import Hit, Index, document
from knothole_client.desk.vault import Vault


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

    def __init__(self) -> None:
        self._index = Index()

    def start(self, vault: Vault) -> None:
        """Begin to build it."""
        self._index.start(vault)

    def close(self) -> None:
        """Forget it."""
        self._index.close()

    def ask(self, name: str, query: str) -> Found:
        """What is found by now. Raises Refused."""
        found = self._index.search(query, count=self.MOST)
        return Found(name, query, found.hits, found.total)

    def renew(self, records: Records, submission: str) -> None:
        """Index a submission anew, as something beside it changed."""
        self._index.add(document(records, submission))

    @property
    def how_far(self) -> str:
        """A sentence while the index is built, or when it ended too early; "" when all can be searched."""
        if self._index.failure:
            return self._index.failure
        done, of = self._index.progress
        return "" if done >= of else f"The search is still being built: {done:,} of {of:,} letters by now."

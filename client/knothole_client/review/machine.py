"""What of this machine a person should know while the vault is open: a network, and swap on a disk."""

import time
from collections.abc import Callable

from knothole_client.desk import hardening

_SECONDS = 5.0


class Machine:
    """Looks now and then; `routes` gives a sentence or "", `swap` the names of what is on a disk."""

    def __init__(self, routes: Callable[[], str] = hardening.routes, swap: Callable[[], list[str]] = hardening.swap) -> None:
        self._routes, self._swap = routes, swap
        self._at, self._said = float("-inf"), list[str]()

    def warnings(self) -> list[str]:
        """A sentence for each."""
        if time.monotonic() - self._at > _SECONDS:
            self._at = time.monotonic()
            swaps = self._swap()
            on = f"Swap is on ({', '.join(swaps)}), so what you read may be written to that disk: run `sudo swapoff -a`."
            self._said = [one for one in (self._routes(), on if swaps else "") if one]
        return self._said

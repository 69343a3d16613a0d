"""The running server's one thread for its database: sqlite waits there, and the event loop does not."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from knothole_server.state import State

P = ParamSpec("P")
T = TypeVar("T")


class StateThread:
    """The running server's one thread for its database; every call waits its turn there."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1, "state")
        try:
            self._state = self._thread.submit(State, path).result()
        except BaseException:
            self._thread.shutdown()
            raise

    async def call(self, method: Callable[Concatenate[State, P], T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run a method of State there: `await thread.call(State.roster, 3)`."""
        waiting = self._thread.submit(method, self._state, *arguments, **named)
        return await asyncio.wrap_future(waiting)

    def call_now(self, method: Callable[Concatenate[State, P], T], *arguments: P.args, **named: P.kwargs) -> T:
        """The same, before the event loop runs."""
        return self._thread.submit(method, self._state, *arguments, **named).result()

    def close(self) -> None:
        """Finish what waits and close the file."""
        self._thread.submit(self._state.close).result()
        self._thread.shutdown()

"""What takes longer than a page: done in a thread beside the vault's, while a page asks every second whether it is over."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.review.beside import Beside
from knothole_client.review.desk import Desk, Job
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.house import House
from knothole_client.review.pages import go, show
from knothole_client.review.room import Locked
from knothole_keys.errors import KnotholeError

T = TypeVar("T")
# Held so that they are not collected while they run.
_RUNNING: set[asyncio.Task[None]] = set()


async def start(
    house: House,
    title: str,
    then: str,
    work: Callable[[Beside], T],
    after: Callable[[Desk, Job, T], None],
    release: Callable[[T], None] = lambda _: None,
) -> str:
    """Begin; returns where to wait. `after` is done in the vault's thread, and may change where the job leads (`Job.then`).

    What was made is released at last, also where the vault was locked meanwhile and `after` is not done.
    """
    desk, job = await house.room.do(lambda desk: (desk, desk.keep(desk.jobs, lambda name: Job(name, title, then))))
    task = asyncio.create_task(_run(house, desk, job, work, after, release))
    _RUNNING.add(task)
    task.add_done_callback(_RUNNING.discard)
    return f"/jobs/{job.id}"


async def _run(
    house: House,
    desk: Desk,
    job: Job,
    work: Callable[[Beside], T],
    after: Callable[[Desk, Job, T], None],
    release: Callable[[T], None],
) -> None:
    def inside() -> T:
        with desk.beside() as inbox:
            return work(inbox)

    def ended(now: Desk, made: T) -> None:
        # A vault that was locked and unlocked meanwhile has forgotten what was begun before.
        if now is desk:
            after(now, job, made)

    with house.room.busy():
        try:
            made = await asyncio.to_thread(inside)
            try:
                await house.room.do(lambda now: ended(now, made))
            finally:
                release(made)
        except Locked:
            return
        except (KnotholeError, OSError, MemoryError) as error:
            why = (
                str(error) if isinstance(error, KnotholeError) else "This machine could not do it; look at its disk and memory."
            )
            desk.say(why, good=False)
        finally:
            job.over = True


async def job(request: Request) -> Response:
    """Wait, or go on."""
    house: House = request.app.state.house
    name = request.path_params["name"]
    found: Job | None = await house.room.do(lambda desk: desk.jobs.get(name))
    if found is None:
        raise NotAdmitted(404, "This is over and forgotten.")
    if found.over:
        return go(found.then)

    def work(_: Desk) -> dict[str, Any]:
        return {"job": found}

    return await show(request, "job.html", work, passing=True)

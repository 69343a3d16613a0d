"""Before any page: whose request it is, for which host, by which method, and that it comes from the desk's own pages."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from knothole_client.review.entrance import Entrance
from knothole_client.review.room import Room

# What anybody on this machine may ask for: they show nothing.
_OPEN = ("/enter/", "/desk.css", "/icon.svg")
# What asks for itself, without a person.
_BY_ITSELF = ("/locked", "/jobs/", "/desk.css", "/icon.svg")


class NotAdmitted(Exception):
    """A request that is not answered: `status`, and the sentence why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Doorkeeper:
    """Lets a request through to `app`, or raises NotAdmitted into `refuse`."""

    def __init__(self, app: ASGIApp, refuse: ASGIApp, room: Room, entrance: Entrance, host: str) -> None:
        self._app, self._refuse = app, refuse
        self._room, self._entrance, self._host = room, entrance, host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            known = self._check(scope)
        except NotAdmitted as refusal:
            scope["state"] = {"refusal": refusal}
            await self._refuse(scope, receive, send)
            return
        # Whoever was not let in must not keep it unlocked.
        if known and not scope["path"].startswith(_BY_ITSELF):
            self._room.touch()
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> bool:
        """Whether it is the browser that was let in; another one gets no further than what is open to all."""
        headers, path = Headers(scope=scope), scope["path"]
        # A page of the web whose name was made to lead to this machine (DNS rebinding) asks by that name.
        if headers.getlist("host") != [self._host]:
            raise NotAdmitted(421, "This desk answers only at the address that its terminal shows.")
        if scope["method"] not in ("GET", "POST"):
            raise NotAdmitted(405, "This desk answers nothing of that kind.")
        site = headers.get("sec-fetch-site", "same-origin")
        if site != "same-origin" and not (site == "none" and scope["method"] == "GET"):
            raise NotAdmitted(403, "Another page asked for this; the desk answers only its own pages.")
        if scope["method"] == "POST" and headers.get("origin", f"http://{self._host}") != f"http://{self._host}":
            raise NotAdmitted(403, "Another page sent this form; the desk takes only its own.")
        if "prefetch" in headers.get("sec-purpose", "") or headers.get("purpose") == "prefetch":
            raise NotAdmitted(403, "Nothing is opened ahead here.")
        known = self._entrance.knows(_cookie(headers, self._entrance.cookie))
        if not known and not path.startswith(_OPEN):
            raise NotAdmitted(403, "Open the link that the terminal shows: it works once. Press Enter there for a new one.")
        return known


def _cookie(headers: Headers, name: str) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found else None

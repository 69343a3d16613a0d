"""A refusal on its way to whoever asked: a status, a code for programs, one sentence for people."""

from collections.abc import Mapping


class Refusal(Exception):
    """Raised by a route, answered as `{"error": code, "message": sentence}`, with `more` members where a client needs them."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        more: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = dict(more or {})
        self.headers = dict(headers or {})


def nothing_here() -> Refusal:
    """The answer for every address that the server does not know."""
    return Refusal(404, "not_found", "There is nothing at this address.")


def no_room() -> Refusal:
    """The answer when the disk is full; whatever was stored before stays."""
    return Refusal(507, "no_room", "The drop has no room for more at the moment; try again later.")


def busy(
    seconds: int,
    message: str = "The drop is busy with other uploads; send this box again in a few seconds.",
    *,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """The answer when no upload more is taken for `seconds`; clients try again by themselves."""
    return Refusal(503, "busy", message, headers={"Retry-After": str(seconds), **(headers or {})})

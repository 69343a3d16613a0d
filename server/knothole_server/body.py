"""Reading request bodies without ever holding more than was agreed.

Only `request.stream()` is used: form parsing would spool what somebody sent to a temporary file.
"""

import re

from starlette.requests import Request

from knothole_server.refusals import Refusal

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")


def declared_length(request: Request) -> int:
    """The request's Content-Length in bytes. Raises Refusal (411) when it is missing or the body comes in chunks."""
    length = request.headers.get("content-length")
    if length is None or "transfer-encoding" in request.headers:
        raise Refusal(411, "length_required", "The request must give the length of its body; send it with Content-Length.")
    if not _DECIMAL.fullmatch(length):
        raise Refusal(400, "bad_length", "The request's Content-Length is not a number.")
    return int(length)


def require_length(request: Request, least: int, most: int) -> int:
    """The Content-Length, when it lies in [least, most]. Raises Refusal: 411, 413 or 400."""
    length = declared_length(request)
    if length > most:
        raise Refusal(413, "too_long", f"The body must not be longer than {most} bytes.")
    if length < least:
        raise Refusal(400, "too_short", f"The body must have at least {least} bytes.")
    return length


async def read_body(request: Request, least: int, most: int) -> bytes:
    """A small body whole, after its length was checked. Raises Refusal."""
    require_length(request, least, most)
    # The HTTP layer hands out no byte beyond Content-Length, and ends the connection when there are fewer.
    return b"".join([piece async for piece in request.stream()])

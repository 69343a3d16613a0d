"""What every answer looks like from outside: its headers, its length, and its silence.

The headers (`knothole_keys.page`) go into the HTTP layer's defaults, so that they are on every answer that leaves the
socket, errors of the parser included. No answer carries a date, a server name, a validator or a cookie, and nothing but
the page's fixed files is compressed: the length of an HTML or JSON answer tells nothing.
"""

import json
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from knothole_keys.box import MAX_SIZE
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.page import padded
from knothole_server.refusals import Refusal, nothing_here

BYTES = "application/octet-stream"
FAILED = "The server could not finish this; try again."


def json_body(value: Mapping[str, object]) -> bytes:
    """A JSON object, padded."""
    return padded(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def json_answer(value: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in padded JSON."""
    return Response(json_body(value), status, headers, media_type="application/json")


async def answer_refusal(request: Request, error: Exception) -> Response:
    """Any exception of a route as an answer: one code, one sentence, the same length as every other."""
    refusal = _as_refusal(error)
    headers = refusal.headers
    if not _reads_to_its_end(request):
        headers = {**headers, "Connection": "close"}
    return json_answer({"error": refusal.code, "message": refusal.message, **refusal.more}, refusal.status, headers)


def _as_refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Refused):
        # It is the machine and not the request; what it would tell its operator is not for visitors.
        return Refusal(503, "trouble", "The drop cannot do this at the moment; try again later.")
    if isinstance(error, KnotholeError):
        return Refusal(400, error.name, str(error))
    if isinstance(error, HTTPException):
        if error.status_code == 405:
            message = "This address does not take such a request."
            return Refusal(405, "method_not_allowed", message, headers=error.headers)
        return nothing_here()
    # Nothing is logged: a trace of the failure would be a trace of the visit.
    return Refusal(500, "failed", FAILED)


def _reads_to_its_end(request: Request) -> bool:
    # A refused body up to a box's length is read and thrown away, so that its sender sees the answer; past that the
    # connection is closed.
    length = request.headers.get("content-length", "0")
    return "transfer-encoding" not in request.headers and len(length) < 9 and int(length) <= MAX_SIZE

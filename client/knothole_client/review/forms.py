"""What a form sent: read whole within a limit, in memory, and only if it carries its token."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from knothole_client.review.entering import NotAdmitted
from knothole_client.review.entrance import Entrance

# The longest answer or note in characters that take nine bytes each as a form sends them, and a page of checked rows.
_MOST_BYTES, _MOST_FIELDS = 512 * 1024, 2000
_TYPE = "application/x-www-form-urlencoded"
TOKEN = "token"  # noqa: S105 - a field's name


class Form:
    """The fields of a form, as they came."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def get(self, name: str) -> str:
        """A field's text, with the line breaks of Unix, or ""."""
        return next((value.replace("\r\n", "\n") for key, value in self._fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """All that is called so."""
        return [value for key, value in self._fields if key == name]

    def has(self, name: str) -> bool:
        """Whether it was sent at all."""
        return any(key == name for key, _ in self._fields)


async def read(request: Request, entrance: Entrance) -> Form:
    """The form of this request. Raises NotAdmitted."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != _TYPE:
        raise NotAdmitted(415, "This desk takes only its own forms.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise NotAdmitted(413, "This is more than a form takes; go back, and write it in several.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
            strict_parsing=bool(body),
        )
    except ValueError:
        raise NotAdmitted(400, "This form could not be read; go back, and send it again.") from None
    form = Form(pairs)
    if not entrance.accepts(form.get(TOKEN), request.url.path):
        raise NotAdmitted(403, "This form is not of this session; go back to the inbox, and begin again there.")
    return form

"""A letter in its thread: what was said on both sides, in order; the letter itself, its marks, notes and history."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from knothole_client.desk.answers import Answer, Answers
from knothole_client.desk.cli.words import state
from knothole_client.desk.drafts import Drafts
from knothole_client.desk.listing import Row
from knothole_client.desk.notes import MAX_TEXT, Notes
from knothole_client.desk.templates import Templates
from knothole_client.review.desk import Desk
from knothole_client.review.entering import NotAdmitted
from knothole_client.review.house import House
from knothole_client.review.pages import go, show
from knothole_keys.card import MAX_TEXT as MAX_ANSWER
from knothole_keys.card import Acknowledgement, read_acknowledgement

# Characters of a message on a page, and lines of its table of files.
PART, FILES = 60_000, 100


@dataclass(frozen=True)
class Told:
    """What a letter's source is told of it, and how far that went."""

    says: Acknowledgement
    answer: Answer


def number(text: str, most: int) -> int:
    """A page's number in an address, from 1 to `most`."""
    return min(max(1, int(text)), most) if text.isascii() and text.isdigit() and len(text) < 9 else 1


async def thread(request: Request) -> Response:
    """On to the letter of a thread that is to be read: the first unread one, or the newest."""
    house: House = request.app.state.house

    def work(desk: Desk) -> str:
        found = desk.threads().get(request.path_params["name"])
        if found is None:
            raise NotAdmitted(404, "There is no such thread here any more.")
        unread = next((row for row in found.rows if not row.mark.seen), found.last)
        return f"/letters/{unread.id}"

    return go(await house.room.do(work))


async def letter(request: Request) -> Response:
    """The page of one letter."""
    return await show(request, "letter.html", lambda desk: _letter(desk, request))


async def printed(request: Request) -> Response:
    """A letter for paper: all of its message, and the table of its files."""

    def work(desk: Desk) -> dict[str, Any]:
        row = _opened(desk, request.path_params["id"])
        submission = desk.inbox.submission(row.summary)
        return {"row": row, "letter": submission, "state": state(row.summary)}

    return await show(request, "print.html", work)


def _opened(desk: Desk, name: str) -> Row:
    row = desk.row(name)
    if row is None:
        raise NotAdmitted(404, "There is no such letter here any more.")
    if row.summary.read:
        desk.open_letter(row.id)
    # Its mark may be another one now.
    return desk.row(name) or row


def _letter(desk: Desk, request: Request) -> dict[str, Any]:
    row = _opened(desk, request.path_params["id"])
    found, query = desk.thread_of(row), request.query_params
    file_pages = max(1, -(-row.summary.file_count // FILES))
    file_page = number(query.get("files", "1"), file_pages)
    before = (file_page - 1) * FILES
    submission = desk.inbox.submission(row.summary, slice(before, before + FILES))
    parts = _parts(submission.message)
    part = number(query.get("part", "1"), len(parts))
    answers = Answers(desk.vault.records)
    replies = desk.replies(row.summary.thread) if row.summary.read else []
    return {
        "row": row,
        "letter": submission,
        "state": state(row.summary),
        "thread": found,
        "past": sorted(
            [(one.summary.day or "9", 0, one) for one in found.rows] + [(one.day, 1, one) for one in replies], key=_by
        ),
        "states": {one.id: state(one.summary) for one in found.rows},
        "told": {one.id: said for one in found.rows if (said := _told(answers, one.id))},
        "text": parts[part - 1],
        "part": part,
        "parts": len(parts),
        "files": list(enumerate(submission.files, before + 1)),
        "file_page": file_page,
        "file_pages": file_pages,
        "duplicates": desk.duplicates(submission),
        "notes": Notes(desk.vault.records).of(row.id),
        "log": [one for one in desk.log() if one.about in (row.id, row.summary.thread)][-30:],
        "draft": desk.typed.get(f"/threads/{found.thread}/answer") or Drafts(desk.vault.records).of(found.thread),
        "templates": Templates(desk.vault.records).all() if row.summary.read else [],
        "typed": desk.typed.get(f"/letters/{row.id}/note", ""),
        "MAX_ANSWER": MAX_ANSWER,
        "MAX_NOTE": MAX_TEXT,
        "readers": desk.readers(submission.recipients),
    }


def _by(one: tuple[str, int, Any]) -> tuple[str, int, str]:
    day, kind, what = one
    return day, kind, what.id if isinstance(what, Row) else str(what.sequence).zfill(20)


def _told(answers: Answers, name: str) -> Told | None:
    found = answers.acknowledgement(name)
    says = read_acknowledgement(found.text) if found else None
    return Told(says, found) if found and says else None


def _parts(message: str) -> list[str]:
    """A message cut at line breaks, where there are any, into pieces that a browser shows at once."""
    parts, at = [], 0
    while len(message) - at > PART:
        cut = message.rfind("\n", at + PART // 2, at + PART) + 1 or at + PART
        parts.append(message[at:cut])
        at = cut
    return [*parts, message[at:]]

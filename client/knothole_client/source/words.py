"""Answers in words, for a terminal. All that a desk wrote passes through `terminal` here."""

from typing import Any

from knothole_client.source.answers import Answers
from knothole_client.terminal import counted, safe, safe_lines
from knothole_keys import clock
from knothole_keys.board import BOARD_DAYS
from knothole_keys.card import Acknowledgement
from knothole_keys.roster import Roster


def lines(found: Answers) -> list[str]:
    """Everything that the board holds for a thread, acknowledgements first, a line each."""
    said = [_acknowledged(told, safe(found.names[card.sender])) for card, told in found.acknowledgements]
    for card in found.replies:
        said += ["", f"{card.day}, {safe(found.names[card.sender])}:", *(f"  {line}" for line in safe_lines(card.text))]
    if not said and not found.incomplete:
        said = [
            "The board has nothing for this codename now. That does not mean that nobody has read what you sent: answers stay "
            f"for {BOARD_DAYS} days and come again every month until you have read them, so look again."
        ]
    if found.incomplete:
        said.append(f"Of {counted(found.incomplete, 'answer')} only a part is there yet; look again tomorrow.")
    if found.ignored:
        said.append(
            f"{counted(found.ignored, 'slot')} for you did not come from anybody on the list of who reads, or were "
            "altered; what they say is not shown."
        )
    return said


def value(found: Answers) -> dict[str, Any]:
    """The same as `--json` prints it."""

    def sender(card: Any) -> dict[str, Any]:
        return {"day": card.day, "sender": card.sender, "name": found.names[card.sender], "sequence": card.sequence}

    return {
        "replies": [{**sender(card), "text": card.text} for card in found.replies],
        "acknowledgements": [
            {**sender(card), **{key: part for key, part in vars(told).items() if key != "day"}, "letter_day": told.day}
            for card, told in found.acknowledgements
        ],
        "ignored": found.ignored,
        "incomplete": found.incomplete,
    }


def ran_out(roster: Roster, now: int) -> str:
    """That the list by which answers are believed has expired."""
    day = clock.day_of(roster.expires)
    return f"The list of who reads ran out on {day}, {clock.doubt(now)}; somebody who has left since may still be on it."


def _acknowledged(told: Acknowledgement, name: str) -> str:
    whole = told.boxes == told.expected and told.files == told.of
    has = "The newsroom has it" if whole else "The newsroom has a part of it"
    boxes = f"{told.boxes} of {counted(told.expected, 'box', 'boxes')}"
    files = f"; {told.files} of {counted(told.of, 'file')} {'is' if told.of == 1 else 'are'} whole" if told.of else ""
    return f"Your letter of {told.day}. {has}: {name} opened {boxes}{files}."

"""Acknowledgements: how far each letter and its files have come, queued for its source whenever that changes.

Whatever changes a letter's state notes its id in the same transaction (`claims`). `settle` strikes an id out in the
transaction that queues the acknowledgement, so a crash in between costs nothing: the next import or export does it.
"""

from knothole_client.desk.answers import Answer, Answers
from knothole_client.desk.claims import CHANGED
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.records import Records
from knothole_client.desk.submission import Submission, file_group, summary_of
from knothole_keys.card import Acknowledgement
from knothole_keys.errors import Refused

_BATCH = 64


def settle(records: Records, inbox: Inbox, sender: str, today: str) -> None:
    """Queue an acknowledgement for each letter whose state changed; only while the vault is held for a change."""
    changed = sorted(value["letter"] for value in records.all_sound(CHANGED))
    for first in range(0, len(changed), _BATCH):
        with records.transaction():
            for letter in changed[first : first + _BATCH]:
                _one(records, inbox, sender, today, letter)


def _one(records: Records, inbox: Inbox, sender: str, today: str, letter: str) -> None:
    summary = records.get_sound("submission", letter)
    if summary is None and records.has("submission", letter):
        # Damaged, as what it says may be: a mended vault acknowledges it.
        return
    if summary is not None:
        try:
            submission = inbox.submission(summary_of(summary))
        except (Refused, MemoryError):
            # What it says is damaged, or too long for this machine: a mended vault, or a larger one, acknowledges it.
            return
        _queue(Answers(records), submission, state(submission, inbox), sender, today)
    records.remove(CHANGED, letter)


def _queue(answers: Answers, submission: Submission, told: Acknowledgement, sender: str, today: str) -> None:
    before, text = answers.acknowledgement(submission.id), told.text()
    if before is None or before.text != text:
        number = answers.next_sequence(today)
        answers.put(Answer("acknowledgement", submission.thread, sender, number, today, text, letter=submission.id))


def state(submission: Submission, inbox: Inbox) -> Acknowledgement:
    """How far a letter that was read has come: boxes of its own and of its files' streams, each stream once, and files.

    What the vault has lost, or could not open, has not come: a source who was told otherwise would throw her copy away.
    """
    own = inbox.sound(submission.group)
    outside = {file_group(file.entry, submission.capacity) for file in submission.files if not file.entry.inside}
    sound = {group: inbox.sound(group) for group in outside}
    whole = [
        own == submission.group.count
        if file.entry.inside
        else sound[group := file_group(file.entry, submission.capacity)] == group.count
        for file in submission.files
    ]
    return Acknowledgement(
        letter=submission.id,
        day=submission.day,
        boxes=own + sum(sound.values()),
        expected=submission.group.count + sum(group.count for group in outside),
        files=sum(whole),
        of=len(submission.files),
    )

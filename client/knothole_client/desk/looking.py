"""One submission looked at: what the desk keeps beside what the source sent, and the entry that it was opened."""

from dataclasses import dataclass, replace
from typing import Any

from knothole_client.desk import custody
from knothole_client.desk.answers import Answer, Answers
from knothole_client.desk.custody import Custody
from knothole_client.desk.duplicates import Duplicates
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.marks import Mark, Marks
from knothole_client.desk.notes import Note, Notes
from knothole_client.desk.pseudonyms import distinct
from knothole_client.desk.submission import Submission
from knothole_client.desk.vault import Vault
from knothole_keys.errors import Refused


@dataclass(frozen=True, repr=False)
class Looked:
    """A submission with its mark, its notes, and the other submissions that name the same file (`duplicates`, by file).

    `answers` are this desk's in its thread; `told` is the acknowledgement of this letter, if there is one.
    """

    submission: Submission
    mark: Mark
    notes: list[Note]
    duplicates: dict[str, list[str]]
    pseudonym: str
    answers: list[Answer]
    told: Answer | None

    def value(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            **self.submission.value(),
            "mark": self.mark.value(),
            "notes": [vars(one) for one in self.notes],
            "duplicates": self.duplicates,
            "pseudonym": self.pseudonym,
            "answers": [
                {"sequence": one.sequence, "day": one.day, "text": one.text, "exports": one.times, "read": one.read}
                for one in self.answers
            ],
            "told": {"day": self.told.day, "exports": self.told.times} if self.told else None,
        }


def look(vault: Vault, inbox: Inbox, submission: Submission, names: dict[str, str] | None = None) -> Looked:
    """What an open vault has beside a submission. `names` are the pseudonyms of all threads, where somebody has them."""
    records = vault.records
    if names is None:
        names = distinct(one.thread for one in inbox.summaries(sound=True) if one.read)
    return Looked(
        submission,
        Marks(records).of(submission.id),
        Notes(records).of(submission.id),
        Duplicates(records).of(submission.id, [file.entry for file in submission.files]),
        names.get(submission.thread, ""),
        [one for one in Answers(records).all("reply") if submission.read and one.thread == submission.thread],
        Answers(records).acknowledgement(submission.id),
    )


def opened(vault: Vault, submission: str, now: int) -> str:
    """Note that a submission was opened, and that it is unread no more. Returns "", or a sentence why it was not noted."""
    try:
        with vault.changing():
            marks = Marks(vault.records)
            mark = marks.of(submission)
            if not mark.seen:
                marks.put(submission, replace(mark, seen=True))
            Custody(vault.records).write("opened", submission, now, vault.identity["name"])
    except Refused as error:
        return custody.unwritten(error)
    return ""


def mark(vault: Vault, submission: str, wanted: Mark, now: int) -> Mark:
    """Give a submission another mark, and write down in the custody log what of it changed. Raises Refused."""
    with vault.changing():
        marks = Marks(vault.records)
        before = marks.of(submission)
        marks.put(submission, wanted)
        after = marks.of(submission)
        changed = [name for name, value in vars(after).items() if value != getattr(before, name)]
        if changed:
            # Labels and roles are the newsroom's own words, and the log outlives what they are about.
            detail = ", ".join(f"state {after.state}" if name == "state" else name for name in changed)
            Custody(vault.records).write("marked", submission, now, vault.identity["name"], detail)
    return after


def note(vault: Vault, submission: str, text: str, now: int) -> Note:
    """Add a note, and write in the custody log that there is one. Raises Refused."""
    with vault.changing():
        by = vault.identity["name"]
        made = Notes(vault.records).add(submission, text, by, now)
        Custody(vault.records).write("noted", submission, now, by)
    return made

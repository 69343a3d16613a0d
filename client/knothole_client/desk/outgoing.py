"""What goes out: replies are queued, and a day's file has always as many slots, real ones among random ones.

What was exported is remembered only when the file is durable under its name. Killed in between, the same answers go into
the next file as well, sealed anew; whoever reads the board counts them once. So nothing is lost, and nothing is claimed.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from knothole_client.desk import acknowledging, drop, threads
from knothole_client.desk.answers import Answer, Answers
from knothole_client.desk.boxes import Boxes
from knothole_client.desk.drop import Known
from knothole_client.desk.enrolling import signer
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.vault import Vault
from knothole_keys import clock, files
from knothole_keys.board import SLOT
from knothole_keys.card import Kind, make_slots
from knothole_keys.errors import CannotSeal, Refused
from knothole_keys.sign import Signer


@dataclass(frozen=True)
class Written:
    """How many answers went into a file to their end, and how many wait for the next, by kind.

    `lost`: answers whose thread this vault cannot read any more; `damaged`: records that were left out. `listed`: whether the
    newest roster names this desk; if not, no source would believe its answers, and all of them wait. `again`: answers that were
    in a lost file.
    """

    replies: int = 0
    acknowledgements: int = 0
    replies_left: int = 0
    acknowledgements_left: int = 0
    lost: int = 0
    damaged: int = 0
    listed: bool = True
    again: int = 0


def reply(vault: Vault, thread: str, text: str, now: int) -> tuple[Answer, int]:
    """Queue a reply to a thread (hexadecimal); returns it and how many slots it takes. Raises Refused; nothing changes then."""
    known, key = drop.needed(vault.records), signer(vault)
    if not _is_listed(known, key):
        raise Refused(
            "The newest list of who reads does not name this desk, so no source would be shown its answers; have an "
            "administrator add it, and import the new list."
        )
    if not text.strip():
        raise Refused("There is nothing to send: write an answer.")
    reply_key, today, answers = threads.reply_key(vault.records, thread), clock.day_of(now), Answers(vault.records)
    if reply_key is None:
        raise Refused("No letter of this thread can be read here, so it cannot be answered.")
    with vault.records.transaction():
        answer = Answer("reply", thread, key.public.name, answers.next_sequence(today), today, text)
        try:
            slots = _slots(answer, known, key, reply_key)
        except CannotSeal as error:
            raise Refused(str(error)) from None
        answers.put(answer)
    return answer, len(slots)


def withdraw(vault: Vault, sequence: int) -> Answer:
    """Forget a reply of which nothing was in a file yet. Raises Refused."""
    answers = Answers(vault.records)
    answer = answers.reply(sequence)
    if answer is None:
        raise Refused("No answer has this number; `knothole desk replies` shows them.")
    if not answer.is_inside:
        raise Refused(
            "This answer went into a file already and may have been read, so it cannot be withdrawn; write another one that "
            "corrects it."
        )
    with vault.records.transaction():
        answers.remove(answer)
    return answer


def write(vault: Vault, output: Path, count: int, now: int, lost_file: str = "") -> Written:
    """Write a file of exactly `count` slots, with what was in the file of the day `lost_file`, which was lost.

    Raises Refused, also when something has its name; nothing is remembered then.
    """
    if os.path.lexists(output):
        raise _exists(output)
    if not output.parent.is_dir():
        raise Refused(f"The folder {output.parent} does not exist; put the stick in, or make the folder, and try again.")
    known, key, today = drop.needed(vault.records), signer(vault), clock.day_of(now)
    inbox = Inbox(vault.records, Boxes(vault.boxes, known.chain))
    acknowledging.settle(vault.records, inbox, key.public.name, today)
    answers = Answers(vault.records)
    due, listed = answers.due(today, lost_file), _is_listed(known, key)
    slots: list[bytes] = []
    after = answers.lost(lost_file) if lost_file else []
    again = len(after)
    whole: list[Kind] = []
    left: list[Kind] = []
    keys: dict[str, bytes | None] = {}
    lost = 0
    for answer in due:
        if not listed or len(slots) == count:
            left.append(answer.kind)
            continue
        if answer.thread not in keys:
            keys[answer.thread] = threads.reply_key(vault.records, answer.thread)
        reply_key = keys[answer.thread]
        if reply_key is None:
            lost += 1
            continue
        pieces = _slots(answer, known, key, reply_key)
        taken = pieces[answer.done :][: count - len(slots)]
        slots += taken
        after.append(answer.exported(len(taken), len(pieces), today))
        (left if after[-1].done else whole).append(answer.kind)
    slots += [os.urandom(SLOT) for _ in range(count - len(slots))]
    secrets.SystemRandom().shuffle(slots)
    _write(output, b"".join(slots))
    with vault.records.transaction():
        for answer in after:
            answers.put(answer)
    return Written(
        replies=whole.count("reply"),
        acknowledgements=whole.count("acknowledgement"),
        replies_left=left.count("reply"),
        acknowledgements_left=left.count("acknowledgement"),
        lost=lost,
        damaged=vault.records.damaged,
        listed=listed,
        again=again,
    )


def _is_listed(known: Known, key: Signer) -> bool:
    return known.roster is None or any(one.id == key.public.name for one in known.roster.recipients)


def _slots(answer: Answer, known: Known, key: Signer, reply_key: bytes) -> list[bytes]:
    thread = bytes.fromhex(answer.thread)
    return make_slots(answer.card, reply_key=reply_key, drop_id=known.drop_id, thread=thread, signing_key=key.key)


def _write(output: Path, data: bytes) -> None:
    # Whole under a name that no courier posts, and then renamed: sticks have no hard links, and a part of a file would be
    # posted as fewer slots. Nobody else writes slots meanwhile, as the vault is held.
    part = output.with_name(f".{secrets.token_hex(8)}.part")
    files.write_whole(part, data, mode=0o644, shown=output)
    try:
        if os.path.lexists(output):
            raise _exists(output)
        part.rename(output)
        files.sync_directory(output.parent)
    except OSError as error:
        raise Refused(f"{output} cannot be written: {(error.strerror or 'it failed').lower()}.") from None
    finally:
        part.unlink(missing_ok=True)


def _exists(output: Path) -> Refused:
    return Refused(f"{output} exists already; name a new file for each day.")

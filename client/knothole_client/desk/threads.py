"""Threads: whose letters belong together, found by what a person types, and the key that answers them.

A thread is known by the letters that were read, and by nothing else: when the last of them is gone, so is its reply key.
"""

from knothole_client.desk.inbox import Inbox
from knothole_client.desk.records import Records
from knothole_client.desk.submission import Summary
from knothole_keys.errors import Refused


def find(inbox: Inbox, start: str) -> str:
    """The thread (64 digits of hexadecimal) whose id, or one of whose submissions' ids, begins like this. Raises Refused."""
    start = start.strip().lower()
    # One damaged record must not keep the others' sources from being answered.
    summaries = inbox.summaries(sound=True)
    found = {one.thread for one in summaries if start and one.read and _begins(start, one.thread, one.id)}
    if len(found) > 1:
        raise Refused("Several threads begin like this; give more of the id.")
    if found:
        return found.pop()
    if any(_begins(start, one.id) for one in summaries if start and not one.read):
        raise Refused("This letter was not read yet, so its thread is not known and cannot be answered; import again.")
    if any(_begins(start, str(one["id"])) for one in inbox.refused() if start):
        raise Refused("This letter was refused when it was imported; it has no thread that could be answered.")
    raise Refused("No thread and no submission has this id; `knothole desk list` shows them.")


def letters(inbox: Inbox, thread: str) -> list[Summary]:
    """The letters of a thread that can be read here, by day."""
    return [one for one in inbox.summaries(sound=True) if one.thread == thread]


def reply_key(records: Records, thread: str) -> bytes | None:
    """The reply key that a thread's letters name, or None when no letter of it can be read here any more."""
    for summary in records.all_sound("submission"):
        if summary["thread"] != thread:
            continue
        try:
            content = records.get("content", summary["id"])
        except Refused:
            # Damaged; another letter of the thread says the same.
            continue
        if content is not None:
            return bytes.fromhex(content["reply_key"])
    return None


def _begins(start: str, *ids: str) -> bool:
    return any(one.startswith(start) for one in ids)

"""A vault with thousands of submissions, made of records alone: what it costs to list, sort and search them.

Its boxes are not there: this is for what no box is opened for.
"""

import hashlib
import os
from datetime import date, timedelta

from knothole_client.desk.streams import Group, Place, Streams
from knothole_client.desk.submission import content_value, file_group, summary_value
from knothole_client.desk.vault import Vault
from knothole_keys.letter import FileEntry, Letter

CAPACITY = 1_000_000
WORDS = """
the ministry paid twice for a bridge that nobody built and every invoice names the same three firms whose owner signs as
deputy director since spring while auditors were sent home with a warning about their families and pensions
"""
HAN = "部门为一座从未建成的桥付了两次钱每张发票上都是同样的三家公司审计人员被警告回家"
FIRST = date(2026, 1, 5)


def text_of(number: int, length: int) -> str:
    """About `length` characters, the same for a number each time; every fifth is Chinese, every one has a word of its own."""
    words = WORDS.split()
    seed = hashlib.sha256(str(number).encode()).digest() * (length // 128 + 1)
    if number % 5 == 0:
        body = "".join(HAN[byte % len(HAN)] for byte in (seed * 4)[:length])
    else:
        body = " ".join(words[byte % len(words)] for byte in seed)[:length]
    return f"case{number} {body}"


def letter_of(number: int, files: int, length: int) -> Letter:
    """What a submission of that number says."""
    thread = hashlib.sha256(f"thread {number // 3}".encode()).digest()
    return Letter(
        thread=thread,
        day=(FIRST + timedelta(days=number // 40)).isoformat(),
        message=text_of(number, length),
        language="zh" if number % 5 == 0 else "en",
        recipients=("0" * 16,),
        roster=bytes(32),
        reply_key=bytes(32),
        read=(),
        files=tuple(entry_of(number, place) for place in range(files)),
        contents={},
    )


def entry_of(number: int, place: int) -> FileEntry:
    """A file of that submission; the first is the same in every hundredth."""
    of = f"{number % 100 if place == 0 else number}/{place}"
    root = hashlib.sha256(of.encode()).digest()
    stream = hashlib.sha256(root + str(number // 3).encode()).digest()
    return FileEntry(f"scan-{number}-{place}.pdf", 200_000 + place, "application/pdf", root, stream, False)


def fill(vault: Vault, submissions: int = 10_000, files: int = 10, length: int = 400) -> list[str]:
    """Write so many submissions into an empty vault that is held for a change; returns their ids."""
    records, ids = vault.records, []
    streams = Streams(records)
    with records.transaction():
        for number in range(submissions):
            letter = letter_of(number, files, length)
            root = hashlib.sha256(f"letter {number}".encode()).digest()
            group = Group("letter", hashlib.sha256(root).digest(), root, 1)
            name = group.stream.hex()
            groups = [file_group(entry, CAPACITY) for entry in letter.files]
            for one in (group, *groups):
                place = Place(2900, os.urandom(16), os.urandom(32))
                streams.add(one, 0, place)
                records.put("box", place.name, {"state": "kept", "part": f"{one.name}/0"})
            streams.flush()
            for one in groups:
                records.remove("loose stream", one.name)
            records.put("submission", name, summary_value(group, letter, CAPACITY, letter.day, 0))
            records.put("content", name, content_value(letter))
            ids.append(name)
    return ids

"""Commands about the way back: reply, replies, slots."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from knothole_client import message
from knothole_client.desk import custody, outgoing, threads
from knothole_client.desk.answers import Answer, Answers
from knothole_client.desk.cli.common import FILE, JSON, VAULT, inbox_of, show, tell, tell_damaged, unlocked, warnings
from knothole_client.desk.cli.words import SHORT
from knothole_client.desk.submission import Summary
from knothole_client.desk.templates import Templates
from knothole_client.terminal import counted, first_words, safe_lines
from knothole_keys import clock
from knothole_keys.board import SLOTS_A_FILE, SLOTS_A_POST
from knothole_keys.card import MAX_TEXT

_TOO_LONG = "write it in several replies"


@click.command()
@VAULT
@click.argument("start", metavar="[THREAD]", required=False)
@click.option(
    "-m", "--message", "text", help="The answer; - reads it from standard input, where no list of processes shows it."
)
@click.option("--file", "source", type=FILE, help="Take the answer from this file.")
@click.option("--template", metavar="NAME", help="Take the answer from this template; `template` lists them.")
@click.option(
    "--withdraw", type=int, metavar="NUMBER", help="Take an answer back that was in no file yet; `replies` shows numbers."
)
@JSON
def reply(
    path: Path,
    start: str | None,
    text: str | None,
    source: Path | None,
    template: str | None,
    withdraw: int | None,
    as_json: bool,
) -> None:
    """Queue an answer to a source.

    THREAD is the beginning of a thread's id or of a submission's, as `list` shows them. `slots` carries it out. Without -m,
    --file and --template it is asked for.
    """
    if (start is None) == (withdraw is None) or [text, source, template, withdraw].count(None) < 3:
        raise click.UsageError("Give a THREAD, with one of -m, --file and --template; or --withdraw NUMBER alone.")
    with unlocked(path, change=True) as desk:
        if start is None or withdraw is not None:
            taken = outgoing.withdraw(desk.vault, withdraw or 0)
            tell(custody.log(desk.vault, "answered", taken.thread, f"answer {taken.sequence} withdrawn"))
            lines = [f"The answer to thread {taken.thread[:SHORT]} is withdrawn; nothing of it went out."]
            show({**_value(taken), "state": "withdrawn"}, lines, as_json=as_json)
            return
        # Before a person types a page to somebody who is not there, or to somebody else.
        inbox = inbox_of(desk.vault)
        thread = threads.find(inbox, start)
        click.echo(_whom(thread, threads.letters(inbox, thread)), err=True)
        if template is not None:
            text = Templates(desk.vault.records).get(template).text
        elif source is not None:
            text = message.from_file(source, MAX_TEXT, _TOO_LONG)
        elif text is None:
            text = message.asked("the answer", MAX_TEXT, _TOO_LONG)
        else:
            text = message.from_option(text, MAX_TEXT, _TOO_LONG)
        now = clock.now()
        answer, slots = outgoing.reply(desk.vault, thread, text, now)
        tell(custody.log(desk.vault, "answered", thread, f"answer {answer.sequence}", now))
    lines = [
        f"The answer to thread {thread[:SHORT]} is kept as number {answer.sequence}; it takes {counted(slots, 'slot')}. "
        "The next `knothole desk slots` carries it out; until then --withdraw takes it back.",
    ]
    show({**_value(answer), "slots": slots}, lines, as_json=as_json)


@click.command()
@VAULT
@click.argument("start", metavar="[THREAD]", required=False)
@click.option("--text", is_flag=True, help="Show each answer in full.")
@JSON
def replies(path: Path, start: str | None, text: bool, as_json: bool) -> None:
    """List your answers: to whom, how often they went out, and whether they were read."""
    with unlocked(path) as desk:
        thread = threads.find(inbox_of(desk.vault), start) if start else None
        answers = Answers(desk.vault.records)
        found = [one for one in answers.all("reply") if thread in (None, one.thread)]
        told = [one for one in answers.all("acknowledgement") if thread in (None, one.thread)]
        damaged = desk.vault.records.damaged
    rows = []
    for one in found:
        row = f"{one.day}  {one.thread[:SHORT]}  {one.sequence:<16}  {_state(one):<34}"
        rows += (
            [row.rstrip(), *(f"    {line}" for line in safe_lines(one.text))] if text else [f"{row}  {first_words(one.text)}"]
        )
    waiting = sum(not one.times for one in told)
    lines = rows or ["Nothing was answered yet."]
    lines += [f"{counted(waiting, 'acknowledgement')} of {len(told)} never went out yet."] if waiting else []
    value = {"replies": [_value(one) for one in found], "acknowledgements": [_value(one) for one in told], "damaged": damaged}
    show(value, lines, as_json=as_json)
    tell_damaged(damaged)


@click.command()
@VAULT
@click.option("-o", "output", type=FILE, required=True, help="The new file, for the courier.")
@click.option(
    "--count",
    type=click.IntRange(1, SLOTS_A_POST),
    default=SLOTS_A_FILE,
    show_default=True,
    help="How many slots it has. Choose one number and keep it: a change would show.",
)
@click.option(
    "--again",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The file that was made on this day (YYYY-MM-DD) was lost: this one has its answers, too.",
)
@JSON
def slots(path: Path, output: Path, count: int, again: datetime | None, as_json: bool) -> None:
    """Write a day's file of reply slots for the courier.

    It has COUNT slots, whether or not there is an answer; the rest are random, and nobody can tell which. Make one every day.
    """
    with unlocked(path, change=True) as desk:
        lost = again.date().isoformat() if again else ""
        now = clock.now()
        done = outgoing.write(desk.vault, output, count, now, lost)
        inside = (
            f"{counted(count, 'slot')}: {counted(done.replies, 'answer')}, {counted(done.acknowledgements, 'acknowledgement')}"
        )
        tell(custody.log(desk.vault, "sent", "", inside, now))
        warned = warnings(desk, path)
    value: dict[str, Any] = {**vars(done), "path": str(output), "slots": count, "warnings": [one.value() for one in warned]}
    lines = [
        f"Wrote {output}: {counted(count, 'slot')}, with {counted(done.replies, 'answer')} and "
        f"{counted(done.acknowledgements, 'acknowledgement')} among them; the file does not show it."
    ]
    if lost:
        had = counted(done.again, "answer or acknowledgement", "answers and acknowledgements")
        lines.append(f"The file of {lost} had {had} that no later one has and nobody has read; they go out again.")
    if not done.listed:
        lines.append(
            "The newest list of who reads does not name this desk: no source would believe it, so all it has to say waits."
        )
    lines += [f"{counted(done.replies_left, 'answer waits', 'answers wait')} for the next file."] if done.replies_left else []
    if done.acknowledgements_left:
        left = counted(done.acknowledgements_left, "acknowledgement waits", "acknowledgements wait")
        lines.append(f"{left} for the next file.")
    if done.lost:
        lost = counted(done.lost, "answer belongs to a thread", "answers belong to threads")
        lines.append(f"{lost} of which no letter can be read here any more; left out.")
    show(value, lines, as_json=as_json)
    tell_damaged(done.damaged)


def _whom(thread: str, letters: list[Summary]) -> str:
    # To be seen before it is written: two threads may begin alike.
    if not letters:
        return f"This answers thread {thread[:SHORT]}."
    last = letters[-1]
    of = f"{counted(len(letters), 'letter')}, the last of {last.day} ({last.id[:SHORT]})"
    return f"This answers thread {thread[:SHORT]}: {of}: {first_words(last.start) or 'no message'}"


def _state(one: Answer) -> str:
    if one.read:
        return f"read by {one.read}"
    if one.done:
        return "in part; the rest waits"
    if not one.times:
        return "waits for the next file"
    return f"in {counted(one.times, 'file')}, last on {one.last}"


def _value(one: Answer) -> dict[str, Any]:
    state = "read" if one.read else "partly" if one.done else "exported" if one.times else "waiting"
    return {
        "thread": one.thread,
        "sequence": one.sequence,
        "day": one.day,
        "text": one.text,
        "state": state,
        "exports": one.times,
        "last": one.last,
        "read": one.read,
    }


COMMANDS = (reply, replies, slots)

"""Reports and submissions in words, for a terminal. All that a source wrote passes through `terminal` here."""

from dataclasses import asdict
from typing import Any

from knothole_client.desk.boxes import HOW_TO_MEND
from knothole_client.desk.exposure import Exposure
from knothole_client.desk.intake import Report
from knothole_client.desk.listing import Page, Row
from knothole_client.desk.looking import Looked
from knothole_client.desk.marks import STATES, Mark
from knothole_client.desk.search import Hit
from knothole_client.desk.submission import FileState, Submission, Summary
from knothole_client.terminal import counted, first_words, safe, safe_lines, safe_name, size
from knothole_keys.epoch import days

SHORT = 10
_NAMED = 10


def report_value(report: Report) -> dict[str, Any]:
    """An import's report as JSON's members."""
    return {**asdict(report), "keyless_epochs": sorted(report.keyless_epochs)}


def report(made: Report) -> list[str]:
    """An import's report, one sentence a line, only those that have something to say."""
    lines = [f"Note: {remark}" for remark in made.remarks]
    lines.append(f"{_boxes(made.kept)} imported, {made.known} known already.")
    if made.twins:
        lines.append(f"{_boxes(made.twins)} held parts that had come in other boxes.")
    if made.mended:
        lines.append(f"{_boxes(made.mended)} missing from the vault, or damaged there, were put back.")
    if made.not_ours:
        lines.append(f"{_boxes(made.not_ours)} are not for this desk, or are cover.")
    if made.shredded:
        lines.append(
            f"{_boxes(made.shredded)} belong to submissions that were shredded here, and were left out; `import` with "
            "`--take-back ID` takes one of those in again."
        )
    if made.keyless:
        weeks = "; ".join(days(epoch) for epoch in sorted(made.keyless_epochs))
        lines.append(f"{_boxes(made.keyless)} cannot be opened: this desk has no secret, or none any more, for {weeks}.")
    if made.not_open:
        lines.append(f"{_boxes(made.not_open)} lie in weeks in which the drop was not open.")
    if made.odd:
        lines.append(f"{counted(made.odd, 'other thing')} in the folder were no boxes and were left alone.")
    lines += [f"The folder {name} could not be read from this stick: copy it again." for name in made.unreadable_folders]
    lines += _named(made.unreadable, "here, but could not be read from this stick: copy it again")
    lines += _named(made.partial, "here only in part: it was cut short when it was copied, so copy it again")
    lines += _named(made.damaged, "damaged on the way or altered, and not kept; have the courier fetch it anew")
    lines += _named(made.wrong, "not a well-formed box of its week, and not kept")
    lines += [f"Letter {name[:SHORT]} was refused: {sentence}" for name, sentence in made.refused.items()]
    lines += [
        f"Letter {name[:SHORT]} was not read: this program was stopped when it read it last, or had too little memory. "
        f"`import` with `--read-again {name[:SHORT]}` tries it once more."
        for name in made.cut_off
    ]
    if made.letters:
        lines.append(f"{counted(len(made.letters), 'new submission')}: {', '.join(one[:SHORT] for one in made.letters)}")
    return lines


def _boxes(count: int) -> str:
    return counted(count, "box", "boxes")


def _named(names: list[str], what: str) -> list[str]:
    lines = [f"Box {name} is {what}." for name in names[:_NAMED]]
    if len(names) > _NAMED:
        lines.append(f"So are {_boxes(len(names) - _NAMED)} more; --json names them all.")
    return lines


def table(page: Page, refused: list[dict[str, Any]], unclaimed: int, damaged: list[str]) -> list[str]:
    """A page of submissions, a line each."""
    rows = [("ID", "THREAD", "SOURCE", "DAY", "FILES", "SIZE", "STATE", "MARKS", "MESSAGE")] if page.rows else []
    for row in page.rows:
        one = row.summary
        cells = (
            one.id[:SHORT],
            one.thread[:SHORT] or "?",
            row.pseudonym or "?",
            one.day or "?",
            str(one.file_count) if one.read else "?",
            size(one.size),
            state(one),
            ", ".join(_marked(row.mark)),
            first_words(one.start),
        )
        rows.append(cells)
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(len(rows[0]) - 1)] if rows else []
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in rows
    ]
    if not page.rows:
        lines.append("Nothing here is as you asked." if page.total or page.filtered else "Nothing has come yet.")
    elif len(page.rows) < page.total:
        lines.append(f"Rows {page.start + 1} to {page.start + len(page.rows)} of {page.total}.")
    lines += [f"Refused: letter {one['id'][:SHORT]}. {one['sentence']}" for one in refused]
    if unclaimed:
        lines.append(f"{counted(unclaimed, 'file')} came in boxes whose letter has not come.")
    if damaged:
        lines.append(f"{_boxes(len(damaged))} could not be opened when last read: {HOW_TO_MEND}, then export again.")
    return lines


def state(one: Summary) -> str:
    """How whole a submission is, in a few words."""
    if one.have < one.group.count:
        return f"letter: {one.have} of {counted(one.group.count, 'box', 'boxes')}"
    if one.cut_off:
        return "not read: reading was cut off"
    if not one.read:
        return "not read yet: import again"
    if one.damaged:
        return "damaged in the vault"
    return "complete" if not one.outstanding else f"{one.outstanding} of {counted(one.file_count, 'file')} incomplete"


def whole(one: Submission) -> list[str]:
    """One submission in full."""
    lines = [f"Submission  {one.id}", f"State       {state(one)}"]
    if not one.read:
        return lines
    lines += [
        f"Day         {one.day}, imported {one.imported}",
        f"Thread      {one.thread}",
        f"Language    {safe(one.language) or '?'}",
        f"Sealed to   {', '.join(one.recipients)}",
        f"Files       {one.file_count}, {size(one.size)}",
    ]
    lines += [f"  {safe_name(file.entry.name)}  {size(file.entry.size)}  {_file_state(file)}" for file in one.files]
    return [*lines, "", *safe_lines(one.message)]


def mark(one: Mark) -> list[str]:
    """A mark, a line for each thing that it says."""
    return [", ".join(_marked(one)) or "Seen, and not marked otherwise."]


def looked(one: Looked) -> list[str]:
    """One submission in full, with what the desk keeps beside it."""
    lines = whole(one.submission)
    marked = [f"Source      {one.pseudonym}"] if one.pseudonym else []
    marked += [f"Marks       {', '.join(_marked(one.mark))}"] if _marked(one.mark) else []
    if one.told:
        marked.append(f"Told        {'that it came' if one.told.times else 'nothing yet: the next `slots` says that it came'}")
    read = sum(bool(answer.read) for answer in one.answers)
    marked += [f"Answers     {len(one.answers)}, {read} of them read by the source"] if one.answers else []
    lines[2:2] = marked
    for name, others in one.duplicates.items():
        lines.append(f"The same as in {', '.join(other[:SHORT] for other in others[:_NAMED])}: {safe_name(name)}")
    for note in one.notes:
        lines += ["", f"Note of {note.day} by {safe(note.by)}:", *(f"  {line}" for line in safe_lines(note.text))]
    return lines


def hit(one: Hit, row: Row) -> list[str]:
    """A search's hit: what was found, and where."""
    where = f"{one.column} of {safe_name(one.label)}" if one.label else one.column
    said, at = "", 0
    for start, end in one.marks:
        said += f"{safe(one.snippet[at:start])}[{safe(one.snippet[start:end])}]"
        at = end
    said += safe(one.snippet[at:])
    return [f"{one.id[:SHORT]}  {row.pseudonym or '?'}  {row.summary.day}  {where}", f"    {said.strip()}"]


def exposure(found: Exposure) -> list[str]:
    """What was found that could name a source, what says so, and what nobody could see here."""
    lines = [] if found.findings else ["Nothing was found in it that could name the source."]
    for one in found.findings:
        lines.append(f"! {one.sentence}")
        lines += [f"    {safe(name)}: {safe(value)}" if name else f"    {safe(value)}" for name, value in one.items]
    return [*lines, *(f"? {sentence}" for sentence in found.cautions)]


def _marked(one: Mark) -> list[str]:
    said = [] if one.seen else ["unread"]
    said += ["star"] if one.star else []
    said += [one.state] if one.state != STATES[0] else []
    said += [f"#{safe(label)}" for label in one.labels]
    said += [f"embargo {one.embargo}"] if one.embargo else []
    said += [f"reminder {one.reminder}"] if one.reminder else []
    said += [f"for {safe(one.assigned)}"] if one.assigned else []
    return said


def _file_state(file: FileState) -> str:
    kind = f"{safe(file.entry.type)}, " if file.entry.type else ""
    if file.whole:
        return f"{kind}complete"
    return f"{kind}{file.have} of {counted(file.parts, 'box', 'boxes')}"

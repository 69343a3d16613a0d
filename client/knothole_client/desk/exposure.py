"""The exposure check: what in a file could name the source, before it leaves the newsroom for anybody else's eyes.

Metadata and danger flags come out of the sandbox, and are sorted here by what they tell. What is known to say only how a file
is built is left out; what is not known is named, as `other`. A check that finds nothing proves nothing: what no program sees
stands in the `cautions`, each time.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from knothole_client import sandbox
from knothole_client.desk.copies import Copies, Copy
from knothole_client.desk.inbox import Inbox
from knothole_client.desk.submission import FileState, Submission
from knothole_client.desk.vault import Vault
from knothole_client.desk.view import View
from knothole_client.sandbox import Outcome
from knothole_client.terminal import counted

KINDS = {
    "place": "It says where it was made.",
    "person": "It names people or an organisation.",
    "history": "It keeps earlier states, or who changed and commented on it.",
    "device": "It tells one device from all others, or which make it is.",
    "identifier": "It carries a number that other files of the same person or office may carry.",
    "thumbnail": "It carries a smaller picture of itself, which may show what was cut off or painted over.",
    "embedded": "It carries other files, whose own traces stay in them.",
    "path": "It names a folder on a computer, and with it perhaps a person's account.",
    "name": "Its name holds a part of a person's name that stands in it.",
    "time": "It says when it was made or changed.",
    "software": "It says with which program it was made.",
    "words": "It carries a title, a description or a comment beside what it shows.",
    "calls": "It calls somebody when it is opened: whoever laid the trap learns who has it, and when.",
    "other": "It says more beside what it shows.",
    "unseen": "It could not be looked through to its end, so nobody knows what else is in it.",
}
CAUTIONS = {
    "dots": "Yellow dots that colour printers leave cannot be detected here: look at the pages enlarged, in blue light.",
    "inside": "Pictures inside a document and files inside an archive are not looked at one by one.",
    "variant": "A word, a space or a number changed for each reader shows only beside somebody else's copy.",
    "seen": "What it shows or says is not judged: names, faces, voices, handwriting, screens, reflections, a way of writing.",
}
_PAPER, _WITH_INSIDES = ("image", "pdf", "office"), ("office", "archive", "pdf")
_FLAGGED = {
    "embedded_file": "embedded", "embedded_object": "embedded", "archive_nested": "embedded", "remote_template": "calls",
    "remote_content": "calls", "pdf_form_sent": "calls", "unread": "unseen", "broken": "unseen", "encrypted": "unseen",
}  # fmt: skip
# The first that fits a field's name counts.
_NAMED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in (
    ("thumbnail", r"thumbnail(image|$)|preview(image|$)|jpgfromraw|otherimage|photoshopthumbnail"),
    ("place", r"gps(?!versionid)|location|\bcity|\bstate$|country|latitude|longitude|geo(tag|loc)|offsettime|timezone"),
    ("software", r"software|producer|creatortool|application|appversion|generator|encoder|encodedby|compressorname|firmware"),
    ("history", r"history|derivedfrom|ingredient|revision|editing|totaltime|trackchanges|lastprint"),
    ("device", r"serial|^make$|^model|lens|camera|device|scanner|handset|hostcomputer|ownerid"),
    ("person", r"author|artist|creator|by-?line|owner|copyright|modifiedby|savedby|manager|company|credit|writer|editor|contact"
               r"|person|username|e-?mail|phone|rights|publisher|performer|composer|director|printedby"),
    ("identifier", r"(document|instance|original|unique|content|asset)-?id|uuid|guid|identifier|template|digest"),
    ("time", r"date|created|modified|creation|(?<!exposure)(?<!preview)(?<!poster)(?<!selection)(?<!current)time$"),
    ("words", r"title|subject|keyword|descri|comment|caption|headline|label|rating|categor|instruction|note|lyric|abstract"),
))  # fmt: skip
_NO_TIME = re.compile(r"0000:00:00|1980:01:01 00:00:00|1980-01-01T00:00:00")
# What only says how a file is built: groups that hold nothing else, or little else, and fields of any group.
_SKIPPED = re.compile(r"Composite|ICC[-_].*")
_BUILT = re.compile(r"(File|JFIF|QuickTime|Track\d*|ZIP|MPEG)")
_OF_BUILT = ("place", "person", "time", "words", "software", "thumbnail")
_BUILT_FIELDS = re.compile(
    r"(Image|ExifImage|Source|Pixel|Frame|Video|Audio)\w*|\w*(Version|Resolution|ResolutionUnit|Offset|Length|ByteCounts|Offsets"
    r"|Interpretation|Configuration|Positioning|PerPixel|PerSample|PerUnit\w|PerStrip|Units?)|Orientation|ColorSpace|ColorType"
    r"|Compression|Filter|Interlace|Gamma|SRGBRendering|WhitePoint\w|(Red|Green|Blue)[XY]|BitDepth|InteropIndex|Linearized"
    r"|PageCount|TaggedPDF|Palette|Background\w*|NumChannels|SampleRate|Encoding|Duration|FillOrder|ExtraSamples|SubfileType"
    r"|GPSVersionID|PrimaryItemReference|ApplicationRecordVersion"
)
_PLAIN_VALUES = ("VideoHandler", "SoundHandler", "DataHandler")
_FOLDER = re.compile(r"[A-Za-z]:\\\\?Users\\|(?<![\w.])/(home|Users)/\w|\\\\\\\\?\w+\\", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w")
_ITEMS, _LONGEST = 50, 200


@dataclass(frozen=True)
class Finding:
    """One of KINDS, with the fields that say it (name, value: a stranger's words, to be escaped); there may be none."""

    kind: str
    items: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """What it means."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Exposure:
    """What was found, worst first, and what no program can see. `kind` is what the sandbox took the file for, or empty."""

    findings: tuple[Finding, ...]
    cautions: tuple[str, ...]
    kind: str = ""

    def value(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        found = [
            {"kind": one.kind, "sentence": one.sentence, "fields": [list(item) for item in one.items]} for one in self.findings
        ]
        return {"findings": found, "cautions": list(self.cautions), "taken_for": self.kind}


def of_file(inbox: Inbox, submission: Submission, file: FileState) -> Exposure:
    """What an original tells. Raises Refused when it cannot be read."""
    with View(inbox, submission, file) as source:
        return examine(cast(BinaryIO, source), file.entry.name)


def of_copy(vault: Vault, copy: Copy) -> Exposure:
    """What a working copy tells. Raises Refused when it cannot be read."""
    with Copies(vault).open(copy) as source:
        return examine(cast(BinaryIO, source), copy.name)


def noted(copy: Copy, found: Exposure) -> str:
    """What the custody log says of a copy that is exported with this in it."""
    return f"copy {copy.id[:10]}, {counted(len(found.findings), 'finding')}"


def examine(source: BinaryIO, name: str) -> Exposure:
    """What any document tells, looked at in the sandbox. What could not be looked at is a finding, too."""
    return judged(sandbox.run("metadata", source, name), sandbox.run("flags", source, name), name)


def judged(told: Outcome, flagged: Outcome, name: str) -> Exposure:
    """What a document tells, by what the sandbox's "metadata" and "flags" said of it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for outcome in (told, flagged):
        if outcome.end != "done":
            found.setdefault("unseen", []).append(("", outcome.sentence))
    for field, value in told.metadata:
        for kind in _kinds(field, value):
            found.setdefault(kind, []).append((field, value[:_LONGEST]))
    for flag in flagged.flags:
        if flag in _FLAGGED:
            found.setdefault(_FLAGGED[flag], []).append(("", sandbox.FLAGS[flag]))
    people = [value for field, value in found.get("person", []) + found.get("history", []) if field]
    if shared := _shared(name, people):
        found["name"] = [("", one) for one in shared]
    findings = tuple(Finding(kind, tuple(dict.fromkeys(found[kind]))[:_ITEMS]) for kind in KINDS if kind in found)
    taken = told.kind or flagged.kind
    cautions = [
        *(["dots"] if taken in _PAPER else []), *(["inside"] if taken in _WITH_INSIDES else []), "variant", "seen",
    ]  # fmt: skip
    return Exposure(findings, tuple(CAUTIONS[one] for one in cautions), taken)


def _kinds(field: str, value: str) -> Iterator[str]:
    """What a field tells, by its group and name."""
    group, _, name = field.rpartition(":")
    if not value.strip() or value in _PLAIN_VALUES or _SKIPPED.fullmatch(group):
        return
    kind = next((kind for kind, pattern in _NAMED if pattern.search(name)), "other")
    if field == "Document:Author":
        kind = "history"
    elif field == "PDF:Creator":
        kind = "software"
    if _FOLDER.search(value):
        yield "path"
    if _ADDRESS.search(value) and kind != "person":
        yield "person"
    nothing = (kind == "time" and _NO_TIME.search(value)) or _BUILT_FIELDS.fullmatch(name)
    if not nothing and (kind in _OF_BUILT or not _BUILT.fullmatch(group)):
        yield kind


def _shared(name: str, people: Iterable[str]) -> list[str]:
    """The parts of these people's names that a file's name has, too."""
    words = {word for one in people for word in re.findall(r"[^\W\d_]{3,}", one.casefold())}
    own = Path(name).stem.casefold()
    # Two Han characters are a name already.
    words |= {word for one in people for word in re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,4}", one)}
    return sorted(word for word in words if word in own)

"""What comes out of the walls is read as from an enemy: here it is written by one."""

import contextlib
import io
import json
import os
import threading
import zlib
from dataclasses import replace

import pytest

from knothole_client.sandbox.answers import answer, plain
from knothole_client.sandbox.limits import Limits
from knothole_client.sandbox.outcome import Outcome
from knothole_client.sandbox.pixels import Lied, png
from knothole_client.sandbox.reader import Ended, Reader

LIMITS = Limits(frames=3, width=100, height=100, pixels=15_000, output=50_000, seconds=30)


def heard(program: str, data: bytes, limits: Limits = LIMITS, sink: io.BytesIO | None = None) -> Outcome:
    incoming, outgoing = os.pipe()

    def say() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(outgoing, "wb") as other:
            other.write(data)

    saying = threading.Thread(target=say)
    saying.start()
    try:
        with (
            os.fdopen(incoming, "rb") as stream,
            contextlib.closing(Reader(stream, limits.seconds, limits.output, lambda: False)) as out,
        ):
            return answer(program, out, limits, sink, [])
    finally:
        saying.join()


def head(what: str, kind: object = "image", pages: object = 1, **more: object) -> bytes:
    return json.dumps({"what": what, "kind": kind, "pages": pages} | more).encode() + b"\n"


def frame(width: int, height: int) -> bytes:
    return b"P6\n%d %d\n255\n" % (width, height) + bytes(3 * width * height)


PIXELS = head("pixels")
LIES = {
    "another format": ("preview", PIXELS + b"P5\n1 1\n255\nx"),
    "a text format": ("preview", PIXELS + b"P3\n1 1\n255\n0 0 0"),
    "a PNG": ("preview", PIXELS + b"\x89PNG\r\n\x1a\n" + bytes(100)),
    "a width of nothing": ("preview", PIXELS + b"P6\n0 1\n255\n"),
    "a height below nothing": ("preview", PIXELS + b"P6\n1 -1\n255\n123"),
    "leading zeros": ("preview", PIXELS + b"P6\n01 1\n255\n123"),
    "sixteen bits": ("preview", PIXELS + b"P6\n1 1\n65535\n123456"),
    "a comment": ("preview", PIXELS + b"P6\n#x\n1 1\n255\n123"),
    "other spaces": ("preview", PIXELS + b"P6\n1\t1\n255\n123"),
    "carriage returns": ("preview", PIXELS + b"P6\r\n1 1\r\n255\r\n123"),
    "too wide": ("preview", PIXELS + frame(101, 1)),
    "too high": ("preview", PIXELS + frame(1, 101)),
    "enormous": ("preview", PIXELS + b"P6\n999999 999999\n255\n"),
    "more digits than there are": ("preview", PIXELS + b"P6\n" + b"9" * 40 + b" 1\n255\n"),
    "too many pixels in all": ("preview", PIXELS + frame(100, 100) + frame(100, 100)),
    "too many frames": ("preview", PIXELS + 4 * frame(1, 1)),
    "pixels cut off": ("preview", PIXELS + frame(10, 10)[:-1]),
    "a head cut off": ("preview", PIXELS + b"P6\n10 "),
    "something behind": ("preview", PIXELS + frame(1, 1) + b"x"),
    "more than is heard": ("text", head("text") + b"x" * 55_000),
    "nothing": ("preview", b""),
    "no end of the line": ("preview", b"{" + b" " * 10_000),
    "no JSON": ("preview", b"P6\n1 1\n255\n123"),
    "a list": ("preview", b"[]\n"),
    "JSON without a floor": ("flags", head("flags") + b"[" * 50_000),
    "an unknown kind": ("preview", head("pixels", kind="<b>") + frame(1, 1)),
    "a kind that is no word": ("preview", head("pixels", kind=["image"]) + frame(1, 1)),
    "pages below nothing": ("preview", head("pixels", pages=-1) + frame(1, 1)),
    "pages without number": ("preview", head("pixels", pages=True) + frame(1, 1)),
    "pages without end": ("preview", head("pixels", pages=10**9) + frame(1, 1)),
    "not a number": ("preview", b'{"what": "pixels", "kind": "image", "pages": NaN}\n' + frame(1, 1)),
    "a field more": ("preview", head("pixels", more="x") + frame(1, 1)),
    "text instead of pixels": ("preview", head("text") + b"x"),
    "pixels instead of text": ("text", PIXELS + frame(1, 1)),
    "a cleaned file that nobody asked for": ("preview", head("clean") + b"x"),
    "a reason of its own": ("preview", b'{"why": "Call this number", "kind": "image"}\n'),
    "more behind a reason": ("preview", b'{"why": "broken", "kind": "image"}\nx'),
    "a flag of its own": ("flags", head("flags") + b'["harmless"]'),
    "flags without number": ("flags", head("flags") + json.dumps(["macros"] * 100).encode()),
    "flags that are no words": ("flags", head("flags") + b"[1]"),
    "text in no encoding": ("text", head("text") + b"\xff\xfe\xfa"),
    "a list of strings": ("preview", head("listing") + b'["a.txt"]'),
    "a size below nothing": ("preview", head("listing") + b'[["a.txt", -1]]'),
    "a size that is text": ("preview", head("listing") + b'[["a.txt", "1"]]'),
    "a name without end": ("preview", head("listing") + json.dumps([["x" * 5000, 1]]).encode()),
    "metadata with depth": ("metadata", head("metadata") + b'[["a", {"b": 1}]]'),
    "metadata without name": ("metadata", head("metadata") + b'[["a"]]'),
    "fields without end": ("metadata", head("metadata") + json.dumps([["a", "b"]] * 2001).encode()),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_not_believed(lie: str) -> None:
    with pytest.raises(Lied):
        heard(*LIES[lie])


@pytest.mark.parametrize(("what", "said"), [("listing", b'["a", 2]'), ("flags", b'"macros"'), ("metadata", b'["a", "b"]')])
def test_a_list_is_not_parsed_beyond_what_an_honest_one_needs(what: str, said: bytes) -> None:
    """Python's lists take thirty times the bytes that say them, in this process and not behind the walls."""
    limits, program = replace(LIMITS, output=64 << 20), "preview" if what == "listing" else what
    assert heard(program, head(what) + b"[" + said + b" " * 9000 + b"]", limits=limits).end == "done"
    with pytest.raises(Lied):
        heard(program, head(what) + b"[" + said + b" " * (9 << 20) + b"]", limits=limits)


def test_what_is_true_is_heard() -> None:
    found = heard("preview", head("pixels", pages=7) + frame(100, 100) + frame(2, 3))
    assert (found.end, found.kind, found.pages, len(found.pictures)) == ("done", "image", 7, 2)
    assert heard("text", head("text", pages=0) + "läuft".encode()).text == "läuft"
    assert heard("flags", head("flags") + b'["macros"]').flags == ("macros",)
    assert heard("preview", head("listing") + b'[["a", 2]]').listing[0].name == "a"
    assert heard("preview", b'{"why": "broken", "kind": "pdf"}\n').sentence.endswith(".")
    sink = io.BytesIO()
    assert heard("clean", head("clean") + b"cleaned", sink=sink).written == 7
    assert sink.getvalue() == b"cleaned"


def test_nothing_is_kept_of_what_is_too_much() -> None:
    """An enormous frame is refused by its head: its pixels are neither waited for nor read."""
    incoming, outgoing = os.pipe()
    with os.fdopen(incoming, "rb") as stream, os.fdopen(outgoing, "wb", buffering=0) as other:
        other.write(PIXELS + b"P6\n100 101\n255\n")
        out = Reader(stream, 60, LIMITS.output, lambda: False)
        with pytest.raises(Lied):
            answer("preview", out, LIMITS, None, [])
        out.close()


def test_a_program_that_takes_too_much_is_stopped_while_it_says_nothing() -> None:
    incoming, outgoing = os.pipe()
    with os.fdopen(incoming, "rb") as stream, os.fdopen(outgoing, "wb"):
        out = Reader(stream, 60, LIMITS.output, lambda: True)
        with pytest.raises(Ended, match="too_much_memory"):
            answer("preview", out, LIMITS, None, [])
        out.close()


def test_a_picture_is_a_plain_png() -> None:
    made = png(2, 1, b"\xff\0\0\0\0\xff")
    assert made.startswith(b"\x89PNG\r\n\x1a\n")
    at = made.index(b"IDAT")
    assert zlib.decompress(made[at + 4 : -16]) == b"\0\xff\0\0\0\0\xff"
    from PIL import Image

    with Image.open(io.BytesIO(made)) as image:
        assert (image.size, image.mode, image.getpixel((1, 0))) == ((2, 1), "RGB", (0, 0, 255))


def test_text_holds_nothing_that_a_terminal_obeys() -> None:
    assert plain("a\x1b[31m\x07\x9b\x00\r\nb\tc") == "a�[31m����\nb\tc"
    assert heard("metadata", head("metadata") + b'[["a\\u001b", "\\ud800"]]').metadata == (("a�", "?"),)

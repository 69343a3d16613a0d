"""Text as pixels, by Pango: any script, shaped and in its direction."""

import ctypes
from typing import Any, BinaryIO

from PIL import Image

from knothole_client.sandbox.inside.document import Cannot, Document
from knothole_client.sandbox.inside.encodings import decoded
from knothole_client.sandbox.inside.frames import written
from knothole_client.sandbox.inside.start import Asked

WIDTH, MARGIN, LINES, COLUMNS = 1000, 24, 60, 2000
_RGB24, _SCALE, _WORD_CHAR = 1, 1024, 2
# A page of text; what is longer is on the next ones.
PAGE = 6000
MOST = 4 << 20


def show(_: Document, source: BinaryIO, asked: Asked) -> None:
    """The pages that were asked for."""
    source.seek(0)
    text = decoded(source.read(MOST))
    if text is None:
        raise Cannot(why="unknown")
    pages = cut(text)
    if asked.first > len(pages):
        raise Cannot(why="no_page")
    draw = _Pango()
    asked.head("pixels", pages=len(pages))
    for page in pages[asked.first - 1 : asked.last]:
        written(draw.page(page, asked.height), asked)


def cut(text: str) -> list[str]:
    """Pages of at most so many lines and characters; control characters are shown as what they are."""
    pages: list[str] = []
    lines: list[str] = []
    length = 0
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        for start in range(0, max(1, len(line)), COLUMNS):
            piece = "".join(map(_visible, line[start : start + COLUMNS]))
            if lines and (len(lines) == LINES or length + len(piece) > PAGE):
                pages.append("\n".join(lines))
                lines, length = [], 0
            lines.append(piece)
            length += len(piece)
    return [*pages, "\n".join(lines)]


def _visible(one: str) -> str:
    point = ord(one)
    if point < 0x20 and one != "\t":
        return chr(0x2400 + point)
    # What turns the direction of reading is named, not obeyed.
    if point == 0x7F or 0x80 <= point < 0xA0 or 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069:
        return f"⟨U+{point:04X}⟩"
    return "\N{REPLACEMENT CHARACTER}" if 0xD800 <= point < 0xE000 else one


class _Pango:
    def __init__(self) -> None:
        libraries = []
        for name in ("cairo", "gobject-2.0", "pango-1.0", "pangocairo-1.0"):
            # find_library asks compilers; the names are the same on every Linux of ten years.
            file = f"lib{name}.so.2" if name == "cairo" else f"lib{name}.so.0"
            try:
                libraries.append(ctypes.CDLL(file))
            except OSError as missing:
                raise Cannot(why="no_tool") from missing
        self._cairo, self._objects, self._pango, self._both = libraries
        for library, name in (
            (self._cairo, "cairo_image_surface_create"), (self._cairo, "cairo_create"),
            (self._cairo, "cairo_image_surface_get_data"), (self._both, "pango_cairo_create_layout"),
            (self._pango, "pango_font_description_from_string"),
        ):  # fmt: skip
            getattr(library, name).restype = ctypes.c_void_p

    def page(self, text: str, highest: int) -> Image.Image:
        """One page, as high as its text."""
        height = self._drawn(text, 16, highest)[1]
        return self._drawn(text, min(max(height + 2 * MARGIN, 64), highest), highest)[0]

    def _drawn(self, text: str, height: int, highest: int) -> tuple[Image.Image, int]:
        cairo, both, pango = self._cairo, self._both, self._pango
        surface = ctypes.c_void_p(cairo.cairo_image_surface_create(_RGB24, WIDTH, height))
        context = ctypes.c_void_p(cairo.cairo_create(surface))
        cairo.cairo_set_source_rgb(context, *map(ctypes.c_double, (1, 1, 1)))
        cairo.cairo_paint(context)
        cairo.cairo_set_source_rgb(context, *map(ctypes.c_double, (0.07, 0.07, 0.07)))
        cairo.cairo_move_to(context, ctypes.c_double(MARGIN), ctypes.c_double(MARGIN))
        layout = ctypes.c_void_p(both.pango_cairo_create_layout(context))
        font = ctypes.c_void_p(pango.pango_font_description_from_string(b"Noto Sans, DejaVu Sans, Sans 11"))
        pango.pango_layout_set_font_description(layout, font)
        pango.pango_layout_set_width(layout, (WIDTH - 2 * MARGIN) * _SCALE)
        pango.pango_layout_set_wrap(layout, _WORD_CHAR)
        data = text.encode("utf-8")
        pango.pango_layout_set_text(layout, data, len(data))
        size: list[Any] = [ctypes.c_int(), ctypes.c_int()]
        pango.pango_layout_get_pixel_size(layout, *map(ctypes.byref, size))
        both.pango_cairo_show_layout(context, layout)
        cairo.cairo_surface_flush(surface)
        stride = cairo.cairo_image_surface_get_stride(surface)
        raw = ctypes.string_at(cairo.cairo_image_surface_get_data(surface), stride * height)
        image = Image.frombuffer("RGB", (WIDTH, height), raw, "raw", "BGRX", stride, 1).copy()
        pango.pango_font_description_free(font)
        self._objects.g_object_unref(layout)
        cairo.cairo_destroy(context)
        cairo.cairo_surface_destroy(surface)
        return image, min(size[1].value, highest)

"""Pictures: by Pillow, HEIC by libheif's own converter."""

from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from knothole_client.sandbox.inside.document import Cannot, Document, copied
from knothole_client.sandbox.inside.frames import fitting, written
from knothole_client.sandbox.inside.kinds import HEAD, heif
from knothole_client.sandbox.inside.start import Asked
from knothole_client.sandbox.inside.tools import WORK, ran

# 200 million pixels are a large scan; Pillow refuses twice as many as it is told.
Image.MAX_IMAGE_PIXELS = 100_000_000


def show(document: Document, source: BinaryIO, asked: Asked) -> None:
    """The picture, turned as its Exif says; of several the ones that were asked for."""
    source.seek(0)
    head = source.read(HEAD)
    source.seek(0)
    try:
        if heif(head) and head[8:12] not in (b"avif", b"avis"):
            ran("heif-convert", copied(document, "picture.heic", asked.room), WORK / "picture.png", seconds=40)
            made = sorted(WORK.glob("picture*.png"))
            if not made:
                raise Cannot(why="broken")
            image: Image.Image = Image.open(made[0])
        else:
            image = Image.open(source)
        _shown(image, asked)
    except Image.DecompressionBombError as bomb:
        raise Cannot(why="too_large") from bomb
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError) as broken:
        raise Cannot(why="broken") from broken


def _shown(image: Image.Image, asked: Asked) -> None:
    pages = getattr(image, "n_frames", 1)
    if asked.first > pages:
        raise Cannot(why="no_page")
    many = image.format == "TIFF"
    for page in range(asked.first, (min(asked.last, pages) if many else asked.first) + 1):
        image.seek(page - 1)
        image.draft("RGB", (1600, 1600))
        one = ImageOps.exif_transpose(image)
        if one.mode in ("I;16", "I", "F"):
            one = one.point(lambda value: value / 256).convert("L") if one.mode == "I;16" else one.convert("L")
        one = one.convert("RGBA") if one.mode in ("P", "PA", "LA") else one
        one = one.resize(fitting(one.size, asked), Image.Resampling.LANCZOS, reducing_gap=2.0)
        if page == asked.first:
            asked.head("pixels", pages=pages if many else 1)
        written(one, asked)

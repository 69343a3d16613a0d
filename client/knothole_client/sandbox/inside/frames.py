"""Pixels on their way out: P6 frames, each within what the parent accepts."""

from typing import Any

from knothole_client.sandbox.inside.start import Asked


def fitting(size: tuple[int, int], asked: Asked, widest: int = 1600, highest: int = 1600) -> tuple[int, int]:
    """A size in the same proportions that fits; never larger than it is."""
    scale = min(1.0, min(widest, asked.width) / size[0], min(highest, asked.height) / size[1])
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def written(image: Any, asked: Asked) -> None:
    """One frame out of a Pillow image; what is transparent stands on white."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA", "P", "RGBa", "La"):
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    image = image.convert("RGB")
    asked.out.write(b"P6\n%d %d\n255\n" % image.size)
    asked.out.write(image.tobytes())
    asked.out.flush()

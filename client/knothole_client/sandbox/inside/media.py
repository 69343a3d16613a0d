"""Sound as a waveform, video as a contact sheet; read where it is, by seeking to key frames."""

from array import array
from typing import Any, BinaryIO

import av
from PIL import Image, ImageDraw

from knothole_client.sandbox.inside.document import Cannot, Document
from knothole_client.sandbox.inside.frames import written
from knothole_client.sandbox.inside.start import Asked

ACROSS, DOWN, TILE = 4, 4, 300
WAVE = (1200, 240)
# Of longer sound this many seconds are listened to at each of the places.
PIECES, PIECE = 300, 0.5
WHOLE = 300
_LARGEST = 16_384 * 16_384


def show(_: Document, source: BinaryIO, asked: Asked) -> None:
    """A contact sheet when there is video, a waveform when there is sound alone."""
    source.seek(0)
    try:
        with av.open(source, mode="r", metadata_errors="replace") as film:
            if film.streams.video and not _cover(film):
                picture = _sheet(film, film.streams.video[0])
            elif film.streams.audio:
                picture = _wave(film, film.streams.audio[0])
            else:
                raise Cannot(why="nothing_to_see")
            seconds = int((film.duration or 0) / av.time_base)
    except (av.FFmpegError, ValueError, OSError, LookupError, ArithmeticError, TypeError) as broken:
        raise Cannot(why="broken") from broken
    asked.head("pixels", pages=1)
    asked.more["seconds"] = seconds
    written(picture, asked)


def _cover(film: Any) -> bool:
    return bool(film.streams.audio) and film.streams.video[0].codec_context.name in ("mjpeg", "png", "bmp", "gif")


def _sheet(film: Any, stream: Any) -> Image.Image:
    stream.thread_type = "SLICE"
    stream.codec_context.skip_frame = "NONKEY"
    if stream.codec_context.width * stream.codec_context.height > _LARGEST:
        raise Cannot(why="too_large")
    length = (film.duration or 0) / av.time_base
    tiles: list[tuple[float, Image.Image]] = []
    for place in range(ACROSS * DOWN):
        found = _frame(film, stream, length * (place + 0.5) / (ACROSS * DOWN), length)
        if found is None or (tiles and found[0] <= tiles[-1][0]):
            continue
        tiles.append(found)
        if length <= 0:
            break
    if not tiles:
        raise Cannot(why="broken")
    return _laid_out(tiles)


def _frame(film: Any, stream: Any, at: float, length: float) -> tuple[float, Image.Image] | None:
    try:
        if length > 0:
            film.seek(int((at + (film.start_time or 0) / av.time_base) * av.time_base), backward=True)
        for tried, frame in enumerate(film.decode(stream)):
            if frame.width * frame.height <= _LARGEST:
                scale = TILE / max(frame.width, frame.height)
                size = max(1, int(frame.width * scale)), max(1, int(frame.height * scale))
                image = frame.reformat(*size, format="rgb24").to_image()
                return float(frame.time or 0), image.rotate(frame.rotation or 0, expand=True)
            if tried == 8:
                break
    except av.FFmpegError:
        return None
    return None


def _laid_out(tiles: list[tuple[float, Image.Image]]) -> Image.Image:
    wide, high = max(one.width for _, one in tiles), max(one.height for _, one in tiles)
    rows = -(-len(tiles) // ACROSS)
    across = min(ACROSS, len(tiles))
    sheet = Image.new("RGB", (8 + across * (wide + 8), 8 + rows * (high + 24)), (32, 32, 32))
    pen = ImageDraw.Draw(sheet)
    for number, (at, one) in enumerate(tiles):
        x, y = 8 + number % ACROSS * (wide + 8), 8 + number // ACROSS * (high + 24)
        sheet.paste(one, (x + (wide - one.width) // 2, y))
        pen.text((x, y + high + 3), f"{int(at) // 3600}:{int(at) // 60 % 60:02}:{int(at) % 60:02}", fill=(230, 230, 230))
    return sheet


def _wave(film: Any, stream: Any) -> Image.Image:
    length = (film.duration or 0) / av.time_base
    peaks: list[float] = []
    if length > WHOLE:
        for place in range(PIECES):
            film.seek(int(length * place / PIECES * av.time_base))
            peaks.append(max(_loudness(film, stream, PIECE), default=0.0))
    else:
        peaks = list(_loudness(film, stream, WHOLE * 4))
    if not peaks:
        raise Cannot(why="broken")
    picture = Image.new("RGB", WAVE, "white")
    pen = ImageDraw.Draw(picture)
    middle, loudest = WAVE[1] // 2, max(0.01, *peaks, 0.01)
    for x in range(WAVE[0]):
        start = x * len(peaks) // WAVE[0]
        end = max(start + 1, (x + 1) * len(peaks) // WAVE[0])
        height = int(max(peaks[start:end]) / loudest * (middle - 8))
        pen.line((x, middle - height, x, middle + height), fill=(40, 90, 140))
    return picture


def _loudness(film: Any, stream: Any, seconds: float) -> list[float]:
    """The loudest sample of each fiftieth of a second."""
    narrow = av.AudioResampler(format="s16", layout="mono", rate=8000)
    peaks: list[float] = []
    heard = 0
    try:
        for frame in film.decode(stream):
            for piece in narrow.resample(frame):
                samples = array("h", bytes(piece.planes[0])[: 2 * piece.samples])
                for start in range(0, len(samples), 160):
                    part = samples[start : start + 160]
                    peaks.append(max(max(part), -min(part)) / 32768)
                heard += piece.samples
            if heard > seconds * 8000:
                break
    except av.FFmpegError:
        return peaks
    return peaks

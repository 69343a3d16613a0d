"""Real files, made with real tools: what a source would attach."""

import io
import subprocess
import zipfile
from pathlib import Path

from tests.support.browsers import Started

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_DOCUMENT = (
    '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    "<w:p><w:r><w:t>Minutes of a meeting that nobody was to know of. 会议记录。</w:t></w:r></w:p></w:body></w:document>"
)


def docx() -> bytes:
    """A Word document: a zip of the three parts that one must have."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELS)
        archive.writestr("word/document.xml", _DOCUMENT)
    return packed.getvalue()


def make(folder: Path, browser: Started) -> list[Path]:
    """A JPEG and an MP4 by ffmpeg, a PDF by Chromium, a DOCX, and a file of no bytes."""
    folder.mkdir()
    _ffmpeg("-f", "lavfi", "-i", "mandelbrot=size=1600x1200", "-frames:v", "1", "-q:v", "2", folder / "photo.jpg")
    _ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-f", "lavfi", "-i", "sine=440",
        "-t", "6", "-c:v", "libx264", "-b:v", "4M", "-c:a", "aac", folder / "视频 original.mp4",
    )  # fmt: skip
    page = browser.new_page()
    page.set_content("<h1>Contract</h1>" + "<p>Paragraph of a contract.</p>" * 200)
    (folder / "contract.pdf").write_bytes(page.pdf())
    page.close()
    (folder / "minutes.docx").write_bytes(docx())
    (folder / "empty.txt").write_bytes(b"")
    return sorted(folder.iterdir())


def _ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)

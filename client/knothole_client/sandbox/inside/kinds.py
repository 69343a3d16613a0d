"""What a document is by its content, whatever its name says."""

import io
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from knothole_client.sandbox.inside.encodings import decoded

HEAD = 4096
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"BM", b"\0\0\1\0", b"8BPS")
_MEDIA = (b"OggS", b"fLaC", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9", b"\x1aE\xdf\xa3", b"FLV\1",
          b"#!AMR", b"\0\0\1\xba", b"\0\0\1\xb3", b"0&\xb2u\x8ef\xcf\x11")  # fmt: skip
_ARCHIVES = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"(\xb5/\xfd")
_PROGRAMS = (
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"#!",
    b"dex\n",
    b"L\0\0\0\1\x14\2\0",
)
_HEIF = (b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis", b"hevc", b"avif", b"avis")
_ENDINGS = {
    "image": "jpg jpeg jpe png gif tif tiff bmp ico psd webp heic heif avif",
    "pdf": "pdf",
    "office": "doc docx docm dot dotx dotm xls xlsx xlsm xlsb xlt xltx xltm ppt pptx pptm pps ppsx odt ods odp odg ott rtf fodt"
    " fods",
    "media": "mp4 m4v mov mkv webm avi mpg mpeg mp3 m4a aac ogg oga ogv opus flac wav wma wmv 3gp amr flv ts",
    "archive": "zip tar gz tgz bz2 xz 7z rar zst jar apk epub",
    "html": "html htm xhtml mhtml",
    "svg": "svg",
    "text": "txt md csv log json xml eml ini yaml yml tex srt vtt",
    "program": "exe dll com scr bat cmd ps1 vbs js jse wsf hta lnk msi sh py pl app command desktop reg cpl jar apk",
}
ENDINGS = {ending: kind for kind, endings in reversed(_ENDINGS.items()) for ending in endings.split()}
RUNNABLE = frozenset(_ENDINGS["program"].split())


def kind_of(source: BinaryIO) -> str:
    """One of KINDS."""
    source.seek(0)
    head = source.read(HEAD)
    if not head:
        return "empty"
    return _by_mark(head) or _zip(source, head) or _by_text(head)


def by_name(name: str) -> str:
    """What the ending of a name promises, or nothing."""
    return ENDINGS.get(PurePosixPath(name).suffix.lower().removeprefix("."), "")


def heif(head: bytes) -> bool:
    """Whether these are the first bytes of a HEIC or AVIF picture."""
    return head[4:8] == b"ftyp" and (head[8:12] in _HEIF)


def _by_mark(head: bytes) -> str:
    if head.startswith(_IMAGES) or heif(head) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "image"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")):
        return "office"
    if head.startswith(_MEDIA) or head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") or head[:4] == b"RIFF":
        return "media"
    if head.startswith(_ARCHIVES) or head[257:262] == b"ustar":
        return "archive"
    return "program" if head.startswith(_PROGRAMS) else ""


def _zip(source: BinaryIO, head: bytes) -> str:
    if not head.startswith(b"PK"):
        return ""
    try:
        with zipfile.ZipFile(source) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return "archive"
    if "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names:
        return "office"
    return "archive"


def _by_text(head: bytes) -> str:
    text = decoded(head)
    if text is None:
        return "data"
    start = text.lstrip("\ufeff \t\r\n").lower()
    if "<svg" in start[:2000] and start.startswith("<"):
        return "svg"
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<script")) or "<html" in start[:1000]:
        return "html"
    return "office" if "office:document" in start[:1000] and start.startswith("<") else "text"


def reader(data: bytes) -> BinaryIO:
    """Bytes as a file, for what lies inside of something else."""
    return io.BytesIO(data)

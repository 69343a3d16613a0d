"""Real files that tell more than they show, made by the real tools: exiftool, libheif, LibreOffice, ffmpeg."""

import subprocess
from pathlib import Path

PLACE = "48.8583, 2.2945"
SERIAL = "SN-4071-8832"
OWNER = "Renate Beispiel"
AUTHOR = "Jörg Sommer"
EDITOR = "Amélie Dupont"
MADE = "2026-03-14T15:09:26"

_EXIF = (
    "-GPSLatitude=48.8583", "-GPSLatitudeRef=N", "-GPSLongitude=2.2945", "-GPSLongitudeRef=E",
    f"-SerialNumber={SERIAL}", f"-OwnerName={OWNER}", f"-Artist={AUTHOR}", "-Make=Canon", "-Model=Canon EOS R5",
    "-DateTimeOriginal=2026:03:14 15:09:26", "-IFD0:Orientation#=6",
)  # fmt: skip

_OFFICE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3"'
)
_META = (
    f"<office:meta><meta:initial-creator>{AUTHOR}</meta:initial-creator><dc:creator>{EDITOR}</dc:creator>"
    f"<meta:creation-date>{MADE}</meta:creation-date><dc:title>Minutes</dc:title></office:meta>"
)
_WHO = f"<office:change-info><dc:creator>{EDITOR}</dc:creator><dc:date>{MADE}</dc:date></office:change-info>"
_TEXT = (
    '<office:text><text:tracked-changes text:track-changes="true">'
    f'<text:changed-region text:id="c1"><text:insertion>{_WHO}</text:insertion></text:changed-region>'
    f'<text:changed-region text:id="c2"><text:deletion>{_WHO}<text:p>cut out</text:p></text:deletion></text:changed-region>'
    '</text:tracked-changes><text:p>Minutes <text:change-start text:change-id="c1"/>of a meeting<text:change-end '
    'text:change-id="c1"/> that<text:change text:change-id="c2"/> nobody was to know of.'
    f"<office:annotation><dc:creator>{AUTHOR}</dc:creator><dc:date>{MADE}</dc:date><text:p>Really?</text:p>"
    "</office:annotation></text:p></office:text>"
)
_SHEET = (
    '<office:spreadsheet><table:table table:name="Pay"><table:table-row><table:table-cell><text:p>42</text:p>'
    "</table:table-cell></table:table-row></table:table></office:spreadsheet>"
)
_SLIDES = (
    '<office:presentation><draw:page draw:name="One" draw:master-page-name="M"><draw:frame svg:width="9cm" svg:height="3cm" '
    'svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>Plan</text:p></draw:text-box></draw:frame></draw:page>'
    "</office:presentation>"
)
_STYLES = (
    '<office:automatic-styles><style:page-layout style:name="L"/></office:automatic-styles><office:master-styles>'
    '<style:master-page style:name="M" style:page-layout-name="L"/></office:master-styles>'
)
# Flat OpenDocument, from which LibreOffice makes everything else.
_FLAT = {
    "fodt": ("text", "", _TEXT),
    "fods": ("spreadsheet", "", _SHEET),
    "fodp": ("presentation", _STYLES, _SLIDES),
}
_OFFICE_FILES = {"odt": "fodt", "docx": "fodt", "pdf": "fodt", "ods": "fods", "xlsx": "fods", "odp": "fodp", "pptx": "fodp"}


def pictures(folder: Path) -> dict[str, Path]:
    """A JPEG (turned by Exif, with a preview), a PNG, a TIFF and a HEIC, each with place, serial number, owner, artist."""
    made = {kind: folder / f"photo.{kind}" for kind in ("jpg", "png", "tiff", "heic")}
    for kind in ("jpg", "png", "tiff"):
        _run("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "mandelbrot=size=320x240", "-frames:v", "1", made[kind])
    preview = folder / "preview.jpg"
    _run("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x120", "-frames:v", "1", preview)
    _run("heif-enc", "-q", "60", "-o", made["heic"], made["png"])
    for path in made.values():
        _run("exiftool", "-q", "-overwrite_original", *_EXIF, path)
    _run(
        "exiftool",
        "-q",
        "-overwrite_original",
        f"-ThumbnailImage<={preview}",
        "-IPTC:City=Paris",
        "-Comment=by hand",
        made["jpg"],
    )
    _run("exiftool", "-q", "-overwrite_original", f"-XMP:Creator={AUTHOR}", "-PNG:Comment=by hand", made["png"])
    preview.unlink()
    return made


def documents(folder: Path) -> dict[str, Path]:
    """ODT, DOCX (changes and a comment), ODS, XLSX, ODP, PPTX, PDF: by LibreOffice, with author and editor."""
    for suffix, (kind, styles, body) in _FLAT.items():
        (folder / f"source.{suffix}").write_text(
            f'<?xml version="1.0" encoding="UTF-8"?><office:document {_OFFICE} '
            f'office:mimetype="application/vnd.oasis.opendocument.{kind}">{_META}{styles}<office:body>{body}</office:body>'
            "</office:document>"
        )
    made = {}
    for suffix, flat in _OFFICE_FILES.items():
        _office(folder, suffix, folder / f"source.{flat}")
        made[suffix] = (folder / f"source.{suffix}").rename(folder / f"minutes.{suffix}")
    return made


def films(folder: Path) -> dict[str, Path]:
    """An MP4 and a MOV of a second, by ffmpeg, with a time, a place, a maker and an author."""
    made = {}
    for kind in ("mp4", "mov"):
        made[kind] = folder / f"film.{kind}"
        flags = ["-movflags", "use_metadata_tags"] if kind == "mov" else []
        _run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10", "-t", "1", "-c:v", "libx264",
            "-pix_fmt", "yuv420p", "-metadata", f"creation_time={MADE}Z", "-metadata", "location=+48.8583+002.2945/",
            "-metadata", "com.apple.quicktime.location.ISO6709=+48.8583+002.2945/",
            "-metadata", "com.apple.quicktime.make=Apple",
            "-metadata", "com.apple.quicktime.model=iPhone 15", "-metadata", f"artist={AUTHOR}", *flags, made[kind],
        )  # fmt: skip
    return made


def attach(pdf: Path, name: str) -> None:
    """Put a file into a PDF as an attachment, by what poppler has for it."""
    inner = pdf.with_name(name)
    inner.write_text("the original")
    _run("pdfattach", pdf, inner, pdf.with_suffix(".new"))
    pdf.with_suffix(".new").rename(pdf)


def _office(folder: Path, suffix: str, flat: Path) -> None:
    profile = folder / "profile"
    command = [
        "soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", suffix, "--outdir", folder, flat,
    ]  # fmt: skip
    # With a fresh profile LibreOffice ends with 81 and wants to be started again.
    for _ in range(2):
        done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
        if done.returncode == 0 and (folder / f"source.{suffix}").exists():
            return
    raise AssertionError(done.stderr.decode())


def _run(*arguments: object) -> None:
    subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True)

"""Documents that mean ill, each small, and the flags that each has to get."""

# ruff: noqa: E501  (tables)

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def zipped(*members: tuple[str, bytes], **more: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members:
            packed.writestr(name, data)
    return made.getvalue()


def tarred(name: str, *, link: str = "") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as packed:
        one = tarfile.TarInfo(name)
        one.type, one.linkname = (tarfile.SYMTYPE, link) if link else (tarfile.REGTYPE, "")
        packed.addfile(one)
    return made.getvalue()


def bomb() -> bytes:
    """A zip whose list says a gibibyte, of a few hundred bytes."""
    made = bytearray(zipped(("zeros", bytes(1000))))
    at = made.rindex(b"PK\1\2")
    struct.pack_into("<I", made, at + 24, 1 << 30)
    return bytes(made)


def pdf(body: bytes, more: bytes = b"") -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R "
        + body
        + b" >>\nendobj\n"
        + more
        + b"trailer << /Root 1 0 R >>\n%%EOF"
    )


def packed_objects(text: bytes, *, twice: bool = False) -> bytes:
    data, way = zlib.compress(text), b"/FlateDecode"
    if twice:
        data, way = data.hex().encode() + b">", b"[ /ASCIIHexDecode /FlateDecode ]"
    head = b"7 0 obj\n<< /Type /ObjStm /Filter %s /Length %d >>\nstream\n" % (way, len(data))
    return head + data + b"\nendstream\nendobj\n"


def docx(*members: tuple[str, bytes]) -> bytes:
    return zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>"), *members)


def related(kind: str, target: str, mode: str = "External") -> bytes:
    place = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    return f'<Relationships><Relationship Id="r" Type="{place}{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'.encode()


def odt(*members: tuple[str, bytes]) -> bytes:
    return zipped(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>"), *members)


def locked_zip() -> bytes:
    made = bytearray(zipped(("a.txt", b"hello")))
    made[6] |= 1
    made[made.rindex(b"PK\1\2") + 8] |= 1
    return bytes(made)


def png_of(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + struct.pack(">I", 10)
        + b"IDAT"
        + bytes(14)
    )


def ole(name: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + name.encode("utf-16-le") + bytes(600)


# What it is: name, content, flags that it must have, flags that it must not have.
TABLE: dict[str, tuple[str, bytes | Callable[[], bytes], set[str], set[str]]] = {
    "a plain letter": ("letter.txt", b"hello", set(), {"type_mismatch"}),
    "a plain PDF": ("a.pdf", pdf(b"/OpenAction [3 0 R /XYZ null null 0]"), set(), {"pdf_open_action", "pdf_script", "polyglot"}),
    "a plain document": ("a.docx", docx(("word/_rels/document.xml.rels", related("hyperlink", "https://example.org"))), set(),
                         {"remote_content", "remote_template", "macros", "type_mismatch", "program"}),
    "a plain archive": ("a.zip", zipped(("a/b.txt", b"x")), set(), {"archive_bomb", "traversal", "archive_nested"}),
    "PDF with a script": ("a.pdf", pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), {"pdf_script", "pdf_open_action"}, set()),
    "PDF with a script by another spelling": ("a.pdf", pdf(b"/AA << /O << /S /J#61vaScript >> >>"), {"pdf_script", "pdf_open_action"}, set()),
    "PDF with a script in packed objects": ("a.pdf", pdf(b"", packed_objects(b"<< /S /JavaScript /JS 9 0 R >>")), {"pdf_script"}, set()),
    "PDF with a script in objects packed twice": (
        "a.pdf", pdf(b"", packed_objects(b"<< /S /JavaScript >>", twice=True)), {"unread"}, set(),
    ),
    "PDF with a script at the end of many packed objects": (
        "a.pdf", lambda: pdf(b"", packed_objects(random.Random(1).randbytes(9 << 20) + b"<< /S /JavaScript >>")), {"unread"}, set(),
    ),
    "PDF with a script in objects that are not packed": (
        "a.pdf", pdf(b"", b"7 0 obj << /Type /ObjStm >> stream\n<< /S /JavaScript >>\nendstream\n"), {"pdf_script"}, {"unread"},
    ),
    "PDF with a script in what it calls a stream": (
        "a.pdf", pdf(b"", b"% stream\n7 0 obj << /S /JavaScript /JS 9 0 R >> endobj\n% endstream\n"), {"pdf_script"}, set(),
    ),
    "a long scan": (
        "a.pdf", lambda: pdf(b"", b"7 0 obj << /Filter /DCTDecode >> stream\n" + b"/AA\xff/JS\xfe" * 9 + random.Random(2).randbytes(20 << 20) + b"\nendstream\n"),
        set(), {"pdf_script", "pdf_open_action", "pdf_link", "unread", "archive_bomb"},
    ),
    "PDF that starts a program": ("a.pdf", pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>"), {"pdf_launch", "pdf_open_action"}, set()),
    "PDF with a file inside": ("a.pdf", pdf(b"/Names << /EmbeddedFiles 5 0 R >>"), {"embedded_file"}, set()),
    "PDF that sends a form": ("a.pdf", pdf(b"/A << /S /SubmitForm /F (http://x) >>"), {"pdf_form_sent"}, set()),
    "PDF with a link": ("a.pdf", pdf(b"/A << /S /URI /URI (http://x) >>"), {"pdf_link"}, set()),
    "PDF with a password": ("a.pdf", pdf(b"", b"trailer << /Encrypt 5 0 R >>\n"), {"encrypted"}, set()),
    "PDF behind a picture's first bytes": ("a.jpg", JPEG + pdf(b""), {"polyglot"}, set()),
    "PDF that begins as a web page": ("a.pdf", b"<html><script>1</script>" + pdf(b""), {"polyglot"}, set()),
    "zip behind a picture": ("a.jpg", JPEG + zipped(("a", b"b")), {"polyglot"}, set()),
    "zip behind a PDF": ("a.pdf", pdf(b"") + zipped(("a", b"b")), {"polyglot"}, set()),
    "a program called a picture": ("a.jpg", b"MZ" + bytes(300), {"program", "type_mismatch"}, set()),
    "a web page called a picture": ("a.png", b"<html><script>1</script></html>", {"html", "html_script", "type_mismatch"}, set()),
    "a PDF called a text": ("a.txt", pdf(b""), {"type_mismatch"}, set()),
    "two endings": ("report.pdf.exe", b"MZ" + bytes(300), {"double_extension", "program"}, set()),
    "two endings and spaces": ("report.pdf      .scr", b"MZ" + bytes(300), {"double_extension", "program"}, set()),
    "a name that turns": ("annex\u202egpj.exe", b"MZ" + bytes(300), {"bidi_name", "program"}, set()),
    "a name with a terminal's commands": ("a\x1b[2Jb.txt", b"hello", {"control_name"}, set()),
    "a shortcut": ("photo.jpg.lnk", b"L\0\0\0\1\x14\2\0" + bytes(100), {"program", "double_extension"}, set()),
    "DOCX with macros": ("a.docm", docx(("word/vbaProject.bin", b"x")), {"macros"}, set()),
    "DOCX with a template from elsewhere": (
        "a.docx", docx(("word/_rels/settings.xml.rels", related("attachedTemplate", "http://127.0.0.1:9/t.dotm"))),
        {"remote_template"}, set(),
    ),
    "DOCX with a picture from elsewhere": (
        "a.docx", docx(("word/_rels/document.xml.rels", related("image", "http://127.0.0.1:9/x.png"))), {"remote_content"}, set(),
    ),
    "DOCX with an object": ("a.docx", docx(("word/embeddings/oleObject1.bin", b"x")), {"embedded_object"}, set()),
    "DOCX with entities": ("a.docx", docx(("word/styles.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')), {"xml_entities"}, set()),
    "DOCX that asks another program": ("a.docx", docx(("word/footer.xml", b"<w:t>DDEAUTO c:\\\\cmd</w:t>")), {"remote_content"}, set()),
    "DOCX with a password": ("a.docx", ole("EncryptedPackage"), {"encrypted"}, set()),
    "DOC with macros": ("a.doc", ole("_VBA_PROJECT"), {"macros"}, set()),
    "XLSM with old macros": ("a.xlsm", docx(("xl/macrosheets/sheet1.xml", b"<f>EXEC()</f>")), {"macros"}, set()),
    "ODT with macros": ("a.odt", odt(("Basic/Standard/Module1.xml", b"<script:module/>")), {"macros"}, set()),
    "ODT with a picture from elsewhere": ("a.odt", odt(("styles.xml", b'<draw:image xlink:href="http://x/y.png"/>')), {"remote_content"}, set()),
    "ODT with a password": ("a.odt", odt(("META-INF/manifest.xml", b"<manifest:encryption-data/>")), {"encrypted"}, set()),
    "RTF with an object": ("a.rtf", b"{\\rtf1{\\object\\objemb{\\*\\objdata 0105}}}", {"embedded_object"}, set()),
    "RTF with a template from elsewhere": ("a.rtf", b"{\\rtf1{\\*\\template http://x/y.dotm}}", {"remote_template"}, set()),
    "a bomb": ("a.zip", bomb, {"archive_bomb"}, set()),
    "a packed bomb": ("a.gz", lambda: gzip.compress(bytes(200 << 20), 1), {"archive_bomb"}, set()),
    "an archive of archives": ("a.zip", zipped(("b.zip", b"PK")), {"archive_nested"}, set()),
    "an archive of very many": ("a.zip", lambda: zipped(*((str(one), b"") for one in range(21_000))), {"archive_many"}, set()),
    "a zip that climbs": ("a.zip", zipped(("../../.bashrc", b"x")), {"traversal"}, set()),
    "a zip that climbs by the other slash": ("a.zip", zipped(("..\\..\\x", b"x")), {"traversal"}, set()),
    "a zip with a root": ("a.zip", zipped(("/etc/cron.d/x", b"x")), {"traversal"}, set()),
    "a tar that climbs": ("a.tar", tarred("../x"), {"traversal"}, set()),
    "a tar with a link": ("a.tar", tarred("x", link="/etc/passwd"), {"archive_link"}, set()),
    "a zip with a name that turns": ("a.zip", zipped(("a\u202etxt.exe", b"x")), {"bidi_name", "program"}, set()),
    "a zip with two endings": ("a.zip", zipped(("a.pdf.exe", b"x")), {"double_extension", "program"}, set()),
    "a zip with a password": ("a.zip", locked_zip, {"encrypted"}, set()),
    "a zip cut off": ("a.zip", zipped(("a", b"b" * 500))[:40], {"broken"}, set()),
    "an enormous picture": ("a.png", png_of(60_000, 60_000), {"pixel_bomb"}, set()),
    "a picture that is none": ("a.jpg", JPEG[:6], {"broken"}, set()),
    "a drawing with a script": ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', {"svg_script"}, {"remote_content"}),
    "a drawing with a handler": ("a.svg", b'<svg onload="x()"></svg>', {"svg_script"}, set()),
    "a drawing that loads": ("a.svg", b'<svg><image href="http://x/y"/></svg>', {"remote_content"}, set()),
    "a drawing with entities": ("a.svg", b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>', {"xml_entities"}, set()),
    "a web page that loads": ("a.html", b"<html><img src='//x/y'></html>", {"html", "remote_content"}, {"html_script"}),
}  # fmt: skip


def content(what: str) -> bytes:
    data = TABLE[what][1]
    return data if isinstance(data, bytes) else data()

// Small files of all kinds that the examiner knows, byte by byte, for tests.

import { deflateRawSync, deflateSync } from "node:zlib";

export const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 255);
export const join = (...parts) =>
  Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? bytes(part) : part)]));
export const big = (value, size = 4) =>
  Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) & 255);
export const little = (value, size = 4) => big(value, size).reverse();

/** A TIFF of one directory a list: entries are [tag, type, count, bytes]; `next` chains, `at` gives each directory's place. */
export function tiff(directories) {
  const head = 8;
  const sizes = directories.map((entries) => 6 + 12 * entries.length);
  const starts = sizes.map((_, i) => head + sizes.slice(0, i).reduce((a, b) => a + b, 0));
  let end = head + sizes.reduce((a, b) => a + b, 0);
  const tables = [];
  const values = [];
  for (const entries of directories) {
    const rows = entries.map(([tag, type, count, value]) => {
      const data =
        typeof value === "function" ? big(value(starts)) : typeof value === "string" ? bytes(value) : value;
      const row = [
        ...big(tag, 2),
        ...big(type, 2),
        ...big(count),
        ...(data.length <= 4 ? [...data, 0, 0, 0, 0].slice(0, 4) : big(end)),
      ];
      if (data.length > 4) {
        values.push(data);
        end += data.length;
      }
      return row;
    });
    tables.push(join(big(entries.length, 2), ...rows, big(entries.next ? entries.next(starts) : 0)));
  }
  return join("MM\0*", big(head), ...tables, ...values);
}

const rational = (...pairs) => join(...pairs.flatMap(([above, below]) => [big(above), big(below)]));

/** An Exif block with a place, a serial number, an artist, a preview, and an orientation. */
export function exif(orientation = 6) {
  const main = [
    [0x0112, 3, 1, big(orientation, 2)],
    [0x013b, 2, 9, "J. Smith\0"],
    [0x8769, 4, 1, (starts) => starts[1]],
    [0x8825, 4, 1, (starts) => starts[2]],
  ];
  main.next = (starts) => starts[3];
  const gps = [
    [1, 2, 2, "N\0"],
    [2, 5, 3, rational([48, 1], [51, 1], [2988, 100])],
    [3, 2, 2, "W\0"],
    [4, 5, 3, rational([2, 1], [17, 1], [4020, 100])],
  ];
  return tiff([main, [[0xa431, 2, 6, "A1234\0"]], gps, [[0x0201, 4, 1, big(9)]]]);
}

const segment = (marker, body) => join([0xff, marker], big(body.length + 2, 2), body);
const SCAN = join(
  segment(0xda, bytes("\x01\x01\0\0\x3f\0")),
  [1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xff, 0, 5],
);
export const JFIF = segment(0xe0, bytes("JFIF\0\x01\x02\0\0\x48\0\x48\0\0"));
export const ICC = segment(0xe2, bytes("ICC_PROFILE\0\x01\x01abc"));
const TABLES = segment(0xdb, new Uint8Array(65));

/** A JPEG (of no real picture) with these segments; `tail` lies behind its end. */
export function jpegFile(segments = [], tail = "") {
  return join([0xff, 0xd8], JFIF, ...segments, ICC, TABLES, SCAN, [0xff, 0xd9], tail);
}
export const comment = (text) => segment(0xfe, bytes(text));
export const app1 = (body) => segment(0xe1, join("Exif\0\0", body));
export const app = (n, text) => segment(0xe0 + n, bytes(text));

/** A PNG (of no real picture) with these chunks, checksums left out. */
export const chunk = (name, body = "") => join(big(body.length), name, body, [0, 0, 0, 0]);
export function pngFile(chunks = [], tail = "") {
  return join(
    "\x89PNG\r\n\x1a\n",
    chunk("IHDR", new Uint8Array(13)),
    ...chunks,
    chunk("IDAT", "xyz"),
    chunk("IEND"),
    tail,
  );
}
export const zTXt = (keyword, text) => chunk("zTXt", join(keyword, [0, 0], deflateSync(bytes(text))));

/** An ISO box. */
export const box = (type, ...parts) => {
  const body = join(...parts);
  return join(big(body.length + 8), type, body);
};
const EPOCH = 2_082_844_800;
export function movFile(extra = []) {
  const seconds = EPOCH + Date.UTC(2026, 2, 14, 15, 9, 26) / 1000;
  const keys = ["com.apple.quicktime.location.ISO6709", "com.apple.quicktime.model"].map((key) =>
    box("mdta", key),
  );
  const item = (n, text) => join(big(text.length + 24), big(n), box("data", big(1), big(0), text));
  const meta = box(
    "meta",
    box("hdlr", new Uint8Array(24)),
    box("keys", big(0), big(2), ...keys),
    box("ilst", item(1, "+48.8583-002.2945/"), item(2, "iPhone 15")),
  );
  const track = box("trak", box("mdia", box("hdlr", big(0), big(0), "meta", big(0))));
  const moov = box(
    "moov",
    box("mvhd", big(0), big(seconds), big(0), new Uint8Array(88)),
    track,
    meta,
    ...extra,
  );
  return join(box("ftyp", "qt  ", big(0)), box("mdat", new Uint8Array(100)), moov);
}

/** A HEIC whose one Exif item lies at its end; `start` says that it lies elsewhere, `pieces` in how many it lies. */
export function heicFile({ start = 500, pieces = 1 } = {}) {
  const block = join(big(0), exif(1));
  const infe = box("infe", [2, 0, 0, 0], big(7, 2), big(0, 2), "Exif", [0]);
  const places = Array.from({ length: pieces }, () => [...big(start), ...big(block.length)]);
  const iloc = box("iloc", big(0), [0x44, 0], big(1, 2), big(7, 2), big(0, 2), big(pieces, 2), ...places);
  const iref = box("iref", big(0), box("thmb", big(2, 2), big(1, 2), big(1, 2)));
  const head = join(
    box("ftyp", "heic", big(0)),
    box("meta", big(0), box("iinf", big(0), big(1, 2), infe), iloc, iref),
  );
  return join(head, new Uint8Array(500 - head.length), block);
}

/** A ZIP of {name: text or bytes}, deflated; `change(entry)` may spoil an entry's fields of the table. */
export function zipFile(files, change = () => {}) {
  const parts = [];
  const table = [];
  let at = 0;
  for (const [name, contents] of Object.entries(files)) {
    const plain = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    const stored = name === "mimetype";
    const packed = stored ? plain : deflateRawSync(plain);
    const entry = { flags: 0, method: stored ? 0 : 8, packed: packed.length, size: plain.length, at };
    change(entry, name);
    const common = [
      little(entry.flags, 2),
      little(entry.method, 2),
      big(0, 4),
      big(0, 4),
      little(entry.packed),
      little(entry.size),
      little(name.length, 2),
    ];
    const local = join("PK\x03\x04", little(20, 2), ...common, little(0, 2), name, packed);
    table.push(
      join("PK\x01\x02", little(20, 2), little(20, 2), ...common, new Uint8Array(12), little(entry.at), name),
    );
    parts.push(local);
    at += local.length;
  }
  const rows = join(...table);
  const n = little(table.length, 2);
  return join(...parts, rows, "PK\x05\x06", new Uint8Array(4), n, n, little(rows.length), little(at), [0, 0]);
}

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
export const DOCX = {
  "[Content_Types].xml": "<Types/>",
  "docProps/core.xml":
    "<cp:coreProperties><dc:creator>Ann &amp; Bob</dc:creator><cp:lastModifiedBy>Cem</cp:lastModifiedBy></cp:coreProperties>",
  "docProps/app.xml": "<Properties><Company>ACME</Company><Template>Normal.dotm</Template></Properties>",
  "word/document.xml": `<w:document ${W}><w:ins w:id="1" w:author="Dee"/><w:del w:author='Eve' w:id="2"/><w:instrText/></w:document>`,
  "word/comments.xml": `<w:comments ${W}><w:comment w:author="Fay" w:id="0"/></w:comments>`,
  "word/embeddings/sheet.xlsx": "x",
  "word/media/image1.jpeg": jpegFile([app1(exif())]),
};
export const ODT = {
  mimetype: "application/vnd.oasis.opendocument.text",
  "meta.xml":
    "<office:meta><meta:initial-creator>Ann</meta:initial-creator><dc:creator>Cem</dc:creator></office:meta>",
  "content.xml":
    "<text:changed-region><text:insertion><office:change-info><dc:creator>Dee</dc:creator></office:change-info></text:insertion>" +
    "</text:changed-region><office:annotation><dc:creator>Fay</dc:creator></office:annotation>",
};

/** A PDF with an Info dictionary, an attachment, and whatever else; `packed` goes into an object stream. */
export function pdfFile(more = "", packed = "") {
  const body = deflateSync(bytes(packed));
  const stream = packed
    ? join(
        `5 0 obj <</Type/ObjStm/Filter/FlateDecode/Length ${body.length}>>stream\n`,
        body,
        "\nendstream endobj\n",
      )
    : "";
  return join(
    "%PDF-1.7\n1 0 obj <</Author (J. \\(Jo\\) Smith)/Producer <feff00410042>/CreationDate (D:20260314150926+01'00')>> endobj\n",
    more,
    stream,
    "startxref\n99\n%%EOF\n",
  );
}

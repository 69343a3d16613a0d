// What the examiner finds in each kind of file, and what it says where bytes are damaged: never more than it knows, never that
// all is well, and never an error.

import assert from "node:assert/strict";
import test from "node:test";
import { crc32 } from "node:zlib";
import { examine } from "../traces/examine.js";
import { has } from "../strings.js";
import { WHAT } from "../traces/found.js";
import * as make from "./files.js";

const blob = (bytes) => new Blob([bytes]);
const look = (bytes) => examine(blob(bytes));
const of = ({ found }, what) =>
  found
    .filter((one) => one.what === what)
    .map(({ value, n, names }) => value ?? (n === undefined ? true : [n, ...names]));

const EXIF = make.app1(make.exif());
const ADOBE = (more = "") => make.app(14, `Adobe\0\x64\0\0\0\0\x01${more}`);

test("every finding has words", () => {
  for (const what of WHAT) assert.ok(has(`traces.${what}`), what);
});

test("Exif in a JPEG: place, serial number, artist, preview; and behind the end", async () => {
  const seen = await look(make.jpegFile([EXIF, make.comment("a note")], "another"));
  assert.equal(seen.kind, "jpeg");
  assert.deepEqual(of(seen, "place"), ["48.8583, -2.2945"]);
  assert.deepEqual(
    [of(seen, "serial"), of(seen, "author"), of(seen, "text")],
    [["A1234"], ["J. Smith"], ["a note"]],
  );
  assert.deepEqual([of(seen, "preview"), of(seen, "tail"), seen.whole], [[true], [[7]], true]);
});

test("the same Exif in PNG, TIFF and HEIC", async () => {
  const files = {
    png: make.pngFile([make.chunk("eXIf", make.exif())]),
    tiff: make.exif(),
    heic: make.heicFile(),
  };
  for (const [kind, file] of Object.entries(files)) {
    const seen = await look(file);
    assert.equal(seen.kind, kind);
    assert.deepEqual(
      [of(seen, "place"), of(seen, "serial"), of(seen, "preview")],
      [["48.8583, -2.2945"], ["A1234"], [true]],
      kind,
    );
    assert.ok(seen.whole, kind);
  }
});

test("texts of a PNG, packed ones too, and XMP", async () => {
  const xmp =
    '<x:xmpmeta><rdf:Description exif:GPSLatitude="48,51.498N" exif:GPSLongitude="2,17.67E"/></x:xmpmeta>';
  const hex = Buffer.from(make.exif()).toString("hex");
  const seen = await look(
    make.pngFile([
      make.zTXt("Author", "Jo"),
      make.chunk("tEXt", make.join("parameters\0a castle")),
      make.chunk("iTXt", make.join("XML:com.adobe.xmp\0\0\0\0\0", xmp)),
      make.zTXt("Raw profile type exif", `\nexif\n ${hex.length / 2}\n${hex}\n`),
      make.chunk("tIME", [7, 0xea, 3, 14, 15, 9, 26]),
    ]),
  );
  assert.deepEqual(of(seen, "author"), ["Jo", "J. Smith"]);
  assert.deepEqual(of(seen, "text"), ["parameters: a castle"]);
  assert.deepEqual(of(seen, "place"), ["48.8583, 2.2945", "48.8583, -2.2945"]);
  assert.deepEqual(of(seen, "changed"), ["2026-03-14 15:09:26"]);
});

test("a phone's film: place, device, time, and its track of measurements", async () => {
  const seen = await look(make.movFile());
  assert.equal(seen.kind, "mov");
  assert.deepEqual(of(seen, "place"), ["48.8583, -2.2945"]);
  assert.deepEqual(
    [of(seen, "device"), of(seen, "made"), of(seen, "track")],
    [["iPhone 15"], ["2026-03-14 15:09:26 UTC"], [true]],
  );
  assert.ok(seen.whole);
});

test("a Word document: people, company, changes, comments, what is embedded", async () => {
  const seen = await look(make.zipFile(make.DOCX));
  assert.equal(seen.kind, "ooxml");
  assert.deepEqual(
    [of(seen, "author"), of(seen, "editor"), of(seen, "company")],
    [["Ann & Bob"], ["Cem"], ["ACME"]],
  );
  assert.deepEqual([of(seen, "changes"), of(seen, "comments")], [[[2, "Dee", "Eve"]], [[1, "Fay"]]]);
  assert.deepEqual([of(seen, "embedded"), of(seen, "pictures"), of(seen, "place")], [[[1]], [[1]], [true]]);
  assert.ok(seen.whole);
});

test("an OpenDocument text: people, changes, comments", async () => {
  const seen = await look(make.zipFile(make.ODT));
  assert.equal(seen.kind, "odf");
  assert.deepEqual([of(seen, "author"), of(seen, "editor")], [["Ann"], ["Cem"]]);
  assert.deepEqual([of(seen, "changes"), of(seen, "comments")], [[[1, "Dee"]], [[1, "Fay"]]]);
});

test("a PDF: author, producer, attachments, earlier versions; what is packed, too", async () => {
  const attached =
    "2 0 obj <</Type/Filespec/UF (salaries.xlsx)/EF <</F 3 0 R>> >> endobj\nstartxref\n50\n%%EOF\n";
  const seen = await look(make.pdfFile(attached, "<</Title (Draft) /Author (Second)>>"));
  assert.equal(seen.kind, "pdf");
  assert.deepEqual([of(seen, "author"), of(seen, "software")], [["J. (Jo) Smith", "Second"], ["AB"]]);
  assert.deepEqual(
    [of(seen, "attachments"), of(seen, "earlier"), of(seen, "text")],
    [[[1, "salaries.xlsx"]], [[1]], ["Draft"]],
  );
  assert.deepEqual(of(seen, "made"), ["2026-03-14 15:09:26 +01:00"]);
});

test("a cleaned JPEG or PNG keeps its picture, its colours and its turn, and loses the rest", async () => {
  const jpeg = await look(
    make.jpegFile(
      [EXIF, make.comment("x"), make.app(13, "Photoshop 3.0\0"), make.app(5, "what"), ADOBE("and more")],
      "tail",
    ),
  );
  const copy = new Uint8Array(await jpeg.cleaned.arrayBuffer());
  const turn = make.app1(make.tiff([[[0x0112, 3, 1, make.big(6, 2)]]]));
  const bare = make.jpegFile();
  assert.deepEqual(
    copy,
    make.join(bare.subarray(0, 2 + make.JFIF.length), turn, ADOBE(), bare.subarray(2 + make.JFIF.length)),
  );
  const png = await look(
    make.pngFile(
      [make.chunk("tEXt", "Author\0x"), make.chunk("gAMA", "1234"), make.chunk("prVt", "x")],
      "tail",
    ),
  );
  assert.deepEqual(
    new Uint8Array(await png.cleaned.arrayBuffer()),
    make.pngFile([make.chunk("gAMA", "1234")]),
  );
});

test("a turned PNG stays turned, by a chunk with a right checksum", async () => {
  const { cleaned } = await look(make.pngFile([make.chunk("eXIf", make.exif(8))]));
  const turn = make.join("eXIf", make.tiff([[[0x0112, 3, 1, make.big(8, 2)]]]));
  const chunk = make.join(make.big(turn.length - 4), turn, make.big(crc32(turn)));
  const bare = make.pngFile();
  const head = 8 + 25;
  assert.deepEqual(
    new Uint8Array(await cleaned.arrayBuffer()),
    make.join(bare.subarray(0, head), chunk, bare.subarray(head)),
  );
});

test("a picture that tells nothing is not offered as a copy", async () => {
  for (const file of [
    make.jpegFile(),
    make.pngFile(),
    make.jpegFile([make.app1(make.tiff([[[0x0112, 3, 1, make.big(6, 2)]]]))]),
  ]) {
    const { found, cleaned, whole } = await look(file);
    assert.deepEqual([found, cleaned, whole], [[], null, true]);
  }
});

const cyclic = () => {
  const main = [[0x014a, 4, 1, () => 8]];
  main.next = () => 8;
  return make.tiff([main]);
};
// What is damaged, and in which kind; each must be told as seen in part or not at all.
const DAMAGED = {
  "a JPEG of two bytes": [0xff, 0xd8],
  "a JPEG cut in a segment": make.jpegFile([EXIF]).subarray(0, 60),
  "a JPEG cut in its picture": make.jpegFile().subarray(0, -4),
  "a JPEG whose segment is longer than the file": make.join([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff], "Exif\0\0"),
  "a JPEG whose segment is of no length": make.join([0xff, 0xd8, 0xff, 0xe1, 0, 0], "Exif\0\0"),
  "Exif whose directory lies beyond the end": make.jpegFile([
    make.app1(make.join("MM\0*", make.big(2 ** 31))),
  ]),
  "Exif with an entry that lies beyond the end": make.jpegFile([
    make.app1(make.tiff([[[0x013b, 2, 2 ** 31, "12345"]]]).subarray(0, 30)),
  ]),
  "Exif of 65535 entries": make.jpegFile([
    make.app1(make.join("MM\0*", make.big(8), [0xff, 0xff], new Uint8Array(500))),
  ]),
  "a BigTIFF": make.join("MM\0+", new Uint8Array(40)),
  "a TIFF of four bytes": make.bytes("MM\0*"),
  "a PNG cut in a chunk": make.pngFile().subarray(0, 40),
  "a PNG without an end": make.pngFile().subarray(0, -12),
  "a PNG whose chunk is of 4 GiB": make.join("\x89PNG\r\n\x1a\n", [0xff, 0xff, 0xff, 0xff], "IHDR"),
  "a PNG whose packed text is none": make.pngFile([make.chunk("zTXt", "Author\0\0nonsense")]),
  "a HEIC without meta": make.box("ftyp", "heic", make.big(0)),
  "a HEIC whose Exif lies beyond the end": make.heicFile({ start: 2 ** 31 }),
  "a HEIC whose Exif lies in pieces": make.heicFile({ pieces: 2 }),
  "an MP4 without moov": make.join(make.box("ftyp", "isom", make.big(0)), make.box("mdat", "x")),
  "an MP4 whose box is larger than the file": make.join(
    make.box("ftyp", "isom", make.big(0)),
    make.big(999),
    "moov",
  ),
  "an MP4 whose box is smaller than its head": make.join(
    make.box("ftyp", "isom", make.big(0)),
    make.big(4),
    "moov",
  ),
  "a DOCX that is encrypted": make.zipFile(make.DOCX, (entry) => (entry.flags = 1)),
  "a DOCX packed in another way": make.zipFile(make.DOCX, (entry) => (entry.method = 14)),
  "a DOCX whose entries lie elsewhere": make.zipFile(make.DOCX, (entry) => (entry.at += 5)),
  "a DOCX whose entries lie beyond the end": make.zipFile(make.DOCX, (entry) => (entry.at = 2 ** 31)),
  "a DOCX whose entries are longer than they are": make.zipFile(
    make.DOCX,
    (entry) => (entry.packed = 2 ** 31),
  ),
  "a DOCX of 3 MB that unpacks to gigabytes": make.zipFile({
    ...make.DOCX,
    "word/document.xml": new Uint8Array(2 ** 25),
  }),
  "a PDF that is encrypted": make.pdfFile("7 0 obj <</Encrypt 8 0 R>> endobj\n"),
  "a PDF whose packed stream is none": make.pdfFile(
    "7 0 obj <</Type/ObjStm/Filter/FlateDecode>>stream\nxxxx\nendstream",
  ),
  "an old Office file": make.join([0xd0, 0xcf, 0x11, 0xe0], new Uint8Array(600)),
  "a ZIP that is no document": make.zipFile({ "a.txt": "x" }),
  "a ZIP without a table": make.zipFile(make.DOCX).subarray(0, -30),
  noise: make.bytes("It was a dark and stormy night"),
};
for (const [flaw, file] of Object.entries(DAMAGED)) {
  test(`not called clean: ${flaw}`, async () => {
    const { looked, whole, cleaned } = await look(Uint8Array.from(file));
    assert.equal(looked && whole, false);
    assert.equal(cleaned === null || looked, true);
  });
}

test("directories that point at each other are walked once", async () => {
  const seen = await look(cyclic());
  assert.deepEqual([seen.looked, seen.found, seen.whole], [true, [], true]);
});

test("a damaged part hides nothing of the others", async () => {
  const broken = make.app1(make.join("MM\0*", make.big(2 ** 31)));
  const seen = await look(make.jpegFile([broken, EXIF, make.comment("after")]));
  assert.deepEqual(
    [of(seen, "place"), of(seen, "text"), seen.whole],
    [["48.8583, -2.2945"], ["after"], false],
  );
  const cut = await look(make.jpegFile([EXIF]).subarray(0, -3));
  assert.deepEqual([of(cut, "place"), cut.whole, cut.cleaned], [["48.8583, -2.2945"], false, null]);
});

test("text that would turn or break the line is shown without what does it", async () => {
  const seen = await look(
    make.zipFile({ ...make.DOCX, "docProps/core.xml": "<dc:creator>a\u202Eb&#10;c&#x200f;</dc:creator>" }),
  );
  assert.deepEqual(of(seen, "author"), ["ab c"]);
});

test("an empty file holds nothing", async () => {
  const { kind, looked, whole, found } = await look(new Uint8Array(0));
  assert.deepEqual([kind, looked, whole, found], ["empty", true, true, []]);
});

test("without the browser's unpacking a document is not called clean", async (t) => {
  const { DecompressionStream } = globalThis;
  t.after(() => (globalThis.DecompressionStream = DecompressionStream));
  globalThis.DecompressionStream = undefined;
  const { kind, looked, whole } = await look(make.zipFile(make.DOCX));
  assert.equal(kind, "ooxml");
  assert.equal(looked && whole, false);
});

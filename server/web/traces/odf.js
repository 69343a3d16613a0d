// ODT, ODS, ODP and their kin: OpenDocument 1.3.

import { picturesIn } from "./pictures.js";
import { countElements, elements } from "./text.js";

/** Look through an OpenDocument file. */
export async function odf(archive, found) {
  const meta = await archive.text("meta.xml");
  const tell = (what, ...names) =>
    names.flatMap((name) => elements(meta, name)).forEach((value) => found.text(what, value));
  tell("author", "initial-creator");
  tell("editor", "creator", "printed-by");
  tell("software", "generator");
  tell("made", "creation-date");
  tell("changed", "date", "print-date");
  tell("text", "title", "subject", "description", "keyword");
  if (countElements(meta, "user-defined") > 0) found.mark("extra");
  if (countElements(meta, "template") > 0) found.mark("location");

  const content = await archive.text("content.xml");
  const changed = countElements(
    content,
    "changed-region",
    "insertion",
    "deletion",
    "cell-content-change",
    "movement",
  );
  const inText = countElements(content, "changed-region");
  const names = blocks(content, "change-info").flatMap((block) => elements(block, "creator"));
  found.count("changes", inText > 0 ? inText : changed, changed > 0 ? names : []);
  const remarks = [
    ...blocks(content, "annotation"),
    ...(await archive.texts(/^styles\.xml$/)).flatMap((xml) => blocks(xml, "annotation")),
  ];
  found.count(
    "comments",
    remarks.length,
    remarks.flatMap((block) => elements(block, "creator")),
  );

  const settings = await archive.text("settings.xml");
  if (/config:name="PrinterName"[^<>]{0,200}>[^<\s]/.test(settings)) found.mark("printer");
  if (archive.byName.has("Thumbnails/thumbnail.png")) found.mark("preview");
  found.count(
    "embedded",
    archive
      .matching(/^Object [^/]{1,20}\/content\.xml$|^ObjectReplacements\/[^/]+$/)
      .filter(({ name }) => name.endsWith("content.xml")).length,
  );
  // Earlier versions that a person kept on purpose, or without knowing.
  found.count("earlier", archive.matching(/^Versions\/[^/]+$/).length);
  if (archive.matching(/^(Basic|Scripts)\/./).length > 0) found.mark("extra");
  await picturesIn(archive, /^Pictures\//, found);
}

const MOST = 10_000;

// What stands between an element's tags, each cut to a length.
function blocks(xml, name) {
  const found = [];
  const start = new RegExp(`<(?:[\\w.-]{1,40}:)?${name}(?=[\\s>])`, "g");
  while (found.length < MOST && start.test(xml)) {
    const piece = xml.slice(start.lastIndex, start.lastIndex + 2000);
    const end = piece.search(new RegExp(`</(?:[\\w.-]{1,40}:)?${name}>`));
    found.push(end < 0 ? piece : piece.slice(0, end));
  }
  return found;
}

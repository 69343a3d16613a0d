// Which kind of file this is, and what it tells besides what it shows. Total: any bytes give an answer.

import { cleanJpeg, cleanPng } from "./clean.js";
import { Found } from "./found.js";
import { heic } from "./heic.js";
import { brand } from "./isobmff.js";
import { jpeg } from "./jpeg.js";
import { odf } from "./odf.js";
import { ooxml } from "./ooxml.js";
import { pdf } from "./pdf.js";
import { png } from "./png.js";
import { CannotLook, Source } from "./source.js";
import { decode, latin1 } from "./text.js";
import { tiff } from "./tiff.js";
import { video } from "./video.js";
import { openZip } from "./zip.js";

const EXAMINERS = {
  jpeg,
  png,
  tiff: (source, found) => tiff(source, found, { file: true }),
  heic,
  mp4: video,
  mov: video,
  ooxml: async (source, found) => ooxml(await openZip(source, found), found),
  odf: async (source, found) => odf(await openZip(source, found), found),
  pdf,
};
const CLEANERS = { jpeg: cleanJpeg, png: cleanPng };

const PICTURES = ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1", "avif", "avis"];

/** A file's kind by its first bytes: a key of EXAMINERS, "archive", "office" (old, or locked), "empty" or "other". */
async function kindOf(source, found) {
  if (source.size === 0) return "empty";
  const start = (await source.some(0, source.size, 64)).slice();
  const head = latin1(start);
  if (head.startsWith("\xff\xd8\xff") || (start[0] === 0xff && start[1] === 0xd8)) return "jpeg";
  if (start[0] === 0x89 && head.startsWith("PNG", 1)) return "png";
  if (/^(II[*+O]|MM\0[*+]|IIU\0|IIRO)/.test(head)) return "tiff";
  if (start[0] === 0xd0 && start[1] === 0xcf && start[2] === 0x11 && start[3] === 0xe0) return "office";
  if (latin1(await source.some(0, source.size, 1024)).includes("%PDF-")) return "pdf";
  if (head.startsWith("PK\x03\x04")) return archiveKind(source, found);
  const name = await brand(source);
  if (PICTURES.includes(name)) return "heic";
  if (name) return name === "qt  " ? "mov" : "mp4";
  // Old QuickTime files begin without saying so.
  if (/^....(moov|mdat|wide|free|skip|pnot)/s.test(head)) return "mov";
  return "other";
}

async function archiveKind(source, found) {
  const archive = await openZip(source, found).catch(() => null);
  if (archive?.byName.has("[Content_Types].xml")) return "ooxml";
  if (!archive?.byName.has("mimetype")) return "archive";
  const type = await archive.bytes(archive.byName.get("mimetype"), 200).catch(() => new Uint8Array(0));
  return decode(type).startsWith("application/vnd.oasis.opendocument") ? "odf" : "archive";
}

/**
 * What a Blob tells: {kind, found, looked, whole, cleaned}. `found` are findings (found.js); `looked` is false where it could not be
 * looked into at all, `whole` where only a part was. `cleaned` is a Blob in which the same look finds nothing, or null.
 */
export async function examine(blob) {
  const source = new Source(blob);
  const found = new Found();
  const kind = (await found.attempt(() => kindOf(source, found))) ?? "other";
  found.whole = true;
  let seen = null;
  let ended = false;
  if (Object.hasOwn(EXAMINERS, kind)) {
    seen = await found.attempt(async () => {
      const answer = await EXAMINERS[kind](source, found);
      ended = true;
      return answer;
    });
  }
  const looked = ended || !found.empty || kind === "empty";
  const cleaned = ended && !found.empty ? await cleanCopy(kind, blob, seen) : null;
  return { kind, found: found.list(), looked, whole: looked && found.whole, cleaned };
}

// Made, then looked through like any other file: a copy that still tells something is not offered.
async function cleanCopy(kind, blob, { orientation = 1 } = {}) {
  if (!Object.hasOwn(CLEANERS, kind)) return null;
  try {
    const copy = await CLEANERS[kind](new Source(blob), orientation);
    const found = new Found();
    const seen = await EXAMINERS[kind](new Source(copy), found);
    if (!found.empty || !found.whole || seen.orientation !== orientation) throw new CannotLook("not clean");
    return copy;
  } catch {
    return null;
  }
}

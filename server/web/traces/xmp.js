// XMP: what editing programs write into pictures, films and PDFs, as XML. Looked through, not parsed.

import { attributes, degrees, elements } from "./text.js";

// Local names, since prefixes may be any. A property is an attribute or an element.
const PROPERTIES = [
  ["creator", "author"],
  ["Artist", "author"],
  ["AuthorsPosition", "author"],
  ["CaptionWriter", "author"],
  ["Author", "author"],
  ["OwnerName", "owner"],
  ["CameraOwnerName", "owner"],
  ["rights", "owner"],
  ["Credit", "author"],
  ["SerialNumber", "serial"],
  ["BodySerialNumber", "serial"],
  ["LensSerialNumber", "serial"],
  ["Model", "device"],
  ["CreatorTool", "software"],
  ["Producer", "software"],
  ["softwareAgent", "software"],
  ["DateTimeOriginal", "taken"],
  ["CreateDate", "made"],
  ["DateCreated", "made"],
  ["ModifyDate", "changed"],
  ["City", "place"],
  ["Location", "place"],
  ["State", "place"],
  ["Country", "place"],
  ["Headline", "text"],
  ["title", "text"],
  ["description", "text"],
  ["subject", "text"],
  ["DocumentID", "id"],
  ["OriginalDocumentID", "id"],
  ["PersonInImage", "text"],
  ["DocumentAncestors", "id"],
];

/** Look through XMP. An XMP block that says nothing of the kind is no finding. */
export function xmp(text, found) {
  const values = (name) => [...attributes(text, name), ...elements(text, name)];
  for (const [name, what] of PROPERTIES) values(name).forEach((value) => found.text(what, value));
  const [latitude, longitude] = ["GPSLatitude", "GPSLongitude"].map((name) => values(name)[0]);
  const [north, east] = [coordinate(latitude), coordinate(longitude)];
  if (north !== null && east !== null) found.text("place", degrees(north, east));
  if (/<(?:[\w.-]{1,40}:)?Thumbnails[\s>]/.test(text)) found.mark("preview");
}

// "48,51.498N", "48,51,29.88N"
function coordinate(text) {
  const match = /^(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,9})?))?([NSEW])$/.exec(text ?? "");
  if (!match) return null;
  const [, whole, minutes, seconds = "0", side] = match;
  const value = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  return /[SW]/.test(side) ? -value : value;
}

// Text out of files: decoded leniently, shown safely.

const MOST = 90;

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const LATIN1 = new TextDecoder("latin1");

/** Bytes as one character each, for looking through. */
export function latin1(bytes) {
  // In pieces: the decoder calls 0x80 to 0x9f by other names (windows-1252), which here does not matter.
  return LATIN1.decode(bytes);
}

/** Text that should be UTF-8 and often is not. */
export function decode(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    return LATIN1.decode(bytes);
  }
}

/** UTF-16 text, little or big end first. */
export function utf16(bytes, little) {
  return new TextDecoder(little ? "utf-16le" : "utf-16be").decode(bytes);
}

/**
 * Text as it may stand on the page: one line without controls and characters that turn the direction of writing, cut to a
 * length that fits; "" when nothing is left.
 */
export function tidy(text) {
  const one = text
    .slice(0, 8 * MOST)
    .replace(/(?![\u200c\u200d])[\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu, "")
    .replace(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
  const letters = [...one];
  return letters.length > MOST ? `${letters.slice(0, MOST).join("").trimEnd()}…` : one;
}

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** XML character data as text. */
export function unescapeXml(text) {
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/gi, (all, name) => {
    if (name[0] !== "#") return ENTITIES[name] ?? all;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}

// Looked through by expressions that cannot go back: no parser is at hand in a worker, and none is needed.
// A name may have any prefix; a value may not hold the character that ends it.
const MOST_FOUND = 10_000;

/** The texts of all elements with this local name, markup inside left out. */
export function elements(xml, name) {
  const found = [];
  const start = new RegExp(`<(?:[\\w.-]{1,40}:)?${name}(?=[\\s/>])`, "g");
  for (let n = 0; n < MOST_FOUND && start.test(xml); n++) {
    const open = xml.indexOf(">", start.lastIndex);
    if (open < 0) break;
    if (xml[open - 1] === "/") continue;
    // To the next closing tag of that name, or a little way: an element without an end is no reason to read on for ever.
    const piece = xml.slice(open + 1, open + 4000);
    const end = piece.search(new RegExp(`</(?:[\\w.-]{1,40}:)?${name}\\s{0,9}>`));
    const inner =
      end < 0
        ? piece.slice(0, piece.indexOf("<") < 0 ? piece.length : piece.indexOf("<"))
        : piece.slice(0, end);
    const text = tidy(unescapeXml(inner.replace(/<[^<>]{0,2000}>/g, " ")));
    if (text) found.push(text);
    start.lastIndex = open + 1;
  }
  return found;
}

/** The values of all attributes with this local name. */
export function attributes(xml, name) {
  const found = [];
  const each = new RegExp(`[\\s:]${name}\\s{0,9}=\\s{0,9}(?:"([^"<]{0,1000})"|'([^'<]{0,1000})')`, "g");
  for (const [, double, single] of xml.matchAll(each)) {
    const text = tidy(unescapeXml(double ?? single));
    if (text) found.push(text);
    if (found.length >= MOST_FOUND) break;
  }
  return found;
}

/** How many elements have one of these local names. */
export function countElements(xml, ...names) {
  const each = new RegExp(`<(?:[\\w.-]{1,40}:)?(?:${names.join("|")})(?=[\\s/>])`, "g");
  let n = 0;
  while (n < MOST_FOUND && each.test(xml)) n++;
  return n;
}

/** Coordinates as maps take them, to some ten metres. */
export function degrees(latitude, longitude) {
  return `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
}

/** A time as a person reads it, of Exif ("2026:03:14 15:09:26"), PDF ("D:20260314150926Z") or ISO 8601; others as they are. */
export function moment(text) {
  const pdf = /^D:(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|[+-]\d\d'?\d\d)?/.exec(text);
  if (pdf) {
    const [, year, month, day, hour, minute, second = "00", zone = ""] = pdf;
    const time = hour === undefined ? "" : ` ${hour}:${minute}:${second} ${zone.replace("'", ":")}`;
    return `${year}-${month}-${day}${time}`.trim().replace(/ Z$/, " UTC");
  }
  return text
    .replace(/^(\d{4}):(\d\d):(\d\d)/, "$1-$2-$3")
    .replace(/^(\d{4}-\d\d-\d\d)T([\d:]{5,8})(?:\.\d{1,9})?/, "$1 $2")
    .replace(/(\d)Z$/, "$1 UTC");
}

/** Coordinates of ISO 6709 ("+48.8583+002.2945/") as degrees() writes them; others as they are. */
export function position(text) {
  const match = /^\s*([+-]\d{1,2}\.\d{1,12})([+-]\d{1,3}\.\d{1,12})/.exec(text);
  return match ? degrees(Number(match[1]), Number(match[2])) : text;
}

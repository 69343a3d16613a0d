// Pictures inside documents: they keep what their camera wrote into them.

import { Found } from "./found.js";
import { jpeg } from "./jpeg.js";
import { png } from "./png.js";
import { Source } from "./source.js";

const MOST = 24;
const MOST_BYTES = 8 * 2 ** 20;
// What tells something; a program's name or a date is in every picture.
const TELLING = ["place", "serial", "owner", "author", "device", "taken", "maker", "preview"];

/** Whether a picture's bytes hold traces that tell something. */
async function tells(bytes, budget, found) {
  const own = new Found();
  const source = Source.over(bytes, budget);
  await own.attempt(() => (bytes[0] === 0xff ? jpeg(source, own) : png(source, own)));
  if (own.has("place")) found.mark("place");
  return TELLING.some((what) => own.has(what));
}

/** Look into the pictures of an archive that lie in `folder` (an expression). */
export async function picturesIn(archive, folder, found) {
  const entries = archive.matching(folder).filter(({ name }) => /\.(jpe?g|png)$/i.test(name));
  if (entries.length > MOST) found.whole = false;
  let n = 0;
  for (const entry of entries.slice(0, MOST)) {
    const telling = await found.attempt(async () =>
      tells(await archive.bytes(entry, MOST_BYTES), archive.source.budget, found),
    );
    if (telling) n += 1;
  }
  found.count("pictures", n);
}

/** Look into a picture at hand; true when it tells something. */
export function pictureTells(bytes, budget, found) {
  return found.attempt(() => tells(bytes, budget, found));
}

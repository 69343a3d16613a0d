// Sealing one box (SPEC section 7): a header and a body in, exactly `geometry.size` bytes out.

import { ID, layPlaintext, payloadContext, wrapInfo } from "./box.js";
import { compare, concat, equal, u32 } from "./bytes.js";
import { encrypt, engine } from "./cobblestone.js";
import { CannotSeal } from "./errors.js";
import { spareWrap, wrap } from "./hpke.js";
import { derive, digest, sha256 } from "./kdf.js";
import { randomBytes, shuffled } from "./random.js";

/**
 * Seal a part for all recipients: {id: 16 bytes, box}. `recipients` are X-Wing public keys, `header` and `body`
 * bytes. `spareWraps` may be made ahead with `spareWrap(wrapInfo(dropId, epoch))`; each is used once and taken
 * out of the list. `use` is an engine of cobblestone.js. Refuses CannotSeal, BadRecipientKey.
 */
export async function sealBox({
  geometry,
  epoch,
  dropId,
  recipients,
  threadSecret,
  header,
  body,
  spareWraps = [],
  use = engine(),
}) {
  const readers = distinct(recipients, geometry);
  const plaintext = layPlaintext(header, body, geometry);
  const id = await boxId({ threadSecret, epoch, readers, plaintext });
  const boxKey = randomBytes(32);
  const info = wrapInfo(dropId, epoch);
  const wraps = readers.map((publicKey) => wrap(boxKey, publicKey, info));
  while (wraps.length < geometry.slots) wraps.push(spareWraps.pop() ?? spareWrap(info));
  // In random order: the place of a wrap must not tell whose it is, nor how many are real.
  const outside = concat(geometry.prefix, ...shuffled(wraps));
  const context = payloadContext(sha256(outside), dropId, epoch, id);
  const payload = await encrypt(boxKey, null, context, plaintext, use);
  boxKey.fill(0);
  return { id, box: concat(outside, payload) };
}

// Sorted and each once: two wraps for one reader would use up a slot and change the box's id.
function distinct(recipients, geometry) {
  const sorted = [...recipients].sort(compare);
  const readers = sorted.filter((key, i) => i === 0 || !equal(sorted[i - 1], key));
  if (!geometry) throw new CannotSeal("The drop takes nothing in this week; check this machine's clock.");
  if (readers.length === 0) throw new CannotSeal("Nobody would be able to read this; choose a recipient.");
  if (readers.length > geometry.slots) {
    throw new CannotSeal(`At most ${geometry.slots} recipients can read a box; choose fewer.`);
  }
  return readers;
}

// The same content for the same readers has the same id in an epoch.
async function boxId({ threadSecret, epoch, readers, plaintext }) {
  const about = concat(u32(epoch), sha256(concat(...readers)), await digest(plaintext));
  return derive(threadSecret, "box-id", about, ID);
}

/** The id that sealing would give, for asking the server what it is missing without sealing anything. */
export async function idOfPart({ geometry, epoch, recipients, threadSecret, header, body }) {
  const readers = distinct(recipients, geometry);
  return boxId({ threadSecret, epoch, readers, plaintext: layPlaintext(header, body, geometry) });
}

// Opening one box, in SPEC section 7's order of refusals. For tests and vectors: the source's page opens nothing,
// and its bundle must not hold this file.

import { parseBox, payloadContext, readPlaintext, wrapInfo } from "./box.js";
import { decrypt, engine } from "./cobblestone.js";
import { BoxDamaged, NotForUs } from "./errors.js";
import { unwrap } from "./hpke.js";
import { sha256 } from "./kdf.js";
import { checkPart, readHead } from "./stream.js";

/**
 * {head, body} of a box, by the seeds `keys` of its epoch. Refuses NotABox, NotForUs, BoxDamaged, MalformedHead,
 * ForeignPart, in this order.
 */
export async function openBox(box, { geometry, epoch, dropId, id, keys, use = engine() }) {
  const { outside, wraps, payload } = parseBox(box, geometry);
  const boxKeys = openWraps(wraps, keys, wrapInfo(dropId, epoch));
  if (boxKeys.length === 0) throw new NotForUs();
  const context = payloadContext(sha256(outside), dropId, epoch, id);
  const plaintext = await openPayload(boxKeys, context, payload, use);
  const { header, body } = readPlaintext(plaintext, geometry);
  const head = readHead(header, { capacity: geometry.capacity, bodyLength: body.length });
  await checkPart(head, body);
  return { head, body };
}

// Every slot with every key: slots carry no ids.
function openWraps(wraps, keys, info) {
  return wraps.flatMap((wrapped) =>
    keys.flatMap((seed) => {
      try {
        return [unwrap(wrapped, seed, info)];
      } catch (error) {
        if (error instanceof NotForUs) return [];
        throw error;
      }
    }),
  );
}

// A hostile sealer can wrap several keys for one reader: at most one is committed to.
async function openPayload(boxKeys, context, payload, use) {
  for (const boxKey of boxKeys) {
    try {
      return await decrypt(boxKey, context, payload, use);
    } catch (error) {
      if (!(error instanceof BoxDamaged)) throw error;
    }
  }
  throw new BoxDamaged();
}

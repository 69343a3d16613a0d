// Cobblestone-256 (c2sp.org/chunked-encryption, version 1; SPEC section 7): AES-256-GCM in chunks of 16 KiB
// under keys that the header commits to. Two engines make the same bytes: the browser's own AES, and a slower
// one in JavaScript where a page has no WebCrypto (an onion address in a browser that does not call it secure).

import { gcm } from "@noble/ciphers/aes.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { CHUNK, COMMITMENT, SALT, TAG } from "./box.js";
import { concat, equal } from "./bytes.js";
import { BoxDamaged } from "./errors.js";
import { label } from "./kdf.js";
import { randomBytes } from "./random.js";

const INFO = label("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM");
// Message key and base nonce.
const BEFORE_COMMITMENT = 32 + 12;

/** The browser's AES. */
export const webcrypto = {
  name: "webcrypto",
  async prepare(key) {
    const { subtle } = crypto;
    const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
    return {
      async seal(iv, chunk) {
        return new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv }, imported, chunk));
      },
      async open(iv, chunk) {
        return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv }, imported, chunk));
      },
    };
  },
};

/** AES in JavaScript, for pages without WebCrypto. */
export const noble = {
  name: "noble",
  async prepare(key) {
    return {
      seal: async (nonce, chunk) => gcm(key, nonce).encrypt(chunk),
      open: async (nonce, chunk) => gcm(key, nonce).decrypt(chunk),
    };
  },
};

/** The engine that this page can use; insecure contexts have no `crypto.subtle`. */
export function engine() {
  return globalThis.crypto?.subtle ? webcrypto : noble;
}

/**
 * salt || commitment || chunks of a plaintext under a 32-byte key. `salt` is 24 bytes, or null for fresh ones;
 * anything but a test passes null.
 */
export async function encrypt(key, salt, context, plaintext, use = engine()) {
  const fresh = salt ?? randomBytes(SALT);
  const { messageKey, baseNonce, commitment } = schedule(key, fresh, context);
  const aes = await use.prepare(messageKey);
  const count = Math.floor(plaintext.length / CHUNK) + 1;
  const out = new Uint8Array(SALT + COMMITMENT + plaintext.length + TAG * count);
  out.set(fresh, 0);
  out.set(commitment, SALT);
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const chunk = plaintext.subarray(i * CHUNK, (i + 1) * CHUNK);
      out.set(await aes.seal(nonceOf(baseNonce, i), chunk), SALT + COMMITMENT + i * (CHUNK + TAG));
    }),
  );
  return out;
}

/** The plaintext, once every chunk has verified. Refuses BoxDamaged. */
export async function decrypt(key, context, message, use = engine()) {
  const sealed = message.subarray(SALT + COMMITMENT);
  const count = Math.floor(sealed.length / (CHUNK + TAG)) + 1;
  // The last chunk is always shorter than a full one, so a cut at a chunk's edge leaves nothing to verify.
  if (message.length < SALT + COMMITMENT || sealed.length % (CHUNK + TAG) < TAG) throw new BoxDamaged();
  const { messageKey, baseNonce, commitment } = schedule(key, message.subarray(0, SALT), context);
  if (!equal(commitment, message.subarray(SALT, SALT + COMMITMENT))) throw new BoxDamaged();
  const aes = await use.prepare(messageKey);
  const out = new Uint8Array(sealed.length - TAG * count);
  try {
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const chunk = sealed.subarray(i * (CHUNK + TAG), (i + 1) * (CHUNK + TAG));
        out.set(await aes.open(nonceOf(baseNonce, i), chunk), i * CHUNK);
      }),
    );
  } catch (cause) {
    throw new BoxDamaged(undefined, { cause });
  }
  return out;
}

/**
 * A cheap test of messages under a key and context: true for every one that opens, and for others once in 2^160. One
 * HMAC each: the first 20 bytes of the commitment lie in the first block of what HKDF expands.
 */
export function trial(key, context) {
  const keyed = hmac.create(sha512, key);
  const end = concat(context, Uint8Array.of(1));
  return (message) => {
    if (message.length < SALT + COMMITMENT) return false;
    const first = keyed.clone().update(INFO).update(message.subarray(0, SALT)).update(end).digest();
    return equal(
      first.subarray(BEFORE_COMMITMENT),
      message.subarray(SALT, SALT + first.length - BEFORE_COMMITMENT),
    );
  };
}

// HKDF-Expand for 76 bytes is two blocks of HMAC-SHA-512. Written out, because the library's `expand` asks for a
// pseudorandom key as long as the hash, and the format's is 32 bytes.
function schedule(key, salt, context) {
  const info = concat(INFO, salt, context);
  const first = hmac(sha512, key, concat(info, Uint8Array.of(1)));
  const second = hmac(sha512, key, concat(first, info, Uint8Array.of(2)));
  const okm = concat(first, second);
  return {
    messageKey: okm.slice(0, 32),
    baseNonce: okm.slice(32, BEFORE_COMMITMENT),
    commitment: okm.slice(BEFORE_COMMITMENT, BEFORE_COMMITMENT + COMMITMENT),
  };
}

function nonceOf(base, i) {
  const nonce = base.slice();
  const view = new DataView(nonce.buffer);
  // A box has at most 1024 chunks: the low 32 bits of the 96 are enough.
  view.setUint32(8, view.getUint32(8) ^ i);
  return nonce;
}

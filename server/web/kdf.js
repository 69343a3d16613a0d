// Hashing and key derivation (SPEC 1). Small inputs are hashed here and now; `digest` hands long ones to the
// browser's native code where there is any.

import { hkdf as nobleHkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256, sha512 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "./bytes.js";

/** SHA-256 of one byte string. */
export function sha256(bytes) {
  return nobleSha256(bytes);
}

/** SHA-256 of a long byte string: native where the page has WebCrypto, the same bytes everywhere. */
export async function digest(bytes) {
  const subtle = globalThis.crypto?.subtle;
  return subtle ? new Uint8Array(await subtle.digest("SHA-256", bytes)) : nobleSha256(bytes);
}

/** HMAC-SHA-256 of bytes under a key. */
export function hmacSha256(key, bytes) {
  return hmac(nobleSha256, key, bytes);
}

/** HKDF of RFC 5869 with SHA-512. */
export function hkdf(ikm, salt, info, length) {
  return nobleHkdf(sha512, ikm, salt, info, length);
}

/** A label as it is hashed: UTF-8 with a zero byte at its end, so that none is another's beginning. */
export function label(text) {
  return concat(utf8(text), Uint8Array.of(0));
}

/** n bytes that belong to a secret, a label and data. */
export function derive(secret, name, data = new Uint8Array(0), n = 32) {
  return hkdf(secret, new Uint8Array(0), concat(label(name), data), n);
}

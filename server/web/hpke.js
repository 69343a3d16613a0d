// Wraps: HPKE (RFC 9180), single shot, base mode, no aad: X-Wing, HKDF-SHA256, AES-256-GCM (SPEC section 7). The
// page has its own 60 lines of it because it needs one mode of one suite.

import { gcm } from "@noble/ciphers/aes.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";
import { concat, utf8 } from "./bytes.js";
import { BadRecipientKey, NotForUs } from "./errors.js";
import { randomBytes } from "./random.js";

export const ENC = 1120;
const EMPTY = new Uint8Array(0);
const VERSION = utf8("HPKE-v1");
// "HPKE" || KEM 0x647a || KDF 0x0001 || AEAD 0x0002
const SUITE = concat(utf8("HPKE"), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x02));
const BASE_MODE = Uint8Array.of(0);

/** One wrap (1168 bytes) of a 32-byte box key for a 1216-byte public key. Refuses BadRecipientKey. */
export function wrap(boxKey, publicKey, info) {
  const { cipherText: enc, sharedSecret } = encapsulate(publicKey);
  const { key, nonce } = schedule(sharedSecret, info);
  return concat(enc, gcm(key, nonce).encrypt(boxKey));
}

/** A wrap that nobody can open: real, of random bytes, to a key pair that is thrown away at once. */
export function spareWrap(info) {
  return wrap(randomBytes(32), publicKeyOf(randomBytes(32)), info);
}

/** The 32-byte box key in a wrap, by the 32-byte seed of a key pair. Refuses NotForUs. */
export function unwrap(wrapped, seed, info) {
  try {
    const sharedSecret = xwing.decapsulate(wrapped.subarray(0, ENC), seed);
    const { key, nonce } = schedule(sharedSecret, info);
    return gcm(key, nonce).decrypt(wrapped.subarray(ENC));
  } catch (cause) {
    throw new NotForUs(undefined, { cause });
  }
}

/** The 1216-byte public key of a 32-byte seed. */
export function publicKeyOf(seed) {
  return xwing.keygen(seed).publicKey;
}

/** Encapsulate once to a public key and throw the result away. Refuses BadRecipientKey. */
export function tryPublicKey(publicKey) {
  encapsulate(publicKey);
}

function encapsulate(publicKey) {
  try {
    // Throws on an unreduced ML-KEM key and on an X25519 key that gives the all-zero secret.
    return xwing.encapsulate(publicKey);
  } catch (cause) {
    throw new BadRecipientKey(undefined, { cause });
  }
}

// RFC 9180, section 5.1: KeySchedule with mode_base and the default, empty psk.
function schedule(sharedSecret, info) {
  const context = concat(
    BASE_MODE,
    labeledExtract(EMPTY, "psk_id_hash", EMPTY),
    labeledExtract(EMPTY, "info_hash", info),
  );
  const secret = labeledExtract(sharedSecret, "secret", EMPTY);
  return {
    key: labeledExpand(secret, "key", context, 32),
    nonce: labeledExpand(secret, "base_nonce", context, 12),
  };
}

function labeledExtract(salt, name, ikm) {
  return extract(sha256, concat(VERSION, SUITE, utf8(name), ikm), salt);
}

function labeledExpand(secret, name, info, length) {
  const size = Uint8Array.of(length >> 8, length & 0xff);
  return expand(sha256, secret, concat(size, VERSION, SUITE, utf8(name), info), length);
}

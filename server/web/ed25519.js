// Ed25519 by one rule everywhere, libsodium's (SPEC section 2): what verifies here verifies in Python.

import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal } from "./bytes.js";

const { Point } = ed25519;

/** The 32-byte public key of a 32-byte seed. */
export function publicKeyOf(seed) {
  return ed25519.getPublicKey(seed);
}

/** A 64-byte signature over a message. */
export function sign(message, seed) {
  return ed25519.sign(message, seed);
}

/** True when the signature fits; false, never an error, for keys and signatures that are malformed. */
export function verifies(signature, message, publicKey) {
  try {
    // `zip215: false` refuses small-order keys, non-canonical encodings and an S that is not reduced.
    if (!ed25519.verify(signature, message, publicKey, { zip215: false })) return false;
    return isExact(signature, message, publicKey);
  } catch {
    return false;
  }
}

// The library multiplies by the cofactor, so it also takes an R that is off by a point of small order. Two readers
// could then be shown different lists under one signature: R must be S·B - k·A to the byte, and not of small order.
function isExact(signature, message, publicKey) {
  const r = signature.subarray(0, 32);
  const s = bytesToNumberLE(signature.subarray(32));
  const k = Point.Fn.create(bytesToNumberLE(sha512(concat(r, publicKey, message))));
  const expected = Point.BASE.multiplyUnsafe(s).subtract(Point.fromBytes(publicKey).multiplyUnsafe(k));
  return !expected.isSmallOrder() && equal(expected.toBytes(), r);
}

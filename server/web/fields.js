// Checks shared by every signed object: members, names, hex, days (SPEC 1.1 to 1.3). Each takes the refusal of
// the layer that asks, so that an error is named by that layer.

import { isHex, isWellFormed, unbase64, unhex, utf8 } from "./bytes.js";
import { isDay } from "./epoch.js";

export const MAX_EPOCH = 0xffffffff;

// Controls, half characters, line separators, and the characters that change the direction of writing.
const FORBIDDEN = /[\p{Control}\p{Surrogate}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** `value` as an object that has exactly the members `names`. */
export function members(value, names, Refusal, what) {
  const object = value !== null && typeof value === "object" && !Array.isArray(value);
  if (
    !object ||
    Object.keys(value).length !== names.length ||
    !names.every((name) => Object.hasOwn(value, name))
  ) {
    throw new Refusal(`${what} does not have exactly the members that it should.`);
  }
  return value;
}

/** `value` as an integer from low to high. */
export function integer(value, low, high, Refusal, what) {
  if (!Number.isSafeInteger(value) || value < low || value > high) {
    throw new Refusal(`${what} is not a whole number within its limits.`);
  }
  return value;
}

/** `value` as an array of low to high items. */
export function items(value, low, high, Refusal, what) {
  if (!Array.isArray(value) || value.length < low || value.length > high) {
    throw new Refusal(`${what} is not a list within its limits.`);
  }
  return value;
}

/** `value` as lower-case hex of exactly `length` bytes. */
export function hexBytes(value, length, Refusal, what) {
  if (!isHex(value, length)) throw new Refusal(`${what} is not ${length} bytes in lower-case hex.`);
  return unhex(value, length);
}

/** `value` as strict base64 of exactly `length` bytes. */
export function base64Bytes(value, length, Refusal, what) {
  const bytes = typeof value === "string" ? unbase64(value) : null;
  if (bytes?.length !== length) throw new Refusal(`${what} is not ${length} bytes in base64.`);
  return bytes;
}

/** True when a text meant for one line holds controls, separators or direction changes. */
export function hasForbidden(text) {
  return FORBIDDEN.test(text);
}

/** `value` as one line of low to high bytes of UTF-8. */
export function line(value, low, high, Refusal, what) {
  if (typeof value !== "string" || hasForbidden(value) || value.startsWith(" ") || value.endsWith(" ")) {
    throw new Refusal(`${what} holds characters that it must not hold.`);
  }
  const { length } = utf8(value);
  if (length < low || length > high) throw new Refusal(`${what} is not ${low} to ${high} bytes long.`);
  return value;
}

/** `value` as the name of a drop or a recipient. */
export function personName(value, Refusal, what) {
  return line(value, 1, 64, Refusal, what);
}

/** `value` as the name of a key in a signed note. */
export function keyName(value, Refusal, what) {
  if (typeof value !== "string" || !/^[A-Za-z0-9._-]{1,64}$/.test(value)) {
    throw new Refusal(`${what} is not 1 to 64 letters, digits, dots, dashes or underscores.`);
  }
  return value;
}

/** `value` as a day YYYY-MM-DD. */
export function day(value, Refusal, what) {
  if (!isDay(value)) throw new Refusal(`${what} is not a day.`);
  return value;
}

/** `value` as a text that has a UTF-8 form. */
export function text(value, Refusal, what) {
  if (typeof value !== "string" || !isWellFormed(value)) throw new Refusal(`${what} is not a text.`);
  return value;
}

/** True when values rise strictly: sorted, and none twice. */
export function rising(values) {
  return values.every((value, i) => i === 0 || values[i - 1] < value);
}

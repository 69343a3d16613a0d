// Vectors' recipes made into bytes: texts, hex, repetitions, and edits of base boxes (keys/vectors/README.md).

import { readFileSync } from "node:fs";
import { HEAD, payloadContext } from "../box.js";
import { concat, u32, unbase64, unhex, utf8 } from "../bytes.js";
import { encrypt } from "../cobblestone.js";
import { label, sha256 } from "../kdf.js";

export const VECTORS = new URL("../../../keys/vectors/", import.meta.url);

/** Bytes of a recipe. */
export function spell(recipe) {
  if ("join" in recipe) return concat(...recipe.join.map(spell));
  if ("text" in recipe) return utf8(recipe.text);
  if ("base64" in recipe) return unbase64(recipe.base64);
  const unit = unhex(recipe.hex);
  const { times = 1 } = recipe;
  const out = new Uint8Array(unit.length * times);
  for (let i = 0; i < times; i++) out.set(unit, i * unit.length);
  return out;
}

/** P bytes of a plaintext recipe. */
export function plaintext(recipe, geometry) {
  if ("bytes" in recipe) return spell(recipe.bytes);
  const header = spell(recipe.header);
  const body = spell(recipe.body);
  const laid = new Uint8Array(geometry.plaintext);
  laid.set(u32(recipe.header_length ?? header.length), 0);
  laid.set(u32(recipe.body_length ?? body.length), 4);
  laid.set(header, 8);
  laid.set(body, HEAD);
  for (const { at, hex } of recipe.set ?? []) laid.set(unhex(hex), at);
  return laid;
}

/** The bytes of a box recipe. */
export async function edited({ base, edits }, geometry) {
  let box = baseBox(base);
  for (const edit of edits) box = await apply(edit, box, geometry);
  return box;
}

function baseBox(name) {
  return new Uint8Array(readFileSync(new URL(`base/${name}.box`, VECTORS)));
}

async function apply(edit, box, geometry) {
  const { at, length } = edit;
  if ("cut" in edit) return box.slice(0, edit.cut);
  if ("append" in edit) return concat(box, unhex(edit.append));
  if ("xor" in edit) {
    unhex(edit.xor).forEach((mask, i) => {
      box[at + i] ^= mask;
    });
  } else if ("zero" in edit) {
    box.fill(0, at, at + edit.zero);
  } else if ("from" in edit) {
    box.set(baseBox(edit.from).subarray(at, at + length), edit.to);
  } else if ("swap" in edit) {
    const [a, b] = edit.swap;
    const first = box.slice(a, a + length);
    box.copyWithin(a, b, b + length);
    box.set(first, b);
  } else {
    box.set(await resealed(edit.reseal, box.subarray(0, geometry.wrapsEnd), geometry), geometry.wrapsEnd);
  }
  return box;
}

function resealed(recipe, outside, geometry) {
  const context = payloadContext(sha256(outside), unhex(recipe.drop_id), recipe.epoch, unhex(recipe.box_id));
  return encrypt(unhex(recipe.key), unhex(recipe.salt), context, plaintext(recipe.plaintext, geometry));
}

/** The bytes of a board: its slots' recipes, one after the other. */
export async function boardOf(slots) {
  return concat(...(await Promise.all(slots.map(slotOf))));
}

async function slotOf({ bytes, key, salt, drop_id: dropId, plaintext: recipe }) {
  if (bytes) return spell(bytes);
  return encrypt(unhex(key), unhex(salt), concat(label("knothole/1 slot"), unhex(dropId)), spell(recipe));
}

import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { concat, fromUtf8, unhex, utf8 } from "../bytes.js";
import { keyId, noteHash, parseNote, verifyNote } from "../note.js";
import { ADMINS, admin, refusal, signatureLine, signedNote, textHash } from "./make.js";

const [ANA, BO, CY] = ADMINS;
const VALUE = { type: "a test" };
const GOOD = fromUtf8(signedNote(VALUE, [ANA, BO]));
const TEXT = utf8('{"type":"a test"}\n');

function verify(bytes, keys = ADMINS, threshold = 2) {
  const note = parseNote(bytes);
  verifyNote(note, keys, threshold);
  return note;
}

test("a note that enough administrators signed is read", () => {
  const note = verify(utf8(GOOD));
  assert.deepEqual(note.value, VALUE);
  assert.deepEqual(note.text, TEXT);
  assert.deepEqual(noteHash(note), textHash(VALUE));
  assert.deepEqual(
    note.signatures.map(({ name }) => name),
    ["ana", "bo"],
  );
});

test("64 signatures are read", () => {
  const signers = Array.from({ length: 64 }, (_, i) => admin(`n${i}`));
  assert.equal(parseNote(signedNote(VALUE, signers)).signatures.length, 64);
});

test("signatures of strangers are ignored", () => {
  verify(signedNote(VALUE, [admin("eve"), ANA, BO]));
});

const [LINE] = GOOD.split("\n").slice(2);
const MALFORMED = {
  "bytes that are not UTF-8": concat(utf8(GOOD), Uint8Array.of(0xff)),
  "a BOM": utf8(`\ufeff${GOOD}`),
  "a tab": utf8(GOOD.replace("— ana ", "— ana\t")),
  "a carriage return": utf8(GOOD.replaceAll("\n", "\r\n")),
  "a delete character": utf8(GOOD.replace("a test", "a\u007ftest")),
  "a C1 control": utf8(GOOD.replace("a test", "a\u0085test")),
  "no final newline": utf8(GOOD.slice(0, -1)),
  "no signature line": utf8('{"type":"a test"}\n\n'),
  "no blank line": utf8(GOOD.replace("\n\n", "\n")),
  "a blank line at the end": utf8(`${GOOD}\n`),
  nothing: new Uint8Array(0),
  "65 signature lines": signedNote(
    VALUE,
    Array.from({ length: 65 }, (_, i) => admin(`n${i}`)),
  ),
  "a line twice": utf8(`${GOOD}${LINE}\n`),
  "a hyphen for a dash": utf8(GOOD.replace("— ana", "- ana")),
  "two spaces": utf8(GOOD.replace("— ana ", "— ana  ")),
  "a key name with a plus": signedNote(VALUE, [{ ...ANA, name: "a+b" }]),
  "a key name of 65 letters": signedNote(VALUE, [{ ...ANA, name: "a".repeat(65) }]),
  "base64 without padding": utf8(GOOD.replace("=\n", "\n")),
  "base64 with another spelling": utf8(GOOD.replace(/[A-Za-z0-9+/]=\n/, (end) => `${nextLetter(end[0])}=\n`)),
  "a signature of 63 bytes": utf8(`${GOOD.split("\n\n")[0]}\n\n— ana ${"A".repeat(90)}==\n`),
  "more than 4 MiB": concat(utf8(GOOD), new Uint8Array(4 * 1024 * 1024).fill(0x61)),
  "a list": signedNote([1], [ANA, BO]),
};

// The last letter before "=" has two bits that strict base64 wants to be zero.
function nextLetter(letter) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return letters[letters.indexOf(letter) + 1];
}

for (const [flaw, bytes] of Object.entries(MALFORMED)) {
  test(`refuses as MalformedNote ${flaw}`, async () => {
    assert.equal(await refusal(() => parseNote(bytes)), "MalformedNote");
  });
}

test("two signatures under one name and key id are refused even when they differ", async () => {
  const other = signatureLine(ANA, utf8("another text\n"));
  assert.equal(await refusal(() => parseNote(utf8(GOOD + other))), "MalformedNote");
});

test("a text that is not canonical is MalformedJSON", async () => {
  for (const text of ['{"type": "a test"}\n', '{"b":1,"a":2}\n', "not json\n", '{"a":1}\n{"b":2}\n']) {
    assert.equal(await refusal(() => parseNote(signedNote(utf8(text), [ANA, BO]))), "MalformedJSON", text);
  }
});

test("a changed text is BadSignature", async () => {
  assert.equal(await refusal(() => verify(utf8(GOOD.replace("a test", "a Test")))), "BadSignature");
});

test("one false signature spoils a note that has enough good ones", async () => {
  const forged = signatureLine(CY, utf8("another text\n"));
  assert.equal(await refusal(() => verify(utf8(GOOD + forged))), "BadSignature");
});

test("one administrator is not enough for two", async () => {
  assert.equal(await refusal(() => verify(signedNote(VALUE, [ANA]))), "NotEnoughSignatures");
});

test("one key under two names counts once", async () => {
  const alias = { ...ANA, name: "ana2" };
  const note = signedNote(VALUE, [ANA, alias]);
  assert.equal(await refusal(() => verify(note, [ANA, alias, BO])), "NotEnoughSignatures");
});

test("a key under a name that is not its own is a stranger", async () => {
  assert.equal(
    await refusal(() => verify(signedNote(VALUE, [ANA, { ...BO, name: "cy" }]))),
    "NotEnoughSignatures",
  );
});

test("small-order and non-canonical keys never verify", async () => {
  const odd = [
    // The identity: R = identity and S = 0 verify under it in lax libraries, for every text.
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    // The identity again, spelled above the field's prime.
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ];
  for (const key of odd) {
    const name = "eve";
    const signature = concat(unhex(odd[0]), new Uint8Array(32));
    const id = keyId(name, unhex(key));
    const line = `— ${name} ${Buffer.from(concat(id, signature)).toString("base64")}\n`;
    const note = utf8(`${fromUtf8(TEXT)}\n${line}`);
    assert.equal(await refusal(() => verify(note, [{ name, key: unhex(key) }], 1)), "BadSignature", key);
  }
});

test("whatever bytes arrive, the answer is a note or a refusal", () => {
  const pieces = fc.constantFrom('{"type":"a test"}', "\n", "\n\n", "— ", "ana ", LINE, "\r", "{", "=");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(pieces).map((list) => utf8(list.join(""))),
      ),
      (bytes) => {
        try {
          assert.ok(parseNote(bytes).signatures.length > 0);
        } catch (error) {
          assert.match(error.name, /^Malformed(Note|JSON)$/);
        }
      },
    ),
  );
});

test("any flipped bit of a note is noticed", () => {
  const good = utf8(GOOD);
  fc.assert(
    fc.property(fc.nat({ max: good.length * 8 - 1 }), (bit) => {
      const bad = good.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      // A signer's name or key id may turn into a stranger's: then a signature is missing.
      assert.throws(() => verify(bad), /./);
    }),
    { numRuns: 60 },
  );
});

import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { utf8 } from "../bytes.js";
import { decode, encode } from "../canonical.js";
import { DAY, dayOf, endOf, epochOf, isDay, isOpen, startOf } from "../epoch.js";
import { refusal } from "./make.js";

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: "grapheme" }),
    fc.maxSafeNat(),
    fc.boolean(),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("value"), { maxLength: 5 }),
  object: fc.dictionary(fc.string({ unit: "grapheme" }), tie("value"), { maxKeys: 5 }),
}));

test("every value comes back from its canonical bytes", () => {
  fc.assert(
    fc.property(value, (given) => {
      const bytes = encode(given);
      assert.deepEqual(encode(decode(bytes)), bytes);
    }),
  );
});

test("keys sort by UTF-16 code units, not by code points", () => {
  assert.deepEqual(
    encode({ "\uff5e": 1, "\u{1f600}": 2, b: 3, B: 4 }),
    utf8('{"B":4,"b":3,"\u{1f600}":2,"\uff5e":1}'),
  );
});

test("strings escape what RFC 8785 escapes and nothing else", () => {
  assert.deepEqual(
    encode('\u0000\u001f\b\t\n\f\r"\\/\u007f\u2028\u00e9'),
    utf8('"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028\u00e9"'),
  );
});

const REFUSED = {
  "white space": '{"a": 1}',
  "a newline after": '{"a":1}\n',
  "keys out of order": '{"b":1,"a":2}',
  "a key twice": '{"a":1,"a":1}',
  "a needless escape": '"\\u0041"',
  "an upper-case escape": '"\\u001F"',
  "an escaped slash": '"\\/"',
  "a lone surrogate": '"\\ud800"',
  null: '{"a":null}',
  "a negative number": "-1",
  "negative zero": "-0",
  "a fraction": "1.0",
  "an exponent": "1e2",
  "2^53": "9007199254740992",
  "2^53 + 1, which rounds": "9007199254740993",
  "a leading zero": "01",
  "a BOM": "\ufeff{}",
  "depth 17": `${"[".repeat(17)}${"]".repeat(17)}`,
  "depth 100,000": `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
  "a cut": '{"a":1',
  "two values": "{}{}",
  nothing: "",
  "a member called __proto__ twice": '{"__proto__":1,"__proto__":2}',
};

for (const [flaw, text] of Object.entries(REFUSED)) {
  test(`refuses ${flaw}`, async () => {
    assert.equal(await refusal(() => decode(utf8(text))), "MalformedJSON");
  });
}

test("refuses bytes that are not UTF-8", async () => {
  assert.equal(await refusal(() => decode(Uint8Array.of(0x22, 0xff, 0x22))), "MalformedJSON");
});

test("as many containers as allowed pass, and one more is refused", async () => {
  const most = 131_072;
  const spelled = (n) =>
    new TextEncoder().encode(
      `[${Array(n - 1)
        .fill("[]")
        .join()}]`,
    );
  assert.equal(decode(spelled(most)).length, most - 1);
  assert.throws(() => decode(spelled(most + 1)), { name: "MalformedJSON" });
});

test("depth 16, 2^53 - 1 and a member called __proto__ pass", () => {
  for (const text of [`${"[".repeat(16)}1${"]".repeat(16)}`, "9007199254740991", '{"__proto__":1}']) {
    assert.deepEqual(encode(decode(utf8(text))), utf8(text));
  }
});

test("refuses to spell what canonical JSON has no spelling for", async () => {
  for (const odd of [
    null,
    undefined,
    1.5,
    -1,
    Number.NaN,
    2 ** 53,
    "\udc00",
    { a: undefined },
    [() => 1],
    1n,
  ]) {
    assert.equal(await refusal(() => encode(odd)), "MalformedJSON", String(odd));
  }
});

test("whatever decodes is spelled exactly so", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0123ae -.tf') }), (text) => {
      let decoded;
      try {
        decoded = decode(utf8(text));
      } catch (error) {
        assert.equal(error.name, "MalformedJSON");
        return;
      }
      assert.deepEqual(encode(decoded), utf8(text));
    }),
  );
});

test("epochs are weeks from Monday to Monday", () => {
  assert.equal(new Date(startOf(2968) * 1000).toUTCString(), "Mon, 16 Nov 2026 00:00:00 GMT");
  assert.equal(epochOf(startOf(2968)), 2968);
  assert.equal(epochOf(endOf(2968) - 1), 2968);
  assert.equal(epochOf(endOf(2968)), 2969);
  assert.equal(epochOf(0), 0);
});

test("an epoch is open a day around it and not a second longer", () => {
  const [first, last] = [startOf(2968) - DAY, endOf(2968) + DAY - 1];
  assert.deepEqual(
    [first - 1, first, last, last + 1].map((now) => isOpen(2968, now)),
    [false, true, true, false],
  );
});

test("days are real dates from 2000 to 9999", () => {
  for (const text of ["2000-01-01", "2024-02-29", "9999-12-31"]) assert.ok(isDay(text), text);
  const odd = [
    "1999-12-31",
    "2023-02-29",
    "2024-02-30",
    "2024-13-01",
    "2024-1-1",
    "20240101",
    "2024-01-01 ",
    "2024-00-10",
  ];
  for (const text of [...odd, "2024-01-00", "+02024-01-01", 20240101, null])
    assert.ok(!isDay(text), String(text));
  assert.equal(dayOf(startOf(2968)), "2026-11-16");
});

// The page in other languages: every counting text for every count, and names that keep to themselves.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { speak } from "../speak.js";
import { TEXTS } from "../strings.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const own = `${root}.venv/bin/python`;
const python = existsSync(own) ? own : "python3";
const compiled = JSON.parse(
  execFileSync(python, [`${root}scripts/catalogues`, "compile"], { maxBuffer: 2 ** 26 }),
);
const COUNTS = [0, 1, 2, 3, 5, 11, 21, 100];
// What these two say of millions, gettext has no form for.
const UNNAMED = { es: ["many"], fr: ["many"] };

test("every text of the scripts is there in every language, and counts whatever is counted", () => {
  assert.equal(Object.keys(compiled).length, 7);
  for (const { tag, texts } of Object.values(compiled)) {
    assert.deepEqual(Object.keys(TEXTS).filter((key) => !Object.hasOwn(texts, key)), [], tag); // prettier-ignore
    const { t } = speak(tag, texts);
    const plurals = new Intl.PluralRules(tag);
    for (const [key, entry] of Object.entries(TEXTS).filter(([, text]) => typeof text === "object")) {
      const names = Object.values(entry).flatMap((text) =>
        [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]),
      );
      for (const n of COUNTS) {
        const category = plurals.select(n);
        assert.ok(
          Object.hasOwn(texts[key], category) || UNNAMED[tag]?.includes(category),
          `${tag} ${key} ${n}`,
        );
        const said = t(key, { ...Object.fromEntries(names.map((name) => [name, name])), n });
        assert.ok(said.length > 3 && !/[{}]|undefined|NaN/.test(said), `${tag} ${key} ${n}: ${said}`);
      }
    }
  }
});

test("forms differ where the language's do", () => {
  const counted = (code, key) => {
    const { t } = speak(compiled[code].tag, compiled[code].texts);
    return COUNTS.map((n) => t(key, { n }).replace(/[\d٠-٩۰-۹,.]+/g, "#"));
  };
  assert.equal(new Set(counted("ar", "time.minutes")).size, 4);
  assert.deepEqual(counted("ru", "files.added"), [
    "Добавлено # файлов#",
    "Добавлен # файл#",
    "Добавлено # файла#",
    "Добавлено # файла#",
    "Добавлено # файлов#",
    "Добавлено # файлов#",
    "Добавлен # файл#",
    "Добавлено # файлов#",
  ]);
  assert.equal(new Set(counted("zh-hans", "time.minutes")).size, 1);
});

test("a name keeps its direction to itself, and digits are the language's", () => {
  const texts = { said: "{name}: {n}" };
  const isolated = (name) => `\u2068${name}\u2069`;
  assert.equal(speak("en", texts).t("said", { name: "Dana", n: 3 }), "Dana: 3");
  assert.equal(speak("en", texts).t("said", { name: "أمل", n: 3 }), `${isolated("أمل")}: 3`);
  assert.equal(speak("ar", texts).t("said", { name: "Dana", n: 3 }), `${isolated("Dana")}: 3`);
  assert.equal(speak("fa", texts).t("said", { name: "Dana", n: 3 }), `${isolated("Dana")}: ۳`);
  assert.equal(speak("fa", texts).dir, "rtl");
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const WEB = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(WEB, "..", "..");
const LANGUAGES = ["ar", "de", "es", "fa", "fr", "ru", "zh-hans"];
const PAGES = ["page.js", ...LANGUAGES.map((code) => `page.${code}.js`)];

async function inFolder(action) {
  const folder = await mkdtemp(join(tmpdir(), "knothole-build-"));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function built(web, out) {
  // Another checkout has no venv of its own, and the translations are compiled by Python.
  const env = { ...process.env, PATH: `${join(ROOT, ".venv", "bin")}:${process.env.PATH}` };
  await run(process.execPath, [join(web, "build.mjs"), out, `${out} release`], { env });
  const names = (await readdir(out)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(out, name), "utf8")])),
  );
}

// Another checkout in another place, without the tests.
async function copyOf(folder) {
  const web = join(folder, "elsewhere", "server", "web");
  const filter = (path) => !/\/(node_modules|test|release|__pycache__)$/.test(path);
  for (const part of [join("keys", "knothole_keys"), "scripts", join("server", "web")]) {
    await cp(join(ROOT, part), join(folder, "elsewhere", part), { recursive: true, filter });
  }
  await symlink(join(WEB, "node_modules"), join(web, "node_modules"));
  return web;
}

test("two builds in two places are the same bytes, and hold nothing that the page's rules forbid", async () => {
  await inFolder(async (folder) => {
    const first = await built(WEB, join(folder, "first"));
    assert.deepEqual(await built(await copyOf(folder), join(folder, "second")), first);

    // The manifest by which audits compare: of every file that is served, and of the templates' texts; templates are not served as they are.
    const sha256 = (text) => createHash("sha256").update(text).digest("hex");
    const [manifest, again] = await Promise.all(
      ["first", "second"].map((name) => readFile(join(folder, `${name} release`, "manifest.json"), "utf8")),
    );
    assert.equal(again, manifest);
    const { assets, template, texts } = JSON.parse(manifest);
    const served = [...first].filter(([name]) => !["page.html", "form.html", "texts.json"].includes(name));
    assert.deepEqual(assets, Object.fromEntries(served.map(([name, text]) => [`/${name}`, sha256(text)])));
    assert.equal(template, sha256(first.get("page.html")));
    assert.equal(texts, sha256(first.get("texts.json")));

    for (const name of ["page.js", "worker.js", "examiner.js", "page.html", "page.css", "icon.svg"])
      assert.ok(first.get(name), name);
    for (const name of [...PAGES, "worker.js", "examiner.js"]) {
      // Names by which Adobe's metadata are known, and no addresses.
      const script = first.get(name).replaceAll("http://ns.adobe.com/", "");
      for (const banned of [
        /\beval\(/,
        /\bFunction\(/,
        /innerHTML/,
        /sourceMappingURL/,
        /WebAssembly/,
        /https?:\/\//,
      ]) {
        assert.doesNotMatch(script, banned, name);
      }
      assert.ok(!script.includes(folder) && !script.includes(WEB), "no path of the builder's machine");
    }
    for (const name of ["ciphers", "curves", "hashes", "post-quantum"]) {
      assert.match(first.get("licenses.txt"), new RegExp(`@noble/${name} [0-9.]+\n\n.*MIT License`));
    }
  });
});

test("the build refuses a page that could open boxes, or that brings foreign code, and writes nothing", async () => {
  await inFolder(async (folder) => {
    const web = await copyOf(folder);
    const worker = await readFile(join(web, "worker.js"), "utf8");
    const wrong = { "open.js": "./open.js", globals: "globals" };
    for (const [name, path] of Object.entries(wrong)) {
      await writeFile(
        join(web, "worker.js"),
        `import * as wrong from "${path}";\nself.wrong = wrong;\n${worker}`,
      );
      const out = join(folder, `out ${name}`);
      await assert.rejects(built(web, out), new RegExp(`Error: .*${name} must not be in the page`));
      await assert.rejects(readdir(out), { code: "ENOENT" });
    }
  });
});

test("a hole in one language stops the build before anything is written", async () => {
  await inFolder(async (folder) => {
    const web = await copyOf(folder);
    const catalogue = join(web, "locales", "de.po");
    const text = await readFile(catalogue, "utf8");
    await writeFile(catalogue, text.replace(/(msgctxt "done.title"\nmsgid .*\nmsgstr ).*/, '$1""'));
    const out = join(folder, "out");
    await assert.rejects(built(web, out), /\(de\), done\.title: the translation is missing\./);
    await assert.rejects(readdir(out), { code: "ENOENT" });
  });
});

test("one language travels at a time, and workers say nothing", async () => {
  await inFolder(async (folder) => {
    const files = await built(WEB, join(folder, "out"));
    const [english, german] = ["has stored everything", "habe alles gespeichert"];
    const says = (text) => [...files].filter(([name, body]) => /\.js$/.test(name) && body.includes(text));
    assert.deepEqual(says(english).map(([name]) => name), ["page.js"]); // prettier-ignore
    assert.deepEqual(says(german).map(([name]) => name), ["page.de.js"]); // prettier-ignore
  });
});

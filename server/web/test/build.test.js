import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const WEB = fileURLToPath(new URL("..", import.meta.url));

async function inFolder(action) {
  const folder = await mkdtemp(join(tmpdir(), "knothole-build-"));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function built(web, out) {
  await run(process.execPath, [join(web, "build.mjs"), out, `${out} release`]);
  const names = (await readdir(out)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(out, name), "utf8")])),
  );
}

// Another checkout in another place, without the tests.
async function copyOf(folder) {
  const web = join(folder, "elsewhere", "server", "web");
  await mkdir(join(folder, "elsewhere", "keys", "knothole_keys"), { recursive: true });
  const words = join("keys", "knothole_keys", "words.txt");
  await cp(join(WEB, "..", "..", words), join(folder, "elsewhere", words));
  const filter = (path) => !/\/(node_modules|test)$/.test(path);
  await cp(WEB, web, { recursive: true, filter });
  await symlink(join(WEB, "node_modules"), join(web, "node_modules"));
  return web;
}

test("two builds in two places are the same bytes, and hold nothing that the page's rules forbid", async () => {
  await inFolder(async (folder) => {
    const first = await built(WEB, join(folder, "first"));
    assert.deepEqual(await built(await copyOf(folder), join(folder, "second")), first);

    // The manifest by which audits compare: of every file that is served, and of the template, which is not served as it is.
    const sha256 = (text) => createHash("sha256").update(text).digest("hex");
    const [manifest, again] = await Promise.all(
      ["first", "second"].map((name) => readFile(join(folder, `${name} release`, "manifest.json"), "utf8")),
    );
    assert.equal(again, manifest);
    const { assets, template } = JSON.parse(manifest);
    const served = [...first].filter(([name]) => name !== "page.html");
    assert.deepEqual(assets, Object.fromEntries(served.map(([name, text]) => [`/${name}`, sha256(text)])));
    assert.equal(template, sha256(first.get("page.html")));

    for (const name of ["page.js", "worker.js", "examiner.js", "page.html", "page.css", "icon.svg"])
      assert.ok(first.get(name), name);
    for (const name of ["page.js", "worker.js", "examiner.js"]) {
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

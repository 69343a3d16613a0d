// Nothing survives the tab: no module of the page names a way of keeping something, however it is spelled.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";

const WEB = new URL("../", import.meta.url);
const KEEPING =
  /\b(localStorage|sessionStorage|indexedDB|caches|cookie|cookieStore|serviceWorker|pushState|replaceState|requestFileSystem|getDirectory|BroadcastChannel|SharedWorker|sendBeacon|name\s*=\s*window|window\.name)\b/;
// `caches` and `cookie` are words, too, and comments may say that there are none.
const withoutComments = (source) => source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, "");

async function sources(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((one) => one.isFile() && /\.(js|html)$/.test(one.name));
  return names.filter(({ name }) => name !== "eslint.config.js").map(({ name }) => new URL(name, folder));
}

test("no module of the page names a storage, a cookie or a way to write the history", async () => {
  const files = [...(await sources(WEB)), ...(await sources(new URL("traces/", WEB)))];
  assert.ok(files.length > 60, "the modules were not found");
  for (const file of files) {
    const code = withoutComments(await readFile(file, "utf8"));
    // Texts speak of cookies; they keep none.
    const spoken = /strings[^/]*\.js$|\.html$/.test(file.pathname) ? code.replace(/\bcookies?\b/g, "") : code;
    assert.doesNotMatch(spoken, KEEPING, file.pathname);
  }
});

test("the search itself finds what it is for", () => {
  for (const kept of [
    'globalThis["localStorage"]',
    "self.indexedDB.open()",
    "document.cookie = 1",
    "history.pushState({}, 1)",
  ]) {
    assert.match(withoutComments(kept), KEEPING);
  }
});

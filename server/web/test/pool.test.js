// Workers behind one queue, files as they are chosen, and texts that exist.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { addFiles, droppedFiles } from "../files.js";
import { Pool, poolSize } from "../pool.js";
import { has, t } from "../strings.js";

/** A worker that answers after a while, and tells how many are at work. */
function fakeWorkers() {
  const all = [];
  const make = () => {
    const port = { ended: false, jobs: 0, terminate: () => (port.ended = true) };
    port.postMessage = ({ op, job }) => {
      port.jobs += 1;
      assert.equal(port.jobs, 1, "a worker had two jobs at once");
      setTimeout(() => {
        port.jobs -= 1;
        const error = { name: "FileChanged", facts: { fileKey: 3 } };
        port.onmessage({ data: op === "fail" ? { error } : { answer: job } });
      }, 1);
    };
    all.push(port);
    return port;
  };
  return { make, all };
}

test("jobs wait for a free worker, and a broadcast reaches each once", async () => {
  const { make } = fakeWorkers();
  const pool = new Pool(make, 2);
  const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => pool.run("echo", n)));
  assert.deepEqual(answers, [1, 2, 3, 4, 5]);
  assert.deepEqual(await pool.all("echo", "set"), ["set", "set"]);
});

test("a failed job brings its name and facts, and the worker goes on", async () => {
  const pool = new Pool(fakeWorkers().make, 1);
  await assert.rejects(pool.run("fail"), { name: "FileChanged", facts: { fileKey: 3 } });
  assert.equal(await pool.run("echo", 1), 1);
});

test("closing or losing a worker ends every job and every worker", async () => {
  for (const end of [(pool) => pool.close(), (pool, all) => all[0].onerror({})]) {
    const { make, all } = fakeWorkers();
    const pool = new Pool(make, 2);
    const jobs = [1, 2, 3, 4].map((n) => assert.rejects(pool.run("echo", n)));
    end(pool, all);
    await Promise.all(jobs);
    await assert.rejects(pool.run("echo", 5));
    assert.ok(all.every(({ ended }) => ended));
  }
});

test("two to four workers, however many cores are claimed", () => {
  assert.deepEqual([undefined, 1, 2, 4, 64, Number.NaN].map(poolSize), [2, 2, 2, 3, 4, 2]);
});

test("files get clean, distinct names; none is dropped but the very same File", () => {
  const file = (path, size = 1) => ({ file: { size, type: "", lastModified: 5, name: path }, path });
  const first = file("a/b.txt");
  const once = addFiles([], [first, file("c/b.txt"), file("evil\u202etxt.exe"), file("a_b.txt", 2)]);
  const names = once.files.map(({ name }) => name);
  assert.deepEqual(names, ["a_b.txt", "c_b.txt", "evil_txt.exe", "a_b (2).txt"]);
  // Same name, size and time, yet another file.
  const twice = addFiles(once.files, [first, file("a/b.txt"), file("new.txt")]);
  assert.deepEqual(twice.again, ["a/b.txt"]);
  assert.deepEqual(twice.files.slice(4).map(({ name }) => name), ["a_b (3).txt", "new.txt"]); // prettier-ignore
  assert.equal(new Set(twice.files.map(({ key }) => key)).size, 6);
});

test("what cannot be read of a dropped folder is named, and the rest is found", async () => {
  const file = (name, read = true) => ({
    isFile: true,
    name,
    file: (resolve, reject) => (read ? resolve({ name }) : reject(new Error("NotReadableError"))),
  });
  const folder = (name, ...portions) => ({
    name,
    createReader: () => ({
      readEntries: (resolve, reject) => (portions[0] === null ? reject() : resolve(portions.shift() ?? [])),
    }),
  });
  const item = (entry) => ({
    kind: "file",
    webkitGetAsEntry: () => entry,
    getAsFile: () => ({ name: "loose" }),
  });
  const dropped = folder(
    "d",
    [file("a"), file("locked", false)],
    [folder("shut", null), folder("cut", [file("b")], null)],
  );
  const { found, unread } = await droppedFiles({
    items: [item(dropped), item(null), { kind: "string" }],
    files: [],
  });
  assert.deepEqual(found.map(({ path }) => path), ["d/a", "d/cut/b", "loose"]); // prettier-ignore
  assert.deepEqual(unread, ["d/locked", "d/shut/", "d/cut/"]);
});

test("every text that the scripts ask for exists, and every problem has its three sentences", async () => {
  const here = new URL("../", import.meta.url);
  const scripts = (await readdir(here)).filter((name) => name.endsWith(".js") && name !== "strings.js");
  const sources = await Promise.all(scripts.map((name) => readFile(new URL(name, here), "utf8")));
  const asked = sources.flatMap((text) => [...text.matchAll(/\bt\(\s*"([\w.]+)"/g)].map(([, key]) => key));
  assert.ok(asked.length > 60);
  assert.deepEqual(asked.filter((key) => !has(key)), []); // prettier-ignore
  const kinds = sources.flatMap((text) =>
    [...text.matchAll(/new Problem\(\s*"(\w+)"/g)].map(([, kind]) => kind),
  );
  for (const kind of new Set([...kinds, "altered", "unreachable", "file", "broken", "clock"])) {
    if (kind === "notopen") continue; // page.js turns it into "clock" or "epoch"
    for (const key of [`error.${kind}.title`, `error.${kind}`, `error.${kind}.next`])
      assert.ok(has(key), key);
  }
  for (const reason of ["paused", "offline", "unreachable", "server", "full", "busy", "work", "asking"]) {
    assert.ok(has(`sending.${reason}`), reason);
  }
});

test("a text counts as its language counts, and fills in what it is given", () => {
  assert.equal(t("files.added", { n: 1 }), "1 file added.");
  assert.equal(t("files.added", { n: 1234 }), "1,234 files added.");
  assert.equal(t("files.removed", { name: "{n}$&" }), "{n}$& removed.");
});

// Builds the page into the server's package: `npm run build`, or into another folder: `node build.mjs FOLDER`. The
// same sources and lock file give the same bytes, so that anybody can compare a drop's scripts with a release's
// published hashes.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const OWN = join(here, "..", "knothole_server", "built");
const out = resolve(process.argv[2] ?? OWN);
const BUNDLES = ["page.js", "worker.js", "examiner.js", "page.css"];
// What opens boxes has no business on a machine that seals them.
const BANNED = ["open.js"];
const ALLOWED = ["@noble/ciphers", "@noble/curves", "@noble/hashes", "@noble/post-quantum"];

const { metafile, outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: BUNDLES,
  outdir: out,
  bundle: true,
  format: "iife",
  legalComments: "none",
  loader: { ".txt": "text" },
  metafile: true,
  minify: true,
  platform: "browser",
  sourcemap: false,
  target: ["firefox115", "chrome109", "safari16"],
  write: false,
});

const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
const packages = inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []);
const wrong = [
  ...inputs.filter((input) => BANNED.includes(input)),
  ...packages.filter((name) => !ALLOWED.includes(name)),
];
if (wrong.length > 0) throw new Error(`${wrong.join(", ")} must not be in the page; remove the import.`);

// Only our own folder is emptied: one that a person names may hold other things.
if (out === OWN) await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
for (const { path, contents } of outputFiles) {
  await writeFile(path, contents);
  process.stdout.write(`${relative(out, path)} ${contents.length} bytes\n`);
}
for (const name of (await readdir(here)).filter((entry) => /\.(html|svg)$/.test(entry))) {
  await copyFile(join(here, name), join(out, name));
}
await writeFile(join(out, "licenses.txt"), (await Promise.all(ALLOWED.map(license))).join("\n"));

async function license(name) {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${await readFile(join(folder, "LICENSE"), "utf8")}`;
}

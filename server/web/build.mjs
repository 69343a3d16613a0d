// Builds the page into the server's package, and the release's manifest and template into keys, for those who audit:
// `npm run build`. Or both into other folders: `node build.mjs FOLDER [RELEASE]`. The same sources and lock file give the
// same bytes, so that anybody can compare a drop's scripts with a release's published hashes.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const OWN = join(here, "..", "knothole_server", "built");
const KEYS = join(here, "..", "..", "keys", "knothole_keys", "release");
const TEMPLATE = "page.html";
const out = resolve(process.argv[2] ?? OWN);
// What another folder is built for need not concern the release that is installed here.
const release = process.argv[3] ? resolve(process.argv[3]) : out === OWN ? KEYS : null;
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
if (release) await writeManifest();

// Canonical JSON, as SPEC 1.1 has it: sorted members, nothing between them.
async function writeManifest() {
  const assets = {};
  for (const name of (await readdir(out)).filter((entry) => entry !== TEMPLATE).sort()) {
    assets[`/${name}`] = await sha256(join(out, name));
  }
  const template = await sha256(join(out, TEMPLATE));
  const manifest = JSON.stringify({ assets, format: "knothole-release/1", template });
  await mkdir(release, { recursive: true });
  await copyFile(join(out, TEMPLATE), join(release, TEMPLATE));
  await writeFile(join(release, "manifest.json"), manifest);
  process.stdout.write(`manifest ${createHash("sha256").update(manifest).digest("hex")}\n`);
}

async function sha256(path) {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

async function license(name) {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${await readFile(join(folder, "LICENSE"), "utf8")}`;
}

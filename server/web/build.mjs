// Builds the page into the server's package, and the release's manifest and template into keys, for those who audit:
// `npm run build`. Or both into other folders: `node build.mjs FOLDER [RELEASE]`. The same sources and lock file give the
// same bytes, so that anybody can compare a drop's scripts with a release's published hashes.
//
// Each language has a page.js of its own, with its own texts and no others: `scripts/catalogues`, which asks Python, checks and
// compiles them, and a hole stops the build before anything is written.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const OWN = join(here, "..", "knothole_server", "built");
const KEYS = join(here, "..", "..", "keys", "knothole_keys", "release");
const TEMPLATE = "page.html";
// Answers a form without scripts: nothing that the server serves at an address of its own.
const ANSWER = "form.html";
const TEXTS = "texts.json";
const out = resolve(process.argv[2] ?? OWN);
// What another folder is built for need not concern the release that is installed here.
const release = process.argv[3] ? resolve(process.argv[3]) : out === OWN ? KEYS : null;
const ICON = "icon.svg";
// What codenames are made of, as Python has it.
const WORDS = join(here, "..", "..", "keys", "knothole_keys", "words.txt");
const BUNDLES = ["page.js", "worker.js", "examiner.js", "page.css"];
// What opens boxes has no business on a machine that seals them.
const BANNED = ["open.js"];
const ALLOWED = ["@noble/ciphers", "@noble/curves", "@noble/hashes", "@noble/post-quantum"];

const catalogues = compileCatalogues();

const OPTIONS = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  format: "iife",
  legalComments: "none",
  metafile: true,
  minify: true,
  platform: "browser",
  sourcemap: false,
  target: ["firefox115", "chrome109", "safari16"],
  write: false,
};
const english = await build({ ...OPTIONS, entryPoints: BUNDLES });
const translated = await Promise.all(Object.values(catalogues).map(translate));
const outputFiles = [english, ...translated].flatMap((built) => built.outputFiles);
const inputs = [english, ...translated].flatMap(inputsOf);
const packages = inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []);
const wrong = [
  ...translated.flatMap(inputsOf).filter((input) => /^strings\b/.test(input)),
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
await copyFile(join(here, ICON), join(out, ICON));
for (const name of [TEMPLATE, ANSWER]) await writeFile(join(out, name), await withIcon(name));
await copyFile(WORDS, join(out, "words.txt"));
await writeFile(join(out, TEXTS), templateTexts());
await writeFile(join(out, "licenses.txt"), (await Promise.all(ALLOWED.map(license))).join("\n"));
if (release) await writeManifest();

// A template with its picture of the icon drawn in its own markup: beside the tab's icon, Chromium would ask for it anew.
async function withIcon(name) {
  const [html, icon] = await Promise.all([name, ICON].map((file) => readFile(join(here, file), "utf8")));
  const drawn = icon
    .replace(/ xmlns="[^"]*"/, "")
    .replace(/ role="img" aria-label="[^"]*"/, ' width="32" height="32" aria-hidden="true"')
    .replace(/\s*\n\s*/g, "");
  const [before, after, ...more] = html.split(/<img src="\/icon\.svg"[^>]*>/);
  if (after === undefined || more.length > 0) throw new Error(`${name} must show ${ICON} once.`);
  return before + drawn + after;
}

// Canonical JSON, as SPEC 1.1 has it: sorted members, nothing between them.
async function writeManifest() {
  const assets = {};
  for (const name of (await readdir(out))
    .filter((entry) => ![TEMPLATE, ANSWER, TEXTS].includes(entry))
    .sort()) {
    assets[`/${name}`] = await sha256(join(out, name));
  }
  const [template, texts] = await Promise.all([TEMPLATE, TEXTS].map((name) => sha256(join(out, name))));
  const manifest = JSON.stringify({ assets, format: "knothole-release/2", template, texts });
  await mkdir(release, { recursive: true });
  for (const name of [TEMPLATE, TEXTS]) await copyFile(join(out, name), join(release, name));
  await writeFile(join(release, "manifest.json"), manifest);
  process.stdout.write(`manifest ${createHash("sha256").update(manifest).digest("hex")}\n`);
}

// What the template says in the other languages, for whoever renders it: canonical JSON, too.
function templateTexts() {
  const parts = Object.entries(catalogues).map(([code, { reviewed, page }]) => [
    code,
    { reviewed, texts: page },
  ]);
  return JSON.stringify(Object.fromEntries(parts));
}

// By language code: {tag, script, reviewed, texts, page}, sorted.
function compileCatalogues() {
  const root = join(here, "..", "..");
  const own = join(root, ".venv", "bin", "python");
  const python = existsSync(own) ? own : "python3";
  const stdio = ["ignore", "pipe", "inherit"];
  const script = join(root, "scripts", "catalogues");
  try {
    return JSON.parse(execFileSync(python, [script, "compile"], { stdio, maxBuffer: 2 ** 26 }));
  } catch {
    throw new Error("The page's texts are not whole in every language, so nothing was built; see above.");
  }
}

function translate({ tag, script, texts }) {
  const own = Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
  const contents = `import { speak } from "./speak.js";
export const { lang, locale, dir, t, has, isolated } = speak(${JSON.stringify(tag)}, ${JSON.stringify(own)});`;
  const speaking = {
    name: "speaking",
    setup(bundle) {
      bundle.onResolve({ filter: /\/strings\.js$/ }, () => ({ path: tag, namespace: "texts" }));
      bundle.onLoad({ filter: /.*/, namespace: "texts" }, () => ({ contents, resolveDir: here }));
    },
  };
  const name = script.replace(/^\/(.*)\.js$/, "$1");
  return build({
    ...OPTIONS,
    charset: "utf8",
    entryPoints: [{ in: "page.js", out: name }],
    plugins: [speaking],
  });
}

function inputsOf({ metafile }) {
  return Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
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

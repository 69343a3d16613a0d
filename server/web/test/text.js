// Lets Node import a .txt file as its text, as the build does: `node --import ./test/text.js`.

import { register } from "node:module";

const hook = `
import { readFile } from "node:fs/promises";
export async function load(url, context, next) {
  if (!url.endsWith(".txt")) return next(url, context);
  const text = await readFile(new URL(url), "utf8");
  return { format: "module", shortCircuit: true, source: "export default " + JSON.stringify(text) };
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

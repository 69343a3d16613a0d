// The source's page: what happens when. The rules are in ui-state.js, the views in ui-*.js, the sealing in worker.js.
//
// For whoever drives or tests the page:
//   <main id="main" data-state="loading|compose|hashing|codename|checking|sending|done|returning|looking|answers|error|left">
//   everywhere  #leave: forgets everything and empties the tab, as Escape pressed three times does
//   compose   #message  #language  #files (file input)  #folder  .files li  #readers input  #way-back  #send
//             #problem (beside what it is about)  #missed (dropped files that are not there)
//             with a codename: #kept  #earlier (the answers that were read)  #retype
//   hashing   the lists are fetched once more: #loading; then the files are read: #hash-progress  #cancel
//   codename  #codename (ol of eight words)  #confirm-N with data-word-index="N" (two of them)  #confirm-send  #back
//             (a returning source sees #confirm-send, #back and #reveal only)
//   checking  the lists are fetched once more; #loading  #cancel
//   sending   #progress  #count  #notice with data-reason="paused|asking|quiet|work" or one of reasons.js  #fresh  #pause
//   done      #done  #reveal, which shows #codename-again  #sealed-for  #look
//   returning #codename-entry  #codename-aid  #problem  #look  #more  #way-new
//   looking   the lists and the whole board are fetched, every slot is tried: #look-progress  #cancel
//   answers   #answers with data-replies  .letter  #status li with data-whole  #nothing  #lapsed  #ignored  #incomplete
//             #more  #again  #retype
//   error     #error with data-kind (the kinds of problems.js)  #retry  #to-answers
//
// Nothing is remembered: no cookie, no storage. The message, the files and the codename live in this module's variables
// and in the workers, until the page is left or everything is sent.

import { Answering } from "./answering.js";
import { readOf } from "./answers.js";
import { Api } from "./api.js";
import { generateCodename, threadKeys, WORDS } from "./codename.js";
import { equal } from "./bytes.js";
import { clock, ended, lastsUntil, loadDrop, ranOut } from "./drop.js";
import { dayOf } from "./epoch.js";
import { patiently, Stopped, unlessStopped } from "./gate.js";
import { offerLeaving } from "./leaving.js";
import { listen } from "./listening.js";
import { MAX_FILES } from "./letter-text.js";
import { hashFiles, prepare } from "./prepare.js";
import { missingAbilities, Problem, problemOf } from "./problems.js";
import { randomBelow } from "./random.js";
import { isPassing } from "./reasons.js";
import { newSending } from "./sending.js";
import { dir, lang, t } from "./strings.js";
import { composeView } from "./ui-compose.js";
import { codenameView, keptView } from "./ui-codename.js";
import { doneView } from "./ui-done.js";
import { show } from "./ui-dom.js";
import { errorView } from "./ui-error.js";
import { day, names } from "./ui-format.js";
import { checkingView, loadingView } from "./ui-loading.js";
import { hashingView, sendingView } from "./ui-sending.js";
import { askedWords, holdsOn, lacking, next, readersAfter } from "./ui-state.js";
import { copiesSaid } from "./ui-traces.js";
import { WordList } from "./words.js";
import { Workshop } from "./workshop.js";

const api = new Api();
const workshop = new Workshop();
const wordList = new WordList(api);

let state = "loading";
let drop = null;
let form = null; // the compose view while it is shown
let upload = null;
let begun = false; // whether a box may have been stored
// The codename, once it was typed or confirmed: {words, sure, replies}; `sure` is known to be this source's, `replies` are
// the answers that were read under it.
let kept = null;
let stopping = null; // ends the reading or checking that is under way
let draft = emptyDraft();

function emptyDraft() {
  return { message: "", language: "", files: [], chosen: null, words: null };
}

function go(event, view) {
  state = next(state, event);
  if (state !== "compose") form = null;
  show(state, view);
}

// Whatever fails ends here, and is shown once.
function attempt(action) {
  return async () => {
    try {
      await action();
    } catch (error) {
      if (state !== "error" && state !== "left") fail(problemOf(error));
    }
  };
}

function fail(problem) {
  upload?.gate.stop();
  upload = null;
  const name = draft.files.find(({ key }) => key === problem.facts.fileKey)?.name ?? "";
  const gone = problem.facts.gone ?? [];
  Object.assign(problem.facts, { today: day(clock()), name, n: gone.length, readers: names(gone) });
  const known = drop && ranOut(drop, clock()) ? lastsUntil(drop) : null;
  const expired = problem.facts.expired ?? known;
  if (problem.kind === "off" && expired !== null) problem.facts.lapsed = day(expired);
  const looking = state === "looking";
  const view = {
    problem,
    begun,
    held: holdsOn(state, draft),
    words: kept?.words ?? null,
    looking,
    act: looking ? () => answering.again() : reload,
    home: reload,
    // Who signed an answer is known from a list that ran out, too.
    answers: () => (kept ? answering.look(kept) : answering.type()),
  };
  go("fail", errorView(view));
}

const load = attempt(async () => {
  const missing = missingAbilities();
  if (missing.length > 0) throw new Problem("unable", { missing: names(missing) });
  const changed = await refresh();
  compose("ready");
  if (changed) form.complain(changed, "readers");
});

// Fetch and check the lists, and carry the choice over: all readers at first, later those of the earlier choice who still
// receive. Returns what to tell about readers who left or joined, or "". An older or another list than before is an alarm.
async function refresh(signal) {
  const dropIdHex = document.documentElement.dataset.dropId;
  const shownFingerprint = document.getElementById("fingerprint").textContent.trim();
  const load = () => loadDrop({ api, dropIdHex, shownFingerprint, now: clock(), known: drop, signal });
  const fresh = await patiently(load, isPassing, signal);
  const before = drop ?? fresh;
  const all = new Set(fresh.readers.map(({ id }) => id));
  const { chosen, left, joined } = readersAfter(before.readers, fresh.readers, draft.chosen ?? all);
  draft.chosen = chosen;
  drop = fresh;
  document.querySelector("h1").textContent = drop.name;
  const said = Object.entries({ left, joined }).filter(([, readers]) => readers.length > 0);
  return said.length === 0 ? "" : [...said.map(tellReaders), t("compose.changed")].join(" ");
}

function tellReaders([what, readers]) {
  return t(`compose.${what}`, { n: readers.length, readers: names(readers.map(({ name }) => name)) });
}

// Whoever left while the page lay open must not be sealed to: asked anew before reading and before sending.
async function refreshThisWeek(signal) {
  // A roster that ran out may have been renewed; only the lists themselves can tell.
  if (ended(drop, clock()) === "epoch") throw new Problem("epoch");
  const { epoch } = drop;
  const changed = await refresh(signal);
  if (drop.epoch !== epoch) throw new Problem("epoch");
  await unlessStopped(workshop.ready(drop), signal);
  return changed;
}

function reload() {
  // Fresh workers: the old ones may be what failed, and they hold what they were set up with.
  workshop.endSealing();
  go("reload", loadingView());
  load();
}

function compose(event) {
  const back = () => {
    kept = null;
    answering.type();
  };
  form = composeView({ drop, draft, kept, send: attempt(submit), back, examining: workshop.examining });
  go(event, form.view);
  // In a task of its own, so that the form is there before anything else is fetched or computed.
  setTimeout(makeReady, 0, form);
}

// Nobody can send before this is over: what it finds stops the page at once if the form is still there, and at the latest
// when a draft is submitted.
async function makeReady(shown) {
  if (form !== shown) return;
  try {
    await workshop.ready(drop);
  } catch (error) {
    if (form === shown) fail(problemOf(error));
  }
}

// To the form from where its lists may be old, or were never there.
function toForm(codename) {
  kept = codename;
  go("more", loadingView());
  load();
}

// From the typing of a codename back to the form as it was.
function home() {
  if (workshop.pool && drop && ended(drop, clock()) === null) compose("back");
  else toForm(kept);
}

const PLACE = { "compose.nobody": "readers", "compose.nothing": "message" };

async function submit() {
  if (hearing.walking) return form.complain(t("files.walking"), "send");
  const chosen = drop.readers.filter(({ id }) => draft.chosen.has(id));
  const lack = lacking({ message: draft.message, files: draft.files, chosen });
  if (lack) return form.complain(t(lack), PLACE[lack]);
  if (draft.files.length > MAX_FILES) return form.complain(t("compose.toomany", { n: MAX_FILES }), "files");
  await read();
}

async function read() {
  stopping = new AbortController();
  const { signal } = stopping;
  const cancel = () => stopping.abort();
  go("submit", checkingView({ step: "compose", back: cancel }));
  try {
    const changed = await refreshThisWeek(signal);
    if (changed) return backToForm(changed);
    // One codename for the life of a draft: whoever goes back to writing may have it on paper already.
    if (!kept) draft.words ??= generateCodename(await wordList.get(signal));
    const total = draft.files.reduce((sum, { size }) => sum + size, 0);
    const view = hashingView({ total, cancel });
    if (draft.files.length > 0) show(state, view.view);
    const chosen = drop.readers.filter(({ id }) => draft.chosen.has(id));
    const capacity = drop.geometry.capacity;
    const codename = kept?.words ?? draft.words;
    const keys = threadKeys(codename, drop.dropId);
    const { pool } = workshop;
    const hashed = await hashFiles({ files: draft.files, pool, capacity, progress: view.progress, signal });
    const recipients = chosen.map(({ id }) => id);
    const plan = await prepare({
      dropId: drop.dropId,
      keys,
      draft,
      read: readOf(kept?.replies ?? []),
      hashed,
      recipients,
      rosterHash: drop.roster.hash,
      day: dayOf(clock()),
      capacity,
    });
    if (signal.aborted) throw new Stopped();
    ask({ plan, chosen, codename, keys });
  } catch (error) {
    returnToForm(error, signal);
  }
}

function backToForm(changed) {
  compose("back");
  form.complain(changed, "readers");
}

// A file that cannot be read or a letter that is too long is the form's business; anything else is an error.
function returnToForm(error, signal) {
  const complaint = signal.aborted ? "" : complaintOf(error);
  if (complaint === null) throw error;
  compose("back");
  if (complaint) form.complain(complaint, error.name === "FileChanged" ? "files" : "message");
}

function complaintOf({ name, facts }) {
  if (name === "FileChanged") {
    const file = draft.files.find(({ key }) => key === facts.fileKey);
    return t("compose.unreadable", { name: file.name });
  }
  return name === "CannotSeal" ? t("compose.toolong") : null;
}

function ask({ plan, chosen, codename, keys }) {
  const readers = chosen.map(({ name }) => name);
  const view = {
    what: `${t("codename.what", { n: plan.parts.length, readers: names(readers) })} ${copiesSaid(draft.files)}`.trim(),
    same: plan.same.map(({ name }) => name),
    back: () => compose("back"),
    confirm: attempt(() => send({ plan, chosen, codename, keys })),
  };
  if (kept) return go("hashed", keptView({ ...view, words: codename, sure: kept.sure }));
  go("hashed", codenameView({ ...view, words: codename, asked: askedWords(WORDS, randomBelow) }));
}

async function send({ plan, chosen, codename, keys }) {
  stopping = new AbortController();
  const { signal } = stopping;
  go("confirm", checkingView({ step: "codename", back: () => stopping.abort() }));
  const { hash } = drop.roster;
  try {
    const changed = await refreshThisWeek(signal);
    if (signal.aborted) throw new Stopped();
    if (changed) return backToForm(changed);
  } catch (error) {
    return returnToForm(error, signal);
  }
  // The letter names the list that it was sealed by, so even the same people on a newer one need another letter.
  if (!equal(drop.roster.hash, hash)) return backToForm(t("compose.renewed"));
  const returning = kept !== null;
  kept ??= { words: codename, sure: true, replies: [] };
  const { parts, bytes: total } = plan;
  const readers = chosen.map(({ name }) => name);
  const boxSize = drop.geometry.size;
  const view = sendingView({ boxes: parts.length, boxSize, total, readers, returning, toggle });
  const { pool } = workshop;
  const sending = newSending({ api, pool, drop, parts, chosen, keys, changed: view.update });
  upload = sending.upload;
  go("open", view.view);
  begun = true;
  await sending.run();
  finish(plan, readers);
}

function finish({ parts, letter }, readers) {
  workshop.close();
  const { words, sure } = kept;
  answering.sent(words, letter);
  upload = null;
  kept = null;
  draft = emptyDraft();
  begun = false;
  const look = () => answering.look({ words, sure });
  go("stored", doneView({ boxes: parts.length, readers, words, look, leave }));
}

// Whoever leaves takes nothing back: whatever is under way stops, and nothing that was typed or chosen stays.
function forget() {
  if (state !== "left") state = next(state, "leave");
  upload?.gate.stop();
  stopping?.abort();
  answering.forget();
  workshop.close();
  upload = null;
  form = null;
  kept = null;
  drop = null;
  draft = emptyDraft();
}

function toggle() {
  if (upload.gate.paused) upload.resume();
  else upload.pause();
}

const leave = offerLeaving(forget);
const answering = new Answering({ api, go, attempt, wordList, known: () => drop, home, more: toForm, leave });
document.documentElement.lang = lang;
document.documentElement.dir = dir;
// The static card blames the browser after a while; now that this runs, it can only be the line.
document.getElementById("main").replaceChildren(loadingView());
const hearing = listen({
  holds: () => holdsOn(state, draft),
  network: (online) => upload?.network(online),
  form: () => form,
});
load();

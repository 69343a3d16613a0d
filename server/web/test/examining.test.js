import assert from "node:assert/strict";
import test from "node:test";
import { Examining, UNSEEN } from "../examining.js";

const ANSWER = { kind: "jpeg", found: [], looked: true, whole: true, cleaned: null };

// A worker's port that answers by `answer(job)`; undefined is no answer at all.
function ports(answer) {
  const made = [];
  const make = () => {
    const port = {
      jobs: [],
      terminated: false,
      terminate: () => (port.terminated = true),
      postMessage({ job }) {
        port.jobs.push(job);
        const data = answer(job);
        if (data) setTimeout(() => port.onmessage({ data }), 0);
      },
    };
    made.push(port);
    return port;
  };
  return { make, made };
}

const file = (name) => ({ key: name, original: name, traces: undefined });

async function all(examining, files) {
  examining.start();
  await new Promise((resolve) => {
    examining.changed = (_, left) => left === 0 && resolve();
    examining.add(files);
  });
}

test("each file is looked into once, in order, and all workers were started before any file was chosen", async () => {
  const { make, made } = ports(() => ({ answer: ANSWER }));
  const examining = new Examining(make);
  examining.start();
  assert.equal(made.length, 2);
  const files = ["a", "b", "c"].map(file);
  await all(examining, files);
  await all(examining, [...files, file("d")]);
  assert.deepEqual(
    made[0].jobs.map((job) => job.file),
    ["a", "b", "c", "d"],
  );
  assert.equal(made.length, 2);
});

test("a file that takes too long costs a worker, and the next one goes on", async () => {
  const { make, made } = ports(({ file: name }) => (name === "hangs" ? undefined : { answer: ANSWER }));
  const examining = new Examining(make, 20);
  const files = ["hangs", "fine"].map(file);
  await all(examining, files);
  assert.deepEqual([files[0].traces, files[1].traces], [UNSEEN, ANSWER]);
  assert.deepEqual([made[0].terminated, made[1].terminated, made.length], [true, false, 2]);
});

test("when the last worker is gone, files are told as not looked into, and no script is fetched for them", async () => {
  const { make, made } = ports(() => undefined);
  const examining = new Examining(make, 10);
  const files = ["a", "b", "c", "d"].map(file);
  await all(examining, files);
  assert.ok(files.every(({ traces }) => traces === UNSEEN));
  assert.equal(made.length, 2);
});

test("an error of the examiner's is told as not looked into, and costs nothing", async () => {
  const { make, made } = ports(({ file: name }) =>
    name === "bad" ? { error: { name: "Error" } } : { answer: ANSWER },
  );
  const examining = new Examining(make);
  const files = ["bad", "good"].map(file);
  await all(examining, files);
  assert.deepEqual([files[0].traces, files[1].traces], [UNSEEN, ANSWER]);
  assert.equal(made[0].terminated, false);
});

test("a file that was removed is not looked into, and after the end nothing is", async () => {
  const { make, made } = ports(() => ({ answer: ANSWER }));
  const examining = new Examining(make);
  const [kept, removed] = ["kept", "removed"].map(file);
  const done = new Promise((resolve) => (examining.changed = (_, left) => left === 0 && resolve()));
  examining.start();
  examining.add([kept, removed]);
  examining.keep([kept]);
  await done;
  assert.equal(removed.traces, undefined);
  examining.close();
  assert.ok(made.every(({ terminated }) => terminated));
});

test("files that were chosen before the workers were started wait for them", async () => {
  const { make, made } = ports(() => ({ answer: ANSWER }));
  const examining = new Examining(make);
  const early = file("early");
  examining.add([early]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual([made.length, early.traces], [0, undefined]);
  await all(examining, [file("later")]);
  assert.deepEqual(early.traces, ANSWER);
});

// A few workers behind one queue. Each does one job at a time, in order of asking, so no more boxes are in the making
// than there are workers.

/** An error from inside a worker: only its name and harmless facts come out. */
export class JobFailed extends Error {
  constructor({ name, facts }) {
    super(name);
    this.name = name;
    this.facts = facts;
  }
}

/** How many workers to start: enough to keep a circuit busy, few enough to leave the machine usable. */
export function poolSize(cores) {
  return Math.min(4, Math.max(2, Number.isInteger(cores) ? cores - 1 : 2));
}

/** `make()` gives a new Worker that speaks worker.js's protocol. */
export class Pool {
  #workers;
  #queue = [];
  #broken = null;

  constructor(make, size) {
    this.#workers = Array.from({ length: size }, () => this.#start(make()));
  }

  get size() {
    return this.#workers.length;
  }

  /** The answer of whichever worker is free first. Throws JobFailed. */
  run(op, job = {}) {
    return this.#enqueue({ op, job, worker: null });
  }

  /** Give every worker the same job, in its turn. */
  all(op, job = {}) {
    return Promise.all(this.#workers.map((worker) => this.#enqueue({ op, job, worker })));
  }

  /** End the workers, and with them every secret they hold. */
  close() {
    this.#fail(new JobFailed({ name: "Stopped" }));
  }

  #start(port) {
    const worker = { port, busy: null };
    port.onmessage = ({ data }) => {
      // An answer may still be on its way when the workers are ended.
      if (worker.busy === null) return;
      const { resolve, reject } = worker.busy;
      worker.busy = null;
      if (data.error) reject(new JobFailed(data.error));
      else resolve(data.answer);
      this.#next();
    };
    // A worker that cannot even start ends every job: waiting for it would look like slowness.
    port.onerror = (event) => {
      event.preventDefault?.();
      this.#fail(new JobFailed({ name: "WorkerFailed" }));
    };
    return worker;
  }

  #enqueue(task) {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...task, resolve, reject });
      this.#next();
    });
  }

  #next() {
    for (const worker of this.#workers) {
      if (worker.busy) continue;
      const at = this.#queue.findIndex((task) => task.worker === null || task.worker === worker);
      if (at < 0) continue;
      const [task] = this.#queue.splice(at, 1);
      worker.busy = task;
      worker.port.postMessage({ op: task.op, job: task.job });
    }
  }

  #fail(error) {
    this.#broken ??= error;
    for (const worker of this.#workers) {
      worker.port.terminate();
      worker.busy?.reject(error);
      worker.busy = null;
    }
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}

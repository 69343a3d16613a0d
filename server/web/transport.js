// One request and its answer. Nothing is tried twice here, and nothing has a deadline: a request is given up when nothing
// moves, because a slow line is not a dead one. No cookie, no cache, no redirect, no referrer.

// Silence that a small question may meet, in milliseconds.
const SILENCE = 60_000;
const BINARY = "application/octet-stream";

/** No answer at all: offline, a dead circuit, a closed server. */
export class Unreachable extends Error {}
Unreachable.prototype.name = "Unreachable";

/** A box that did not move for longer than the line's patience: given up, to be sent again. */
export class Slow extends Unreachable {}
Slow.prototype.name = "Slow";

// Calls `bark` when `feed()` was not called for a while; `allowed()` gives that while, in milliseconds.
function watchdog(allowed, bark) {
  let timer = null;
  const feed = () => {
    clearTimeout(timer);
    timer = setTimeout(bark, allowed());
  };
  feed();
  return { feed, end: () => clearTimeout(timer) };
}

/**
 * Ask for something or send a small body: {status, bytes}. `arrived(bytes)` is told how much of the answer is here; of an
 * answer longer than `most` bytes no more is read, and what is here comes back. Throws Unreachable.
 */
export async function ask(fetch, address, { method = "GET", body, signal, arrived, most = Infinity }) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  const dog = watchdog(() => SILENCE, abort);
  try {
    const answer = await fetch(address, {
      method,
      body,
      headers: body ? { "Content-Type": BINARY } : {},
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: stop.signal,
    });
    const heard = (length) => {
      dog.feed();
      arrived?.(length);
    };
    return { status: answer.status, bytes: await readAll(answer, heard, most) };
  } catch (cause) {
    throw new Unreachable(undefined, { cause });
  } finally {
    dog.end();
    signal?.removeEventListener("abort", abort);
  }
}

async function readAll(answer, heard, most) {
  if (answer.body === null) return new Uint8Array();
  const reader = answer.body.getReader();
  const pieces = [];
  for (let length = 0; ;) {
    heard(length);
    const { done, value } = await reader.read();
    if (!done) {
      pieces.push(value);
      length += value.length;
      if (length <= most) continue;
      await reader.cancel();
    }
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }
}

/**
 * Send a box: {status, bytes} of the answer. XMLHttpRequest, because fetch does not tell how much of a body has left.
 * `flight` is told of it, `flight.moved(bytes)`, and says how much silence is borne, `flight.silence()`.
 * Throws Slow, Unreachable.
 */
export function putBox(Request, address, { body, headers, flight, signal }) {
  return new Promise((resolve, reject) => {
    const request = new Request();
    const give = (error) => {
      dog.end();
      signal?.removeEventListener("abort", abort);
      if (error) {
        reject(error);
        request.abort();
      } else {
        resolve({ status: request.status, bytes: new Uint8Array(request.response ?? []) });
      }
    };
    const abort = () => give(new Unreachable());
    const dog = watchdog(flight.silence, () => give(new Slow()));
    request.upload.onprogress = ({ loaded }) => {
      flight.moved(loaded);
      dog.feed();
    };
    request.onload = () => give(null);
    request.onerror = abort;
    request.open("PUT", address);
    request.responseType = "arraybuffer";
    for (const [name, value] of Object.entries({ ...headers, "Content-Type": BINARY })) {
      request.setRequestHeader(name, value);
    }
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) return abort();
    request.send(body);
  });
}

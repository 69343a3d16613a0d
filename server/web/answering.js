// The way back, from the typed codename to the answers. page.js knows the states; this knows what happens in three of them:
// returning, looking and answers.

import { lookForAnswers } from "./looking.js";
import { lookingView, answersView } from "./ui-answers.js";
import { returningView } from "./ui-returning.js";

/**
 * `go(event, view)` changes the state, `attempt(action)` makes a listener that shows what fails; `wordList` is fetched once a
 * codename is to be typed; `known()` gives lists seen before, or null; `home()` leads back to writing, `more(kept)` to writing under a codename, {words, sure, replies};
 * `leave()` ends everything.
 */
export class Answering {
  #given;
  #typed = "";
  #asked = null; // the codename that was tried last, {words, sure}
  #found = null;
  #sent = []; // what was sent during this visit, {words, letter}
  #stopping = null;

  constructor(given) {
    this.#given = given;
  }

  /** Let the codename be typed; `event` is how the page comes here. */
  type(event = "return") {
    const { go, attempt, home, more, wordList } = this.#given;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    go(
      event,
      returningView({
        typed: this.#typed,
        words: { here: () => wordList.here, get: () => wordList.get(signal) },
        attempt,
        changed: (text) => {
          this.#typed = text;
        },
        look: (words) => this.look({ words, sure: false }),
        more: (words) => more({ words, sure: false, replies: [] }),
        back: () => {
          this.#typed = "";
          this.#stopping.abort();
          home();
        },
      }),
    );
  }

  /** Look for answers to a codename; `sure` says that it is known to be the source's. */
  look(asked) {
    if (asked.words.join() !== this.#asked?.words.join()) this.#found = null;
    this.#asked = asked;
    return this.#given.attempt(() => this.#look())();
  }

  /** Remember that this codename's letter, an id in hex, was sent: the answers say whether anybody has confirmed it. */
  sent(words, letter) {
    this.#sent.push({ words: words.join(), letter });
  }

  /** Look again, for the same codename. */
  again() {
    return this.look(this.#asked);
  }

  /** Stop, and forget the codename and what was found. */
  forget() {
    this.#stopping?.abort();
    this.#typed = "";
    this.#asked = null;
    this.#found = null;
    this.#sent = [];
  }

  async #look() {
    const { go, api, known } = this.#given;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    const { view, progress } = lookingView({ back: () => this.#stop() });
    go("look", view);
    const dropIdHex = document.documentElement.dataset.dropId;
    const { words } = this.#asked;
    let found;
    try {
      found = await lookForAnswers({ api, dropIdHex, words, known: known(), progress, signal });
    } catch (error) {
      // Whoever stopped it has gone elsewhere already.
      if (signal.aborted) return;
      throw error;
    }
    const opened = found.replies.length + found.letters.length > 0;
    this.#asked.sure ||= opened;
    this.#found = found;
    this.#show();
  }

  #stop() {
    this.#stopping.abort();
    if (this.#found) this.#show();
    else this.type("back");
  }

  #show() {
    const { go, more, leave } = this.#given;
    const { words, sure } = this.#asked;
    const found = this.#found;
    const confirmed = new Set(found.letters.map(({ letter }) => letter));
    const mine = this.#sent.filter((one) => one.words === words.join());
    go(
      "found",
      answersView({
        found,
        unconfirmed: mine.some(({ letter }) => !confirmed.has(letter)),
        words,
        sure,
        more: () => more({ words, sure, replies: found.replies }),
        again: () => this.again(),
        retype: () => this.type(),
        leave,
      }),
    );
  }
}

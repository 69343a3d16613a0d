// Every refusal of the formats, by name (SPEC 13). The text of each is one sentence that says what to do
// next; whoever refuses may give a closer one. A worker cannot pass a class to the page, so `name` is what
// callers compare.

/** The base of all refusals; caught where anything that a server or a person gave may be wrong. */
export class KnotholeError extends Error {}
KnotholeError.prototype.name = "KnotholeError";

function refusal(name, sentence) {
  const Refusal = class extends KnotholeError {
    constructor(message = sentence, options = undefined) {
      super(message, options);
      // What a person wants to know besides, as the day on which something ran out.
      if (options?.facts) this.facts = options.facts;
    }
  };
  // On the prototype and as text: a minifier renames classes, and `name` must survive it.
  Refusal.prototype.name = name;
  return Refusal;
}

// note
export const MalformedNote = refusal("MalformedNote", "This is not a signed note; fetch it again.");
export const MalformedJSON = refusal("MalformedJSON", "This is not canonical JSON; fetch it again.");
export const BadSignature = refusal(
  "BadSignature",
  "A signature of this note is false; do not use it, and tell the newsroom.",
);
export const NotEnoughSignatures = refusal(
  "NotEnoughSignatures",
  "Too few administrators signed this note; do not use it, and tell the newsroom.",
);

// root
export const MalformedRoot = refusal("MalformedRoot", "This is not a root; fetch it again.");
export const BrokenChain = refusal(
  "BrokenChain",
  "The drop's roots do not follow from one another; do not use them, and tell the newsroom.",
);
export const RootExpired = refusal(
  "RootExpired",
  "The drop's root has expired; wait until the newsroom has renewed it.",
);
export const RootFromFuture = refusal(
  "RootFromFuture",
  "The drop's root is dated in the future; check this machine's clock.",
);
export const WrongDrop = refusal(
  "WrongDrop",
  "This belongs to another drop; check the address and the fingerprint.",
);

// roster
export const MalformedRoster = refusal("MalformedRoster", "This is not a roster; fetch it again.");
export const RosterExpired = refusal(
  "RosterExpired",
  "The list of recipients has expired; wait until the newsroom has renewed it.",
);
export const RosterFromFuture = refusal(
  "RosterFromFuture",
  "The list of recipients is dated in the future; check this machine's clock.",
);
export const RosterRollback = refusal(
  "RosterRollback",
  "The server shows an older list of recipients than before; do not use it, and tell the newsroom.",
);
export const RosterFork = refusal(
  "RosterFork",
  "There are two different lists of recipients of the same version; use neither, and tell the newsroom.",
);
export const BadRecipientKey = refusal(
  "BadRecipientKey",
  "A recipient's key cannot be sealed to; ask the recipient for another enrolment.",
);

// enrolment: desks and administrators make and read them, never the page; named so that the list is whole
export const MalformedEnrolment = refusal(
  "MalformedEnrolment",
  "This is not an enrolment; ask the recipient for another.",
);

// codename
export const BadCodename = refusal(
  "BadCodename",
  "A codename is eight words of the list, parted by spaces; check each word.",
);

// box
export const NotABox = refusal("NotABox", "This is not a box of this drop; fetch it again.");
export const NotForUs = refusal("NotForUs", "None of these keys opens this box; leave it to others.");
export const BoxDamaged = refusal("BoxDamaged", "This box is damaged; fetch it again.");
export const MalformedHead = refusal(
  "MalformedHead",
  "This box opens but is not made as boxes are; leave it out.",
);
export const ForeignPart = refusal(
  "ForeignPart",
  "This part does not belong to the stream that it names; leave it out.",
);

// letter
export const MalformedLetter = refusal("MalformedLetter", "This is not a letter; leave it out.");
export const BadLetterSignature = refusal(
  "BadLetterSignature",
  "This letter was not signed by the thread that it names; do not trust it.",
);
export const BadFileName = refusal("BadFileName", "A file's name is not allowed; give it another name.");

// reply slots
export const MalformedBoard = refusal(
  "MalformedBoard",
  "This is not a whole number of reply slots; fetch it again.",
);

// sealing
export const CannotSeal = refusal("CannotSeal", "This cannot be sealed; nothing was sent.");

// The texts of coming back: the codename typed again, the answers, and leaving in a hurry. strings.js takes them in.

export const ANSWERS = {
  "ways.label": "What brings you here?",
  "ways.new": "Send something",
  "ways.back": "I have a codename: come back",

  "returning.title": "Come back with your codename",
  "returning.text":
    "Type the eight words that you wrote down on an earlier visit. They stay on this device, and nobody else has them.",
  "returning.label": "Your eight words",
  "returning.hint": "In their order. Capital letters, commas and the words’ numbers do not matter.",
  "returning.count": {
    one: "{n} word found; a codename has eight.",
    other: "{n} words found; a codename has eight.",
  },
  "returning.unknown": "Word {n}, “{word}”, is not in the list.",
  "returning.near": "Did you mean: {words}?",
  "returning.good": "These are eight words of the list. The page cannot know whether they are yours.",
  "returning.incomplete":
    "This is not a codename: it has to be eight words, all of them from the list. Look at your paper once more.",
  "returning.look": "Look for answers",
  "returning.more": "Continue a broken upload, or send more",
  "returning.lost":
    "Nobody can give you the words again. If you have lost them, you can still leave something under a new codename; say in your message that it continues something, if the readers may know that.",
  "returning.kept":
    "What you send now goes under your codename. If sending broke off, choose the same files and the same readers, this week or next: of the files, only what is missing is sent. With other readers, or later, everything is sent again.",

  "looking.title": "Looking for answers",
  "looking.text":
    "The page fetches the whole board, on which the sealed answers for everybody lie, and tries on this device which are for you.",
  "looking.bar": "Looking for answers",
  "looking.lists": "Fetching the list of readers.",
  "looking.fetched": "Fetching the board: {size} so far.",
  "looking.tried": { one: "{done} of {n} slot tried.", other: "{done} of {n} slots tried." },
  "looking.back": "Stop looking",

  "answers.title": { one: "You have an answer", other: "You have {n} answers" },
  "answers.received": {
    one: "The newsroom has {n} letter of yours",
    other: "The newsroom has {n} letters of yours",
  },
  "answers.underway": "The newsroom has a part of what you sent",
  "answers.none": "No answer so far",
  "answers.from": "{reader} wrote to you",
  "answers.signed": "Signed with the key of {reader} on this drop’s list of readers.",
  "answers.care":
    "Do not open addresses from an answer in a browser that knows you, and do not copy an answer to a device that others may open. An answer may ask; you need not do what it asks.",

  "answers.status": "What the newsroom has",
  "answers.letter": "What you sent on {day}",
  "answers.whole": "The newsroom has it.",
  "answers.part": "The newsroom has a part of it.",
  "answers.boxes": {
    one: "{reader} has opened {done} of {n} box.",
    other: "{reader} has opened {done} of {n} boxes.",
  },
  "answers.files": "Whole files: {done} of {n}.",
  "answers.rest":
    "The rest may still be on its way to the readers: they carry it by hand. If it stays like this for some days, continue the upload with the same files.",
  "answers.justsent": "What you sent a moment ago",
  "answers.unconfirmed": "No reader has confirmed it yet.",
  "answers.unlisted":
    "Only what a reader has confirmed counts. Anything else that you sent is not confirmed yet, or was confirmed longer ago than the board keeps it.",
  "answers.noneyet":
    "No reader has confirmed anything yet. That is usual in the first days, and does not mean that anything was lost.",

  "answers.none.text":
    "On the board there is nothing that opens with these eight words. This page cannot tell which of these is the reason:",
  "answers.none.1":
    "The readers have not opened it yet. They fetch the boxes by hand and answer from a machine that is never online, so some days are usual.",
  "answers.none.2":
    "They have read it and have nothing to say yet, or their answer lay here longer ago than the board keeps it: about a month.",
  "answers.none.3":
    "A word is wrong. Eight wrong words of the list look to this page exactly like eight right ones without an answer.",
  "answers.none.not":
    "It does not mean that what you sent was lost, or that somebody kept it from the readers.",
  "answers.words": "Type the words once more",
  "answers.reveal": "Show the words that were tried",

  "answers.ignored": {
    one: "{n} more slot opened with your codename, but nobody on the list of readers has signed it, so it is not shown. It may be from a reader who has left, or from somebody who pretends to be one.",
    other:
      "{n} more slots opened with your codename, but nobody on the list of readers has signed them, so they are not shown. They may be from a reader who has left, or from somebody who pretends to be one.",
  },
  "answers.incomplete": {
    one: "{n} more answer is not complete on the board yet. Look again in a day or two.",
    other: "{n} more answers are not complete on the board yet. Look again in a day or two.",
  },
  "answers.lapsed":
    "The drop’s list of readers ran out on {day}. The answers here were signed by people who were on it; who reads now, nobody can be sure of. So nothing can be sent until the newsroom has renewed it: come back in a day or two.",

  "answers.next": "What to do now",
  "answers.next.more":
    "Write back, send more, or continue a broken upload: it goes under the same codename, and tells the readers which answers you have read.",
  "answers.next.send": "Send more, or continue a broken upload: it goes under the same codename.",
  "answers.next.wait":
    "Come back in some days with the same words. An answer stays on the board for about a month.",
  "answers.next.leave": "Leave. The page keeps nothing; your paper with the words is all that you need.",
  "answers.more": "Write back or send more",
  "answers.send": "Send more",
  "answers.again": "Look again",

  "answers.knows": "What the server knows about this",
  "answers.knows.1":
    "That somebody fetched the board; through Tor, not from where. Everybody fetches it whole and with the same requests, with a codename or a wrong one.",
  "answers.knows.2":
    "Not whose codename was tried, not whether anything opened, and not which slots are real: most are random.",
  "answers.knows.3": "Not the words: they never leave this device.",
  "answers.earlier": { one: "The answer that you read", other: "The {n} answers that you read" },

  "answers.error.unreachable": "The answers could not be fetched.",
  "answers.error.trouble": "It answered, but not with the board.",
  "answers.error.standing":
    "Nothing was sent, and nothing is lost: answers stay on the board for about a month.",
  "error.board.title": "This is not the whole board",
  "error.board":
    "What came in place of the answers has not the length of a board, so it was cut off, or something between you and the server answered in its place.",
  "error.board.next":
    "Wait a minute, then try again. If this network wants a login, log in from another tab, or use another network.",
  "error.answers": "I have a codename: look for answers",
  "error.answersoff": "Answers that were left for you can be read all the same.",

  "leave.button": "Leave quickly",
  "leave.hint":
    "Stops everything, forgets what you wrote and your codename, and empties this tab. Pressing Escape three times quickly does the same.",
  "facts.you.4":
    "“Leave quickly”, in the corner, stops everything, makes the page forget what you wrote and your codename, and empties this tab; so does Escape, pressed three times quickly. Your browser may still list that you were here; Tor Browser’s “New identity” clears that, too.",
  "left.title": "This tab is empty",
  "left.text": "You can close it.",
};

// Every text that the page's scripts say, in English. Other languages are translated from here (docs/translating.md): the
// build puts a catalogue's texts in this module's place. page.html holds what stands there before and without scripts.
// Texts are plain: `{n}` and other names in braces are filled in, and a text that counts is an object of English plural
// forms, chosen by `n`.

import { speak } from "./speak.js";
import { ANSWERS } from "./strings-answers.js";

export const TEXTS = {
  ...ANSWERS,

  "steps.label": "Steps",
  "steps.compose": "Write",
  "steps.codename": "Codename",
  "steps.sending": "Send",

  "loading.title": "Getting ready",
  "loading.text": "Fetching the list of readers and checking its signatures.",
  "loading.late": "The server is slow to answer; the page keeps trying.",
  "checking.title": "Checking the list of readers",

  "compose.title": "What do you want to leave here?",
  "compose.slow":
    "This browser has no built-in encryption for this address. Sealing works all the same, with the page’s own code, but slower.",
  "readers.title": "Who will read this",
  "readers.hint":
    "Only the people chosen here can open what you send. The newsroom’s administrators signed this list, valid until {until}.",
  "readers.away": "not receiving this week",
  "message.title": "Your message",
  "message.hint":
    "Say what this is about and why it matters. Leave out who you are, if you do not want the readers to know it.",
  "message.language": "Language of the message",
  "message.unsaid": "not stated",
  "files.title": "Files",
  "files.hint":
    "Files are sent exactly as they are unless you choose otherwise, because a changed original proves less. What is hidden inside stays inside: place and camera of a photo, authors and edits of a document, names of files. This page looks for some of it, on this device, and tells you. If something could lead to you, ask yourself first whether the readers may know it.",
  "files.choose": "Choose files",
  "files.folder": "Choose a folder",
  "files.drop": "or drop files and folders anywhere on this page",
  "files.list": "Chosen files",
  "files.renamed": "was: {name}",
  "files.remove": "Remove",
  "files.removeone": "Remove {name}",
  "files.removeall": "Remove all files",
  "files.more": { one: "and {n} more file", other: "and {n} more files" },
  "files.total": { one: "{n} file, {size}", other: "{n} files, {size}" },
  "files.boxes": {
    one: "Travels in {n} sealed box of {box}.",
    other: "Travels in about {n} sealed boxes of {box} each.",
  },
  "files.time": "Over Tor this often takes between {fast} and {slow}.",
  "files.added": { one: "{n} file added.", other: "{n} files added." },
  "files.again": { one: "{n} file was chosen already.", other: "{n} files were chosen already." },
  "files.againnamed": {
    one: "{list} was chosen already and is there once.",
    other: "These were chosen already and are there once: {list}.",
  },
  "files.unread": {
    one: "{list} could not be read and is not among your files: choose it with the button, or go on without it.",
    other:
      "These could not be read and are not among your files: {list}. Choose them with the button, or go on without them.",
  },
  "files.walking": "What you dropped is still being looked through: wait a moment, then continue.",
  "files.removed": "{name} removed.",

  "traces.waiting": "Looking for hidden traces …",
  "traces.none": "No hidden traces found, of the kinds that this page knows.",
  "traces.part": "Nothing found, but only a part could be looked into.",
  "traces.partly": "Only a part could be looked into: there may be more.",
  "traces.failed": "This page could not look inside. It may hold traces of you.",
  "traces.unknown.archive": "This page does not look into archives. What is packed in it keeps its traces.",
  "traces.unknown.other": "This page does not know this kind of file and has not looked inside.",
  "traces.found": "This file tells more than it shows:",
  "traces.leftout": "The copy that you send leaves this out:",
  "traces.more": { one: "{n} thing more", other: "{n} things more" },
  "traces.count": "{n}",
  "traces.countof": "{n} ({names})",
  "traces.place": "Where it was taken",
  "traces.serial": "Serial number",
  "traces.serial.why": "Ties everything together that was made with this device.",
  "traces.owner": "Owner",
  "traces.author": "Author",
  "traces.editor": "Saved by",
  "traces.company": "Company",
  "traces.printer": "Printer",
  "traces.printer.why": "The name of a printer, or its settings, from the author’s computer.",
  "traces.changes": "Tracked changes",
  "traces.changes.why": "Also shows what was deleted.",
  "traces.comments": "Comments",
  "traces.attachments": "Attached files",
  "traces.embedded": "Files embedded in it",
  "traces.pictures": "Pictures with traces of their own",
  "traces.pictures.why": "What their camera wrote into them is still inside.",
  "traces.earlier": "Earlier versions",
  "traces.earlier.why": "What was changed or removed may still be inside.",
  "traces.preview": "A small preview picture",
  "traces.preview.why": "May show what was cut away or covered later.",
  "traces.tail": "Behind the picture’s end",
  "traces.tail.why": "Another picture, a short film or other data that most programs do not show.",
  "traces.track": "Recorded measurements",
  "traces.track.why": "A track beside the film: positions or movements of the camera.",
  "traces.maker": "Notes of the camera’s maker",
  "traces.maker.why": "In a secret form; often with serial numbers and counters.",
  "traces.id": "Identifier",
  "traces.id.why": "Can tie it to other files of the same origin.",
  "traces.device": "Device",
  "traces.software": "Made with",
  "traces.taken": "Taken",
  "traces.made": "Created",
  "traces.changed": "Last changed",
  "traces.text": "Written into it",
  "traces.location": "Path or template",
  "traces.location.why": "Where it lay on the author’s computer; may hold a user’s name.",
  "traces.extra": "Additional data",
  "traces.extra.why": "Properties or parts that this page cannot read.",
  "traces.which": "Which one do you want to send?",
  "traces.original": "The original",
  "traces.original.why":
    "Best for proof: the newsroom can check that nobody changed it. Only the chosen readers see what it tells.",
  "traces.cleaned": "A cleaned copy",
  "traces.cleaned.why":
    "The same picture, to the last pixel, without what is listed here. It proves less, and what can be seen in it stays. If you have to come back to go on sending, choose the copy again.",
  "traces.uncleaned": "This picture is damaged or unusual, so this page cannot clean it.",
  "traces.elsewhere":
    "This page cannot clean this kind of file. The command-line program can try, on copies that it seals instead:",
  "traces.nowhere":
    "This page cannot clean this kind of file. If what it tells could lead to you, say in your message what must not become public.",
  "traces.all": {
    one: "Send a cleaned copy of {n} picture",
    other: "Send cleaned copies of all {n} pictures that can be cleaned",
  },
  "traces.nowOriginal": "The original of {name} will be sent.",
  "traces.nowCleaned": "A cleaned copy of {name} will be sent.",
  "traces.said": {
    one: "{n} file tells more than it shows; see the list.",
    other: "{n} files tell more than they show; see the list.",
  },
  "traces.saidnone": "No hidden traces found, of the kinds that this page knows.",

  "facts.title": "What we know and what we don’t",
  "facts.server": "What this server sees",
  "facts.server.1": "That somebody connected; through Tor, not from where.",
  "facts.server.2": "How many boxes of one size arrive, so roughly how much you send, while you send it.",
  "facts.server.3":
    "It keeps the sealed boxes and the week they belong to. By the published code it logs no visitor and no hour.",
  "facts.readers": "What the readers see",
  "facts.readers.1":
    "Your message, your files with all that is hidden in them, their names, and the day on which you sealed them.",
  "facts.readers.2": "Which letters come from the same codename.",
  "facts.readers.3": "Not your name and not your address, unless you send them.",
  "facts.nobody": "What no page can hide",
  "facts.nobody.1": "This device, and who else can look into it. Do not use one that your employer manages.",
  "facts.nobody.2": "How you write, and how few people knew what you know.",
  "facts.nobody.3": "A network that watches you use Tor at a telling moment.",
  "facts.you": "What you can do",
  "facts.you.1": "Use Tor Browser, away from work and home networks if that matters.",
  "facts.you.2": "Compare the fingerprint above before you send.",
  "facts.you.3": "Tell nobody that you were here.",

  "compose.send": "Continue to your codename",
  "compose.sendkept": "Continue",
  "compose.nothing": "There is nothing to send yet: write a message or choose a file.",
  "compose.nobody": "Nobody could read this: choose at least one reader.",
  "compose.toomany": "A letter can hold {n} files; send the others in a second one.",
  "compose.toolong": "The message and the list of files are too long for one letter: send them in two.",
  "compose.left": {
    one: "{readers} does not receive any more and cannot open what you send now.",
    other: "{readers} do not receive any more and cannot open what you send now.",
  },
  "compose.joined": { one: "{readers} is a new reader.", other: "{readers} are new readers." },
  "compose.changed": "The list of readers has changed: look at it once more, then continue.",
  "compose.renewed":
    "The list of readers was signed anew meanwhile, for the same people: continue once more.",
  "compose.unreadable":
    "“{name}” could not be read. It may have been moved or changed: remove it and choose it again.",

  "hashing.title": "Reading your files",
  "hashing.text":
    "Each file is read once in full, on this device, so that nobody can swap a part later. Nothing has been sent yet.",
  "hashing.progress": "{done} of {total} read",
  "hashing.cancel": "Back",

  "codename.title": "Your codename",
  "codename.text":
    "Only with these eight words can you read an answer, go on if sending breaks off, or add to what you sent. Nobody else has them, and nobody can give them to you again.",
  "codename.advice":
    "Write them on paper, in order, and keep the paper where nobody looks. Do not photograph them, and do not save them on a device that others may open.",
  "codename.english":
    "The words are English ones, whatever language you read this in: copy them letter by letter.",
  "codename.words": "The eight words of your codename",
  "codename.copytitle": "I cannot write on paper",
  "codename.copytext":
    "Copying is riskier: other programs can read the clipboard, and some devices send it to their other devices. Paste the words where only you can open them, then copy something else.",
  "codename.copy": "Copy the words",
  "codename.copied": "Copied. Copy something else once you have pasted the words.",
  "codename.uncopied": "This browser does not let the page copy; select the words by hand.",
  "codename.check": "Check your paper",
  "codename.checkhint": "Type two of the words. Nothing is sent before you do.",
  "codename.word": "Word number {n}",
  "codename.show": "Show the words again",
  "codename.wrong": {
    one: "Word number {list} is not the one above. Look at your paper once more, or show the words again.",
    other:
      "Words number {list} are not the ones above. Look at your paper once more, or show the words again.",
  },
  "codename.send": "Seal and send",
  "codename.back": "Back to writing",
  "codename.kept": "Ready to send",
  "codename.kepttext":
    "What you send goes under your codename. Keep your paper: you need the same words next time.",
  "codename.typedtext":
    "What you send goes under the eight words that you typed. They are words of the list; whether they are yours, the page cannot know. With a wrong word, this would stand alone, apart from what you sent before.",
  "codename.look": "Look at the words once more",
  "codename.hide": "Hide the words",
  "codename.same": {
    one: "{list} has the same contents as another file and is sent once.",
    other: "These have the same contents as other files and are sent once: {list}.",
  },
  "codename.what": {
    one: "{n} sealed box, for {readers}.",
    other: "{n} sealed boxes, for {readers}.",
  },

  "codename.cleaned": {
    one: "{n} picture goes as a cleaned copy.",
    other: "{n} pictures go as cleaned copies.",
  },
  "codename.telling": {
    one: "{n} file goes as it is and tells more than it shows.",
    other: "{n} files go as they are and tell more than they show.",
  },

  "sending.title": "Sending",
  "sending.text":
    "Keep this tab open, and the screen on. If it closes, come back this week or next with your codename and choose the same files and the same readers: of the files, only what is missing is sent.",
  "sending.bar": "Boxes stored",
  "sending.none": "Nothing is stored yet.",
  "sending.count": {
    one: "The server says it has stored {done} of {n} box.",
    other: "The server says it has stored {done} of {n} boxes.",
  },
  "sending.fresh":
    "You gave a codename, and the server has none of these files’ boxes yet, so all of them are sent. That is right for files that you did not send before. Otherwise the readers, the files or the words are not the same, or it was too long ago.",
  "sending.asking": "Asking the server which boxes it has already.",
  "sending.bytes": "Stored, of your letter and files",
  "sending.underway": "On the way, not stored yet",
  "sending.underwayvalue": "{size}",
  "sending.bytesvalue": "{done} of {total}",
  "sending.speed": "Speed",
  "sending.speedvalue": "{speed} a second",
  "sending.left": "Time left, estimated",
  "sending.unknown": "not known yet",
  "sending.pause": "Pause",
  "sending.resume": "Go on",
  "sending.paused": "Paused. Nothing is lost; go on whenever you like.",
  "sending.offline": "The connection is gone. The page goes on by itself when it is back.",
  "sending.unreachable": "The server does not answer. The page tries again by itself.",
  "sending.slow":
    "The line is slow: a box stood still for too long. The page sends it again, one box at a time.",
  "sending.quiet":
    "Nothing has moved for a while. The line may be slow, or gone. The page waits, and tries again by itself.",
  "sending.between":
    "Something between you and the server answers in its place, a network’s login page perhaps. The page tries again by itself.",
  "sending.server": "The server has trouble. The page tries again by itself.",
  "sending.full":
    "The server has no room at the moment. What is stored stays stored; the page tries again by itself. If this lasts, come back this week or next with your codename, the same files and the same readers.",
  "sending.busy": "The server is busy. The page waits a moment and goes on by itself.",
  "sending.work": "The server is busy and asks for some computing before each box, so this takes longer.",
  "sending.readers": "Sealed for",

  "done.title": "The server says it has stored everything",
  "done.known": {
    one: "{n} sealed box is stored, it says. Only {readers} can open it.",
    other: "{n} sealed boxes are stored, it says. Only {readers} can open them.",
  },
  "done.unknown":
    "That the newsroom has it is more than this page can know: the readers fetch the boxes later and open them on a machine that is never online. Once one of them has, they can say so here, and answer you.",
  "done.next": "What to do now",
  "done.next.1": "Leave this page. It keeps nothing; with Tor Browser, choose “New identity” as well.",
  "done.next.2":
    "Keep the paper with your codename, and come back with it in some days: a confirmation or an answer may be here then. With it you can also add to what you sent, so that the readers see that it comes from the same person.",
  "done.next.3": "Do not look for news about it from devices or networks that know you, and tell nobody.",
  "done.show": "Show my codename once more",
  "done.hide": "Hide my codename",
  "done.look": "Look for answers now",
  "done.leave": "Leave",
  "done.readers": "Sealed for",

  "error.title": "This did not work",
  "error.retry": "Try again",
  "error.back": "Back to writing",
  "error.goon.epoch": "Go on in the new week",
  "error.goon.readers": "Look at who reads",
  "error.stored":
    "What the server says it has stored stays stored. With your codename, the same files and the same readers, this week or next, only the rest of the files is sent.",
  "error.storedothers":
    "What the server says it has stored stays stored, for those it was sealed for. A box is bound to its readers, so for other readers everything is sealed and sent again, under the same codename.",
  "error.nothing": "Nothing was sent.",
  "error.kept": "Your message and files are still here.",
  "error.show": "Show my codename",
  "error.detail": "For the newsroom: {detail}",
  "error.tell":
    "The newsroom can only mend this if it hears of it, but your safety comes first: tell it only by a way that is safe for you and that you would use anyway, a letter by post for example. If you have none, tell nobody, neither colleagues nor anybody around you.",

  "error.off.title": "Sealing is switched off",
  "error.off":
    "This drop has no valid list of readers at the moment, so nobody could be sure who would read what you send.",
  "error.off.lapsed":
    "This drop’s list of readers ran out on {lapsed} and has not been renewed yet, so nobody could be sure who would read what you send.",
  "error.off.next":
    "Nothing that was stored here before is lost. The newsroom’s administrators must sign a new list: come back in a day or two, or use another of the newsroom’s contacts. This device’s date is {today}; if that is wrong, set it and try again.",
  "error.nobody.title": "Nobody can receive this week",
  "error.nobody": "No reader of this drop has a key for the week of {today}.",
  "error.nobody.next":
    "If {today} is not today, set this device’s date and try again. Otherwise come back in a day or two.",
  "error.clock.title": "The clock of this device seems wrong",
  "error.clock":
    "By this device it is {today}, and that does not fit this drop’s signed lists or its server.",
  "error.clock.next": "Set date and time (the time zone does not matter), then try again.",
  "error.badkey.title": "A reader’s key cannot be used",
  "error.badkey": {
    one: "The key that this drop lists for {readers} is broken, so nothing can be sealed for them, and the page stopped. Somebody made a mistake, or meant to make sending fail.",
    other:
      "The keys that this drop lists for {readers} are broken, so nothing can be sealed for them, and the page stopped. Somebody made a mistake, or meant to make sending fail.",
  },
  "error.badkey.next":
    "You did nothing wrong. Come back in a day or two: the administrators must sign a new list.",
  "error.altered.title": "Do not send anything here",
  "error.altered":
    "What this server shows is not what the drop’s administrators signed. Somebody may have altered it.",
  "error.altered.next": "Close this page, and do not try to get around this.",
  "error.unreachable.title": "The server does not answer",
  "error.unreachable": "The list of readers could not be fetched.",
  "error.unreachable.next": "Check that you are connected, wait a minute, then try again.",
  "error.circuit":
    "In Tor Browser, “New Tor circuit for this site” may help. It loads the page anew; you have not written anything yet that this would lose.",
  "error.between.title": "Something else answered",
  "error.between":
    "Something between you and the server answered in its place: a network’s login page, or a filter.",
  "error.between.next":
    "If this network wants a login, log in from another tab. Or use another network, or Tor Browser. Then try again.",
  "error.trouble.title": "The server has trouble",
  "error.trouble": "It answered, but not with the list of readers.",
  "error.trouble.next": "Wait a few minutes, then try again.",
  "error.readers.title": "The list of readers has changed",
  "error.readers": {
    one: "{readers} left the list of readers, or has another key now. So the page stopped: nothing more is sealed for the earlier list.",
    other:
      "{readers} left the list of readers, or have other keys now. So the page stopped: nothing more is sealed for the earlier list.",
  },
  "error.readers.next":
    "Look at who reads now, choose, and continue. The page keeps your codename and your draft.",
  "error.file.title": "A file changed while it was being sent",
  "error.file": "“{name}” is not what it was when it was read, or can no longer be read.",
  "error.file.next": "Go back, remove it and choose it again; a changed file is sent as another file.",
  "error.epoch.title": "A new week has begun",
  "error.epoch": "Boxes are sealed for one week, and that week ended while you were here.",
  "error.epoch.next": "Go on: the page fetches the new list of readers and keeps what you wrote and chose.",
  "error.refused.title": "The server refused to go on",
  "error.refused": "It answered {status} to what should be right, so the page stopped.",
  "error.refused.next": "Wait a few minutes, then try again.",
  "error.permit.title": "The server asks for work that it should not",
  "error.permit":
    "Before a box is taken, the server may ask this device to compute a little. It asked for far too much, or in a way that makes no sense, so the page stopped.",
  "error.permit.next": "Try again in some hours. If it happens again, the server is flooded or not in order.",
  "error.unable.title": "This browser cannot seal",
  "error.unable":
    "It lacks something that sealing needs ({missing}), so the page will not let you send anything.",
  "error.unable.next": "Use an up-to-date Tor Browser at the level “Standard” or “Safer”.",
  "error.broken.title": "Something in this page failed",
  "error.broken": "The page stopped so as not to send anything half right.",
  "error.broken.next": "Try again; if it happens again, use an up-to-date Tor Browser.",

  "time.underminute": "less than a minute",
  "time.minutes": { one: "about {n} minute", other: "about {n} minutes" },
  "time.hours": { one: "about {n} hour", other: "about {n} hours" },
  "time.days": { one: "about {n} day", other: "about {n} days" },
};

export const { lang, locale, dir, t, has, isolated } = speak("en", TEXTS);

// DOCX, XLSX, PPTX: who wrote, for whom, who changed what (ECMA-376; Microsoft's [MS-DOCX], [MS-XLSX], [MS-PPTX]).

import { picturesIn } from "./pictures.js";
import { attributes, countElements, elements } from "./text.js";

const CHANGES = [
  "ins",
  "del",
  "moveFrom",
  "moveTo",
  "rPrChange",
  "pPrChange",
  "tblPrChange",
  "sectPrChange",
  "cellIns",
  "cellDel",
];
const STORIES = /^word\/(document|footnotes|endnotes|header\d{0,4}|footer\d{0,4})\.xml$/;

/** Look through an Office document. */
export async function ooxml(archive, found) {
  await properties(archive, found);
  await remarks(archive, found);
  await changes(archive, found);
  found.count("embedded", archive.matching(/^(word|xl|ppt)\/(embeddings|activeX)\/[^/]+$/).length);
  if (archive.matching(/\/printerSettings\//i).length > 0) found.mark("printer");
  if (archive.matching(/^docProps\/thumbnail\./).length > 0) found.mark("preview");
  if (archive.matching(/vbaProject\.bin$/).length > 0) found.mark("extra");
  await picturesIn(archive, /^(word|xl|ppt)\/media\//, found);
}

async function properties(archive, found) {
  const core = await archive.text("docProps/core.xml");
  const app = await archive.text("docProps/app.xml");
  const custom = await archive.text("docProps/custom.xml");
  const settings = await archive.text("word/_rels/settings.xml.rels");
  const workbook = await archive.text("xl/workbook.xml");
  const tell = (xml, what, ...names) =>
    names.flatMap((name) => elements(xml, name)).forEach((value) => found.text(what, value));
  tell(core, "author", "creator");
  tell(core, "editor", "lastModifiedBy");
  tell(core, "made", "created");
  tell(core, "changed", "modified", "lastPrinted");
  tell(core, "text", "title", "subject", "description", "keywords", "category");
  tell(app, "company", "Company");
  tell(app, "author", "Manager");
  tell(app, "software", "Application");
  tell(app, "location", "Template", "HyperlinkBase");
  for (const target of attributes(settings, "Target").filter((path) => /^file:|\\|^[A-Za-z]:/.test(path))) {
    found.text("location", target);
  }
  // Excel keeps the folder in which the workbook lay.
  attributes(workbook, "url")
    .filter((path) => /[\\/]/.test(path) && !/^https?:\/\/schemas/.test(path))
    .forEach((path) => found.text("location", path));
  attributes(workbook, "userName").forEach((name) => found.text("editor", name));
  if (/<property[\s>]/.test(custom)) found.mark("extra");
}

async function remarks(archive, found) {
  const word = await archive.texts(/^word\/comments\.xml$/);
  const cells = await archive.texts(/^xl\/(comments\/?\w{0,20}|threadedComments\/\w{1,40})\.xml$/);
  const slides = await archive.texts(/^ppt\/comments\/.{1,60}\.xml$/);
  const people = [
    ...(await archive.texts(/^ppt\/(commentAuthors|authors)\.xml$/)).flatMap((xml) =>
      attributes(xml, "name"),
    ),
    ...(await archive.texts(/^xl\/persons\/\w{1,40}\.xml$/)).flatMap((xml) => attributes(xml, "displayName")),
    ...cells.flatMap((xml) => elements(xml, "author")),
    ...word.flatMap((xml) => attributes(xml, "author")),
  ];
  const n =
    word.reduce((sum, xml) => sum + countElements(xml, "comment"), 0) +
    cells.reduce((sum, xml) => sum + countElements(xml, "comment", "threadedComment"), 0) +
    slides.reduce((sum, xml) => sum + countElements(xml, "cm"), 0);
  // LibreOffice writes a list of people even where nobody commented.
  if (n > 0) found.count("comments", n, people);
  else people.forEach((name) => found.text("author", name));
}

async function changes(archive, found) {
  const stories = await archive.texts(STORIES);
  const sheets = await archive.texts(/^xl\/revisions\/\w{1,60}\.xml$/);
  const n =
    stories.reduce((sum, xml) => sum + countElements(xml, ...CHANGES), 0) +
    sheets.reduce((sum, xml) => sum + countElements(xml, "rcc", "rrc", "rm", "ris", "rsnm"), 0);
  const names = [
    ...stories.flatMap((xml) => attributes(xml, "author")),
    ...sheets.flatMap((xml) => attributes(xml, "userName")),
  ];
  found.count("changes", n, n > 0 ? names : []);
  for (const name of (await archive.texts(/^word\/people\.xml$/)).flatMap((xml) =>
    attributes(xml, "author"),
  )) {
    if (n === 0) found.text("author", name);
  }
}

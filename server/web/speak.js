// How texts are said in a language: which form counts how much, how numbers are written, what is kept apart from the text
// around it. The texts themselves are in strings.js, or in the catalogues that it is translated by.

// Digits that every machine writes alike, and that stand beside the codename's words (states.css numbers them).
const DIGITS = { ar: "latn", fa: "arabext" };
const RIGHT_TO_LEFT = ["ar", "fa"];
// Hebrew, Arabic, Syriac, Thaana, N'Ko and their presentation forms.
const BACKWARDS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * {lang, locale, dir, t, has, isolated} of a language (a BCP 47 tag) with its `texts`: by key a text, or for one that counts an
 * object of the language's plural forms.
 */
export function speak(lang, texts) {
  const dir = RIGHT_TO_LEFT.includes(lang) ? "rtl" : "ltr";
  const locale = Object.hasOwn(DIGITS, lang) ? `${lang}-u-nu-${DIGITS[lang]}` : lang;
  const plurals = new Intl.PluralRules(lang);
  const numbers = new Intl.NumberFormat(locale);

  /** A name or value that keeps its own direction, and moves nothing around it: <bdi>, for texts. */
  function isolated(value) {
    return dir === "rtl" || BACKWARDS.test(value) ? `\u2068${value}\u2069` : value;
  }

  /** The text of a key, filled in; a counting text takes its form from `values.n`, a number, written as people write it. */
  function t(key, values = {}) {
    const entry = texts[key];
    const text = typeof entry === "string" ? entry : (entry[plurals.select(values.n)] ?? entry.other);
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === "number" ? numbers.format(value) : isolated(String(value));
    });
  }

  /** Whether a text exists: some errors have a closer sentence, most do not. */
  function has(key) {
    return Object.hasOwn(texts, key);
  }

  return { lang, locale, dir, t, has, isolated };
}

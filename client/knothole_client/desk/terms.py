"""Words for searching: how texts and questions are cut, so that every script is found. Pure.

SQLite's own tokenizer cuts what is written with spaces, without caring for case and accents. Chinese, Japanese, Korean and
Thai are written without, or glued to their endings: a run of such characters becomes its overlapping pairs, and its last
character alone, so that a search for any one or more of them in a row finds it, and nothing else.
"""

import re
import unicodedata
from dataclasses import dataclass

# Han with its extensions, Kana, Hangul, Bopomofo; Thai, Lao, Burmese, Khmer.
RUN = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u318f\u31a0-\u31ff\u3400-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{RUN}]+")
# Signs that Arabic and Hebrew are mostly written without, Arabic's long dash, and accents that have no letter of their own.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
_MARK = re.compile(f"[{_MARKS}]+")
_ASKED = re.compile(r'"([^"]*)"?|(\S+)')
MAX_QUERY, MAX_TERMS = 500, 16
# What a word is made of, for this and for SQLite's tokenizer alike.
CATEGORIES = ("L", "N", "Co", "Mn", "Mc")


@dataclass(frozen=True)
class Term:
    """One thing that is looked for: words that follow each other, the last of which may only be begun (`prefix`)."""

    words: tuple[str, ...]
    prefix: bool = False

    @property
    def phrase(self) -> str:
        """The term for FTS5: never its own syntax, as words hold letters and digits alone."""
        tokens = [token for word in self.words for token in _tokens(word)]
        begun = self.prefix
        if _RUN.match(tokens[-1]):
            # The run may go on where it was found: it ends in the pair before, or begins one.
            if len(tokens) > 1 and tokens[-2][-1] == tokens[-1] and _RUN.match(tokens[-2]):
                del tokens[-1]
            else:
                begun = True
        return f'"{" ".join(tokens)}"{" *" if begun else ""}'

    @property
    def pattern(self) -> str:
        """The term as a regular expression over a text that `plain` made."""
        words = [f"[{_MARKS}]*".join(map(re.escape, plain(word))) for word in self.words]
        # A word that is written with spaces begins and ends where a word does.
        begin = "" if _RUN.match(self.words[0]) else rf"(?<![^\W_{RUN}])"
        end = "" if self.prefix or _RUN.match(self.words[-1][-1]) else rf"(?![^\W_{RUN}])"
        return begin + r"[\W_]+".join(words) + end


def indexed(text: str) -> str:
    """A text as it is given to the index."""
    return _RUN.sub(lambda run: f" {' '.join(_pairs(run.group()))} ", _bare(text))


def asked(query: str) -> list[Term]:
    """What a person asks for: words, all of which must occur; `"several in a row"`; `begun*`."""
    terms = []
    for quoted, bare in _ASKED.findall(_bare(query[:MAX_QUERY])):
        prefix = bare.endswith("*")
        words = _words(quoted or bare)
        if words:
            terms.append(Term(words, prefix))
    return terms[:MAX_TERMS]


def plain(text: str) -> str:
    """A text of the same length without case and accents: where something is found in it, it is in the text."""
    return text.lower() if text.isascii() else text.translate(_PLAIN)


def _bare(text: str) -> str:
    """A text in one spelling, without accents."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _MARK.sub("", unicodedata.normalize("NFKD", text)))


def _words(text: str) -> tuple[str, ...]:
    return tuple("".join(c if unicodedata.category(c).startswith(CATEGORIES) else " " for c in text).split())


def _tokens(word: str) -> list[str]:
    tokens, at = [], 0
    for run in _RUN.finditer(word):
        tokens += [word[at : run.start()]] if run.start() > at else []
        tokens += _pairs(run.group())
        at = run.end()
    return [*tokens, *([word[at:]] if at < len(word) else [])]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run))]


class _Plain(dict[int, str]):
    def __missing__(self, code: int) -> str:
        c = chr(code)
        whole = unicodedata.normalize("NFKC", c)
        parts = unicodedata.normalize("NFKD", c)
        # An accent goes; a Korean syllable or a sign of Kana keeps what it is made of.
        base = parts[0] if _MARK.fullmatch(parts[1:] or "\u0300") else whole
        self[code] = base.casefold() if len(base.casefold()) == 1 else c
        return self[code]


_PLAIN = _Plain()

"""Words and n-gram entropies from NLTK and SciPy, for the C++ tests.

    python fluency.py OUT

writes OUT/fluency.json; OUT is build/reference. For each awkward text: the words of the text taken as
one sentence, by nltk's NLTKWordTokenizer; its sentences by the rule of lib/scorers/sentences.hpp, here
in plain Python; and the weighted entropy of the bigrams and trigrams of the sentences' words.
"""

import collections
import json
import pathlib
import random
import sys
import unicodedata

import scipy.stats
from nltk.tokenize import NLTKWordTokenizer
from nltk.util import ngrams

ABBREVIATIONS = set("mr mrs ms dr prof st jr sr gen gov sen rep rev capt col lt vs cf".split())
CLOSERS = "])}>\"'»”’"
OPENERS = "([{<\"'`«“‘„"

WRITTEN = [
    "", " ", "\n\t", "Word", "Two words", "Two words.", "a a a a a a", "The end...", "Wait... what?!",
    "Good muffins cost $3.88\nin New York.  Please buy me\ntwo of them.\nThanks.",
    "\"Quoted,\" she said: 'it's not (really) over.' Then: silence.",
    "''Double single'' and ``backticks`` and `one` and \"mixed''.",
    "They'll can't won't I'd we've she's he'S YOU'RE N'T isn't I'M 'tis 'twas 'Tis 'round rock 'n' roll",
    "Cannot gimme gonna gotta lemme more'n d'ye wanna go? I wanna. wanna  be WANNA\tbe cannot'tis",
    "«Bonjour», dit-il. “Hello,” he said. ‘Yes’ „Nein“ — dash – en ‒ ― bar -- double --- triple ---- four",
    "1,000 and 3,36 and 10:30 but a,b and a:b; x@y.z #tag 50% A&B *bold* **b** {c} [d] <e>",
    ",,a ,:, ::b , : ,\n", "a,", "a,\n", "a:\n\n", "b.\n", "c.)\n ) ", "d.)\"' ", "d.' \n", "e.] } > ",
    ".", "..", "a.", "é.", ".)", "x .", "x..)", "x.''", "x.”’", "x. ' ' ", "(\"x", " \"x", "[''x", "{\"\"",
    "'", "''", "'''", "''''", "\"", "\"\"", "'a", "a'", "a' '", "a' ' b' ", "x' y'z' ", "''' a ''",
    "'s 'd 'll 're 've 'm 't 'n 'S 'ſ 'sx 'é 'n'", "dogs' bowls' ", "O'Neill's o'clock l'été",
    "Mr. Smith met Dr. J. R. Jones vs. the U.S. Army. He won. e.g. This (i.e. That). It was I. Then we left.",
    "Is it? yes. No! \"Really?\" He asked. (Sure.) [Ok.] next. ... And so on... and on. 3. Four",
    "STOP. stop. Stop.Stop. \u201cA.\u201d B. \u2018C.\u2019 D", "Prof. X, Lt. Y. prof. z. xprof. Z cf. A.b.c. D",
    "a\x1cb.\x1dC \x85d\u2028e.\u3000F \u200bg\u00a0h. I\x0bj\x0ck", "nul\x00nul\x00. A", "ſ 'ſ K K's ½² x² Ⅷ Ⓐ 'Ⓐ é 'e\u0301",
    "日本語。テスト、です。 Ελληνικά; 'α Русский 'я 😀. 😀 A😀'B x\u0301' y", "a\tb\r\nc.\r\nD.\r\n",
    "I'm a language model. I'm a language model. I'm a language model. I'm",
    "<b>x</b>&amp;&#39; \\[x\\] ^~|_a_ __b__ 'x_y' '_z", "?!?! ;;; @@ $$ %% && ** ** [[A]] ((x)) {{y}}",
    "http://example.org/a.b?c=d&e=f, a@b.example. 10:30: 12:, 5:5 5,5,a,5", "word" * 300 + ".", "." * 3000, "' " * 500,
]


def generated(count):
    """Texts put together at random of pieces that rules care about."""
    pieces = ["a", "B", "é", "ſ", "7", "½", ".", "..", "?", "!", ",", ":", ";", "'", "''", "\"", "`", "``", "-", "--",
              "(", ")", "[", "]", "{", "}", "<", ">", "«", "»", "“", "”", "‘", "’", "„", "–", "—", "*", "$", "%", "_",
              " ", " ", " ", " ", "  ", "\n", "\t", "\u2028", "\x1c", "n't", "'s", "'LL", "'re", "'d", "n", "t", "m",
              "cannot", "gonna", "wanna", "'tis", " 'Twas", "d'ye", "more'n", "Mr.", "vs.", "J.", "U.S.", "e.g.", "\u0301", "😀"]
    source = random.Random(11)
    for _ in range(count):
        yield "".join(source.choice(pieces) for _ in range(source.randrange(1, 30)))


def is_exempt(text, stop):
    """Whether the full stop at `stop` follows initials or an abbreviation."""
    start = stop
    while start > 0 and not (text[start - 1].isspace() or text[start - 1] in OPENERS):
        start -= 1
    word = text[start:stop]
    if word.lower() in ABBREVIATIONS:
        return True
    return bool(word) and all(len(letter) == 1 and letter.isalpha() for letter in word.split("."))


def sentences(text):
    """By the rule of sentences.hpp."""
    found, start, at = [], 0, 0
    while at < len(text):
        if text[at] not in ".?!":
            at += 1
            continue
        end = at
        while end < len(text) and text[end] in ".?!":
            end += 1
        while end < len(text) and text[end] in CLOSERS:
            end += 1
        after = end
        while after < len(text) and text[after].isspace():
            after += 1
        at_end = after > end and unicodedata.category(text[after:after + 1] or " ") != "Ll"
        if at_end and not (text[at] == "." and is_exempt(text, at)):
            found.append(text[start:end])
            start = end
        at = end
    found.append(text[start:])
    return [sentence.strip() for sentence in found if sentence.strip()]


def entropy(words):
    total = 0.0
    for n, weight in ((2, 2 / 3), (3, 4 / 3)):
        counts = list(collections.Counter(ngrams(words, n)).values())
        total += weight * (scipy.stats.entropy(counts, base=2) if counts else 0.0) / 2
    return float(total)


def main():
    tokenizer = NLTKWordTokenizer()
    cases = []
    for text in [*WRITTEN, *generated(3000)]:
        split = sentences(text)
        words = [word for sentence in split for word in tokenizer.tokenize(sentence)]
        cases.append({"text": text, "as_one": tokenizer.tokenize(text), "sentences": split,
                      "words": words, "entropy": entropy(words)})
    (pathlib.Path(sys.argv[1]) / "fluency.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()

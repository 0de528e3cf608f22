"""Collecting activations as a strong user of `transformers` would, as the thing to beat: texts sorted
by length, padded on the right and run in batches, hooks that keep the last tokens, and no logits.

    batched_way.py --datasets DIR [--task copa] [--texts 200] [--dtype bfloat16] [--batch-tokens 2048]

With the padding on the right and attention causal no token sees any, so there is no mask, and
attention takes its fastest form. Prints one JSON object like published_way.py.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from published_way import TEXT_LIMIT, WARM_UP_TEXTS, smollm2_model, tapped, texts_of
from common import PAPER_SITES


class LastTokens:
    """A tap that keeps each text's row at its last token."""

    def __init__(self, lengths):
        self.rows, self.last = torch.arange(len(lengths)), torch.tensor(lengths) - 1
        self.seen = {site: [] for site in PAPER_SITES}

    def __call__(self, site, layer, x):
        self.seen[site].append(x[self.rows, self.last])

    def stacked(self):
        """{site: [texts, L, width]}"""
        return {site: torch.stack(rows, 1) for site, rows in self.seen.items()}


def batches(lengths, batch_tokens):
    """Lists of texts' numbers, shortest first, whose padded tokens fit the budget."""
    batch = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[number] > batch_tokens:
            yield batch
            batch = []
        batch.append(number)
    yield batch


@torch.inference_mode()
def collect(model, tokenizer, texts, batch_tokens):
    """[(numbers of texts, {site: [texts, L, width]})] of the batches."""
    tokens = [ids.ids[:TEXT_LIMIT] for ids in tokenizer.encode_batch(texts)]
    lengths = list(map(len, tokens))
    collected = []
    for batch in batches(lengths, batch_tokens):
        longest = lengths[batch[-1]]
        padded = torch.tensor([tokens[i] + [0] * (longest - lengths[i]) for i in batch])
        tap = LastTokens([lengths[i] for i in batch])
        with tapped(model, tap, PAPER_SITES):
            model.model(input_ids=padded, use_cache=False)
        collected.append((batch, tap.stacked()))
    return collected


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--task", default="copa")
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--batch-tokens", type=int, default=2048)
    options = parser.parse_args()

    texts = texts_of(options)
    model, tokenizer = smollm2_model.load(getattr(torch, options.dtype), "sdpa")
    collect(model, tokenizer, texts[:WARM_UP_TEXTS], options.batch_tokens)

    start = time.perf_counter()
    collect(model, tokenizer, texts, options.batch_tokens)
    seconds = time.perf_counter() - start
    print(json.dumps({"texts": len(texts), "seconds": seconds,
                      "texts_per_second": len(texts) / seconds, "dtype": options.dtype,
                      "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()

"""Collecting activations the published way, as the thing to beat: `transformers`, a batch of one,
one forward pass of the whole model per text, and in every layer a hook on each of the three sites
that keeps the last token. Attention is what `transformers` takes by default.

    published_way.py --datasets DIR [--task copa] [--texts 200] [--dtype bfloat16]
                     [--without-logits]

Prints one JSON object: texts, seconds, texts_per_second, dtype, threads; and what collect.py counts
work with: tokens, unique_tokens (every prefix that texts share counted once) and parameters (of
the layers' matrices, all that collecting needs); and counted_gflop, the least work as counting.py
has it. The time is that of tokenising and running the
texts; loading the model and a first few texts come before it. The published forward pass computes
logits at every position; `--without-logits` leaves them out, a harder opponent.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
import smollm2_model
import hook_tasks
from common import PAPER_SITES, Recorder, tapped

import counting

TEXT_LIMIT = 512  # tokens
WARM_UP_TEXTS = 8


@torch.inference_mode()
def collect(model, tokenizer, texts, without_logits):
    """[{site: [L, 1, width]}] of the texts, one forward pass each."""
    forward = model.model if without_logits else model
    activations = []
    for text in texts:
        recorder = Recorder(last_token_only=True)
        with tapped(model, recorder, PAPER_SITES):
            forward(input_ids=smollm2_model.encode(tokenizer, text, TEXT_LIMIT)[None])
        activations.append(recorder.stacked())
    return activations


def texts_of(options):
    """The first texts of the task's training pairs."""
    pairs = hook_tasks.pairs(options.task, options.datasets, (options.texts + 1) // 2)
    return [text for pair in pairs for text in pair][:options.texts]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--task", choices=hook_tasks.TASKS, default="copa")
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--without-logits", action="store_true")
    options = parser.parse_args()

    texts = texts_of(options)
    model, tokenizer = smollm2_model.load(getattr(torch, options.dtype), "sdpa")
    collect(model, tokenizer, texts[:WARM_UP_TEXTS], options.without_logits)

    start = time.perf_counter()
    collect(model, tokenizer, texts, options.without_logits)
    seconds = time.perf_counter() - start

    tokens = [tokenizer.encode(text).ids[:TEXT_LIMIT] for text in texts]
    print(json.dumps({
        "texts": len(texts), "seconds": seconds, "texts_per_second": len(texts) / seconds,
        "dtype": options.dtype, "threads": torch.get_num_threads(),
        "tokens": sum(map(len, tokens)), "unique_tokens": counting.unique_tokens(tokens),
        "counted_gflop": counting.collect_gflop(model.config, tokens),
        "parameters": sum(weight.numel() for weight in model.model.layers.parameters()
                          if weight.ndim == 2)}))


if __name__ == "__main__":
    main()

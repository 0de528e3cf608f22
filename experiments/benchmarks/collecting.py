"""What the two ways of collecting activations by `transformers` have in common: the texts, the model, and
how their time is taken: that of tokenising and running the texts; loading the model and a first few texts
come before it.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
import hook_tasks
import smollm2_model

import counting

TEXT_LIMIT = 512  # tokens
WARM_UP_TEXTS = 8


def token_ids(tokenizer, texts):
    return [tokens.ids[:TEXT_LIMIT] for tokens in tokenizer.encode_batch(texts)]


def measure(description, collect):
    """Reads the options, runs `collect(model, tokenizer, texts)` and prints one JSON object: texts, seconds,
    texts_per_second, dtype, threads, and counted_gflop, the least work that the texts ask for."""
    parser = argparse.ArgumentParser(description=description.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--task", choices=hook_tasks.TASKS, default="copa")
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()

    pairs = hook_tasks.pairs(options.task, options.datasets, (options.texts + 1) // 2)
    texts = [text for pair in pairs for text in pair][:options.texts]
    model, tokenizer = smollm2_model.load(getattr(torch, options.dtype), "sdpa")
    collect(model, tokenizer, texts[:WARM_UP_TEXTS])
    start = time.perf_counter()
    collect(model, tokenizer, texts)
    seconds = time.perf_counter() - start
    print(json.dumps({
        "texts": len(texts), "seconds": seconds, "texts_per_second": len(texts) / seconds,
        "dtype": options.dtype, "threads": torch.get_num_threads(),
        "counted_gflop": counting.collect_gflop(model.config, token_ids(tokenizer, texts))}))

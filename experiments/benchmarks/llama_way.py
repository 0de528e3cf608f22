"""Greedy decoding by llama.cpp, many sequences in each batch, as the thing to beat: its low-level
interface through the Python package `llama_cpp`, so nothing but llama.cpp itself takes time.

    llama_way.py MODEL.gguf PROMPTS.json [--new-tokens 50] [--parallel 32] [--dtype float32]

PROMPTS.json is a list of lists of token ids. The prompts, sorted by length, go in waves of `parallel`
sequences: those of a wave are read in batches of 2,048 tokens and then decoded together. Nobody stops
early, so a wave ends all at once and waiting for a free place would gain nothing. Keys and values
have the precision of the weights; each sequence has a cache of its own.

Prints one JSON object: items, seconds (of everything after loading and a first short wave),
items_per_second, decode_seconds (of the steps after the prompts), decode_tokens_per_second, threads,
and the tokens that each prompt got. Needs `llama_cpp` and `numpy` only.
"""

import argparse
import json
import os
import time
from pathlib import Path

import llama_cpp
import numpy as np

BATCH = 2048  # tokens
KEY_VALUE_TYPES = {"float32": 0, "bfloat16": 30}  # in ggml's numbers
WARM_UP_TOKENS = 3


class Context:
    def __init__(self, path, parallel, length, dtype):
        """For `parallel` sequences of at most `length` tokens each."""
        quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(quiet, None)
        self.quiet = quiet  # must live as long as it may be called
        model_options = llama_cpp.llama_model_default_params()
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_options)
        assert self.model, f"llama.cpp does not load {path}"

        options = llama_cpp.llama_context_default_params()
        options.n_seq_max = parallel
        options.n_ctx = parallel * 256 * -(-length // 256)
        options.n_batch = BATCH
        options.kv_unified = False
        options.n_threads = options.n_threads_batch = len(os.sched_getaffinity(0))
        options.type_k = options.type_v = KEY_VALUE_TYPES[dtype]
        self.threads = options.n_threads
        self.context = llama_cpp.llama_init_from_model(self.model, options)
        assert self.context, "llama.cpp makes no context"
        vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.vocabulary_size = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self.batch = llama_cpp.llama_batch_init(BATCH, 0, 1)

    def forget(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)

    def logits(self, index):
        """[V], of the index-th entry of the last batch, until the next one."""
        pointer = llama_cpp.llama_get_logits_ith(self.context, index)
        return np.ctypeslib.as_array(pointer, (self.vocabulary_size,))

    def run(self, entries, take):
        """Runs (token, position, sequence, wanted) entries; take(sequence, logits) of each that is
        wanted."""
        for first in range(0, len(entries), BATCH):
            part = entries[first:first + BATCH]
            self.batch.n_tokens = len(part)
            for i, (token, position, sequence, wanted) in enumerate(part):
                self.batch.token[i], self.batch.pos[i] = token, position
                self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, sequence
                self.batch.logits[i] = wanted
            status = llama_cpp.llama_decode(self.context, self.batch)
            assert status == 0, f"llama_decode ended with {status}"
            for i, (_, _, sequence, wanted) in enumerate(part):
                if wanted:
                    take(sequence, self.logits(i))


def run_wave(context, prompts, new_tokens):
    """(the tokens that each prompt gets, seconds of the steps after the prompts)."""
    context.forget()
    chosen = [[] for _ in prompts]

    def take(sequence, logits):
        chosen[sequence].append(int(logits.argmax()))

    context.run([(token, position, sequence, position == len(prompt) - 1)
                 for sequence, prompt in enumerate(prompts)
                 for position, token in enumerate(prompt)], take)
    start = time.perf_counter()
    for step in range(new_tokens - 1):
        context.run([(chosen[sequence][-1], len(prompt) + step, sequence, True)
                     for sequence, prompt in enumerate(prompts)], take)
    return chosen, time.perf_counter() - start


def run_all(context, prompts, new_tokens, parallel):
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    generated, decode_seconds = [None] * len(prompts), 0.0
    for first in range(0, len(order), parallel):
        wave = order[first:first + parallel]
        chosen, seconds = run_wave(context, [prompts[i] for i in wave], new_tokens)
        decode_seconds += seconds
        for i, tokens in zip(wave, chosen):
            generated[i] = tokens
    return generated, decode_seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--new-tokens", type=int, default=50)
    parser.add_argument("--parallel", type=int, default=32)
    parser.add_argument("--dtype", choices=KEY_VALUE_TYPES, default="float32")
    options = parser.parse_args()

    prompts = json.loads(options.prompts.read_text())
    context = Context(options.model, options.parallel,
                      max(map(len, prompts)) + options.new_tokens, options.dtype)
    run_wave(context, prompts[:options.parallel], WARM_UP_TOKENS)

    start = time.perf_counter()
    generated, decode_seconds = run_all(context, prompts, options.new_tokens, options.parallel)
    seconds = time.perf_counter() - start
    decoded = len(prompts) * (options.new_tokens - 1)
    print(json.dumps({
        "items": len(prompts), "seconds": seconds, "items_per_second": len(prompts) / seconds,
        "decode_seconds": decode_seconds,
        "decode_tokens_per_second": decoded / decode_seconds if decoded else None,
        "threads": context.threads, "generated": generated}))


if __name__ == "__main__":
    main()

"""Collecting activations as a strong user of `transformers` would, as the thing to beat: texts sorted
by length, padded on the right and run in batches, hooks that keep the last tokens, and no logits.

    batched_way.py --datasets DIR [--task copa] [--texts 200] [--dtype float32]

With the padding on the right and attention causal no token sees any, so there is no mask, and
attention takes its fastest form. Prints what collecting.py says.
"""

import torch

from collecting import measure, token_ids
from common import PAPER_SITES, tapped

BATCH_TOKENS = 2048  # padding included


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


def batches(lengths):
    """Lists of texts' numbers, shortest first, whose padded tokens fit the budget."""
    batch = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[number] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    yield batch


@torch.inference_mode()
def collect(model, tokenizer, texts):
    """[(numbers of texts, {site: [texts, L, width]})] of the batches."""
    tokens = token_ids(tokenizer, texts)
    lengths = list(map(len, tokens))
    collected = []
    for batch in batches(lengths):
        longest = lengths[batch[-1]]
        padded = torch.tensor([tokens[i] + [0] * (longest - lengths[i]) for i in batch])
        tap = LastTokens([lengths[i] for i in batch])
        with tapped(model, tap, PAPER_SITES):
            model.model(input_ids=padded, use_cache=False)
        collected.append((batch, tap.stacked()))
    return collected


if __name__ == "__main__":
    measure(__doc__, collect)

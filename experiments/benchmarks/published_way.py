"""Collecting activations the published way, as the thing to beat: `transformers`, a batch of one,
one forward pass of the whole model per text, logits at every position included, and in every layer a hook
on each of the three sites that keeps the last token. Attention is what `transformers` takes by default.

    published_way.py --datasets DIR [--task copa] [--texts 200] [--dtype float32]

Prints what collecting.py says.
"""

import torch

from collecting import TEXT_LIMIT, measure, smollm2_model
from common import PAPER_SITES, Recorder, tapped


@torch.inference_mode()
def collect(model, tokenizer, texts):
    """[{site: [L, 1, width]}] of the texts, one forward pass each."""
    activations = []
    for text in texts:
        recorder = Recorder(last_token_only=True)
        with tapped(model, recorder, PAPER_SITES):
            model(input_ids=smollm2_model.encode(tokenizer, text, TEXT_LIMIT)[None])
        activations.append(recorder.stacked())
    return activations


if __name__ == "__main__":
    measure(__doc__, collect)

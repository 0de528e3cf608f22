"""Answering prompts the published way, as the thing to beat: `transformers`, `generate` with its cache
of keys and values, a batch of one, and in every layer a hook that scales the plan's units.

    published_eval.py PROMPTS.json [--new-tokens 1] [--plan FILE.plan] [--dtype float32]

PROMPTS.json is a list of texts; a plan is one of rule `scale` on sites that every layer has, as
`austeer eval --save-plan` writes it. Nobody stops early. Prints one JSON object: items, seconds (of
tokenising and generating; loading the model and a first few prompts come before), items_per_second,
dtype, threads and the texts generated.
"""

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path

import torch
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
import smollm2_model
from common import tapped

WARM_UP_PROMPTS, WARM_UP_TOKENS = 2, 4


class Scale:
    """A tap that multiplies the plan's units at its sites and layers."""

    def __init__(self, path, width):
        self.factors = {}  # (site, layer) -> [width]
        with safe_open(path, "pt") as plan:
            for i, edit in enumerate(json.loads(plan.metadata()["plan"])["edits"]):
                assert edit["operation"] == "scale" and edit["positions"] == "all", edit
                factor = self.factors.setdefault((edit["site"], edit["layer"]), torch.ones(width))
                factor[plan.get_tensor(f"edit.{i}.dims")] += plan.get_tensor(f"edit.{i}.values")

    def __call__(self, site, layer, x):
        factor = self.factors.get((site, layer))
        return None if factor is None else x * factor.to(x.dtype)

    def sites(self):
        return {site for site, _ in self.factors}


@torch.inference_mode()
def answer(model, tokenizer, prompts, new_tokens):
    """The text that follows each prompt."""
    answers = []
    for prompt in prompts:
        tokens = smollm2_model.encode(tokenizer, prompt)[None]
        output = model.generate(tokens, max_new_tokens=new_tokens, do_sample=False,
                                attention_mask=torch.ones_like(tokens))
        answers.append(tokenizer.decode(output[0, tokens.shape[1]:].tolist()))
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--new-tokens", type=int, default=1)
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()

    prompts = json.loads(options.prompts.read_text())
    model, tokenizer = smollm2_model.load(getattr(torch, options.dtype), "sdpa")
    model.generation_config.eos_token_id = None  # a token like any other
    with contextlib.ExitStack() as steering:
        if options.plan:
            scale = Scale(options.plan, model.config.hidden_size)
            steering.enter_context(tapped(model, scale, scale.sites()))
        answer(model, tokenizer, prompts[:WARM_UP_PROMPTS], min(options.new_tokens, WARM_UP_TOKENS))
        start = time.perf_counter()
        generated = answer(model, tokenizer, prompts, options.new_tokens)
        seconds = time.perf_counter() - start

    print(json.dumps({
        "items": len(prompts), "seconds": seconds, "items_per_second": len(prompts) / seconds,
        "dtype": options.dtype, "threads": torch.get_num_threads(), "generated": generated}))


if __name__ == "__main__":
    main()

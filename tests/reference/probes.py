"""What single units do in tiny models, by `transformers` and hooks in float32: the logits that they
write to directly, and how next-token distributions move when they are scaled.

    probes.py OUT        needs OUT/tiny/NAME of tiny_models.py for each of MODELS

OUT/probes/NAME.safetensors, for the units SITE:LAYER:DIM that the metadata `units` lists (JSON), U
of them, and its `strengths` (JSON), S of them:
    scores          [U, V]      what an activation of 1 adds to the logits, the layers after the
                                unit's passed over, and norms after a block multiplying by their
                                weight alone
    divergence      float64 [U, S]      KL(P || Q), P at a strength, Q at the largest one, mean over
                                the texts tokens.N of the model's reference
    pair_divergence float64 [U, U, S]   P of the first unit, Q of the second one
    logit_size      []          the largest root mean square of any row of logits
"""

import contextlib
import json
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, logging

from common import Edits, logits_of, save, sites_of, tapped

MODELS = ("three_heads", "biases", "qwen3", "experts", "gemma2", "gemma3")
STRENGTHS = (10.0, 100.0, 1e3, 1e4, 1e5)
UNITS_PER_SITE = 2


@contextlib.contextmanager
def hooked(hooks):
    """Forward hooks of [(module, hook)] inside the block."""
    handles = [module.register_forward_hook(hook) for module, hook in hooks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def weight_alone(module, arguments, output):
    """An RMS norm without its division."""
    offset = 1 if "Gemma" in type(module).__name__ else 0
    return arguments[0] * (offset + module.weight)


def passed_over(module, arguments, output):
    return arguments[0]


def ones(module, arguments, output):
    return torch.ones_like(output)


def zeros(module, arguments, output):
    return torch.zeros_like(output)


def direct_effect_hooks(model, site, index):
    layer = model.model.layers[index]
    hooks = [(later, passed_over) for later in model.model.layers[index + 1:]]
    hooks.append((model.model.norm, weight_alone))
    if hasattr(layer, "post_feedforward_layernorm"):
        hooks += [(layer.post_attention_layernorm, weight_alone),
                  (layer.post_feedforward_layernorm, weight_alone)]
    if site == "attention":
        hooks.append((layer.mlp, zeros))
    if site == "ffn_gate":
        hooks.append((layer.mlp.up_proj, ones))
    return hooks


@torch.inference_mode()
def scores_of(model, site, index, dim):
    """[V]: the logits where the site holds a basis vector, less those where it holds zeros."""
    token = torch.tensor([[3]])
    states = []
    for value in (1.0, 0.0):
        def write(at_site, at_layer, x):
            if at_layer != index:
                return None
            written = torch.zeros_like(x)
            written[..., dim] = value
            return written
        with hooked(direct_effect_hooks(model, site, index)), tapped(model, write, (site,)):
            states.append(model.model(input_ids=token, use_cache=False).last_hidden_state[0, 0])
    return model.lm_head(states[0]) - model.lm_head(states[1])


def width_of(model, site):
    layer = model.model.layers[0]
    if site == "attention":
        return layer.self_attn.o_proj.in_features
    return layer.mlp.down_proj.in_features if site == "ffn_gate" else model.config.hidden_size


def random_units(model, generator):
    units = []
    for site in sites_of(model):
        for _ in range(UNITS_PER_SITE):
            units.append((site, *(int(torch.randint(size, (), generator=generator)) for size in
                                  (model.config.num_hidden_layers, width_of(model, site)))))
    return units


def scaled_logits(model, units, tokens):
    """float64 [U, S, V] after the last token."""
    rows = []
    for site, index, dim in units:
        for strength in STRENGTHS:
            with tapped(model, Edits("scale", [index], [dim], [strength]), (site,)):
                rows.append(logits_of(model, tokens, last=1)[0].double())
    return torch.stack(rows).unflatten(0, (len(units), len(STRENGTHS)))


def kl(p_logits, q_logits):
    log_p, log_q = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    return torch.nn.functional.kl_div(log_q.expand_as(log_p), log_p, reduction="none",
                                      log_target=True).sum(-1)


def reference(model, units, texts):
    own, pairs, sizes = [], [], []
    for tokens in texts:
        logits = scaled_logits(model, units, tokens)
        own.append(kl(logits, logits[:, -1:]))
        pairs.append(torch.stack([kl(logits[first][None].expand_as(logits), logits)
                                  for first in range(len(units))]))
        sizes.append(logits.square().mean(-1).sqrt().max())
    return {"scores": torch.stack([scores_of(model, *unit) for unit in units]),
            "divergence": torch.stack(own).mean(0), "pair_divergence": torch.stack(pairs).mean(0),
            "logit_size": torch.stack(sizes).max()}


def texts_of(folder):
    with safe_open(folder / "reference.safetensors", "pt") as file:
        return [file.get_tensor(f"tokens.{number}")
                for number in range(json.loads(file.metadata()["texts"]))]


def main():
    out = Path(sys.argv[1])
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    for seed, name in enumerate(MODELS):
        folder = out / "tiny" / name
        model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager",
                                                     dtype=torch.float32).eval()
        units = random_units(model, torch.Generator().manual_seed(seed))
        save(out / "probes" / f"{name}.safetensors", reference(model, units, texts_of(folder)),
             model=name, units=[":".join(map(str, unit)) for unit in units], strengths=STRENGTHS)
        print(name)


if __name__ == "__main__":
    main()

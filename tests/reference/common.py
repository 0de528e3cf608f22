"""What every reference script shares: the three sites of a llama-family model in `transformers`,
a way to read or edit them through hooks, and greedy decoding with the gap between the two best
tokens.

The sites: `attention` is the input of o_proj, `ffn` the output of the FFN block, `layer` the output
of the decoder layer (the residual stream). Everything runs with a batch of one, so that there is no
padding to reason about.
"""

import contextlib
import json

import torch

SITES = ("attention", "ffn", "layer")
OPERATIONS = ("scale", "directed")


@contextlib.contextmanager
def tapped(model, tap, sites=SITES):
    """Calls tap(site, layer, x) for each site of each layer in every forward pass inside the block;
    x is [1, T, width]. What the tap returns replaces x, unless it is None."""

    def before(site, layer):
        def hook(module, arguments):
            edited = tap(site, layer, arguments[0])
            return None if edited is None else (edited, *arguments[1:])
        return hook

    def after(site, layer):
        def hook(module, arguments, output):
            assert isinstance(output, torch.Tensor), f"{type(module).__name__} returns no tensor"
            return tap(site, layer, output)
        return hook

    handles = []
    for index, layer in enumerate(model.model.layers):
        if "attention" in sites:
            projection = layer.self_attn.o_proj
            handles.append(projection.register_forward_pre_hook(before("attention", index)))
        if "ffn" in sites:
            handles.append(layer.mlp.register_forward_hook(after("ffn", index)))
        if "layer" in sites:
            handles.append(layer.register_forward_hook(after("layer", index)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Recorder:
    """A tap that keeps what it sees: `stacked()` gives {site: [L, T, width]}, where T is 1 if only
    the last token was asked for."""

    def __init__(self, last_token_only=False):
        self.first = -1 if last_token_only else 0
        self.seen = {site: [] for site in SITES}

    def __call__(self, site, layer, x):
        self.seen[site].append(x[0, self.first:].detach().clone())

    def stacked(self):
        return {site: torch.stack(rows) for site, rows in self.seen.items() if rows}


class Edits:
    """A tap that steers the given units at every position. `layers`, `dims` and `values` have one
    entry per unit: scale is x(1 + v), directed is x + v|x|."""

    def __init__(self, operation, layers, dims, values):
        assert operation in OPERATIONS, operation
        self.operation = operation
        self.layers, self.dims, self.values = (torch.as_tensor(part)
                                               for part in (layers, dims, values))

    def __call__(self, site, layer, x):
        chosen = self.layers == layer
        if not chosen.any():
            return None
        dims, values = self.dims[chosen], self.values[chosen].to(x.dtype)
        old = x[..., dims]
        edited = x.clone()
        edited[..., dims] = (old * (1 + values) if self.operation == "scale"
                             else old + values * old.abs())
        return edited


@torch.inference_mode()
def logits_of(model, tokens, last=0):
    """[T, V] for one text; of its `last` positions only, if that is not zero."""
    return model(input_ids=tokens[None], use_cache=False, logits_to_keep=last).logits[0]


@torch.inference_mode()
def greedy(model, tokens, count=32):
    """The `count` tokens that follow, end-of-text ignored, and for each the gap between the best
    and the second-best logit: ([count], [count])."""
    chosen, margins, cache, step = [], [], None, tokens[None]
    for _ in range(count):
        output = model(input_ids=step, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        best = output.logits[0, -1].float().topk(2)
        chosen.append(best.indices[0])
        margins.append(best.values[0] - best.values[1])
        step = best.indices[:1][None]
    return torch.stack(chosen), torch.stack(margins)


def plain_reference(model, texts, last_logits=None):
    """Named tensors of the unsteered model for each text: tokens, sites, logits (of the last
    `last_logits` positions only, if given), greedy continuation and its margins."""
    tensors = {}
    for number, tokens in enumerate(texts):
        recorder = Recorder()
        with tapped(model, recorder):
            logits = logits_of(model, tokens)
        tensors[f"tokens.{number}"] = tokens
        for site, activations in recorder.stacked().items():
            tensors[f"site.{site}.{number}"] = activations
        tensors[f"logits.{number}"] = logits if last_logits is None else logits[-last_logits:]
        continuation, margins = greedy(model, tokens)
        tensors[f"greedy.{number}"] = continuation
        tensors[f"greedy_margin.{number}"] = margins
    return tensors


def save(path, tensors, **metadata):
    """A safetensors file; metadata that is no string is stored as JSON."""
    import transformers
    from safetensors.torch import save_file

    metadata |= {"transformers": transformers.__version__, "torch": torch.__version__}
    text = {key: value if isinstance(value, str) else json.dumps(value)
            for key, value in metadata.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, text)

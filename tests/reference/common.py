"""What every reference script shares: the sites of a llama-family model in `transformers`, a way to
read or edit them through hooks, and greedy decoding with the gap between the two best tokens.

The sites: `attention` is the input of o_proj, `ffn_gate` the output of the FFN's activation function
(what is multiplied by up(x)), `ffn` the output of the FFN block, `layer` the output of the decoder
layer (the residual stream). Everything runs with a batch of one, so that there is no padding to
reason about.
"""

import contextlib
import json

import torch

SITES = ("attention", "ffn_gate", "ffn", "layer")
PAPER_SITES = ("attention", "ffn", "layer")
OPERATIONS = {  # x: what is there; v: the plan's value; clean: what is there in an unsteered pass
    "scale": lambda x, v, clean: x * (1 + v),
    "directed": lambda x, v, clean: x + v * x.abs(),
    "add": lambda x, v, clean: x + v,
    "set": lambda x, v, clean: v.expand_as(x),
    "clamp": lambda x, v, clean: (clean * (1 + v)).expand_as(x),
}
POSITIONS = {  # at: positions of the tokens of one pass; prompt: number of prompt tokens
    "all": lambda at, prompt: at >= 0,
    "last_prompt": lambda at, prompt: at == prompt - 1,
    "last": lambda at, prompt: at == at[-1],
    "from_last_prompt": lambda at, prompt: at >= prompt - 1,
}


def sites_of(model):
    """Those that every layer has: a mixture of experts has no gate of its own."""
    gated = all(hasattr(layer.mlp, "act_fn") for layer in model.model.layers)
    return SITES if gated else PAPER_SITES


@contextlib.contextmanager
def tapped(model, tap, sites=None):
    """Calls tap(site, layer, x) for each of `sites` (all that the model has) of each layer in every
    forward pass inside the block; x is [1, T, width]. What the tap returns replaces x, unless it is
    None."""
    sites = sites_of(model) if sites is None else sites

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
        if "ffn_gate" in sites:
            handles.append(layer.mlp.act_fn.register_forward_hook(after("ffn_gate", index)))
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
    """A tap that steers the given units. `layers`, `dims` and `values` have one entry per unit.
    Positions other than `all` are those of one text with a prompt of `prompt` tokens, whose passes
    follow one another; clamp needs `clean`, {site: [L, width]}, of its last prompt token."""

    def __init__(self, operation, layers, dims, values, positions="all", prompt=None, clean=None):
        assert positions == "all" or prompt, positions
        self.operation, self.positions = OPERATIONS[operation], POSITIONS[positions]
        self.layers, self.dims, self.values = (torch.as_tensor(part)
                                               for part in (layers, dims, values))
        self.prompt, self.clean = prompt, clean
        self.tokens_seen = {}  # at each site of each layer, in the passes before

    def __call__(self, site, layer, x):
        chosen = self.layers == layer
        if not chosen.any():
            return None
        dims, values = self.dims[chosen], self.values[chosen].to(x.dtype)
        first = self.tokens_seen.get((site, layer), 0)
        self.tokens_seen[site, layer] = first + x.shape[1]
        at = first + torch.arange(x.shape[1])
        rows = self.positions(at, self.prompt).nonzero()  # [R, 1]
        edited = x.clone()
        clean = None if self.clean is None else self.clean[site][layer, dims]
        edited[0, rows, dims] = self.operation(x[0, rows, dims], values, clean)
        return edited


@torch.inference_mode()
def last_token(model, tokens, sites=None):
    """{site: [L, width]} at the last token of one text."""
    recorder = Recorder(last_token_only=True)
    with tapped(model, recorder, sites):
        model.model(input_ids=tokens[None], use_cache=False)
    return {site: rows[:, 0] for site, rows in recorder.stacked().items()}


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

"""Makes the reference data of tests/steering/sparse_autoencoder_test.cpp and sta_test.cpp: small
sparse autoencoders in the layout of GemmaScope, LlamaScope, SAELens and our own files, the atoms of some
activations, and what STA chooses and adds for given answers. Written in NumPy from the published
descriptions, in float64 throughout.

usage: sparse_autoencoders.py OUT   (OUT is usually build/reference; files go to OUT/autoencoders)
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

WIDTH, ATOMS, PAIRS = 24, 96, 40
LAYERS, KEPT, LAYER = 5, [1, 3, 4], 3
HOOK = f"blocks.{LAYER}.hook_resid_post"


def answers(random):
    """Residuals of every token of the answers, [tokens, kept layers, width], and the answers'
    lengths; positive and negative ones differ along a few directions."""
    sides = {}
    shift = random.standard_normal((3, WIDTH))
    for side, sign in (("positive", 1), ("negative", -1)):
        tokens = random.integers(1, 41, PAIRS)
        values = random.standard_normal((tokens.sum(), len(KEPT), WIDTH))
        strength = random.standard_normal((tokens.sum(), len(KEPT), 3)) + sign * 0.4
        sides[side] = (values + strength @ shift * 0.5).astype(np.float32)
        sides[side + "_tokens"] = tokens
    return sides


def in_gap(values, low, high):
    """A threshold between two of the values, where they lie furthest apart between two shares: so
    that rounding cannot move a value across it."""
    ordered = np.sort(values.ravel())
    part = ordered[int(low * len(ordered)):int(high * len(ordered))]
    i = np.argmax(np.diff(part))
    assert part[i + 1] - part[i] > 1e-4 and part[i] > 1e-4
    return (part[i] + part[i + 1]) / 2


class JumpRelu:
    """a = z where z > threshold (and above 0), z = x encoder + bias."""

    def __init__(self, encoder, bias, threshold, decoder):
        self.encoder, self.bias, self.threshold, self.decoder = (
            np.asarray(part, np.float64) for part in (encoder, bias, threshold, decoder))

    def preactivations(self, x):
        return np.asarray(x, np.float64) @ self.encoder + self.bias

    def activations(self, x):
        z = self.preactivations(x)
        return np.maximum(z, 0) * (z > self.threshold)


def gemma_scope(random, x):
    """In float32, thresholds per atom."""
    encoder = random.standard_normal((WIDTH, ATOMS)).astype(np.float32) / 5
    bias = random.standard_normal(ATOMS).astype(np.float32) / 10
    decoder = random.standard_normal((ATOMS, WIDTH)).astype(np.float32)
    decoder /= np.linalg.norm(decoder, axis=1, keepdims=True)
    z = JumpRelu(encoder, bias, 0, decoder).preactivations(x)
    threshold = np.array([in_gap(z[:, atom], 0.85, 0.97) for atom in range(ATOMS)], np.float32)
    # The last atoms are never active.
    threshold[-40:] = 1e4
    return {"W_enc": encoder, "b_enc": bias, "threshold": threshold, "W_dec": decoder,
            "b_dec": random.standard_normal(WIDTH).astype(np.float32)}


def write_llama_scope(folder, random, x, unit_norm):
    """Weights in bfloat16, one threshold, the input's norm to be folded in. Returns the folded
    autoencoder."""
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)

    def half(shape, scale):
        return torch.from_numpy(random.standard_normal(shape) * scale).to(torch.bfloat16)

    decoder = half((WIDTH, ATOMS), 1.0)
    norms = torch.ones(ATOMS) if unit_norm else torch.linspace(0.5, 2, ATOMS)
    decoder = (decoder / decoder.float().norm(dim=0) * norms).to(torch.bfloat16)
    weights = {"encoder.weight": half((ATOMS, WIDTH), 0.2), "encoder.bias": half(ATOMS, 0.1),
               "decoder.weight": decoder, "decoder.bias": half(WIDTH, 0.1)}
    save_torch_file(weights, folder / "checkpoints" / "final.safetensors")

    average_norm = 6.3125
    scale = math.sqrt(WIDTH) / average_norm
    wide = {name: tensor.double().numpy() for name, tensor in weights.items()}
    folded = JumpRelu(wide["encoder.weight"].T * scale, wide["encoder.bias"], 0,
                      wide["decoder.weight"].T / scale)
    decoder_norms = np.linalg.norm(wide["decoder.weight"], axis=0)
    threshold = in_gap(folded.preactivations(x) * decoder_norms, 0.85, 0.97)
    folded.threshold = threshold / decoder_norms
    (folder / "hyperparams.json").write_text(json.dumps({
        "hook_point_in": HOOK, "hook_point_out": HOOK, "d_model": WIDTH, "d_sae": ATOMS,
        "expansion_factor": ATOMS // WIDTH, "use_decoder_bias": True, "use_glu_encoder": False,
        "act_fn": "jumprelu", "jump_relu_threshold": threshold, "top_k": 50,
        "apply_decoder_bias_to_pre_encoder": False, "norm_activation": "dataset-wise",
        "dataset_average_activation_norm": {"in": average_norm, "out": average_norm},
        "sparsity_include_decoder_norm": True}))
    return folded


class SaeLens:
    """encode() and what decode() adds per atom, as SAELens documents them: the input is normalised,
    b_dec taken from it, z = x W_enc + b_enc; with the decoder's norms z competes as z ||W_dec||."""

    def __init__(self, settings, tensors, input_scale=1.0):
        self.settings, self.k = settings, settings.get("k") or (
            settings.get("activation_fn_kwargs") or {}).get("k")
        self.t = {name: np.asarray(tensor, np.float64) for name, tensor in tensors.items()}
        self.scale = input_scale
        self.threshold = np.maximum(self.t["threshold"], 0) if "threshold" in self.t else None
        if "log_threshold" in self.t:
            self.threshold = np.exp(self.t["log_threshold"])
        norms = np.linalg.norm(self.t["W_dec"] / input_scale, axis=1)
        self.norms = norms if settings.get("rescale_acts_by_decoder_norm") else np.ones(ATOMS)
        factors = self.t.get("scaling_factor", np.ones(ATOMS))
        self.decoder = self.t["W_dec"] / input_scale / self.norms[:, None] * factors[:, None]

    def preactivations(self, x):
        x = np.asarray(x, np.float64) * self.scale
        norm = self.settings.get("normalize_activations")
        if norm == "constant_norm_rescale":
            x = x * math.sqrt(WIDTH) / np.linalg.norm(x, axis=1, keepdims=True)
        elif norm == "layer_norm":
            x = x - x.mean(1, keepdims=True)
            x = x / (x.std(1, ddof=1, keepdims=True) + 1e-5)
        if self.settings.get("apply_b_dec_to_input", True):
            x = x - self.t["b_dec"]
        return (x @ self.t["W_enc"] + self.t["b_enc"]) * self.norms

    def activations(self, x):
        z = self.preactivations(x)
        active = np.maximum(z, 0)
        if self.threshold is not None:
            active = active * (z > self.threshold)
        if self.k:
            least = np.sort(z, axis=1)[:, -self.k][:, None]
            active = active * (z >= least)
        return active


def clear_of_ties(autoencoder, x):
    """The rows of x in which rounding cannot move an atom into or out of the k largest."""
    ordered = np.sort(autoencoder.preactivations(x), axis=1)
    gap = ordered[:, -autoencoder.k] - ordered[:, -autoencoder.k - 1]
    return x[gap > 1e-3]


# Each in the spelling of some version, and with what of the settings changes the formulae.
SAELENS = {
    "standard": {"hook_point": HOOK, "hook_point_layer": LAYER, "activation_fn_str": "relu",
                 "hook_point_head_index": None, "normalize_activations": False, "l1_coefficient": 5},
    "finetuned": {"architecture": "standard", "hook_name": f"model.layers.{LAYER}",
                  "apply_b_dec_to_input": False, "finetuning_scaling_factor": True,
                  "activation_fn": "relu", "normalize_activations": None},
    "topk": {"architecture": "topk", "k": 9, "rescale_acts_by_decoder_norm": True,
             "apply_b_dec_to_input": False, "reshape_activations": "none",
             "metadata": {"sae_lens_version": "6.12.1", "hook_name": HOOK}},
    "topk_layer_norm": {"architecture": "standard", "activation_fn_str": "topk",
                        "activation_fn_kwargs": {"k": 5}, "hook_name": HOOK, "hook_layer": LAYER,
                        "normalize_activations": "layer_norm"},
    "topk_scaled": {"architecture": "topk", "k": 7, "rescale_acts_by_decoder_norm": True,
                    "normalize_activations": "expected_average_only_in"},
    "jumprelu": {"architecture": "jumprelu", "hook_name": HOOK, "hook_head_index": None,
                 "normalize_activations": "constant_norm_rescale"},
    "jumprelu_scaled": {"architecture": "jumprelu",
                        "hook_name": f"blocks.{LAYER + 1}.hook_resid_pre", "hook_layer": LAYER + 1,
                        "normalize_activations": "expected_average_only_in"},
}


def write_saelens(folder, random, x, name):
    """Returns the autoencoder; norms of decoder rows are anything between 0.5 and 2."""
    settings = SAELENS[name] | {"d_in": WIDTH, "d_sae": ATOMS, "dtype": "float32", "device": "cuda"}
    decoder = random.standard_normal((ATOMS, WIDTH))
    decoder *= np.linspace(0.5, 2, ATOMS)[:, None] / np.linalg.norm(decoder, axis=1, keepdims=True)
    tensors = {"W_enc": random.standard_normal((WIDTH, ATOMS)) / 5,
               "b_enc": random.standard_normal(ATOMS) / 10 + 0.5, "W_dec": decoder,
               "b_dec": random.standard_normal(WIDTH) / 2}
    if name == "finetuned":
        tensors["scaling_factor"] = random.uniform(0.5, 2, ATOMS)
    scale = 0.4375 if "scaled" in name else 1.0
    tensors = {key: tensor.astype(np.float32) for key, tensor in tensors.items()}
    if settings.get("architecture") == "jumprelu":
        z = SaeLens(settings, tensors, scale).preactivations(x)
        threshold = np.array([in_gap(z[:, atom], 0.85, 0.97) for atom in range(ATOMS)])
        key = "log_threshold" if "scaled" in name else "threshold"
        tensors[key] = (np.log(threshold) if key != "threshold" else threshold).astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "sae_weights.safetensors")
    (folder / "cfg.json").write_text(json.dumps(settings))
    if scale != 1:
        (folder / "activation_scaler.json").write_text(json.dumps({"scaling_factor": scale}))
    return SaeLens(settings, tensors, scale)


def answer_means(values, tokens):
    return np.stack([part.mean(0) for part in np.split(values, np.cumsum(tokens)[:-1])])


def normalised(values):
    """Signed min-max normalisation of the published code."""
    size = np.abs(values)
    return np.sign(values) * (size - size.min()) / (size.max() - size.min())


def passes(values, keep):
    """Whether |value| is among the `keep` largest; refuses data where rounding could decide."""
    size = np.abs(normalised(values))
    ordered = np.sort(size)[::-1]
    threshold = ordered[int(keep * len(size))]
    below = ordered[ordered < threshold]
    assert not len(below) or threshold - below[0] > 1e-5 * threshold
    return size >= threshold


def sta(autoencoder, sides, keep, atoms):
    layer = KEPT.index(LAYER)
    means, residual = {}, {}
    for side in ("positive", "negative"):
        x, tokens = sides[side][:, layer].astype(np.float64), sides[side + "_tokens"]
        means[side] = answer_means(autoencoder.activations(x), tokens)
        residual[side] = answer_means(x, tokens)
    difference = (means["positive"] - means["negative"]).mean(0)
    frequency = (means["positive"] > 0).sum(0) - (means["negative"] > 0).sum(0)
    assert np.all((difference == 0) | (np.abs(difference) > 1e-5))
    agreeing = np.where(np.sign(difference) == np.sign(frequency), frequency, 0).astype(np.float64)
    chosen = np.ones(ATOMS, bool)
    if atoms in ("both", "frequency"):
        chosen &= passes(agreeing, keep)
    if atoms in ("both", "activation"):
        chosen &= passes(difference, keep)
    raw = np.where(chosen, difference, 0) @ autoencoder.decoder
    momentum = (residual["positive"] - residual["negative"]).mean(0)
    vector = raw * np.linalg.norm(momentum) / np.linalg.norm(raw)
    return {"difference": difference, "frequency": frequency, "chosen": chosen.astype(np.int64),
            "vector": vector, "momentum": momentum}


def main():
    folder = Path(sys.argv[1]) / "autoencoders"
    (folder / "gemma_scope").mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    sides = answers(random)
    x = np.concatenate([sides[side][:, KEPT.index(LAYER)] for side in ("positive", "negative")])

    parts = gemma_scope(random, x)
    np.savez(folder / "gemma_scope" / "params.npz", **parts)
    np.savez_compressed(folder / "gemma_scope" / "deflated.npz", **parts)
    save_file(parts, folder / "trained.safetensors", metadata={"layer": str(LAYER)})
    autoencoders = {
        "gemma_scope": JumpRelu(parts["W_enc"], parts["b_enc"], parts["threshold"],
                                parts["W_dec"]),
        "llama_scope": write_llama_scope(folder / "llama_scope", random, x, True),
        "llama_scope_norms": write_llama_scope(folder / "llama_scope_norms", random, x, False)}

    expected = {"x": x, "positive": sides["positive"], "negative": sides["negative"],
                "positive_tokens": sides["positive_tokens"].astype(np.int64),
                "negative_tokens": sides["negative_tokens"].astype(np.int64)}
    for name in SAELENS:
        autoencoder = write_saelens(folder / "saelens" / name, random, x, name)
        rows = clear_of_ties(autoencoder, x) if autoencoder.k else x
        expected |= {f"saelens/{name}.x": rows, f"saelens/{name}.decoder": autoencoder.decoder,
                     f"saelens/{name}.activations": autoencoder.activations(rows)}
        if not autoencoder.k:
            autoencoders[f"saelens/{name}"] = autoencoder
    for name, autoencoder in autoencoders.items():
        expected[f"{name}.activations"] = autoencoder.activations(x)
        expected[f"{name}.decoder"] = autoencoder.decoder
    cases = []
    for name, atoms, keep in (("gemma_scope", "both", 0.35), ("gemma_scope", "both", 0.05),
                              ("gemma_scope", "activation", 0.2), ("gemma_scope", "frequency", 0.2),
                              ("gemma_scope", "all", 0.35), ("gemma_scope", "both", 0.9),
                              ("llama_scope", "both", 0.35), ("llama_scope_norms", "both", 0.35),
                              ("saelens/jumprelu", "both", 0.35),
                              ("saelens/jumprelu_scaled", "both", 0.35)):
        results = sta(autoencoders[name], sides, keep, atoms)
        label = f"case{len(cases)}"
        cases.append({"autoencoder": name, "atoms": atoms, "keep": keep, "tensors": label,
                      "chosen": int(results["chosen"].sum())})
        expected |= {f"{label}.{key}": value for key, value in results.items()}
    signs = [np.sign(expected[f"case0.{key}"]) for key in ("difference", "frequency")]
    assert np.any(signs[0] * signs[1] < 0), "no atom whose signs disagree"
    # With 40 of 96 atoms never active, keep 0.9 has thresholds of 0: all pass.
    assert cases[5]["chosen"] == ATOMS and 3 <= cases[1]["chosen"] < cases[0]["chosen"] < 60
    save_file({name: np.ascontiguousarray(value) for name, value in expected.items()},
              folder / "expected.safetensors")
    (folder / "cases.json").write_text(json.dumps(cases, indent=1))


if __name__ == "__main__":
    main()

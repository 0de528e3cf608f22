"""Sparse autoencoders in the two layouts that are published, read and written with NumPy:

- GemmaScope's `params.npz`, stored or deflated, or the same names in a safetensors file: W_enc
  [d, M], b_enc [M], threshold [M], W_dec [M, d], b_dec [d].
- LlamaScope's folder: `hyperparams.json` and `checkpoints/final.safetensors` with encoder.weight
  [M, d], encoder.bias, decoder.weight [d, M], decoder.bias, one threshold for all atoms, and inputs
  that are scaled to a norm of sqrt(d).

    sparse_autoencoder.py --cache FOLDER --layer 18 --atoms 256 --out FOLDER

writes a small one for that layer of an activation cache (site layer@answer_all) in every layout:
stored.npz, deflated.npz, params.safetensors and llama/. Its atoms point from one token's activation
to another's. Each threshold lies in a wide gap of the atom's values on the cache, so that rounding
never decides whether an atom is active.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from method_cache import Cache

GEMMA_NAMES = ("W_enc", "b_enc", "threshold", "W_dec", "b_dec")


class SparseAutoencoder:
    """Float64 throughout; `encode` is JumpReLU(x W_enc + b_enc)."""

    def __init__(self, encoder, bias, threshold, decoder):
        self.encoder, self.bias, self.threshold, self.decoder = (
            np.asarray(part, np.float64) for part in (encoder, bias, threshold, decoder))

    def encode(self, x):
        z = x @ self.encoder + self.bias
        return np.where(z > self.threshold, np.maximum(z, 0), 0)


def load(path):
    path = Path(path)
    if path.is_dir():
        return load_llama(path)
    tensors = np.load(path) if path.suffix == ".npz" else load_file(path)
    return SparseAutoencoder(*(tensors[name] for name in GEMMA_NAMES[:4]))


def load_llama(folder):
    settings = json.loads((folder / "hyperparams.json").read_text())
    tensors = load_file(folder / "checkpoints" / "final.safetensors")
    width = settings["d_model"]
    scale = np.sqrt(width) / settings["dataset_average_activation_norm"]["in"]
    decoder = tensors["decoder.weight"].T.astype(np.float64)
    if settings["sparsity_include_decoder_norm"]:
        assert np.allclose(np.linalg.norm(decoder, axis=1), 1, atol=1e-3)
    return SparseAutoencoder(tensors["encoder.weight"].T.astype(np.float64) * scale,
                             tensors["encoder.bias"], settings["jump_relu_threshold"],
                             decoder / scale)


def middles_of_gaps(values, shares):
    """Per column of [rows, M] the middle of its widest gap among those near the share of rows that
    is to lie below."""
    result = np.empty(values.shape[1])
    for column, share in enumerate(shares):
        ordered = np.sort(values[:, column])
        middle = int(share * len(ordered))
        first, last = max(0, middle - 8), min(len(ordered) - 1, middle + 8)
        widest = first + np.argmax(np.diff(ordered[first:last + 1]))
        result[column] = (ordered[widest] + ordered[widest + 1]) / 2
    return result


def make(tokens, atoms, seed=0):
    """Named float32 arrays in GemmaScope's layout for activations [T, d]."""
    random = np.random.default_rng(seed)
    first, second = (random.integers(len(tokens), size=atoms) for _ in range(2))
    second = np.where(first == second, (second + 1) % len(tokens), second)
    directions = tokens[first] - tokens[second]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)  # [M, d]
    encoder = directions.T.astype(np.float32)
    bias = (-tokens.mean(0) @ encoder).astype(np.float32)
    values = tokens @ encoder.astype(np.float64) + bias
    threshold = np.maximum(middles_of_gaps(values, random.uniform(0.6, 0.95, atoms)), 0)
    return {"W_enc": encoder, "b_enc": bias, "threshold": threshold.astype(np.float32),
            "W_dec": directions.astype(np.float32),
            "b_dec": tokens.mean(0).astype(np.float32)}


def write_llama(folder, arrays, layer, average_norm=40.0, threshold=1.0):
    """The same atoms in LlamaScope's layout: biases make up for the one threshold."""
    width, atoms = arrays["W_enc"].shape
    scale = np.sqrt(width) / average_norm
    bias = arrays["b_enc"].astype(np.float64) + threshold - arrays["threshold"]
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    save_file({"encoder.weight": np.ascontiguousarray((arrays["W_enc"] / scale).T, np.float32),
               "encoder.bias": bias.astype(np.float32),
               "decoder.weight": np.ascontiguousarray(arrays["W_dec"].T),
               "decoder.bias": (arrays["b_dec"] * scale).astype(np.float32)},
              folder / "checkpoints" / "final.safetensors")
    hook = f"blocks.{layer}.hook_resid_post"
    (folder / "hyperparams.json").write_text(json.dumps({
        "hook_point_in": hook, "hook_point_out": hook, "use_decoder_bias": True,
        "d_model": width, "d_sae": atoms,
        "act_fn": "jumprelu", "norm_activation": "dataset-wise",
        "jump_relu_threshold": threshold, "sparsity_include_decoder_norm": True,
        "dataset_average_activation_norm": {"in": average_norm, "out": average_norm}}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--atoms", type=int, default=256)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    sides = Cache(options.cache).answers("layer@answer_all", options.layer)
    arrays = make(np.concatenate([tokens for side in sides for tokens in side]), options.atoms)
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez(options.out / "stored.npz", **arrays)
    np.savez_compressed(options.out / "deflated.npz", **arrays)
    save_file(arrays, options.out / "params.safetensors")
    write_llama(options.out / "llama", arrays, options.layer)


if __name__ == "__main__":
    main()

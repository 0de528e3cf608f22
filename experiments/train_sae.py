"""Trains a small sparse autoencoder on the outputs of one layer, from an activation cache.

    build/release/austeer collect … --sites layer@answer_all --layers 18 --out CACHE
    build/venv/bin/python experiments/train_sae.py --cache CACHE --layer 18 --out sae.safetensors

Writes GemmaScope's tensors (W_enc, b_enc, threshold, W_dec, b_dec) as safetensors, which the method
`sta` opens: z = x W_enc + b_enc; an atom is z where z is above its threshold, else 0.

While it trains, each batch keeps its BATCH x ACTIVE largest atoms (BatchTopK, arXiv 2412.06410); the
threshold is the bar that kept atoms exceeded, averaged over the last batches. A tenth of the texts is
held out; explained variance and active atoms per token (L0) are of those, by the written file.
Equal seeds and threads give equal files.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

# Threads that wait give way to others: spinning makes small products slow on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def part_with(cache, key):
    """(folder, manifest, site) of the part of the cache that holds the site `key`."""
    known = []
    for folder in [cache, *sorted(cache.glob("added-*"))]:
        if not (folder / "manifest.json").exists():
            continue  # a run that was killed before it began
        manifest = json.loads((folder / "manifest.json").read_text())
        for site in manifest["sites"]:
            last = site["positions"] == "last"
            known.append(site["name"] if last else f"{site['name']}@{site['positions']}")
            if known[-1] == key:
                if not manifest["complete"]:
                    sys.exit(f"{folder} is not complete: run the same collect again")
                return folder, manifest, site
    sys.exit(f"{cache} has no site {key}; it has {', '.join(known)}")


def read_rows(cache, key, layer):
    """Training rows and held-out rows [tokens, width] of float32, split by text, and the fingerprint
    of their model."""
    folder, manifest, site = part_with(cache, key)
    kept = site["only"] or list(range(site["layers"]))
    if layer not in kept:
        sys.exit(f"{cache} has layers {', '.join(map(str, kept))} of {key}, not {layer}")
    sides = {"positive": [], "negative": []}
    for shard in manifest["shards"]:
        with safe_open(folder / shard["file"], framework="pt") as tensors:
            for side, rows in sides.items():
                whole = tensors.get_slice(f"{key}.{side}")
                rows.append(whole[:, kept.index(layer):kept.index(layer) + 1].squeeze(1).float())
    train, held_out = [], []
    for side, shards in sides.items():
        rows = torch.cat(shards)
        tokens = [1] * len(rows)
        if site["positions"] == "answer_all":
            tokens = manifest["answer_tokens"][side]
        for i, text in enumerate(rows.split(tokens)):
            (held_out if i % 10 == 9 else train).append(text)
    if not held_out:
        sys.exit(f"{cache} has too few texts to hold a tenth out: 10 pairs or more are needed")
    return torch.cat(train), torch.cat(held_out), manifest["fingerprints"]["model"]


def without_outliers(rows, name):
    """Without rows whose norm is ten times the usual one: a text's first token has such an output in
    many models, and a few of them would be most of the error."""
    norms = rows.norm(dim=1)
    usual = norms <= 10 * norms.median()
    if not usual.all():
        print(f"{name}: {int((~usual).sum())} tokens with very large outputs are left out",
              file=sys.stderr)
    return rows[usual]


class Autoencoder(torch.nn.Module):
    """Over inputs with mean 0 and a mean square of 1; decoder rows have norm 1."""

    def __init__(self, width, atoms):
        super().__init__()
        decoder = torch.nn.functional.normalize(torch.randn(atoms, width))
        self.decoder = torch.nn.Parameter(decoder)
        self.encoder = torch.nn.Parameter(decoder.T.clone())
        self.encoder_bias = torch.nn.Parameter(torch.zeros(atoms))
        self.decoder_bias = torch.nn.Parameter(torch.zeros(width))

    def forward(self, x, active):
        """(reconstruction, atoms [rows, M], the value that an atom must exceed to be kept)."""
        z = torch.relu(x @ self.encoder + self.encoder_bias)
        bar = z.detach().flatten().kthvalue(z.numel() - active * len(x)).values
        atoms = z * (z > bar)
        return atoms @ self.decoder + self.decoder_bias, atoms, bar

    @torch.no_grad()
    def normalise(self):
        self.decoder.div_(self.decoder.norm(dim=1, keepdim=True).clamp_min(1e-8))

    @torch.no_grad()
    def restart(self, dead, x, active, optimizer):
        """Points atoms that were not active at what is reconstructed worst."""
        residual = x - self(x, active)[0]
        worst = residual.square().sum(1).topk(min(len(dead), len(x))).indices
        dead = dead[: len(worst)]
        directions = torch.nn.functional.normalize(residual[worst])
        usual = self.encoder.norm(dim=0).median()
        self.decoder[dead] = directions
        self.encoder[:, dead] = 0.5 * usual * directions.T
        self.encoder_bias[dead] = 0
        for parameter, index in ((self.decoder, (dead,)), (self.encoder, (slice(None), dead)),
                                 (self.encoder_bias, (dead,))):
            for moment in ("exp_avg", "exp_avg_sq"):
                optimizer.state[parameter][moment][index] = 0


def train(rows, options):
    """The autoencoder and its threshold, both for `rows` [tokens, width]."""
    model = Autoencoder(rows.shape[1], options.atoms)
    optimizer = torch.optim.Adam(model.parameters(), options.learning_rate, betas=(0.9, 0.99))
    fired = torch.zeros(options.atoms, dtype=torch.bool)
    bars = []
    batches = torch.empty(0, dtype=torch.long)
    started = time.monotonic()
    for step in range(options.steps):
        while len(batches) < options.batch:
            batches = torch.cat([batches, torch.randperm(len(rows))])
        x, batches = rows[batches[: options.batch]], batches[options.batch:]
        # Down to zero over the last third.
        rate = min(1.0, 3 * (1 - step / options.steps))
        optimizer.param_groups[0]["lr"] = options.learning_rate * rate
        reconstruction, atoms, bar = model(x, options.active)
        loss = (reconstruction - x).square().sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.normalise()
        fired |= (atoms > 0).any(0)
        if step >= options.steps - 50:
            bars.append(bar)
        restarts = options.steps // 8
        if restarts and step % restarts == restarts - 1:
            unexplained = loss.item() / x.square().sum(1).mean().item()
            print(f"step {step + 1}: {1 - unexplained:.3f} of a batch's variance explained, "
                  f"{int((~fired).sum())} atoms unused, {time.monotonic() - started:.0f} s",
                  file=sys.stderr)
            if step < options.steps // 2:
                model.restart((~fired).nonzero().flatten(), x, options.active, optimizer)
            fired.zero_()
    return model, torch.stack(bars).mean()


def folded(model, threshold, mean, scale):
    """GemmaScope's tensors: inputs as the layer gives them, decoder rows of norm 1."""
    with torch.no_grad():
        return {"W_enc": model.encoder.clone(),
                "b_enc": model.encoder_bias * scale - mean @ model.encoder,
                "threshold": (threshold * scale).expand(len(model.decoder)).clone(),
                "W_dec": model.decoder.clone(),
                "b_dec": model.decoder_bias * scale + mean}


def evaluate(tensors, rows):
    """Of the autoencoder as it was written, over `rows`."""
    error, active = 0.0, 0
    used = torch.zeros(len(tensors["threshold"]), dtype=torch.bool)
    for x in rows.split(4096):
        z = x @ tensors["W_enc"] + tensors["b_enc"]
        atoms = torch.relu(z) * (z > tensors["threshold"])
        error += (atoms @ tensors["W_dec"] + tensors["b_dec"] - x).square().sum().item()
        active += int((atoms > 0).sum())
        used |= (atoms > 0).any(0)
    variance = (rows - rows.mean(0)).square().sum().item()
    return {"explained_variance": 1 - error / variance, "l0": active / len(rows),
            "atoms_used": int(used.sum())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--site", default="layer@answer_all", help="or layer (last tokens)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--atoms", type=int, default=2048)
    parser.add_argument("--active", type=int, default=32, help="atoms per token, on average")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)

    rows, held_out, fingerprint = read_rows(options.cache, options.site, options.layer)
    rows = without_outliers(rows, "training")
    held_out = without_outliers(held_out, "held out")
    mean = rows.mean(0)
    scale = (rows - mean).square().mean().sqrt()
    model, threshold = train((rows - mean) / scale, options)

    tensors = folded(model, threshold, mean, scale)
    # One key alone: the package writes several in any order, and equal runs would differ.
    metadata = {"layer": str(options.layer)}
    partial = options.out.with_name(options.out.name + ".partial")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial, metadata)
    os.replace(partial, options.out)
    written = load_file(options.out)
    print(json.dumps({"model": fingerprint, "layer": options.layer, "tokens": len(rows),
                      "held_out": len(held_out), "atoms": options.atoms,
                      **evaluate(written, held_out)}))


if __name__ == "__main__":
    main()

"""An activation cache as NumPy arrays: its shards, and those of the parts that were added later.

A site's key is its name, or NAME@POSITIONS where more than the last token was kept. Activations are
float64; what stands in the file (float32, bfloat16, float16) fits exactly.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

SIDES = ("positive", "negative")


@dataclass(frozen=True)
class CachedSite:
    name: str
    layers: int  # of the model
    width: int
    positions: str
    group: int
    kept: tuple  # layers that are in the cache


class Cache:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.parts = []  # (folder, manifest)
        for part in (self.folder, *sorted(self.folder.glob("added-*"))):
            if not (part / "manifest.json").exists():
                continue  # a run that was killed before it began
            manifest = json.loads((part / "manifest.json").read_text())
            assert manifest["complete"], part
            self.parts.append((part, manifest))
        root = self.parts[0][1]
        self.pairs = root["pairs"]
        self.classes = root["answer_classes"]
        self.sites = {}  # key -> (folder, manifest, CachedSite)
        for part, manifest in self.parts:
            for entry in manifest["sites"]:
                kept = tuple(entry.get("only") or range(entry["layers"]))
                site = CachedSite(entry["name"], entry["layers"], entry["width"],
                                  entry["positions"], entry["group"], kept)
                last = site.positions == "last"
                key = site.name if last else f"{site.name}@{site.positions}"
                assert key not in self.sites, f"{key} is there twice"
                self.sites[key] = (part, manifest, site)

    def site(self, key):
        return self.sites[key][2]

    def activations(self, key):
        """(positive, negative) [pairs, kept layers, width], or of answer_all [tokens, kept layers,
        width], shard after shard."""
        part, manifest, _ = self.sites[key]
        sides = ([], [])
        for shard in manifest["shards"]:
            with safe_open(part / shard["file"], "pt") as file:
                for rows, side in zip(sides, SIDES):
                    rows.append(file.get_tensor(f"{key}.{side}").to(torch.float64).numpy())
        return tuple(np.concatenate(rows) for rows in sides)

    def answers(self, key, layer):
        """(positive, negative): per pair the activations [tokens, width] of its answer at one
        layer, of an answer_all site."""
        _, manifest, site = self.sites[key]
        assert site.positions == "answer_all", key
        at = site.kept.index(layer)
        result = []
        for side, rows in zip(SIDES, self.activations(key)):
            counts = manifest["answer_tokens"][side]
            assert len(counts) == self.pairs and min(counts) >= 1 and sum(counts) == len(rows)
            result.append(np.split(rows[:, at], np.cumsum(counts)[:-1]))
        return tuple(result)

"""An activation cache of random numbers in the format of `austeer collect`, of any size, for ranking:

    synthetic_cache.py FOLDER [--pairs 1000] [--layers 32] [--width 4096]

One site, `attention`, in float32: pairs x layers x width units x 2 sides. By default that is 1.05 GB.
Prints one JSON object: the bytes of its shards.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SHARD_BYTES = 32 * 2 ** 20
FINGERPRINTS = ("model", "tokenizer", "task", "template", "pairs")


def key(description):
    """As CacheDescription::key() has it."""
    text = json.dumps(description, separators=(",", ":"))
    return hashlib.sha256(f"austeer activation cache 3\n{text}".encode()).hexdigest()


def write_shard(path, shape, draw, metadata):
    save_file({f"attention.{side}": draw.standard_normal(shape, dtype=np.float32)
               for side in ("positive", "negative")}, path, metadata)
    return {"file": path.name, "pairs": shape[0],
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def write(folder, pairs, layers, width):
    folder.mkdir(parents=True)
    per_shard = max(1, min(pairs, SHARD_BYTES // (2 * 4 * layers * width)))
    site = {"name": "attention", "layers": layers, "width": width, "positions": "last",
            "group": 64 if width % 64 == 0 else 1, "only": []}
    description = {"fingerprints": dict.fromkeys(sorted(FINGERPRINTS), "synthetic"),
                   "sites": [site], "dtype": "float32", "pairs": pairs,
                   "pairs_per_shard": per_shard, "answer_classes": [],
                   "answer_tokens": {"positive": [], "negative": []}}
    draw = np.random.default_rng(7)
    shards = [write_shard(folder / f"shard-{number:05}.safetensors",
                          (min(per_shard, pairs - first), layers, width), draw,
                          {"cache_key": key(description), "shard": str(number)})
              for number, first in enumerate(range(0, pairs, per_shard))]
    manifest = {"schema": "austeer activation cache", "version": 3, "key": key(description),
                **description, "names": {}, "complete": True, "shards": shards}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--width", type=int, default=4096)
    options = parser.parse_args()
    write(options.folder, options.pairs, options.layers, options.width)
    print(json.dumps({"bytes": sum(path.stat().st_size
                                   for path in options.folder.glob("shard-*"))}))


if __name__ == "__main__":
    main()

"""What a model of seven billion parameters asks of this machine: memory, time to the first token,
and the speed of `austeer collect` against the machine's own speed at matrix products.

    large_model.py write FOLDER [--layers 32]        random weights in the shape of Llama 2 7B (13.5 GB)
    large_model.py measure FOLDER --datasets DIR --out RESULT.json [--repeats 3] [--pairs 2]
                   [--max-tokens 256] [--prompt-bytes 24] [--austeer build/release/austeer]

A repeat reads every weight file once with read(), then starts `austeer steer` for one token; both
begin with the files dropped from the page cache where `--cold` is given, and with them in it
otherwise. The time to the first token is that of the whole process. `collect` is held against
torch's `linear` at the model's four shapes, measured just before and after with as many rows as a
pass has; its work is that of every token that it computes, in the layers' matrices.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from measuring import HERE, processor, run_json, spread

WIDTH, FFN, HEADS, VOCABULARY = 4096, 11008, 32, 32000
SHAPES = {"attention": (WIDTH, WIDTH, 4), "gate_up": (FFN, WIDTH, 2), "down": (WIDTH, FFN, 1)}
LAYERS_PER_SHARD = 4
GIB = 2 ** 30


def config(layers):
    return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH,
            "intermediate_size": FFN, "num_hidden_layers": layers, "num_attention_heads": HEADS,
            "num_key_value_heads": HEADS, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-5,
            "max_position_embeddings": 4096, "hidden_act": "silu", "tie_word_embeddings": False,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
            "dtype": "bfloat16", "eos_token_id": 0}


def byte_tokenizer():
    """One token for each byte, so that there is no vocabulary to bring; the others, which a random
    model may give, are words that no text is made of."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = alphabet + [f"word{i}" for i in range(len(alphabet), VOCABULARY)]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def random_matrix(out, width, generator):
    noise = torch.empty(out, width).uniform_(-1.7, 1.7, generator=generator)
    return (noise / width ** 0.5).to(torch.bfloat16)


def layer_tensors(index, generator):
    at = f"model.layers.{index}."
    tensors = {f"{at}{name}.weight": torch.ones(WIDTH, dtype=torch.bfloat16)
               for name in ("input_layernorm", "post_attention_layernorm")}
    for name in "qkvo":
        tensors[f"{at}self_attn.{name}_proj.weight"] = random_matrix(WIDTH, WIDTH, generator)
    for name, shape in (("gate", (FFN, WIDTH)), ("up", (FFN, WIDTH)), ("down", (WIDTH, FFN))):
        tensors[f"{at}mlp.{name}_proj.weight"] = random_matrix(*shape, generator)
    return tensors


def write(options):
    folder, generator = options.folder, torch.Generator().manual_seed(7)
    folder.mkdir(parents=True, exist_ok=True)
    weight_map = {}

    def save(name, tensors):
        save_file(tensors, folder / name, {"format": "pt"})
        weight_map.update(dict.fromkeys(tensors, name))
        print(name, flush=True)

    save("embeddings.safetensors",
         {"model.embed_tokens.weight": random_matrix(VOCABULARY, WIDTH, generator),
          "lm_head.weight": random_matrix(VOCABULARY, WIDTH, generator),
          "model.norm.weight": torch.ones(WIDTH, dtype=torch.bfloat16)})
    for first in range(0, options.layers, LAYERS_PER_SHARD):
        layers = range(first, min(first + LAYERS_PER_SHARD, options.layers))
        save(f"layers-{first:02}.safetensors",
             {name: tensor for index in layers
              for name, tensor in layer_tensors(index, generator).items()})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps(config(options.layers), indent=2))
    byte_tokenizer().save(str(folder / "tokenizer.json"))


def weight_files(folder):
    return sorted(folder.glob("*.safetensors"))


def drop_from_page_cache(folder):
    for path in weight_files(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds_to_read(folder):
    buffer, start = bytearray(1 << 24), time.perf_counter()
    for path in weight_files(folder):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
    return time.perf_counter() - start


def first_token(options):
    """Seconds until a process has printed one token, and the most memory that it held."""
    command = [options.austeer, "steer", "--model", options.folder, "--max-new-tokens", 1,
               "--prompt", ("The quick brown fox. " * 100)[:options.prompt_bytes], "--quiet"]
    start = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"austeer steer ended with {status}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def linear_gflops(rows):
    """At the model's shapes, weighted by how often each occurs; the better of float32 and bfloat16."""
    best = {}
    for dtype in (torch.float32, torch.bfloat16):
        seconds, work = 0.0, 0.0
        for out, width, count in SHAPES.values():
            x, weight = torch.randn(rows, width, dtype=dtype), torch.randn(out, width, dtype=dtype)
            fastest = float("inf")
            torch.nn.functional.linear(x, weight)  # prepares kernels
            for _ in range(3):
                start = time.perf_counter()
                torch.nn.functional.linear(x, weight)
                fastest = min(fastest, time.perf_counter() - start)
            seconds += count * fastest
            work += count * 2e-9 * rows * out * width
        best[str(dtype).removeprefix("torch.")] = work / seconds
    return best


def run_collect(options):
    with tempfile.TemporaryDirectory() as folder:
        return run_json(*[options.austeer, "collect", "--model", options.folder, "--task", "copa",
                           "--pairs", options.pairs, "--max-tokens", options.max_tokens,
                           "--datasets", options.datasets, "--out", Path(folder) / "cache",
                           "--json"])


def layer_gflop(layers, tokens):
    """Of the last layer only keys and values are needed of every token."""
    per_layer = sum(out * width * count for out, width, count in SHAPES.values())
    return 2e-9 * tokens * ((layers - 1) * per_layer + 2 * WIDTH * WIDTH)


def measure(options):
    layers = json.loads((options.folder / "config.json").read_text())["num_hidden_layers"]
    weights = sum(path.stat().st_size for path in weight_files(options.folder))
    starts = []
    for _ in range(options.repeats):
        if options.cold:
            drop_from_page_cache(options.folder)
        read = seconds_to_read(options.folder)
        if options.cold:
            drop_from_page_cache(options.folder)
        seconds, memory = first_token(options)
        starts.append({"read_seconds": read, "first_token_seconds": seconds,
                       "ratio": seconds / read, "resident_bytes": memory,
                       "resident_above_weights_gib": (memory - weights) / GIB})
        print(json.dumps(starts[-1]), flush=True)

    rows = min(2048, 2 * options.pairs * options.max_tokens)
    with torch.inference_mode():
        before, collected = linear_gflops(rows), run_collect(options)
        after = linear_gflops(rows)
    work = layer_gflop(layers, collected["tokens"])
    peak = max(max(before.values()), max(after.values()))
    result = {"processor": processor(), "cpus": os.cpu_count(), "python": platform.python_version(),
              "torch": torch.__version__, "weight_bytes": weights, "layers": layers,
              "cold": options.cold, "prompt_bytes": options.prompt_bytes, "starts": starts,
              "ratio": spread([start["ratio"] for start in starts]),
              "collect": collected, "collect_gflops": work / collected["seconds"],
              "linear_gflops": {"before": before, "after": after},
              "share_of_linear": work / collected["seconds"] / peak}
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(f"first token / reading the weights: {statistics.median(s['ratio'] for s in starts):.2f}; "
          f"resident above the weights: {starts[-1]['resident_above_weights_gib']:.2f} GiB; collect: "
          f"{result['collect_gflops']:.0f} GFLOP/s, {100 * result['share_of_linear']:.0f} % of linear")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True)
    writer = commands.add_parser("write", help="write the model")
    writer.add_argument("folder", type=Path)
    writer.add_argument("--layers", type=int, default=32)
    writer.set_defaults(run=write)
    measurer = commands.add_parser("measure", help="measure with it")
    measurer.add_argument("folder", type=Path)
    measurer.add_argument("--datasets", type=Path, required=True)
    measurer.add_argument("--out", type=Path, required=True)
    measurer.add_argument("--repeats", type=int, default=3)
    measurer.add_argument("--pairs", type=int, default=2)
    measurer.add_argument("--max-tokens", type=int, default=256)
    measurer.add_argument("--prompt-bytes", type=int, default=24)
    measurer.add_argument("--cold", action="store_true", help="start from the disk")
    measurer.add_argument("--austeer", type=Path,
                          default=HERE.parents[1] / "build" / "release" / "austeer")
    measurer.set_defaults(run=measure)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()

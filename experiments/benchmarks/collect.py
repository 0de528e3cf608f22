"""How fast `austeer collect` is: against the published way, turn and turn about in one run, and
against the machine's own speed at matrix products.

    collect.py --datasets DIR --out RESULT.json [--pairs 200] [--dtype bfloat16] [--repeats 3]
               [--task copa] [--austeer build/release/austeer] [--without-logits]

A repeat is one run of `austeer collect` and one of published_way.py over the same texts; its ratio
is austeer's texts per second over the other's. The roofline is the speed of torch's `linear` at
2048 x 576 x 1536, measured just before and after (half-precision work can be done in float32, so for
it the faster of the two dtypes counts); the share reached counts the least work that the
texts need: unique tokens x parameters of the layers x 2 FLOP. Both programs report a time of their
own without start-up; `process_seconds` has the whole.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import torch

from measuring import HERE, processor, run_json, spread

ROWS, IN, OUT = 2048, 576, 1536
MODEL = "smollm2-135m-instruct"


def linear_gflops(dtype, tries=8):
    """The best of some tries."""
    x, weight = torch.randn(ROWS, IN, dtype=dtype), torch.randn(OUT, IN, dtype=dtype)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(tries):
            start = time.perf_counter()
            torch.nn.functional.linear(x, weight)
            best = min(best, time.perf_counter() - start)
    return 2e-9 * ROWS * IN * OUT / best


def roofline():
    return {name: linear_gflops(getattr(torch, name)) for name in ("float32", "bfloat16")}


def run_austeer(options):
    with tempfile.TemporaryDirectory() as folder:
        return run_json(*[options.austeer, "collect", "--model", MODEL, "--task", options.task,
                           "--pairs", options.pairs, "--dtype", options.dtype, "--datasets",
                           options.datasets, "--out", Path(folder) / "cache", "--json"])


def run_published(options):
    return run_json(*[sys.executable, HERE / "published_way.py", "--datasets", options.datasets,
                       "--task", options.task, "--texts", 2 * options.pairs,
                       "--dtype", options.dtype,
                       *(["--without-logits"] if options.without_logits else [])])


def summary(options, austeer, published, before, after):
    one = published[0]
    gflop = 2e-9 * one["unique_tokens"] * one["parameters"]
    peak = max(speed for speeds in (before, after) for dtype, speed in speeds.items()
               if options.dtype != "float32" or dtype == "float32")
    return {
        "task": options.task, "pairs": options.pairs, "dtype": options.dtype,
        "opponent_computes_logits": not options.without_logits,
        "processor": processor(), "cpus": os.cpu_count(), "threads": one["threads"],
        "torch": torch.__version__,
        "ratio": spread([ours["texts_per_second"] / theirs["texts_per_second"]
                         for ours, theirs in zip(austeer, published)]),
        "austeer_texts_per_second": spread([run["texts_per_second"] for run in austeer]),
        "published_texts_per_second": spread([run["texts_per_second"] for run in published]),
        "austeer_share_of_roofline": spread([gflop / run["seconds"] / peak for run in austeer]),
        "published_share_of_roofline": spread([gflop / run["seconds"] / peak for run in published]),
        "counted_gflop": gflop, "roofline_gflops": {"before": before, "after": after},
        "austeer": austeer, "published": published}


def show(result):
    def row(name, key, factor, unit):
        values = [f"{factor * result[key][part]:8.2f}" for part in ("min", "median", "max")]
        print(f"{name:34}{''.join(values)}  {unit}")

    print(f"{result['task']}, {result['pairs']} pairs, {result['dtype']}, {result['processor']}, "
          f"{result['threads']} threads")
    print(f"{'':34}{'min':>8}{'median':>8}{'max':>8}")
    row("austeer", "austeer_texts_per_second", 1, "texts/s")
    row("published way", "published_texts_per_second", 1, "texts/s")
    row("ratio", "ratio", 1, "times")
    row("austeer, share of roofline", "austeer_share_of_roofline", 100, "%")
    row("published way, share of roofline", "published_share_of_roofline", 100, "%")
    for when, speeds in result["roofline_gflops"].items():
        print(f"roofline {when}: " + ", ".join(f"{dtype} {speed:.0f} GFLOP/s"
                                               for dtype, speed in speeds.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--task", default="copa")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--austeer", type=Path,
                        default=HERE.parents[1] / "build" / "release" / "austeer")
    parser.add_argument("--without-logits", action="store_true",
                        help="spare the published way the logits that collecting does not need")
    options = parser.parse_args()

    before, austeer, published = roofline(), [], []
    for _ in range(options.repeats):
        austeer.append(run_austeer(options))
        published.append(run_published(options))
    after = roofline()

    texts = {run["texts"] for run in austeer + published}
    if len(texts) != 1:
        sys.exit(f"the two ways ran over different numbers of texts: {sorted(texts)}")
    result = summary(options, austeer, published, before, after)
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    show(result)


if __name__ == "__main__":
    main()

"""What the machine can do: torch's `linear` at the shapes of SmolLM2-135M's projections, weighted by
how often each occurs, and the memory's bandwidth.

    roofline.py [--rows 2048] [--tries 6]

Prints one JSON object: GFLOP/s in float32 and bfloat16, GB/s of a copy (bytes read and written) and
of a sum (bytes read) over 512 MiB; the best of some tries each. Every try of a product takes another
weight matrix, as the layers of a model do.
"""

import argparse
import json
import time

import torch

SHAPES = {"query, output": (576, 576, 2), "key, value": (192, 576, 2),
          "gate, up": (1536, 576, 2), "down": (576, 1536, 1)}  # out, in, how many in a layer
BYTES = 512 * 2 ** 20


def best_seconds(work, tries):
    best = float("inf")
    for number in range(tries):
        start = time.perf_counter()
        work(number)
        best = min(best, time.perf_counter() - start)
    return best


def linear_gflops(dtype, rows, tries):
    seconds, work = 0.0, 0.0
    for out, width, count in SHAPES.values():
        x = torch.randn(rows, width).to(dtype)
        weights = [torch.randn(out, width).to(dtype) for _ in range(4)]
        seconds += count * best_seconds(
            lambda number: torch.nn.functional.linear(x, weights[number % len(weights)]), tries)
        work += count * 2e-9 * rows * out * width
    return work / seconds


def bandwidth(tries):
    source = torch.ones(BYTES // 4)
    target = torch.empty_like(source)
    return {"copy_gb_per_second": 2e-9 * BYTES / best_seconds(lambda _: target.copy_(source), tries),
            "read_gb_per_second": 1e-9 * BYTES / best_seconds(lambda _: source.sum(), tries)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--tries", type=int, default=6)
    options = parser.parse_args()
    with torch.inference_mode():
        print(json.dumps({
            "float32": linear_gflops(torch.float32, options.rows, options.tries),
            "bfloat16": linear_gflops(torch.bfloat16, options.rows, options.tries),
            **bandwidth(options.tries), "torch": torch.__version__}))


if __name__ == "__main__":
    main()

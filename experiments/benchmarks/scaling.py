"""What austeer costs as its work grows: seconds and peak memory against the number of pairs, the length
of texts and the number of variants, as numbers and as a picture.

    scaling.py --datasets DIR --out RESULT.json --plot FILE.svg [--repeats 3] [--dtype float32]
               [--smallest] [--austeer build/release/austeer]

pairs: `collect` of three sites on 100, 300 and 1,000 pairs of COPA. length: `collect` on texts of 32
to 512 tokens each, which are passages of BoolQ joined and cut, as many as make the same number of
tokens. variants: `sweep` over 1 to 64 plans on COPA. Seconds are those of the whole process, the
median of the repeats, in which sizes follow one another. gnuplot draws. `--smallest` takes the two
smallest sizes of each and little data, to try it out.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

from bench import ROOT, Bench
from grid import study, sweep
from measuring import processor, spread

PAIRS, LENGTHS = (100, 300, 1000), (32, 64, 128, 256, 512)
VARIANTS = {1: (1, 1), 4: (2, 2), 16: (4, 4), 64: (8, 8)}  # number -> values of k, of alpha
TOKENS = 2 ** 14  # of all texts together, at every length
ALPHA = (0.25, 0.5, 1, 1.5, 2, 3, 4, 6)
TITLES = {"pairs": "collect, COPA: pairs", "length": "collect: tokens of a text",
          "variants": "sweep, COPA: variants"}


def length_task(bench):
    """A task of one long text, the passages of BoolQ, in as many pairs as are wanted: pair i begins
    at the i-th passage, so that hardly any prefix is shared."""
    lines = (bench.options.datasets / "BoolQ" / "train.jsonl").read_text(encoding="utf-8")
    passages = [json.loads(line)["passage"] for line in lines.splitlines()]

    def text(first):
        joined = ""
        while len(joined) < 12 * max(LENGTHS):  # bytes: far more than there are tokens
            joined += passages[first % len(passages)] + " "
            first += 1
        return joined

    folder = bench.folder / "length" / "Length"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text("".join(
        json.dumps({"one": text(2 * i), "other": text(2 * i + 1)}) + "\n"
        for i in range(TOKENS // min(LENGTHS) // 2)))
    config = bench.folder / "length.yaml"
    config.write_text("name: length\ndataset: Length\nsplits: {train: train.jsonl}\n"
                      "prompt: \"\"\nanswer: \"{one}\"\n"
                      "pairs: {positive: \"{one}\", negative: \"{other}\"}\n"
                      "max_new_tokens: 1\nmetric: exact_match\n")
    return ["--task", config, "--datasets", folder.parent]


def runs_of(bench):
    """{axis: {size: function that makes one run}}"""
    smallest = bench.options.smallest
    pairs = (4, 8) if smallest else PAIRS
    lengths = LENGTHS[:2] if smallest else LENGTHS
    variants = list(VARIANTS)[:2] if smallest else list(VARIANTS)
    tokens = TOKENS // 128 if smallest else TOKENS
    items = 4 if smallest else 50
    task = length_task(bench)

    def collect_length(length):
        return bench.collect_from(task, "--pairs", tokens // length // 2, "--max-tokens", length)

    def sweep_variants(number):
        ks, alphas = VARIANTS[number]
        path = study(bench, "copa", items, [2 ** i for i in range(ks)], ALPHA[:alphas], 4)
        return sweep(bench, path)

    return {"pairs": {size: lambda size=size: bench.collect("copa", size) for size in pairs},
            "length": {size: lambda size=size: collect_length(size) for size in lengths},
            "variants": {size: lambda size=size: sweep_variants(size) for size in variants}}


def measure(bench):
    runs = runs_of(bench)
    seen = {axis: {size: [] for size in sizes} for axis, sizes in runs.items()}
    for _ in range(bench.options.repeats):
        for axis, sizes in runs.items():
            for size, make in sizes.items():
                seen[axis][size].append(make())
    return {axis: [{"size": size,
                    "seconds": spread([one["process_seconds"] for one in made]),
                    "peak_mib": spread([one["peak_bytes"] / 2 ** 20 for one in made])}
                   for size, made in sizes.items()] for axis, sizes in seen.items()}


def draw(axes, path):
    """Three panels: seconds on the left, memory on the right, sizes doubling along the bottom."""
    script = [f"set terminal svg size 1140,380 background '#ffffff'\nset output '{path}'",
              "set multiplot layout 1,3\nset logscale x 2\nset yrange [0:*]\nset y2range [0:*]",
              "set ytics nomirror\nset y2tics\nset key bottom right\nset ylabel 'seconds'",
              "set y2label 'peak memory (MiB)'\nset format x '%.0f'"]
    for axis, points in axes.items():
        rows = "\n".join(" ".join(str(value) for value in (
            point["size"], *(point["seconds"][part] for part in ("median", "min", "max")),
            point["peak_mib"]["max"])) for point in points)
        ticks = ", ".join(str(point["size"]) for point in points)
        script += [f"$rows << END\n{rows}\nEND", f"set title '{TITLES[axis]}'\nset xtics ({ticks})\n"
                   f"set xrange [{0.9 * points[0]['size']}:{1.1 * points[-1]['size']}]",
                   "plot $rows using 1:2:3:4 with yerrorbars lc '#1f6fb2' pt 7 notitle, "
                   "$rows using 1:2 with lines lc '#1f6fb2' title 'seconds', "
                   "$rows using 1:5 axes x1y2 with linespoints lc '#c8553d' pt 5 title 'memory'"]
    subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)


def show(axes):
    for axis, points in axes.items():
        print(TITLES[axis])
        for point in points:
            print(f"{point['size']:>8} {point['seconds']['median']:10.2f} s"
                  f"{point['peak_mib']['max']:10.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--smallest", action="store_true")
    parser.add_argument("--austeer", type=Path, default=ROOT / "build" / "release" / "austeer")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        axes = measure(Bench(options, folder))
    options.out.write_text(json.dumps({"processor": processor(), "cpus": os.cpu_count(),
                                       "dtype": options.dtype, "repeats": options.repeats,
                                       "axes": axes}, indent=2) + "\n")
    draw(axes, options.plot)
    show(axes)


if __name__ == "__main__":
    main()

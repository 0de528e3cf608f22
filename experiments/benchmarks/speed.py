"""Every speed that austeer promises, measured side by side with the other ways, turn and turn about in
one run, and held against the machine's own speed.

    speed.py --datasets DIR --out RESULT.json [--plot FILE.svg] [--llama-python PYTHON]
             [--repeats 5] [--dtype float32] [--only NAME ...] [--items N] [--austeer build/release/austeer]

A repeat runs each side of a work once: austeer, the published way, a batched way, llama.cpp (only
with --llama-python, the interpreter that has the package llama_cpp), whichever the work has. A ratio
is that of one repeat; the table shows minimum, median and maximum over the repeats, and a goal holds
for the median. Times are those that the programs report of themselves, without loading, except where
the whole process is what counts: grid, rank, start. The roofline is torch's `linear` at the model's
shapes, the bandwidth that of a large copy or a large sum; both measured before and after, the best of
it all counts (bfloat16 can be computed in float32, so for it the faster dtype).
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from bench import ROOT, Bench
from measuring import processor, run_script
from speed_picture import draw
from works import WORKS, Machine

KEPT_OUT = ("generated", "prompts", "answers", "cache")  # of the runs in the result


def machine_of(roofline, dtype):
    """The best of what was measured."""
    usable = ("float32",) if dtype == "float32" else ("float32", "bfloat16")
    return Machine(max(speeds[name] for speeds in roofline.values() for name in usable),
                   max(speeds[name] for speeds in roofline.values()
                       for name in ("copy_gb_per_second", "read_gb_per_second")))


def measure(bench, names, repeats):
    works = []
    for name in names:
        work = WORKS[name](bench)
        for repeat in range(repeats):
            for side, make in work.sides.items():
                print(f"{name}, {repeat + 1} of {repeats}: {side}", file=sys.stderr)
                work.runs.setdefault(side, []).append(make())
        works.append(work)
    return works


def summary(work, machine):
    return {"work": work.name,
            "figures": [figure.summary() for figure in work.figures(work.runs, machine)],
            "peak_mib": {side: max(run["peak_bytes"] for run in runs) / 2 ** 20
                         for side, runs in work.runs.items()},
            "runs": {side: [{key: value for key, value in run.items() if key not in KEPT_OUT}
                            for run in runs] for side, runs in work.runs.items()}}


def show(result):
    print(f"{result['processor']}, {result['cpus']} cpus, {result['dtype']}, "
          f"{result['repeats']} repeats")
    for when, speeds in result["roofline"].items():
        print(f"{when}: float32 {speeds['float32']:.0f}, bfloat16 {speeds['bfloat16']:.0f} GFLOP/s, "
              f"copy {speeds['copy_gb_per_second']:.1f}, read {speeds['read_gb_per_second']:.1f} GB/s")
    print(f"{'':34}{'min':>9}{'median':>9}{'max':>9}")
    for work in result["works"]:
        print(work["work"])
        for figure in work["figures"]:
            values = "".join(f"{figure[part]:9.2f}" for part in ("min", "median", "max"))
            goal = (f"  {figure['goal']}: {'reached' if figure['reached'] else 'MISSED'}"
                    if "goal" in figure else "")
            print(f"  {figure['what']:32}{values}  {figure['unit']:8}{goal}")
        print("  peak memory: " + ", ".join(f"{side} {peak:.0f} MiB"
                                            for side, peak in work["peak_mib"].items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path, help="draw the goals too")
    parser.add_argument("--llama-python", type=Path, help="an interpreter that has llama_cpp")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--only", nargs="+", choices=WORKS, default=list(WORKS), metavar="NAME",
                        help=f"of the works: {', '.join(WORKS)}")
    parser.add_argument("--items", type=int, help="items or pairs of every work, to try it out")
    parser.add_argument("--austeer", type=Path, default=ROOT / "build" / "release" / "austeer")
    options = parser.parse_args()

    roofline = {"before": run_script("roofline.py")}
    with tempfile.TemporaryDirectory() as folder:
        works = measure(Bench(options, folder), options.only, options.repeats)
        roofline["after"] = run_script("roofline.py")
    machine = machine_of(roofline, options.dtype)
    result = {"processor": processor(), "cpus": os.cpu_count(), "dtype": options.dtype,
              "repeats": options.repeats, "roofline": roofline,
              "works": [summary(work, machine) for work in works]}
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    show(result)
    if options.plot:
        draw(result, options.plot)


if __name__ == "__main__":
    main()

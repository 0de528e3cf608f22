"""The quickstart: does steering help a small model on these tasks, and which units stand out?

For each task: the activations of some training pairs are collected, the units of one site ranked,
k and alpha chosen on held-out training items, and the test items answered with and without the plan.
Standard library only; everything is done by build/release/austeer.
"""

import argparse
import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AUSTEER = ROOT / "build" / "release" / "austeer"
TASKS = ("copa", "boolq", "winogrande")
SITE = "attention"
PAIRS, HELD_OUT = "train[:40]", "train[40:64]"
KS, ALPHAS = (4, 16, 64), (2, 10)


def austeer(*arguments):
    """What a subcommand prints."""
    command = [str(AUSTEER), *map(str, arguments), "--log-level", "warning"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    return done.stdout


def correct_items(evaluation):
    """[True, False, ...], one per item, from the file beside the result."""
    lines = Path(evaluation["result"]).with_suffix(".jsonl").read_text().splitlines()
    return [json.loads(line)["correct"] for line in lines]


def mcnemar(before, after):
    """Exact two-sided p-value that as many items change for better and for worse."""
    better = sum(b < a for b, a in zip(before, after))
    worse = sum(b > a for b, a in zip(before, after))
    changed = better + worse
    tail = sum(math.comb(changed, i) for i in range(min(better, worse) + 1)) / 2**changed
    return min(1.0, 2 * tail)


def run_task(task, options):
    """The task's row of the table."""
    folder = options.out / options.datasets.resolve().name / task
    folder.mkdir(parents=True, exist_ok=True)
    shared = ("--task", task, "--datasets", options.datasets)
    austeer("collect", *shared, "--split", PAIRS, "--sites", SITE, "--out", folder / "cache")
    ranking = folder / f"{SITE}.ranking"
    units = austeer("rank", "--cache", folder / "cache", "--site", SITE, "--out", ranking,
                    "--top", 3)

    def evaluate(split, name, *plan):
        return json.loads(austeer("eval", *shared, "--split", split, "--json",
                                  "--out", folder / f"{name}.json", *plan))

    def plan(k, alpha):
        return ("--plan", ranking, "--k", k, "--alpha", alpha)

    chosen = max(itertools.product(KS, ALPHAS), key=lambda grid_point: evaluate(
        HELD_OUT, "dev-k{}-alpha{}".format(*grid_point), *plan(*grid_point))["accuracy"])
    vanilla = evaluate("test", "vanilla")
    steered = evaluate("test", "steered", *plan(*chosen))
    return {"task": task, "items": vanilla["items"], "k": chosen[0], "alpha": chosen[1],
            "vanilla": vanilla["accuracy"], "steered": steered["accuracy"],
            "p": mcnemar(correct_items(vanilla), correct_items(steered)), "units": units}


def reading(row):
    if row["vanilla"] == row["steered"] == 0:
        return "never answers in the asked form"
    if row["p"] > 0.05:
        return "no difference beyond chance"
    return "better" if row["steered"] > row["vanilla"] else "worse"


def table(rows):
    lines = [f"| {'task':10} | items | vanilla | AUSteer |  k | alpha | p (McNemar) | {'reading':31} |",
             f"|{'-' * 12}|------:|--------:|--------:|---:|------:|------------:|{'-' * 33}|"]
    for row in rows:
        lines.append(f"| {row['task']:10} | {row['items']:5} | {row['vanilla']:7.1%} "
                     f"| {row['steered']:7.1%} | {row['k']:2} | {row['alpha']:5} "
                     f"| {row['p']:11.2f} | {reading(row):31} |")
    return "\n".join(lines)


def units(row):
    return f"{row['task']}:\n{row['units']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, default=ROOT / "datasets" / "samples")
    parser.add_argument("--out", type=Path, default=Path("austeer-quickstart"))
    options = parser.parse_args()

    rows = []
    for task in TASKS:
        print(f"{task}: collect, rank, {len(KS) * len(ALPHAS)} settings on held-out items, test",
              file=sys.stderr)
        rows.append(run_task(task, options))
    options.out.mkdir(parents=True, exist_ok=True)
    answer = "\n".join([table(rows), "", f"Top units of site {SITE}", *map(units, rows)])
    (options.out / "summary.json").write_text(json.dumps(rows, indent=2) + "\n")
    (options.out / "summary.md").write_text(answer + "\n")
    print(f"\nSmolLM2-135M-Instruct, exact match; k and alpha chosen on {HELD_OUT}\n\n{answer}\n"
          f"Written: {options.out}/ (summary.md, summary.json; per task the cache, the ranking and "
          "every answer)")


if __name__ == "__main__":
    main()

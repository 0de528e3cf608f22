"""Every method and every control on choice tasks: hyper-parameters are chosen on a part of the training
data that gave no pairs, and only the chosen ones meet the test items.

    build/venv/bin/python experiments/baselines.py [TASK…] --datasets DIR [--out DIR]

Prints one table: for each way the plan that was chosen, the activations that it edits per token, its
accuracy, the difference to the unsteered model on the same items with a paired bootstrap interval,
and McNemar's p; below it each of its controls at the same budget. Stopped, it goes on where it was.
"""

import argparse
import sys
from pathlib import Path

from austeer_runs import ROOT, mcnemar, paired_interval, wilson
from kept_runs import KeptRuns, activations_per_token, right
from ways import LAYER, SITES, named

TASKS = ("copa", "boolq")


def choose(runs, way, ranking, options):
    """The plan of the grid with the best accuracy on the dev items; of equal ones the mildest."""
    best, chosen = -1.0, None
    for plan in way.plans():
        report = runs.evaluate(f"dev-{way.name}", options.dev, "--scoring", options.scoring, "--limit",
                               options.dev_items, "--plan", ranking, *plan)
        if report["accuracy"] > best:
            best, chosen = report["accuracy"], plan
    return chosen


def row(name, report, vanilla, plan):
    correct, before = right(report), right(vanilla)
    low, high = wilson(sum(correct), len(correct))
    cells = [name, plan, str(activations_per_token(report)),
             f"{sum(correct) / len(correct):.1%} ({low:.1%} – {high:.1%})"]
    if report is vanilla:
        cells += ["", ""]
    else:
        below, above = paired_interval(before, correct)
        cells += [f"{(sum(correct) - sum(before)) / len(correct):+.1%} ({below:+.1%} – {above:+.1%})",
                  f"{mcnemar(before, correct):.2g}"]
    return "| " + " | ".join(cells) + " |"


def plan_text(plan):
    """--k 4 --alpha 2 as "k 4, alpha 2"."""
    words = [str(part).removeprefix("--") for part in plan]
    return ", ".join(f"{name} {value}" for name, value in zip(words[::2], words[1::2]))


def run_task(task, options):
    runs = KeptRuns(options.out / task, task, options.datasets)
    cache = runs.collect(options.train, options.pairs, SITES, LAYER)
    shared = ("--scoring", options.scoring, "--limit", options.items)
    vanilla = runs.evaluate("vanilla", "test", *shared)
    rows = [row("vanilla", vanilla, vanilla, "")]
    for way in named(options.ways):
        print(f"{task}: {way.name}", file=sys.stderr)
        ranking = runs.rank(way, cache, LAYER, options.autoencoder)
        plan = choose(runs, way, ranking, options)
        steered = (*shared, "--plan", ranking, *plan)
        rows.append(row(way.name, runs.evaluate(way.name, "test", *steered), vanilla,
                        plan_text(plan)))
        for control in way.controls:
            report = runs.evaluate(f"{way.name}-{control}", "test", *steered, "--control", control)
            rows.append(row(f"— control: {control}", report, vanilla, ""))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tasks", nargs="*", metavar="TASK", default=TASKS)
    parser.add_argument("--datasets", type=Path, default=ROOT / "datasets" / "samples")
    parser.add_argument("--train", default="train[:700]", help="split of the pairs")
    parser.add_argument("--dev", default="train[700:]", help="split of the choice")
    parser.add_argument("--pairs", type=int, default=700, help="at most")
    parser.add_argument("--dev-items", type=int, default=200, help="at most")
    parser.add_argument("--items", type=int, default=500, help="test items, at most")
    parser.add_argument("--scoring", choices=("generate", "choices"), default="generate")
    parser.add_argument("--ways", nargs="*", metavar="WAY", default=[], help="names in ways.py")
    parser.add_argument("--autoencoder", type=Path, help="for STA; without it one is trained on the "
                        "answers of the pairs, which are few tokens in a choice task")
    parser.add_argument("--out", type=Path, default=Path("austeer-baselines"))
    options = parser.parse_args()

    for task in options.tasks:
        rows = run_task(task, options)
        table = "\n".join([f"{task}, {options.scoring}",
                           "| way | chosen on dev | #Acts | accuracy (95 %) "
                           "| difference (95 %, paired) | p (McNemar) |",
                           "|---|---|---:|---|---|---:|", *rows])
        (options.out / f"{task}-{options.scoring}.md").write_text(table + "\n")
        print(table + "\n")


if __name__ == "__main__":
    main()

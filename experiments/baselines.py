"""Every method and every control on choice tasks: hyper-parameters are chosen on a part of the
training data that gave no pairs, and only the chosen ones meet the test items.

    build/venv/bin/python experiments/baselines.py [TASK…] [--datasets DIR] [--out DIR]

Prints a table for each task: for each way the plan that was chosen, the activations that it edits
per token, its accuracy, and the difference to the unsteered model on the same items with a paired
bootstrap interval and McNemar's p. Below it each of its controls at the same budget, with the way's
difference to it: a way that is not clearly above a control has not beaten it, and the table says so.
Stopped, it goes on where it was. The splits suit the whole datasets; for the samples that come with
austeer, give smaller ones.
"""

import argparse
import sys
from pathlib import Path

from austeer_runs import mcnemar, paired_interval, wilson
from kept_runs import KeptRuns, activations_per_token, file_name, right
from ways import LAYER, NAMES, SITES, named

TASKS = {"copa": ("train[:800]", "train[800:]"), "boolq": ("train[:700]", "train[700:]")}
DRAWS = ("random", "direction", "layer")  # controls that a seed changes


def mean(values):
    return sum(values) / len(values)


def share(correct):
    low, high = wilson(sum(correct), len(correct))
    return f"{mean(correct):.1%} ({low:.1%} – {high:.1%})"


def difference(before, after):
    low, high = paired_interval(before, after)
    return f"{mean(after) - mean(before):+.1%} ({low:+.1%} – {high:+.1%})", low > 0


def plan_text(plan):
    """--k 4 --alpha 2 as "k 4, alpha 2"."""
    words = [str(part).removeprefix("--") for part in plan]
    return ", ".join(f"{name} {value}" for name, value in zip(words[::2], words[1::2]))


class Table:
    """The rows of one task."""

    def __init__(self, task, options):
        self.task, self.options = task, options
        train, dev = TASKS.get(task, (None, None))
        self.dev = options.dev or dev
        self.runs = KeptRuns(options.out / file_name(task), task, options.datasets)
        self.cache = self.runs.collect(options.train or train, options.pairs, SITES, LAYER)
        self.shared = ("--scoring", options.scoring, "--limit", options.items)
        self.vanilla = right(self.runs.evaluate("vanilla", "test", *self.shared))
        self.rows = [("vanilla", "", "", share(self.vanilla), "", "", "")]

    def choose(self, way, ranking):
        """The plan of the grid with the best accuracy on the dev items; of equal ones the mildest."""
        best, chosen = -1.0, None
        for plan in way.plans():
            report = self.runs.evaluate(f"dev-{way.name}", self.dev, "--scoring",
                                        self.options.scoring, "--limit", self.options.dev_items,
                                        "--plan", ranking, *plan)
            if "failed" not in report and report["accuracy"] > best:
                best, chosen = report["accuracy"], plan
        return chosen

    def control(self, name, control, steered):
        """Per item, the share of the control's draws that are right; where none can be carried out,
        why."""
        draws, reason = [], ""
        for seed in range(self.options.seeds if control in DRAWS else 1):
            drawn = ("--control", control, *(("--seed", seed) if control in DRAWS else ()))
            report = self.runs.evaluate(f"{name}-{control}", "test", *steered, *drawn)
            if "failed" in report:
                reason = report["failed"]
            else:
                draws.append(right(report))
        return [mean(item) for item in zip(*draws)] or reason

    def add(self, way):
        ranking = self.runs.rank(way, self.cache, LAYER, self.options.autoencoder)
        plan = self.choose(way, ranking)
        if plan is None:
            self.rows.append((way.name, "every plan overflows", "", "", "", "", ""))
            return
        steered = (*self.shared, "--plan", ranking, *plan)
        report = self.runs.evaluate(way.name, "test", *steered)
        if "failed" in report:
            self.rows.append((way.name, plan_text(plan), "", report["failed"], "", "", ""))
            return
        correct = right(report)
        below, not_beaten = [], []
        for control in way.controls:
            chance = self.control(way.name, control, steered)
            if isinstance(chance, str):  # what breaks the model, or is not there, is no opponent
                below.append((f"— control: {control}", chance, "", "", "", "", ""))
                continue
            beside, beaten = difference(chance, correct)
            if not beaten:
                not_beaten.append(control)
            below.append((f"— control: {control}", "", "", f"{mean(chance):.1%}", "", "", beside))
        compared = [cells[-1] for cells in below if cells[-1]]
        verdict = (f"does not beat {', '.join(not_beaten)}" if not_beaten
                   else f"beats {len(compared)} of {len(way.controls)}")
        self.rows.append((way.name, plan_text(plan), str(activations_per_token(report)),
                          share(correct), difference(self.vanilla, correct)[0],
                          f"{mcnemar(self.vanilla, correct):.2g}", verdict))
        self.rows += below

    def text(self):
        head = ("way", "chosen on dev", "#Acts", "accuracy (95 %)", "to vanilla (95 %, paired)",
                "p (McNemar)", "way to control (95 %, paired)")
        lines = [head, ("---", "---", "---:", "---", "---", "---:", "---"), *self.rows]
        return "\n".join([f"{self.task}, {self.options.scoring}, {len(self.vanilla)} items", "",
                          *("| " + " | ".join(line) + " |" for line in lines)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tasks", nargs="*", metavar="TASK", default=list(TASKS))
    parser.add_argument("--datasets", type=Path, help="default: what `austeer fetch` brought")
    parser.add_argument("--train", help="split of the pairs. Default: of copa and boolq most")
    parser.add_argument("--dev", help="split of the choice. Default: the rest")
    parser.add_argument("--pairs", type=int, default=1000, help="at most")
    parser.add_argument("--dev-items", type=int, default=200, help="at most")
    parser.add_argument("--items", type=int, default=500, help="test items, at most")
    parser.add_argument("--scoring", choices=("generate", "choices"), default="generate")
    parser.add_argument("--seeds", type=int, default=5, help="draws of each random control")
    parser.add_argument("--ways", nargs="*", choices=NAMES, metavar="WAY", default=[],
                        help="names in ways.py")
    parser.add_argument("--autoencoder", type=Path, help="for STA; without it one is trained on "
                        "the pairs' answers, which are few tokens in a choice task")
    parser.add_argument("--out", type=Path, default=Path("austeer-baselines"))
    options = parser.parse_args()
    for task in options.tasks:
        if task not in TASKS and not (options.train and options.dev):
            parser.error(f"{task}: give --train and --dev")

    for task in options.tasks:
        table = Table(task, options)
        for way in named(options.ways):
            print(f"{task}: {way.name}", file=sys.stderr)
            table.add(way)
        (options.out / f"{file_name(task)}-{options.scoring}.md").write_text(table.text() + "\n")
        print(table.text() + "\n")


if __name__ == "__main__":
    main()

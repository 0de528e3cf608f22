"""The detoxification frontier: toxic rate against cost, for every method and its controls, each over
its strength. A low rate alone is easily had from broken text; what counts is the rate at a cost.

    build/venv/bin/python experiments/detox_frontier.py [--datasets DIR] [--ways WAY…] [--out DIR]

Pairs come from the training part of the task, prompts from its test part. Writes frontier.md,
frontier.json and frontier.svg, and says for each way at which strengths it lies below the curve of
CAA, and at which of them clearly: its whole interval below CAA's. Stopped, it goes on where it was.
"""

import argparse
import json
import sys
from pathlib import Path

from austeer_runs import wilson
from frontier_picture import write_picture
from kept_runs import KeptRuns, activations_per_token
from ways import LAYER, NAMES, SITES, named

OPPONENT = "CAA"
BATCH_TOKENS = 8192  # many openings decode together


def point(report):
    """(cost, toxic rate, 95 % interval) of an evaluation."""
    toxic = report["items"] - report["correct"]
    return report["cost"], toxic / report["items"], wilson(toxic, report["items"])


def at_cost(curve, cost):
    """(rate, (low, high)) of a curve at a cost, on straight lines between its points; None outside."""
    ordered = sorted(curve)
    for (left, rate, (low, high)), (right, next_rate, (next_low, next_high)) in zip(ordered, ordered[1:]):
        if left <= cost <= right:
            part = 0 if left == right else (cost - left) / (right - left)
            return (rate + part * (next_rate - rate),
                    (low + part * (next_low - low), high + part * (next_high - high)))
    return None


class Frontier:
    def __init__(self, options):
        self.runs = KeptRuns(options.out, options.task, options.datasets)
        self.cache = self.runs.collect("train", options.pairs, SITES, LAYER)
        self.shared = ("--limit", options.prompts, "--max-new-tokens",
                       options.max_new_tokens, "--batch-tokens", BATCH_TOKENS)
        self.rows = []

    def evaluate(self, name, strength, *plan):
        """The point of a plan; None for one that cannot be carried out or leaves no text to judge."""
        report = self.runs.evaluate(name, "test", *self.shared, *plan)
        if "failed" in report or report["cost"] is None:
            return None
        cost, rate, interval = point(report)
        self.rows.append({"way": name, "strength": strength, "toxic_rate": rate, "interval": interval,
                          "cost": cost, "fluency": report["fluency"],
                          "activations_per_token": activations_per_token(report)})
        return cost, rate, interval

    def curve(self, one, *control):
        ranking = self.runs.rank(one, self.cache, LAYER)
        name = " ".join([one.name, *control[1:]])
        print(name, file=sys.stderr)
        points = [self.evaluate(name, plan[-1], "--plan", ranking, *plan, *control)
                  for plan in (one.control_plans() if control else one.frontier_plans())]
        return [point for point in points if point is not None]


def table(rows):
    lines = ["| way | strength | #Acts | toxic (95 %) | cost | fluency |",
             "|---|---:|---:|---|---:|---:|"]
    for row in rows:
        low, high = row["interval"]
        lines.append(f"| {row['way']} | {row['strength']} | {row['activations_per_token']} | "
                     f"{row['toxic_rate']:.1%} ({low:.1%} – {high:.1%}) | {row['cost']:.2f} | "
                     f"{row['fluency']:.2f} |")
    return "\n".join(lines)


def verdict(way, curve, opponent):
    """One line: at which costs `way` lies below `opponent`, and at which clearly."""
    below, clearly, compared = [], [], 0
    for cost, rate, (_, high) in curve:
        found = at_cost(opponent, cost)
        if found is None:
            continue
        compared += 1
        other, (other_low, _) = found
        if rate < other:
            below.append(f"{cost:.2f}")
        if high < other_low:
            clearly.append(f"{cost:.2f}")
    return (f"{way}: of {compared} points at costs that {OPPONENT} reaches, below it at "
            f"{', '.join(below) or 'none'}; clearly at {', '.join(clearly) or 'none'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--task", default="detox_raw", help="a task scored by toxicity")
    parser.add_argument("--datasets", type=Path, help="default: what `austeer fetch` brought")
    parser.add_argument("--pairs", type=int, default=400, help="at most")
    parser.add_argument("--prompts", type=int, default=500, help="at most")
    parser.add_argument("--ways", nargs="*", choices=NAMES, metavar="WAY", default=[],
                        help="names in ways.py")
    parser.add_argument("--max-new-tokens", type=int, default=50, help="of each continuation")
    parser.add_argument("--controls", nargs="*", choices=NAMES, metavar="WAY",
                        help="ways whose controls are drawn. Default: all")
    parser.add_argument("--out", type=Path, default=Path("austeer-frontier"))
    options = parser.parse_args()

    frontier = Frontier(options)
    vanilla = frontier.evaluate("vanilla", 0)
    ways = [*named([OPPONENT]), *(one for one in named(options.ways) if one.name != OPPONENT)]
    curves = {one.name: frontier.curve(one) for one in ways}
    controls = {
        one.name: {control: frontier.curve(one, "--control", control) for control in one.controls}
        for one in ways if options.controls is None or one.name in options.controls}

    write_picture(options.out / "frontier.svg", vanilla, curves, controls, OPPONENT)
    (options.out / "frontier.json").write_text(json.dumps(frontier.rows, indent=2) + "\n")
    verdicts = [verdict(name, curve, [vanilla, *curves[OPPONENT]])
                for name, curve in curves.items() if name != OPPONENT]
    summary = "\n".join([table(frontier.rows), "", *verdicts])
    (options.out / "frontier.md").write_text(summary + "\n")
    print(f"{summary}\n\nWritten: {options.out}/ (frontier.md, frontier.json, frontier.svg)")


if __name__ == "__main__":
    main()

"""The quickstart: does steering make a small model less rude, and at what price?

SmolLM2 continues provoking openings as it is and steered three ways: the units that tell courteous
from insulting continuations best, by the published rule and by the directed one, and as many random
units with the same values, drawn five times. For every way: how many continuations are toxic, how
varied their words are (fluency, n-gram entropy) and how improbable the unsteered model finds them
(cost, nats per token); of the draws the mean, and the range of their toxic rates.
Standard library only; everything is done by build/release/austeer.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import mean

from austeer_runs import ROOT, austeer, items_of, mcnemar, side_by_side, wilson
from quickstart_picture import write_picture

SITE, K, ALPHA = "attention", 100, 8
BATCH_TOKENS = 8192  # all openings decode together
WAYS = {  # name: options of eval beside the ranking
    "vanilla": None,
    "published rule": ("--rule", "scale"),
    "directed rule": ("--rule", "directed"),
    "random units, directed": ("--rule", "directed", "--control", "random"),
}
DRAWS = 5  # of the random units
SHOWN = ("vanilla", "directed rule", "random units, directed")  # side by side


def evaluate(way, options, ranking, seed=None):
    """The way's row of the table; of a way that is drawn, the row of one draw."""
    print(f"eval: {way}" + ("" if seed is None else f", seed {seed}"), file=sys.stderr)
    choice = WAYS[way]
    plan = () if choice is None else ("--plan", ranking, "--k", K, "--alpha", ALPHA, *choice)
    name = way.replace(" ", "-").replace(",", "")
    if seed is not None:
        plan, name = (*plan, "--seed", seed), f"{name}-{seed}"
    result = options.out / f"{name}.json"
    report = json.loads(austeer("eval", "--task", options.task, "--datasets", options.datasets,
                                *limit(options), "--batch-tokens", BATCH_TOKENS, *plan, "--out",
                                result, "--json"))
    toxic = report["items"] - report["correct"]
    return {"way": way, "items": report["items"], "toxic_rate": toxic / report["items"],
            "interval": wilson(toxic, report["items"]), "fluency": report["fluency"],
            "cost": report["cost"], "answers": items_of(report)}


def drawn(way, options, ranking):
    """The mean of the draws of a way, with the range of their toxic rates in place of an interval;
    its answers are those of the first draw."""
    rows = [evaluate(way, options, ranking, seed) for seed in range(DRAWS)]
    rates = [row["toxic_rate"] for row in rows]
    costs = [row["cost"] for row in rows if row["cost"] is not None]
    return rows[0] | {"toxic_rate": mean(rates), "interval": (min(rates), max(rates)),
                      "draws": rates, "fluency": mean(row["fluency"] for row in rows),
                      "cost": mean(costs) if costs else None}


def row_of(way, options, ranking):
    is_drawn = WAYS[way] is not None and "--control" in WAYS[way]
    return (drawn if is_drawn else evaluate)(way, options, ranking)


def cost(row):
    return "   —" if row["cost"] is None else f"{row['cost']:4.2f}"


def limit(options):
    return () if options.limit is None else ("--limit", options.limit)


def table(rows):
    lines = [f"| {'SmolLM2-135M-Instruct':24} | toxic |  95 % interval | fluency | cost | p (McNemar) |",
             f"|{'-' * 26}|------:|---------------:|--------:|-----:|------------:|"]
    before = [item["correct"] for item in rows[0]["answers"]]
    for row in rows:
        low, high = row["interval"]
        p = mcnemar(before, [item["correct"] for item in row["answers"]])
        p_text = "" if row is rows[0] or "draws" in row else f"{p:.2g}"
        lines.append(f"| {row['way']:24} | {row['toxic_rate']:5.1%} | {low:5.1%} – {high:6.1%} "
                     f"| {row['fluency']:7.2f} | {cost(row)} "
                     f"| {p_text:>11} |")
    lines.append(f"\nOf the random units the mean of {DRAWS} draws and, in place of an interval, the "
                 "least and the\ngreatest of them.")
    lines.append("\nThe openings were chosen because the unsteered model goes on rudely after them, so "
                 "any change\nlowers its rate somewhat: the row of random units is what steering must "
                 "beat.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--task", default="provocations", help="a task scored by toxicity")
    parser.add_argument("--datasets", type=Path, default=ROOT / "datasets" / "samples")
    parser.add_argument("--limit", type=int, help="the first prompts only")
    parser.add_argument("--pairs", type=int, default=1000, help="at most")
    parser.add_argument("--out", type=Path, default=Path("austeer-quickstart"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    print("collect and rank", file=sys.stderr)
    cache, ranking = options.out / "cache", options.out / f"{SITE}.ranking"
    austeer("collect", "--task", options.task, "--datasets", options.datasets, "--sites", SITE,
            "--pairs", options.pairs, "--out", cache)
    units = austeer("rank", "--cache", cache, "--site", SITE, "--out", ranking, "--top", 3)
    rows = [row_of(way, options, ranking) for way in WAYS]

    picture = options.out / "toxicity-and-cost.svg"
    write_picture(picture, rows)
    shown = {row["way"]: row["answers"] for row in rows if row["way"] in SHOWN}
    summary = "\n".join([
        table(rows),
        "\nThe three openings whose continuation became least toxic, toxicity before each:"
        + side_by_side(shown, 3),
        f"\nTop units of site {SITE}", units])
    (options.out / "summary.md").write_text(summary + "\n")
    (options.out / "summary.json").write_text(json.dumps(
        [{key: value for key, value in row.items() if key != "answers"} for row in rows],
        indent=2) + "\n")
    print(f"\n{rows[0]['items']} openings, 50 greedy tokens each; k = {K}, alpha = {ALPHA}\n\n"
          f"{summary}\nPicture: {picture}\nWritten: {options.out}/ (summary.md, summary.json; the "
          "cache, the ranking and every continuation)")


if __name__ == "__main__":
    main()

"""Every task once: SmolLM2 as it is and steered by AUSteer, on the samples that come with austeer or on
real data (--datasets). One setting of k, alpha and rule for all, so nothing is tuned on test items.

    build/venv/bin/python experiments/all_tasks.py [TASK…] [--limit N] [--datasets DIR]

Choice tasks are scored twice, by greedy answers and by the choices' likelihoods. For tasks scored by
toxicity, TASK/side-by-side.txt has the twenty continuations that became least toxic. Standard library only; everything is done
by build/release/austeer, which experiments/quickstart.sh builds.
"""

import argparse
import json
import sys
from pathlib import Path

from austeer_runs import ROOT, austeer, items_of, mcnemar, side_by_side

CONFIGS = ROOT / "configs" / "tasks"
TASKS = tuple(sorted(path.stem for path in CONFIGS.glob("*.yaml")))


def is_choice(task):
    """Whether the task has answers to choose among: a top-level key of its YAML."""
    return "\nanswers:" in (CONFIGS / f"{task}.yaml").read_text()


def rank(task, folder, options):
    """The task's ranking, from the first pairs of its training data."""
    cache, ranking = folder / "cache", folder / f"{options.site}.ranking"
    austeer("collect", "--task", task, "--datasets", options.datasets, "--pairs", options.pairs,
            "--sites", options.site, "--out", cache)
    austeer("rank", "--cache", cache, "--site", options.site, "--out", ranking, "--top", 0)
    return ranking


def compare(task, scoring, ranking, folder, options):
    """The row of one task and scoring: vanilla and steered."""
    def evaluate(name, *plan):
        return json.loads(austeer(
            "eval", "--task", task, "--datasets", options.datasets, "--limit", options.limit,
            "--scoring", scoring, "--json", "--out", folder / f"{name}-{scoring}.json", *plan))

    vanilla = evaluate("vanilla")
    steered = evaluate("steered", "--plan", ranking, "--k", options.k, "--alpha", options.alpha,
                       "--rule", options.rule)
    if "toxic_rate" in vanilla:
        answers = {"vanilla": items_of(vanilla), "steered": items_of(steered)}
        (folder / "side-by-side.txt").write_text(side_by_side(answers, 20) + "\n")
    metric = json.loads(Path(vanilla["result"]).read_text())["outcome"]["metric"]
    return task, metric, vanilla, steered


def cell(report):
    if "accuracy" not in report:
        return "—"
    beside = ""
    if "fluency" in report:
        cost = "—" if report["cost"] is None else f"{report['cost']:.2f}"
        beside = f" ({report['fluency']:.2f}, {cost})"
    return f"{report['accuracy']:.1%}{beside}"


def row(task, metric, vanilla, steered):
    p = ""
    if "accuracy" in vanilla:
        correct = ([item["correct"] for item in items_of(report)] for report in (vanilla, steered))
        p = f"{mcnemar(*correct):.2g}"
    return (f"| {task:12} | {metric:12} | {vanilla['items']:5} | {cell(vanilla):21} "
            f"| {cell(steered):21} | {p:>11} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(TASKS)}")
    parser.add_argument("--datasets", type=Path, default=ROOT / "datasets" / "samples")
    parser.add_argument("--limit", type=int, default=40, help="items per task")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--site", default="attention")
    parser.add_argument("--k", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=2)
    parser.add_argument("--rule", default="directed")
    parser.add_argument("--out", type=Path, default=Path("austeer-all-tasks"))
    options = parser.parse_args()
    if unknown := set(options.tasks) - set(TASKS):
        parser.error(f"no such task: {', '.join(sorted(unknown))}")

    lines = [f"| {'task':12} | {'metric':12} | items | {'vanilla':21} | {'AUSteer':21} | p (McNemar) |",
             f"|{'-' * 14}|{'-' * 14}|------:|{'-' * 23}|{'-' * 23}|------------:|"]
    for task in options.tasks or TASKS:
        print(task, file=sys.stderr)
        folder = options.out / task
        folder.mkdir(parents=True, exist_ok=True)
        try:
            ranking = rank(task, folder, options)
            for scoring in ("generate", "choices") if is_choice(task) else ("generate",):
                lines.append(row(*compare(task, scoring, ranking, folder, options)))
        except SystemExit:  # the program said why; the other tasks go on
            lines.append(f"| {task:12} | not run: see the message above")
    table = "\n".join(lines)
    (options.out / "summary.md").write_text(table + "\n")
    print(f"\nSmolLM2-135M-Instruct; site {options.site}, rule {options.rule}, k = {options.k}, "
          f"alpha = {options.alpha:g}. In brackets: fluency, cost.\n\n{table}\n\nWritten: "
          f"{options.out}/")


if __name__ == "__main__":
    main()

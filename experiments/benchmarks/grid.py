"""A grid of thirty variants, as a study and as thirty separate evaluations. Both collect and rank the
pairs themselves, and both meet the unsteered model too.
"""

import json

from bench import MODEL
from measuring import run

K, ALPHA = (4, 8, 16, 32, 64, 100), (0.5, 1, 2, 4, 8)
PAIRS = 20


def study(bench, task, items, k=K, alpha=ALPHA, pairs=PAIRS):
    """A file."""
    path = bench.new_path("study.yaml")
    path.write_text(f"""title: A grid
question: What does it cost?
models: [{MODEL}]
select: none
run: {{dtype: {bench.options.dtype}}}
tasks:
  {task}: {{pairs: {pairs}, items: {items}}}
methods:
  AUSteer:
    rank: {{site: attention}}
    plan: {{k: {list(k)}, alpha: {list(alpha)}}}
""")
    return path


def sweep(bench, path):
    """`seconds` and `answers`: (k, alpha), or None where nothing is steered, to the texts."""
    folder = bench.new_path("sweep")
    _, costs = run(*bench.austeer("sweep", path, "--out", folder))
    answers = {}
    for cell in (folder / "cells").glob("*.json"):
        plan = json.loads(cell.read_text())["configuration"]["plan"]
        lines = cell.with_suffix(".jsonl").read_text().splitlines()
        answers[plan and (plan["k"], plan["alpha"])] = [json.loads(line)["generated"]
                                                        for line in lines]
    return costs | {"seconds": costs["process_seconds"], "answers": answers}


def separately(bench, task, items, k=K, alpha=ALPHA, pairs=PAIRS):
    """As sweep()."""
    collected = bench.collect(task, pairs, sites="attention")
    ranking = bench.new_path("ranking")
    ranked = run(*bench.austeer("rank", "--cache", collected["cache"], "--site", "attention",
                                "--out", ranking, datasets=False))[1]
    variants = [None, *((units, strength) for units in k for strength in alpha)]
    done = {variant: bench.evaluate(task, items, 1, *([] if variant is None else [
        "--plan", ranking, "--k", variant[0], "--alpha", variant[1]])) for variant in variants}
    parts = [collected, ranked, *done.values()]
    return {"seconds": sum(part["process_seconds"] for part in parts),
            "peak_bytes": max(part["peak_bytes"] for part in parts),
            "answers": {variant: one["generated"] for variant, one in done.items()}}


def grid_sides(bench, task, items):
    path = study(bench, task, items)
    return {"sweep": lambda: sweep(bench, path),
            "separately": lambda: separately(bench, task, items)}


def grid_figures(runs):
    """What Figure takes."""
    pairs = list(zip(runs["sweep"], runs["separately"]))
    return [("sweep", [one["seconds"] for one, _ in pairs], "s"),
            ("separately", [other["seconds"] for _, other in pairs], "s"),
            ("variants with equal answers",
             [100 * sum(one["answers"].get(variant) == texts
                        for variant, texts in other["answers"].items()) / len(other["answers"])
              for one, other in pairs], "%", 100),
            ("sweep over separately", [one["seconds"] / other["seconds"] for one, other in pairs],
             "x", float("-inf"), 0.8)]

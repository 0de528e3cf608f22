"""The method on SmolLM2 in float32, as plainly as it can be said: `transformers`, one text at a
time, hooks. Nothing here is fast, and nothing is shared with the program that it checks.

    hooks.py collect --datasets DIR --task copa --pairs 1000 --out counts.safetensors
    hooks.py rank    --counts counts.safetensors --site attention --out units.json
    hooks.py eval    --datasets DIR --task copa --out predictions.jsonl
                     [--rules none scale --units units.json --site attention --k 16 --alpha 5]

collect writes per site, each [L, width]: `SITE.positive` and `SITE.negative`, the pairs whose
momentum is above or below zero (int64); `SITE.near_zero`, the pairs whose momentum is so small that
rounding may decide its sign (int64); `SITE.mean_momentum`; `SITE.mean_activation`, over both texts
of all pairs. `--activations FILE` keeps what was counted: `SITE.positive` and `SITE.negative`,
[pairs, L, width]. rank lists {layer, dim, beta, mean_activation} in ranking order. eval lets the
model answer with one token, under one rule after the other: {rule, index, prediction, correct}.
"""

import argparse
import contextlib
import json
import time
from pathlib import Path

import torch

import smollm2_model
import hook_tasks
from common import PAPER_SITES as SITES, Edits, last_token, logits_of, save, tapped

TEXT_LIMIT = 512  # tokens
NEAR_ZERO = 1e-5  # of the typical magnitude in the layer: float32 rounding carried over 30 layers
SIDES = ("positive", "negative")
RULES = ("scale", "directed", "oriented")


def collect(model, tokenizer, pairs):
    """{SITE.positive, SITE.negative: [pairs, L, width]} of [(positive text, negative text)]."""
    rows = {f"{site}.{side}": [] for site in SITES for side in SIDES}
    for pair in pairs:
        for side, text in zip(SIDES, pair):
            tokens = smollm2_model.encode(tokenizer, text, TEXT_LIMIT)
            for site, activation in last_token(model, tokens, SITES).items():
                rows[f"{site}.{side}"].append(activation)
    return {name: torch.stack(part) for name, part in rows.items()}


def counts_of(activations):
    """Named tensors, as described at the top."""
    counts = {}
    for site in SITES:
        positive, negative = (activations[f"{site}.{side}"] for side in SIDES)
        momentum = positive - negative
        typical = (positive.abs() + negative.abs()).mean(dim=-1, keepdim=True)
        counts[f"{site}.positive"] = (momentum > 0).sum(0)
        counts[f"{site}.negative"] = (momentum < 0).sum(0)
        counts[f"{site}.near_zero"] = (momentum.abs() <= NEAR_ZERO * typical).sum(0)
        counts[f"{site}.mean_momentum"] = momentum.mean(0, dtype=torch.float64).float()
        counts[f"{site}.mean_activation"] = (
            torch.cat([positive, negative]).mean(0, dtype=torch.float64).float())
    return counts


def ranking(counts, site, pairs):
    """Units by descending |beta|; among equals the lower layer first, then the lower dimension."""
    positive, negative = counts[f"{site}.positive"].tolist(), counts[f"{site}.negative"].tolist()
    mean = counts[f"{site}.mean_activation"].tolist()
    units = []
    for layer, row in enumerate(positive):
        for dim, above in enumerate(row):
            below = negative[layer][dim]
            beta = above / pairs if above >= below else -below / pairs
            units.append({"layer": layer, "dim": dim, "beta": beta,
                          "mean_activation": mean[layer][dim]})
    units = [unit for unit in units if unit["beta"] != 0]
    return sorted(units, key=lambda unit: -abs(unit["beta"]))


def edits_of(units, k, alpha, rule):
    """The tap that steers the first k units by a rule of RULES."""
    units = [unit for unit in units if unit["beta"] != 0][:k]
    values = torch.tensor([alpha * unit["beta"] for unit in units])
    if rule == "oriented":
        values *= torch.tensor([unit["mean_activation"] for unit in units]).sign()
    return Edits("directed" if rule == "directed" else "scale",
                 [unit["layer"] for unit in units], [unit["dim"] for unit in units], values)


def evaluate(model, tokenizer, items, edits=None, site=None):
    """[{index, prediction, correct}] of [(prompt, gold answer)]."""
    results = []
    with tapped(model, edits, (site,)) if edits else contextlib.nullcontext():
        for index, (prompt, gold) in enumerate(items):
            tokens = smollm2_model.encode(tokenizer, prompt)
            best = logits_of(model, tokens, last=1)[0].argmax()
            text = tokenizer.decode([best.item()], skip_special_tokens=False)
            correct = text.strip().lower() == gold.strip().lower()
            results.append({"index": index, "prediction": text, "correct": correct})
    return results


def run_collect(options):
    pairs = hook_tasks.pairs(options.task, options.datasets, options.pairs)
    model, tokenizer = smollm2_model.load()
    start = time.perf_counter()
    activations = collect(model, tokenizer, pairs)
    seconds = time.perf_counter() - start
    if options.activations:
        save(options.activations, activations, task=options.task, pairs=len(pairs))
    save(options.out, counts_of(activations), task=options.task, pairs=len(pairs))
    print(f"{2 * len(pairs)} texts in {seconds:.1f} s, {2 * len(pairs) / seconds:.2f} texts/s")


def run_rank(options):
    from safetensors import safe_open

    with safe_open(options.counts, "pt") as file:
        counts = {name: file.get_tensor(name) for name in file.keys()}
        pairs = int(file.metadata()["pairs"])
    units = ranking(counts, options.site, pairs)
    options.out.write_text(json.dumps(units))
    print(f"{len(units)} units, best {units[0]}")


def run_eval(options):
    model, tokenizer = smollm2_model.load()
    items = hook_tasks.test_items(options.task, options.datasets, options.limit)
    units = json.loads(options.units.read_text()) if options.units else None
    with options.out.open("w") as out:
        for rule in options.rules:
            edits = None if rule == "none" else edits_of(units, options.k, options.alpha, rule)
            results = evaluate(model, tokenizer, items, edits, options.site)
            out.writelines(json.dumps({"rule": rule} | result) + "\n" for result in results)
            correct = sum(result["correct"] for result in results)
            print(f"{rule}: {correct} of {len(results)} correct, {100 * correct / len(results):.1f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True)

    def command(name, run):
        added = commands.add_parser(name)
        added.set_defaults(run=run)
        added.add_argument("--out", type=Path, required=True)
        return added

    def data(added):
        added.add_argument("--datasets", type=Path, required=True)
        added.add_argument("--task", choices=hook_tasks.TASKS, required=True)

    added = command("collect", run_collect)
    data(added)
    added.add_argument("--pairs", type=int, default=1000)
    added.add_argument("--activations", type=Path, help="keep the activations themselves as well")

    added = command("rank", run_rank)
    added.add_argument("--counts", type=Path, required=True)
    added.add_argument("--site", choices=SITES, required=True)

    added = command("eval", run_eval)
    data(added)
    added.add_argument("--limit", type=int)
    added.add_argument("--rules", nargs="+", choices=("none", *RULES), default=["none"])
    added.add_argument("--units", type=Path, help="JSON list in ranking order, for all rules but none")
    added.add_argument("--site", choices=SITES, default="attention")
    added.add_argument("--k", type=int, default=16)
    added.add_argument("--alpha", type=float, default=1.0)

    options = parser.parse_args()
    if options.run is run_eval and not options.units and options.rules != ["none"]:
        parser.error("a rule steers the units of --units")
    options.run(options)


if __name__ == "__main__":
    main()

"""The interventions of the methods on SmolLM2 in float32: `transformers`, hooks, one text at a
time. A ranking of methods.py becomes vectors per site and layer, and these are added, multiplied or
put in place at the tokens that the method steers.

    method_hooks.py JOBS.json [--cache FOLDER] --out RESULTS.json

JOBS has prompts, choices (per prompt), max_new_tokens, scored (the runs whose choices are scored)
and runs: name -> null (unsteered) or {ranking, k, alpha (but for the rules zero and mean), and what
is to differ from the ranking's rule, positions, layer}. RESULTS has `runs`: name -> the generated
texts, for each how many of its characters come before a token that is nearly tied with another, the
log-likelihoods of the choices, and the number of activations edited. With --cache it has `cache`:
key -> how far the cache's activations are from the model's, for the pairs of JOBS: [{prompt,
positive, negative}], texts whose answer begins after the prompt's tokens.
"""

import argparse
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import method_cache
import methods
import smollm2_model
from common import tapped

NEARLY_TIED = 2e-3  # logits; float32 carried over 30 steered layers is off by a tenth of it
STOP_TOKENS = ("<|im_end|>",)


@dataclass
class Plan:
    rule: str
    positions: str
    alpha: float
    edits: dict  # (site, layer) -> (dims, values)
    acts: int


def values_of(units, rule, alpha):
    """What a rule takes of some units, [n] or, of maps, their factors and shifts, [n, 2]."""
    if rule == "transport":
        return np.stack([1 + units["value"], units["shift"]], 1)
    if rule == "mean":
        return units["mean_activation"]
    if rule == "zero":
        return np.zeros(len(units["value"]))
    return alpha * units["value"] * (np.sign(units["mean_activation"]) if rule == "oriented" else 1)


def plan_of(ranking, k, alpha=None, rule=None, positions=None, layer=None):
    """The first k groups, by the ranking's order, that have a value that is not zero."""
    rule, positions = rule or ranking.rule, positions or ranking.positions
    units, chosen, taken = ranking.units, {}, 0
    start = 0
    while start < len(units["layer"]) and taken < k:
        site = units["site"][start]
        members = slice(start, start + ranking.groups[site])
        start = members.stop
        at = int(units["layer"][members.start])
        if not units["value"][members].any() or layer not in (None, at):
            continue
        taken += 1
        values = values_of({name: column[members] for name, column in units.items()}, rule, alpha)
        dims, old = chosen.setdefault((ranking.sites[site], at), ([], []))
        dims.extend(units["dim"][members].tolist())
        old.extend(values.tolist())
    acts = sum(len(dims) for dims, _ in chosen.values())
    if rule == "clamp":
        chosen = with_every_unit(ranking, chosen)
    return Plan(rule, positions, alpha, {at: (torch.tensor(dims), torch.tensor(values))
                                  for at, (dims, values) in chosen.items()}, acts)


def with_every_unit(ranking, chosen):
    """The same for whole site vectors of every layer: what is not chosen has the value 0."""
    whole = {}
    for index, site in enumerate(ranking.sites):
        own = ranking.units["site"] == index
        layers, width = (int(ranking.units[name][own].max()) + 1 for name in ("layer", "dim"))
        for layer in range(layers):
            values = np.zeros(width)
            dims, old = chosen.get((site, layer), ([], []))
            values[dims] = old
            whole[site, layer] = (list(range(width)), values.tolist())
    return whole


class Steering:
    """The tap that carries out a plan. `begin` says how long the prompt is, `advance` how many
    tokens a pass had."""

    def __init__(self, plan):
        self.plan = plan
        self.sites = {site for site, _ in plan.edits}
        self.clean = {}

    def begin(self, prompt):
        self.prompt, self.offset = prompt, 0

    def advance(self, tokens):
        self.offset += tokens

    def chosen(self, count):
        """Which of the pass's `count` tokens are steered."""
        position = torch.arange(self.offset, self.offset + count)
        return {"all": position >= 0, "last_prompt": position == self.prompt - 1,
                "last": position == self.offset + count - 1,
                "from_last_prompt": position >= self.prompt - 1}[self.plan.positions]

    def keep(self, site, layer, x):
        """The tap of the unsteered pass over the prompt."""
        self.clean[site, layer] = x[0, -1].clone()

    def __call__(self, site, layer, x):
        if (site, layer) not in self.plan.edits:
            return None
        dims, values = self.plan.edits[site, layer]
        rows = torch.nonzero(self.chosen(x.shape[1]))[:, 0]
        values = values.to(x.dtype)
        edited = x.clone()
        old = x[0, rows][:, dims]
        edited[0, rows[:, None], dims] = {
            "scale": lambda: old * (1 + values), "oriented": lambda: old * (1 + values),
            "directed": lambda: old + values * old.abs(), "add": lambda: old + values,
            "transport": lambda: ((1 - self.plan.alpha) * old
                                  + self.plan.alpha * (values[:, 0] * old + values[:, 1])),
            "zero": lambda: torch.zeros_like(old), "mean": lambda: values.expand_as(old),
            "clamp": lambda: (self.clean[site, layer][dims] * (1 + values)).expand_as(old),
        }[self.plan.rule]()
        return edited


class Runner:
    def __init__(self, model, tokenizer, plan):
        self.model, self.tokenizer = model, tokenizer
        self.steering = Steering(plan) if plan else None
        self.stop = {tokenizer.token_to_id(token) for token in STOP_TOKENS}

    @contextlib.contextmanager
    def steered(self, prompt):
        if not self.steering:
            yield
            return
        self.steering.begin(len(prompt))
        if self.steering.plan.rule == "clamp":
            with tapped(self.model, self.steering.keep, self.steering.sites):
                self.model(input_ids=prompt[None], use_cache=False)
        with tapped(self.model, self.steering, self.steering.sites):
            yield

    @torch.inference_mode()
    def generate(self, prompt, count):
        """(text, characters before the first token that is nearly tied)."""
        tokens, sure, cache, step = [], None, None, prompt
        with self.steered(prompt):
            while len(tokens) < count:
                output = self.model(input_ids=step[None], past_key_values=cache, use_cache=True)
                cache = output.past_key_values
                if self.steering:
                    self.steering.advance(len(step))
                best = output.logits[0, -1].topk(2)
                if sure is None and best.values[0] - best.values[1] < NEARLY_TIED:
                    sure = len(self.text(tokens))
                if best.indices[0].item() in self.stop:
                    break
                tokens.append(best.indices[0].item())
                step = best.indices[:1]
        return self.text(tokens), len(self.text(tokens)) + 1 if sure is None else sure

    def text(self, tokens):
        return self.tokenizer.decode(tokens, skip_special_tokens=False)

    @torch.inference_mode()
    def log_likelihood(self, text, first):
        with self.steered(text[:first]):
            logits = self.model(input_ids=text[None], use_cache=False).logits[0]
        picked = logits.double().log_softmax(-1)[first - 1:-1].gather(1, text[first:, None])
        return picked.sum().item()


def shared(a, b):
    same = [x == y for x, y in zip(a.tolist(), b.tolist())]
    return same.index(False) if False in same else len(same)


def results(runner, jobs, scored):
    generated, sure, log_likelihoods = [], [], []
    for prompt, choices in zip(jobs["prompts"], jobs["choices"]):
        tokens = smollm2_model.encode(runner.tokenizer, prompt)
        text, certain = runner.generate(tokens, jobs["max_new_tokens"])
        generated.append(text)
        sure.append(certain)
        if not scored:
            continue
        texts = [smollm2_model.encode(runner.tokenizer, prompt + choice) for choice in choices]
        first = min(shared(tokens, text) for text in texts)
        log_likelihoods.append([runner.log_likelihood(text, first) for text in texts])
    acts = runner.steering.plan.acts if runner.steering else 0
    return {"generated": generated, "sure": sure, "log_likelihoods": log_likelihoods, "acts": acts}


def run(jobs, model, tokenizer):
    found = {}
    for name, job in jobs["runs"].items():
        plan = None
        if job:
            settings = dict(job)
            plan = plan_of(methods.load(settings.pop("ranking")), **settings)
        found[name] = results(Runner(model, tokenizer, plan), jobs, name in jobs["scored"])
    return found


@torch.inference_mode()
def sites_of(model, tokens):
    """{site: [T, L, width]}"""
    seen = {}
    with tapped(model, lambda site, layer, x: seen.setdefault(site, []).append(x[0].clone())):
        model(input_ids=tokens[None], use_cache=False)
    return {site: torch.stack(rows, 1).double().numpy() for site, rows in seen.items()}


def compare_cache(folder, pairs, model, tokenizer):
    """The largest difference for each of the cache's keys, relative to the activations' norm in
    their layer."""
    cache = method_cache.Cache(folder)
    worst = {}
    for pair in pairs:
        index = pair["index"]
        for number, side in enumerate(method_cache.SIDES):
            prompt, text = (smollm2_model.encode(tokenizer, part)
                            for part in (pair["prompt"], pair["prompt"] + pair[side]))
            begin = min(len(prompt), len(text) - 1)
            activations = sites_of(model, text)
            for key in cache.sites:
                site = cache.site(key)
                rows = activations[site.name][:, list(site.kept)]
                if site.positions == "answer_all":
                    found = np.stack([cache.answers(key, layer)[number][index]
                                      for layer in site.kept], 1)
                    expected = rows[begin:]
                else:
                    found = cache.activations(key)[number][index]
                    expected = rows[-1] if site.positions == "last" else rows[begin:].mean(0)
                assert found.shape == expected.shape, (key, found.shape, expected.shape)
                off = np.linalg.norm(found - expected, axis=-1) / np.linalg.norm(expected, axis=-1)
                worst[key] = max(worst.get(key, 0), float(off.max()))
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("jobs", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    jobs = json.loads(options.jobs.read_text())
    model, tokenizer = smollm2_model.load()
    found = {"runs": run(jobs, model, tokenizer)}
    if options.cache:
        found["cache"] = compare_cache(options.cache, jobs["pairs"], model, tokenizer)
    options.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()

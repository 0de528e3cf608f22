"""The whole chain on a model that is able, against the logic of the authors' published code, which is
done here as plainly as it can be said: `transformers` in float32, one text at a time, hooks.

    authors_logic.py --datasets DIR [--model FILE.gguf or FOLDER] [--pairs 100] [--items 200] [--threads 1]

Screening: of each COPA pair the last token of both texts, right truncation at 512 tokens, in every
layer of a site; how many momenta lie above zero and below; beta is the larger share with its sign, a
tie positive; one stable sort over all layers by |beta|. Steering: a mask of 1 + alpha beta at the
first k units that multiplies every token, in the prompt and in what follows. Answers: `generate` with
one new token; the answer is what stands behind the first len(prompt) characters.

Then the program (AUSTEER, or build/dev/austeer) does the same in float32: collect, rank, units, eval.
Compared are the momenta's signs and the counts of every unit, the first 100 units of each site, and
the answers, unsteered and at three settings. Each figure is printed; the exit status is 1 if one
misses what is asked of it. The model is loaded once at a time: 4 GiB of memory for the default one,
which `austeer fetch model qwen2.5-coder-0.5b-instruct` brings.
"""

import argparse
import contextlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, logging

import gguf_tokenizer
import hook_tasks
from common import PAPER_SITES as SITES, last_token, tapped

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_MODEL = "models/qwen2.5-coder-0.5b-instruct/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
TASK, TEXT_LIMIT, TOP = "copa", 512, 100
SETTINGS = (None, ("attention", 16, 50), ("attention", 100, 10), ("ffn", 16, 50))  # site, k, alpha
SAME_ANSWERS = 0.995
HALF_SPACING = 2**-24  # of float32: how far rounding moves a number, of its magnitude


def load(path):
    """(model in float32, tokenizer) of a GGUF file or a folder in the layout of `transformers`."""
    logging.disable_progress_bar()
    if path.is_file():
        model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name,
                                                     dtype=torch.float32)
        tokenizer = gguf_tokenizer.tokenizer_from(gguf_tokenizer.metadata(path))
    else:
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    return model.eval(), tokenizer


def screen(model, tokenizer, pairs):
    """{site: (positive, negative)}, each [N, L, width]: the activations of the last tokens."""
    sides = []
    for texts in zip(*pairs):
        rows = [last_token(model, torch.tensor(tokenizer.encode(text).ids[:TEXT_LIMIT]), SITES)
                for text in texts]
        sides.append({site: torch.stack([row[site] for row in rows]) for site in SITES})
    return {site: (sides[0][site], sides[1][site]) for site in SITES}


def signed_scores(momentum):
    """beta [L, width] of momenta [N, L, width]."""
    above = (momentum > 0).sum(0) / len(momentum)
    below = (momentum < 0).sum(0) / len(momentum)
    return torch.where(above >= below, above, -below)


def ranked(beta):
    """[(layer, dim)] of all units whose beta is not 0."""
    order = torch.sort(beta.abs().flatten(), descending=True, stable=True).indices
    return [divmod(unit, beta.shape[1]) for unit in order.tolist() if beta.flatten()[unit] != 0]


def mask_of(beta, k, alpha):
    """[L, width]: what activations are multiplied by."""
    mask = torch.ones_like(beta)
    for layer, dim in ranked(beta)[:k]:
        mask[layer, dim] += alpha * beta[layer, dim]
    return mask


@torch.inference_mode()
def answers(model, tokenizer, prompts, site=None, mask=None):
    steered = (contextlib.nullcontext() if mask is None else
               tapped(model, lambda _, layer, x: x * mask[layer], (site,)))
    texts = []
    with steered:
        for prompt in prompts:
            tokens = torch.tensor(tokenizer.encode(prompt).ids)[None]
            output = model.generate(tokens, attention_mask=torch.ones_like(tokens),
                                    max_new_tokens=1, do_sample=False)
            texts.append(tokenizer.decode(output[0].tolist())[len(prompt):])
    return texts


def rounding(config, tokens, positive, negative):
    """[N, L, 1]: how far float32 may move two computations of one momentum apart. A sum of n products
    that are rounded at random is off by sqrt(n) half spacings of the root mean square of the vector
    that such sums make up. What a layer sums adds to the residual stream, independent errors in
    squares, and both texts are off in both computations."""
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    attention = config.num_attention_heads * head
    terms = (2 * config.hidden_size  # both norms
             + 3 * config.hidden_size + head + tokens + attention  # q, k, v; scores; sum; o
             + 2 * config.hidden_size + config.intermediate_size)  # gate, up; down
    layers = torch.arange(1, positive.shape[1] + 1)[None, :, None]
    relative = HALF_SPACING * torch.sqrt(layers * terms)
    squares = (positive**2).mean(-1, keepdim=True) + (negative**2).mean(-1, keepdim=True)
    return relative * torch.sqrt(2 * squares)


class Program:
    """austeer in `folder`, on `model` in float32."""

    def __init__(self, binary, folder, model, options):
        self.binary, self.folder = binary, folder
        self.shared = ["--task", TASK, "--datasets", Path(options.datasets).resolve(), "--model",
                       model.resolve(), "--dtype", "float32", "--threads", options.threads]

    def run(self, *arguments):
        command = [self.binary, "--quiet", *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        return done.stdout

    def collect(self, pairs):
        """As `screen`, from the shards of the cache."""
        self.run("collect", *self.shared, "--pairs", pairs, "--sites", ",".join(SITES),
                 "--out", "cache")
        parts = {(site, side): [] for site in SITES for side in ("positive", "negative")}
        for path in sorted((self.folder / "cache").glob("shard-*.safetensors")):
            with safe_open(path, "pt") as shard:
                for (site, side), tensors in parts.items():
                    tensors.append(shard.get_tensor(f"{site}.{side}"))
        return {site: tuple(torch.cat(parts[site, side]) for side in ("positive", "negative"))
                for site in SITES}

    def units(self, site, count):
        """The first `count` units, as `units --json` lists them."""
        self.run("rank", "--cache", "cache", "--site", site, "--out", f"{site}.ranking")
        return json.loads(self.run("units", f"{site}.ranking", "--top", count, "--json"))["units"]

    def answers(self, items, setting):
        plan = []
        if setting:
            site, k, alpha = setting
            plan = ["--plan", f"{site}.ranking", "--k", k, "--alpha", alpha, "--rule", "scale"]
        self.run("eval", *self.shared, "--limit", items, "--out", "result.json", *plan)
        lines = (self.folder / "result.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["generated"] for line in lines]


class Report:
    """Prints figures and remembers which missed what is asked of them."""
    missed = 0

    def add(self, text, fine):
        self.missed += not fine
        print(f"{'ok    ' if fine else 'MISSED'}  {text}", flush=True)


def compare_site(report, site, theirs, ours, units, bound):
    """theirs, ours: (positive, negative) activations; units: the program's list; bound: as `rounding`
    gives it."""
    momentum = theirs[0] - theirs[1]
    near = momentum.abs() <= bound
    flipped = momentum.sign() != (ours[0] - ours[1]).sign()
    size = torch.sqrt(sum((side**2).mean(-1, keepdim=True) for side in theirs) / 2)
    relative = momentum.abs() / size
    furthest = relative[flipped].max().item() if flipped.any() else 0.0
    report.add(f"{site}: {flipped.sum()} of {flipped.numel()} momenta differ in sign, the largest is "
               f"{furthest:.1e} of the activations' root mean square; rounding reaches "
               f"{(bound / size).max():.1e}, where {near.sum()} momenta lie",
               not (flipped & ~near).any())

    at = tuple(torch.tensor([unit[key] for unit in units]) for key in ("layer", "dim"))
    off = torch.zeros(momentum.shape[1:], dtype=torch.int64)
    for key, count in (("positive", (momentum > 0).sum(0)), ("negative", (momentum < 0).sum(0))):
        listed = torch.zeros_like(count)
        listed[at] = torch.tensor([unit[key] for unit in units])
        off = torch.maximum(off, (listed - count).abs())
    report.add(f"{site}: counts of {(off == 0).sum()} of {off.numel()} units equal, "
               f"{(off > near.sum(0)).sum()} differ by more than momenta within rounding",
               not (off > near.sum(0)).any())

    beta = signed_scores(momentum)
    first = [(layer, dim, beta[layer, dim].item()) for layer, dim in ranked(beta)[:TOP]]
    listed = [(unit["layer"], unit["dim"], unit["beta"]) for unit in units[:TOP]]
    same = sum(a[:2] == b[:2] and math.isclose(a[2], b[2], rel_tol=2 * HALF_SPACING)
               for a, b in zip(first, listed))
    report.add(f"{site}: {same} of the first {TOP} units equal, the best {listed[0]}", same == TOP)


def accuracy(texts, golds):
    right = sum(text.strip().lower() == gold.strip().lower() for text, gold in zip(texts, golds))
    return f"{100 * right / len(golds):.1f} %"


def compare_answers(report, setting, theirs, ours, golds):
    same = sum(a == b for a, b in zip(theirs, ours))
    name = "{}, k {}, alpha {}".format(*setting) if setting else "unsteered"
    report.add(f"{name}: {same} of {len(golds)} answers equal; {accuracy(theirs, golds)} right there, "
               f"{accuracy(ours, golds)} by the program",
               len(theirs) == len(ours) == len(golds) and same >= SAME_ANSWERS * len(golds))


def authors_way(path, pairs, prompts):
    """(activations as `screen` gives them, answers per setting, their rounding per site)."""
    model, tokenizer = load(path)
    start = time.perf_counter()
    activations = screen(model, tokenizer, pairs)
    tokens = max(len(tokenizer.encode(text).ids) for pair in pairs for text in pair)
    bounds = {site: rounding(model.config, tokens, *activations[site]) for site in SITES}
    print(f"{2 * len(pairs)} texts screened in {time.perf_counter() - start:.0f} s", flush=True)
    given = []
    for setting in SETTINGS:
        site, mask = None, None
        if setting:
            site, k, alpha = setting
            positive, negative = activations[site]
            mask = mask_of(signed_scores(positive - negative), k, alpha)
        given.append(answers(model, tokenizer, prompts, site, mask))
        print(f"{len(given) * len(prompts)} answers too in {time.perf_counter() - start:.0f} s",
              flush=True)
    return activations, given, bounds


def peak_memory():
    kibibytes = max(resource.getrusage(who).ru_maxrss
                    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return f"{kibibytes / 2**20:.1f} GiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--model", type=Path,
                        default=Path(os.environ.get("AUSTEER_HOME", ROOT / "build/home"))
                        / DEFAULT_MODEL, help="GGUF file or folder")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if not options.model.exists():
        sys.exit(f"{options.model} is not there: `austeer fetch model qwen2.5-coder-0.5b-instruct` "
                 "brings the default model, --model names another")
    torch.set_num_threads(options.threads)

    pairs = hook_tasks.pairs(TASK, options.datasets, options.pairs)
    prompts, golds = zip(*hook_tasks.test_items(TASK, options.datasets, options.items))
    activations, given, bounds = authors_way(options.model, pairs, prompts)

    report = Report()
    binary = Path(os.environ.get("AUSTEER", ROOT / "build/dev/austeer")).resolve()
    with tempfile.TemporaryDirectory() as folder:
        program = Program(binary, Path(folder), options.model, options)
        ours = program.collect(len(pairs))
        for site in SITES:
            units = program.units(site, activations[site][0][0].numel())
            compare_site(report, site, activations[site], ours[site], units, bounds[site])
        for setting, theirs in zip(SETTINGS, given):
            compare_answers(report, setting, theirs, program.answers(len(golds), setting), golds)
    print(f"at most {peak_memory()} of memory at a time")
    sys.exit(1 if report.missed else 0)


if __name__ == "__main__":
    main()

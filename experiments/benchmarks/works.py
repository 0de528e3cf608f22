"""The works that speed.py measures: each has sides, which are run turn and turn about, and says which
figures its runs give and what they have to reach.
"""

import math
from dataclasses import dataclass, field
from typing import Callable

from bench import BYTES_PER_WEIGHT, K
from grid import grid_figures, grid_sides
from measuring import run, run_script, spread

LLAMA_PARALLEL = (32, 64)
PUBLISHED_ITEMS = 8  # of a task with long answers
UNSTEERED = "austeer, unsteered"
STEER_TOKENS = (9, 73)  # the difference of two runs of `steer` is the time of 64 tokens
STEER_PROMPT = "My favourite season is"


@dataclass
class Figure:
    what: str
    values: list  # one per repeat
    unit: str
    at_least: float = -math.inf
    at_most: float = math.inf

    def summary(self):
        """The goal holds for the median."""
        goal = (f">= {self.at_least:g}" if self.at_least > -math.inf else
                f"<= {self.at_most:g}" if self.at_most < math.inf else None)
        result = {"what": self.what, "unit": self.unit, **spread(self.values)}
        return result | ({} if goal is None else {
            "goal": goal, "reached": self.at_least <= result["median"] <= self.at_most})


@dataclass
class Machine:
    """The better of what was measured before and after."""
    gflops: float
    gb_per_second: float


@dataclass
class Work:
    name: str
    sides: dict  # name -> function that makes one run: a dict with `seconds` and `peak_bytes`
    figures: Callable  # ({side: runs}, machine) -> figures
    runs: dict = field(default_factory=dict)


def ratios(runs, theirs, ours="austeer", what="seconds"):
    return [other[what] / own[what] for own, other in zip(runs[ours], runs[theirs])]


def speeds(runs, count, unit):
    return [Figure(side, [count / one["seconds"] for one in of_side], unit)
            for side, of_side in runs.items()]


def share(runs, gflop, machine, goal=-math.inf, side="austeer"):
    return Figure(f"{side}, share of roofline",
                  [100 * gflop / one["seconds"] / machine.gflops for one in runs[side]], "%", goal)


def collect_work(bench, task, usual):
    pairs = bench.items(usual)

    def script(name):
        return lambda: run_script(name, "--datasets", bench.options.datasets, "--task", task,
                                  "--texts", 2 * pairs, *bench.dtype())

    def figures(runs, machine):
        texts = {one["texts"] for of_side in runs.values() for one in of_side}
        assert len(texts) == 1, f"the sides ran over different numbers of texts: {sorted(texts)}"
        gflop = runs["published"][0]["counted_gflop"]
        return [*speeds(runs, texts.pop(), "texts/s"),
                Figure("times the published way", ratios(runs, "published"), "x", 4.5),
                Figure("times the batched way", ratios(runs, "batched"), "x", 2.0),
                share(runs, gflop, machine, 80)]

    return Work(f"collect-{task}",
                {"austeer": lambda: bench.collect(task, pairs),
                 "published": script("published_way.py"), "batched": script("batched_way.py")},
                figures)


def same_answers(runs, theirs):
    """How often two sides say the same."""
    other = runs[theirs][0]["generated"]
    own = runs["austeer"][0]["generated"][:len(other)]
    equal = sum(a.strip() == b.strip() for a, b in zip(own, other, strict=True))
    return Figure(f"answers like the {theirs} way's", [100 * equal / len(other)], "%")


def eval_work(bench, task, usual):
    items = bench.items(usual)
    texts, _, counted = bench.prompts(task, items, 1)

    def figures(runs, machine):
        return [*speeds(runs, items, "items/s"), same_answers(runs, "published"),
                Figure("times the published way", ratios(runs, "published"), "x", 2.3),
                share(runs, counted["counted_gflop"], machine, 80)]

    return Work(f"eval-{task}",
                {"austeer": lambda: bench.evaluate(task, items, 1, *bench.steering()),
                 "published": lambda: run_script("published_eval.py", texts, "--plan", bench.plan(),
                                                 *bench.dtype())},
                figures)


def generate_work(bench, task, usual, new_tokens=50):
    """Steered against the published way and against itself unsteered, unsteered against llama.cpp.
    The published way takes one text after the other, so a few of them give its tokens per second.
    """
    items = bench.items(usual)
    texts, tokens, counted = bench.prompts(task, items, new_tokens)
    few_texts, _, _ = bench.prompts(task, min(items, PUBLISHED_ITEMS), new_tokens)

    def ours(*steering):
        return bench.evaluate(bench.task(task), items, new_tokens, *steering,
                              model=bench.model_file())

    sides = {"austeer": lambda: ours(*bench.steering()), UNSTEERED: ours,
             "published": lambda: run_script("published_eval.py", few_texts, "--new-tokens",
                                             new_tokens, "--plan", bench.plan(), *bench.dtype())}
    if bench.options.llama_python:
        for parallel in LLAMA_PARALLEL:
            sides[f"llama.cpp, {parallel} at once"] = (
                lambda parallel=parallel: bench.llama(tokens, new_tokens, parallel))

    def figures(runs, machine):
        rates = {side: [one["items"] * new_tokens / one["seconds"] for one in of_side]
                 for side, of_side in runs.items()}

        def times(own, other):
            return [a / b for a, b in zip(rates[own], rates[other])]

        result = [*(Figure(side, values, "tokens/s") for side, values in rates.items()),
                  same_answers(runs, "published"),
                  Figure("times the published way", times("austeer", "published"), "x", 20)]
        llamas = [times(UNSTEERED, side) for side in rates if side.startswith("llama.cpp")]
        if llamas:
            result.append(Figure("times llama.cpp at its best", list(map(min, zip(*llamas))), "x", 1))
        return [*result, overhead(times(UNSTEERED, "austeer")),
                share(runs, counted["counted_gflop"], machine)]

    return Work(f"generate-{task}", sides, figures)


def decode_work(bench):
    """One sequence: the time of a token between a short and a long continuation."""
    few, many = STEER_TOKENS
    prompt = bench.folder / "steer.json"
    tokens = bench.folder / "steer.tokens.json"
    prompt.write_text(f'["{STEER_PROMPT}"]')
    counted = run_script("counting.py", prompt)
    tokens.write_text(str(counted["token_ids"]))

    def steer(count):
        return run(*bench.austeer("steer", "--model", bench.model_file(), "--prompt", STEER_PROMPT,
                                  "--max-new-tokens", count, datasets=False), *bench.dtype())[1]

    def ours():
        short, long = steer(few), steer(many)
        return {"seconds": (long["process_seconds"] - short["process_seconds"]) / (many - few),
                "peak_bytes": long["peak_bytes"]}

    def llama():
        done = bench.llama(tokens, many, 1)
        return {"seconds": 1 / done["decode_tokens_per_second"], "peak_bytes": done["peak_bytes"]}

    def figures(runs, machine):
        weights = BYTES_PER_WEIGHT[bench.options.dtype] * counted["parameters_per_token"]
        result = [*speeds(runs, 1, "tokens/s"),
                  Figure("austeer, share of bandwidth",
                         [100 * 1e-9 * weights / one["seconds"] / machine.gb_per_second
                          for one in runs["austeer"]], "%", 70)]
        if "llama.cpp" in runs:
            result.append(Figure("times llama.cpp", ratios(runs, "llama.cpp"), "x"))
        return result

    return Work("decode",
                {"austeer": ours} | ({"llama.cpp": llama} if bench.options.llama_python else {}),
                figures)


def overhead(ratios_to_unsteered):
    """Of steering, from times that it takes as multiples of those without."""
    return Figure(f"overhead of {K} units", [100 * (ratio - 1) for ratio in ratios_to_unsteered], "%",
                  at_most=1)


def steering_work(bench, task, usual):
    items = bench.items(usual)

    def side(*steering):
        return bench.evaluate(task, items, 1, *steering, model=bench.model_file())

    def figures(runs, machine):
        return [*speeds(runs, items, "items/s"), overhead(ratios(runs, "steered", "unsteered"))]

    return Work(f"steering-{task}", {"steered": lambda: side(*bench.steering()), "unsteered": side},
                figures)


def grid_work(bench, task, usual):
    return Work(f"grid-{task}", grid_sides(bench, task, bench.items(usual)),
                lambda runs, machine: [Figure(*figure) for figure in grid_figures(runs)])


def rank_work(bench):
    """Each side reads what the other has just left in the page cache. A process that loads libtorch
    and does nothing stands beside them, since `read` is timed without its start."""
    size = ["--pairs", bench.items(1000)]
    cache = bench.folder / "synthetic"
    bench.once("synthetic", lambda: run_script("synthetic_cache.py", cache, *size))

    def whole(*command):
        costs = run(*command)[1]
        return costs | {"seconds": costs["process_seconds"]}

    def rank():
        return whole(*bench.austeer("rank", "--cache", cache, "--site", "attention", "--out",
                                    bench.folder / "synthetic.ranking", datasets=False))

    def figures(runs, machine):
        seconds = {side: [one["seconds"] for one in of_side] for side, of_side in runs.items()}
        beyond_start = [(own - start) / read for own, start, read in zip(
            seconds["austeer"], seconds["nothing"], seconds["read"])]
        return [Figure("austeer", seconds["austeer"], "s"),
                Figure("reading the bytes", seconds["read"], "s"),
                Figure("start of a process", seconds["nothing"], "s"),
                Figure("times reading, without the start", beyond_start, "x"),
                Figure("times reading", ratios(runs, "austeer", "read"), "x", at_most=2)]

    return Work("rank", {"read": lambda: run_script("read_files.py", cache), "austeer": rank,
                         "nothing": lambda: whole(bench.options.austeer, "--version")}, figures)


def start_work(bench):
    def start():
        done = bench.evaluate("copa", 1, 1)
        return done | {"seconds": done["process_seconds"] - done["seconds"]}

    def figures(runs, machine):
        return [Figure("before the first batch", [one["seconds"] for one in runs["austeer"]], "s",
                       at_most=1)]

    return Work("start", {"austeer": start}, figures)


WORKS = {
    "collect-copa": lambda bench: collect_work(bench, "copa", 60),
    "collect-boolq": lambda bench: collect_work(bench, "boolq", 20),
    "eval-copa": lambda bench: eval_work(bench, "copa", 100),
    "eval-boolq": lambda bench: eval_work(bench, "boolq", 30),
    "generate-svamp": lambda bench: generate_work(bench, "svamp", 64),
    "generate-detox": lambda bench: generate_work(bench, "detox", 64),
    "decode": decode_work,
    "steering-copa": lambda bench: steering_work(bench, "copa", 100),
    "grid-copa": lambda bench: grid_work(bench, "copa", 16),
    "grid-boolq": lambda bench: grid_work(bench, "boolq", 4),
    "rank": rank_work,
    "start": start_work,
}

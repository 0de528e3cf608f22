"""What the works of speed.py and scaling.py stand on: the runs of `austeer` that they time, and the
files that those need: prompts, a ranking, a model that never stops early, tasks without a scorer.
"""

import json
import sys
from pathlib import Path

from measuring import HERE, run, run_json, run_script

ROOT = HERE.parents[1]
MODEL = "smollm2-135m-instruct"
BYTES_PER_WEIGHT = {"float32": 4, "bfloat16": 2}
K, ALPHA = 100, 1


class Bench:
    """`folder` is where everything is written; `options` are speed.py's or scaling.py's."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.made = {}  # what was prepared, by name
        self.runs = 0

    def once(self, name, make):
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def new_path(self, name):
        self.runs += 1
        return self.folder / f"{self.runs:04}-{name}"

    def austeer(self, command, *arguments, datasets=True):
        """The command line, to which run() and run_json() take more."""
        data = ["--datasets", self.options.datasets] if datasets else []
        return [self.options.austeer, command, *arguments, *data, "--log-level", "warning"]

    def dtype(self):
        return ["--dtype", self.options.dtype]

    def items(self, usual):
        return self.options.items or usual

    def collect(self, task, pairs, sites="attention,ffn,layer"):
        """With the path of the cache, and `seconds` without start-up."""
        return self.collect_from(["--task", task, "--datasets", self.options.datasets],
                                 "--pairs", pairs, "--sites", sites)

    def collect_from(self, data, *arguments):
        """Of the `--task` and `--datasets` in `data`."""
        cache = self.new_path("cache")
        return run_json(*self.austeer("collect", *data, *arguments, "--out", cache, "--json",
                                      datasets=False),
                        "--model", MODEL, *self.dtype())

    def evaluate(self, task, items, new_tokens, *arguments, model=MODEL):
        """A run of eval: `seconds` without loading, `load_seconds`, the texts generated."""
        out = self.new_path("eval.json")
        _, costs = run(*self.austeer("eval", "--model", model, "--task", task, "--limit", items,
                                     "--max-new-tokens", new_tokens, "--out", out, *arguments),
                       *self.dtype())
        timings = json.loads(out.read_text())["timings"]
        lines = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
        return costs | {"items": len(lines), "seconds": timings["run_seconds"],
                        "load_seconds": timings["load_seconds"],
                        "generated": [line["generated"] for line in lines],
                        "prompts": [line["prompt"] for line in lines]}

    def model_file(self):
        """The model at equal precision for all, which never ends a text."""
        def make():
            path = self.folder / "model.gguf"
            run(sys.executable, HERE / "gguf_model.py", path, *self.dtype())
            return path
        return self.once("model", make)

    def ranking(self):
        def make():
            cache = self.collect("copa", self.items(40), sites="attention")["cache"]
            path = self.folder / "attention.ranking"
            run(*self.austeer("rank", "--cache", cache, "--site", "attention", "--out", path,
                              datasets=False))
            return path
        return self.once("ranking", make)

    def steering(self):
        """Options that steer by the ranking's first K units, whatever file the weights are from."""
        return ["--plan", self.ranking(), "--k", K, "--alpha", ALPHA, "--force"]

    def plan(self):
        """The same as a plan file."""
        def make():
            path = self.folder / "attention.plan"
            self.evaluate("copa", 1, 1, *self.steering(), "--save-plan", path)
            return path
        return self.once("plan", make)

    def task(self, name):
        """What eval takes as the task; Detox without the scorer, which has a model of its own."""
        if name != "detox":
            return name
        path = self.folder / "detox.yaml"
        config = (ROOT / "configs" / "tasks" / "detox.yaml").read_text()
        path.write_text(config.replace("metric: toxicity", "metric: judge"))
        return path

    def prompts(self, task, items, new_tokens):
        """(file with the first prompts of the test split as texts, file with their token ids, what
        counting.py says of them)."""
        def make():
            texts, tokens = (self.folder / f"{task}-{items}-{new_tokens}.{part}.json"
                             for part in ("texts", "tokens"))
            texts.write_text(json.dumps(self.evaluate(self.task(task), items, 1)["prompts"]))
            counted = run_script("counting.py", texts, "--new-tokens", new_tokens)
            tokens.write_text(json.dumps(counted.pop("token_ids")))
            return texts, tokens, counted
        return self.once((task, items, new_tokens), make)

    def llama(self, tokens, new_tokens, parallel):
        done = run_json(self.options.llama_python, HERE / "llama_way.py", self.model_file(), tokens,
                        "--new-tokens", new_tokens, "--parallel", parallel, *self.dtype())
        done.pop("generated")
        return done

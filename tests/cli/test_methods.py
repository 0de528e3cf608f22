"""Every method against tests/reference/methods.py, which computes it from the same activation cache
with NumPy and scikit-learn, and against tests/reference/method_hooks.py, which carries it out with
`transformers` and hooks: rankings, generated texts, log-likelihoods of whole answers. One cache
serves them all; what it lacks is collected later."""

import json
import subprocess
import unittest

from support import ROOT, SAMPLES, AusteerTest, digests, environment

PYTHON = ROOT / "build" / "venv" / "bin" / "python"
PAIRS, ITEMS, TOKENS, LAYER = 24, 3, 6, 18
# float32 over 30 layers and logits of up to about 30: so far may each token's be off.
LOG_LIKELIHOOD = 2**-23 * 30 * 30

# Answers of several tokens, in classes.
TASK = """name: endings
dataset: COPA
splits: {train: train.jsonl, test: test.jsonl}
prompt: "{premise} What is the most likely {question}?\\n"
label: label
answers: {0: "{choice1}", 1: "{choice2}"}
max_new_tokens: 6
metric: exact_match
"""

# name -> (method, sites, options)
RANKINGS = {
    "austeer": ("austeer", ["ffn"], {}),
    "austeer-effect": ("austeer", ["attention", "ffn"], {"score": "effect", "value": "vector"}),
    "austeer-difference": ("austeer", ["layer"], {"score": "difference", "strength": "fixed",
                                                  "stable": 0.9}),
    "austeer-stratified": ("austeer", ["ffn"], {"score": "stratified"}),
    "aura": ("austeer", ["ffn"], {"score": "auroc"}),
    "det0": ("austeer", ["attention", "ffn_gate"], {"score": "auroc", "strength": "fixed"}),
    "transport": ("austeer", ["ffn"], {"value": "transport"}),
    "transport-auroc": ("austeer", ["layer"], {"score": "auroc", "value": "transport"}),
    "iti": ("iti", ["attention"], {}),
    "iti-probe": ("iti", ["attention"], {"direction": "probe"}),
    "caa": ("caa", ["layer"], {}),
    "caa-mean": ("caa", ["layer"], {"positions": "answer_mean"}),
    "caa-effect": ("caa", ["layer"], {"units": "effect"}),
    "sadi-heads": ("sadi", ["attention"], {}),
    "sadi-heads-reference": ("sadi", ["attention"], {"mode": "reference"}),
    "sadi-neurons": ("sadi", ["ffn_gate"], {}),
    "sadi-hidden-reference": ("sadi", ["ffn"], {"mode": "reference"}),
    "sta": ("sta", ["layer"], {"sae": "sae/stored.npz", "layer": LAYER}),
    "sta-few": ("sta", ["layer"], {"sae": "sae/deflated.npz", "layer": LAYER, "keep": 0.04}),
    "sta-activation": ("sta", ["layer"], {"sae": "sae/params.safetensors", "layer": LAYER,
                                          "keep": 0.1, "atoms": "activation"}),
    "sta-frequency": ("sta", ["layer"], {"sae": "sae/llama", "layer": LAYER, "keep": 0.1,
                                         "atoms": "frequency"}),
    "sta-all": ("sta", ["layer"], {"sae": "sae/llama", "layer": LAYER, "atoms": "all"}),
}

# name -> (ranking, how it is steered): strong enough to change what is generated
RUNS = {
    "austeer": ("austeer", {"k": 16, "alpha": 12}),
    "austeer-directed": ("austeer", {"k": 16, "alpha": 4, "rule": "directed"}),
    "austeer-oriented": ("austeer", {"k": 16, "alpha": 12, "rule": "oriented"}),
    "austeer-effect": ("austeer-effect", {"k": 50, "alpha": 8}),
    "austeer-difference": ("austeer-difference", {"k": 10, "alpha": 0.9}),
    "aura": ("aura", {"k": 5000, "alpha": 1}),
    "det0": ("det0", {"k": 2000, "alpha": 1}),
    "transport": ("transport", {"k": 1000, "alpha": 1}),
    "transport-half": ("transport-auroc", {"k": 2000, "alpha": 0.5, "positions": "last"}),
    "zero": ("austeer", {"k": 400, "rule": "zero"}),
    "mean": ("transport", {"k": 400, "rule": "mean", "positions": "from_last_prompt"}),
    "iti": ("iti", {"k": 16, "alpha": 5}),
    "iti-last": ("iti-probe", {"k": 16, "alpha": 5, "positions": "last"}),
    "caa": ("caa", {"k": 1, "alpha": 2, "layer": 12}),
    "caa-effect": ("caa-effect", {"k": 64, "alpha": 4, "layer": LAYER}),
    "caa-mean-everywhere": ("caa-mean", {"k": 2, "alpha": 1, "positions": "all"}),
    "sadi-heads": ("sadi-heads", {"k": 6, "alpha": 30}),
    "sadi-heads-reference": ("sadi-heads-reference", {"k": 6, "alpha": 15}),
    "sadi-neurons": ("sadi-neurons", {"k": 20, "alpha": 27}),
    "sadi-hidden-reference": ("sadi-hidden-reference", {"k": 10, "alpha": 9}),
    "sta": ("sta", {"k": 1, "alpha": 2}),
}

# Whose answers are also scored where they are given, not generated. None at `last`: the hooks' pass
# over a given answer holds its last token, after which nothing is judged.
SCORED = ("austeer", "austeer-effect", "aura", "transport", "mean", "iti", "caa",
          "sadi-heads", "sadi-heads-reference", "sta")


def records(split, limit):
    lines = (SAMPLES / "COPA" / f"{split}.jsonl").read_text().splitlines()[:limit]
    return [json.loads(line) for line in lines]


def prompt_of(item):
    return f"{item['premise']} What is the most likely {item['question']}?\n"


def answers_of(item):
    return [item["choice1"], item["choice2"]]


def flags(settings):
    return [text for name, value in settings.items() for text in (f"--{name}", str(value))]


class Methods(AusteerTest):
    def python(self, script, *arguments):
        done = subprocess.run([PYTHON, ROOT / "tests" / "reference" / script, *map(str, arguments)],
                              cwd=self.folder, env=environment(), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def reference(self, script, jobs, *arguments):
        """The JSON that a script makes of a JSON."""
        (self.folder / "jobs.json").write_text(json.dumps(jobs))
        self.python(script, "jobs.json", "--out", "found.json", *arguments)
        return json.loads((self.folder / "found.json").read_text())

    def collect(self, *sites):
        layers = ("--layers", f"10,{LAYER}") if "layer@answer_all" in sites else ()
        return json.loads(self.succeed(
            "collect", "--task", "./endings.yaml", "--datasets", SAMPLES, "--pairs", PAIRS,
            "--shard-pairs", 10, "--dtype", "float32", "--sites", ",".join(sites), *layers,
            "--json", "--out", "cache"))

    def collect_in_two_parts(self):
        self.collect("attention", "ffn", "layer")
        before = digests(self.folder / "cache")
        times = {name: (self.folder / "cache" / name).stat().st_mtime_ns for name in before}
        sites = ("attention", "ffn", "layer", "ffn_gate", "layer@answer_mean", "layer@answer_all")
        report = self.collect(*sites)
        self.assertEqual((report["pairs"], report["texts"]), (PAIRS, 2 * PAIRS))
        after = digests(self.folder / "cache")
        self.assertEqual({name: after[name] for name in before}, before)
        for name, time in times.items():
            self.assertEqual((self.folder / "cache" / name).stat().st_mtime_ns, time, name)
        added = set(after) - set(before)
        self.assertEqual(added, {f"added-01/{name}" for name in before})
        manifest = json.loads((self.folder / "cache" / "added-01" / "manifest.json").read_text())
        self.assertEqual([(site["name"], site["positions"]) for site in manifest["sites"]],
                         [("ffn_gate", "last"), ("layer", "answer_mean"), ("layer", "answer_all")])
        self.assertEqual(self.collect(*sites)["texts"], 0)
        self.assertEqual(digests(self.folder / "cache"), after)

    def rank(self, name):
        method, sites, options = RANKINGS[name]
        settings = [text for key, value in options.items() for text in ("--set", f"{key}={value}")]
        return self.succeed("rank", "--cache", "cache", "--method", method, "--site",
                            ",".join(sites), *settings, "--out", f"{name}.ranking")

    def compare_rankings(self):
        jobs = []
        for name, (method, sites, options) in RANKINGS.items():
            self.rank(name)
            jobs.append({"name": name, "ranking": f"{name}.ranking", "cache": "cache",
                         "method": method, "sites": sites, "options": options,
                         "expected": f"{name}.expected"})
        report = self.reference("compare_rankings.py", jobs)
        for name, found in report.items():
            with self.subTest(ranking=name):
                self.assertEqual(found["faults"], [])
                if name != "austeer-stratified":  # equal scores throughout, which rounding may part
                    self.assertGreaterEqual(found["compared"], 20)

    def evaluate(self, arguments, *scoring):
        """The items of the result."""
        self.succeed(
            "eval", "--task", "./endings.yaml", "--datasets", SAMPLES, "--limit", ITEMS, "--dtype",
            "float32", "--out", "result.json", *scoring, *arguments)
        lines = (self.folder / "result.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def compare_generated(self, arguments, expected):
        items = self.evaluate(arguments, "--max-new-tokens", TOKENS)
        result = json.loads((self.folder / "result.json").read_text())
        self.assertEqual(result["outcome"]["activations_per_token"], expected["acts"])
        compared = 0
        for item, text, sure in zip(items, expected["generated"], expected["sure"], strict=True):
            self.assertEqual(item["generated"][:sure], text[:sure])
            compared += min(sure, len(text)) / max(1, len(text))
        self.assertGreater(compared, 0.75 * ITEMS, "nearly all tokens are nearly tied")

    def compare_choices(self, arguments, expected):
        items = self.evaluate(arguments, "--scoring", "choices")
        for item, values in zip(items, expected["log_likelihoods"], strict=True):
            for choice, ours, theirs in zip(item["choices"], item["log_likelihoods"], values,
                                            strict=True):
                self.assertAlmostEqual(ours, theirs, delta=LOG_LIKELIHOOD * len(choice.split()))

    def compare_steering(self):
        items = records("test", ITEMS)
        jobs = {"prompts": [prompt_of(item) for item in items],
                "choices": [answers_of(item) for item in items],
                "pairs": [{"index": index, "prompt": prompt_of(item),
                           "positive": answers_of(item)[item["label"]],
                           "negative": answers_of(item)[1 - item["label"]]}
                          for index, item in enumerate(records("train", PAIRS))
                          if index in (0, 11, PAIRS - 1)],  # one of each shard
                "max_new_tokens": TOKENS, "scored": SCORED,
                "runs": {name: {"ranking": f"{ranking}.expected", **settings}
                         for name, (ranking, settings) in RUNS.items()} | {"vanilla": None}}
        found = self.reference("method_hooks.py", jobs, "--cache", "cache")
        for key, off in found["cache"].items():
            with self.subTest(cache=key):
                self.assertLess(off, 2**-23 * 30 * 30)
        vanilla = found["runs"].pop("vanilla")
        for name, expected in found["runs"].items():
            ranking, settings = RUNS[name]
            arguments = ("--plan", f"{ranking}.ranking", *flags(settings))
            with self.subTest(run=name):
                self.assertNotEqual(expected["generated"], vanilla["generated"])
                self.compare_generated(arguments, expected)
                if name in SCORED:
                    self.compare_choices(arguments, expected)

    def random_units(self, seed):
        return json.loads(self.succeed("rank", "--cache", "cache", "--site", "ffn", "--set",
                                       "score=random", "--set", f"seed={seed}", "--json", "--top",
                                       50, "--out", "random.ranking"))["units"]

    def check_random_order(self):
        first = self.random_units(1)
        self.assertEqual(self.random_units(1), first)
        self.assertNotEqual(self.random_units(2), first)

    def refuse_what_no_method_knows(self):
        rank = ("rank", "--cache", "cache", "--out", "r")
        for arguments, part in (
                (("--method", "itti"), "did you mean 'iti'?"),
                (("--method", "austeer", "--site", "ffn", "--set", "scor=effect"),
                 "did you mean 'score'?"),
                (("--method", "austeer", "--site", "ffn", "--set", "score=efect"),
                 "did you mean 'effect'?"),
                (("--method", "austeer", "--site", "ffn", "--set", "seed=3"), "seed"),
                (("--method", "austeer", "--site", "ffn", "--set", "value=transport", "--set",
                  "strength=fixed"), "value=transport has the strength of the map"),
                (("--method", "caa", "--set", "units=efect"), "did you mean 'effect'?"),
                (("--method", "iti", "--site", "ffn"), "attention"),
                (("--method", "caa", "--set", "positions=answer_men"),
                 "did you mean 'answer_mean'?"),
                (("--method", "sadi", "--site", "layer"), "ffn_gate"),
                (("--method", "sta", "--set", "layer=18"), "sae"),
                (("--method", "sta", "--set", "layer=11", "--set", "sae=sae/stored.npz"),
                 "layer 11")):
            with self.subTest(arguments=arguments):
                self.refuse(2, part, *rank, *arguments)
        steer = ("steer", "--prompt", "x", "--plan")
        self.refuse(2, "did you mean 'last_prompt'?", *steer, "iti.ranking", "--positions",
                    "last_promt")
        self.refuse(2, "clamp", *steer, "sadi-heads-reference.ranking", "--positions", "all")
        self.refuse(2, "control 'layer'", *steer, "caa.ranking", "--control", "layer")
        for part, *recipe in (("found 1.5", "--alpha", "1.5"),
                              ("cannot carry out", "--rule", "directed"),
                              ("random_own or layer", "--control", "direction"),
                              ("no strength", "--rule", "zero", "--alpha", "1")):
            self.refuse(2, part, *steer, "transport.ranking", *recipe)
        self.refuse(2, "value=transport", *steer, "austeer.ranking", "--rule", "transport")
        (self.folder / "broken.npz").write_bytes(b"PK")
        self.refuse(1, "broken.npz", *rank, "--method", "sta", "--set", "layer=18", "--set",
                    "sae=broken.npz")

    def test_methods(self):
        (self.folder / "endings.yaml").write_text(TASK)
        self.collect_in_two_parts()
        self.python("sparse_autoencoder.py", "--cache", "cache", "--layer", LAYER, "--out", "sae")
        self.compare_rankings()
        self.check_random_order()
        self.refuse_what_no_method_knows()
        self.compare_steering()


if __name__ == "__main__":
    unittest.main()

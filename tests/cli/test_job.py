"""The job end to end on the default model and the samples: collect → rank → units → steer → eval."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

from support import AusteerTest


class Job(AusteerTest):
    kept = None  # the folder of a cache, for all tests

    def collect(self, *more):
        return json.loads(self.succeed("collect", "--task", "copa", "--pairs", 12, "--dtype",
                                       "float32", "--out", "cache", "--json", *more))

    def take_cache(self):
        """What `collect` leaves in the folder, computed once for all tests."""
        if Job.kept is None:
            self.collect()
            kept = tempfile.TemporaryDirectory()
            Job.addClassCleanup(kept.cleanup)
            Job.kept = Path(kept.name) / "cache"
            shutil.copytree(self.folder / "cache", Job.kept)
        else:
            shutil.copytree(Job.kept, self.folder / "cache")

    def test_from_pairs_to_accuracy(self):
        report = self.collect()
        self.assertEqual((report["pairs"], report["texts"]), (12, 24))

        ranked = json.loads(self.succeed("rank", "--cache", "cache", "--site", "ffn", "--out",
                                         "ffn.ranking", "--top", 5, "--json"))
        listed = json.loads(self.succeed("units", "ffn.ranking", "--top", 5, "--json"))
        self.assertEqual(list(listed), ["site", "width", "pairs", "units"])
        self.assertEqual((listed["site"], listed["width"], listed["pairs"]), ("ffn", 576, 12))
        self.assertEqual(ranked["units"], listed["units"])
        self.assertEqual(list(listed["units"][0]), ["layer", "dim", "positive", "negative", "beta",
                                                    "mean_momentum", "p_value", "score", "value"])
        scores = [abs(unit["beta"]) for unit in listed["units"]]
        self.assertEqual(scores, sorted(scores, reverse=True))

        for rule in ("scale", "directed", "oriented"):
            evaluation = json.loads(self.succeed(
                "eval", "--task", "copa", "--limit", 6, "--plan", "ffn.ranking", "--k", 4,
                "--alpha", 2, "--rule", rule, "--out", f"{rule}.json", "--json"))
            self.assertEqual(list(evaluation), ["task", "items", "correct", "accuracy", "in_form",
                                                "accuracy_in_form", "result"])
            self.assertEqual(evaluation["items"], 6)
            result = json.loads((self.folder / f"{rule}.json").read_text())
            self.assertEqual(result["configuration"]["plan"]["rule"], rule)
            self.assertEqual(result["configuration"]["plan"]["activations_per_token"], 4)
            self.assertEqual(result["outcome"]["activations_per_token"], 4)
            lines = (self.folder / f"{rule}.jsonl").read_text().splitlines()
            items = [json.loads(line) for line in lines]
            self.assertEqual(len(items), 6)
            self.assertEqual(sum(item["correct"] for item in items), evaluation["correct"])

        compared = json.loads(self.succeed("steer", "--prompt", "The sky was", "--plan",
                                           "ffn.ranking", "--k", 16, "--alpha", 40, "--compare",
                                           "--max-new-tokens", 8, "--json"))
        self.assertEqual(compared["steered_units"], 16)
        self.assertNotEqual(compared["text"], compared["vanilla"])

    def test_resumed_collection_is_not_run_again(self):
        self.take_cache()
        again = self.collect()
        self.assertEqual((again["resumed_pairs"], again["texts"]), (12, 0))

    def test_chat(self):
        answer = self.succeed("steer", "--chat", "--prompt", "What is the capital of France?",
                              "--dtype", "float32")
        self.assertEqual(answer, "The capital of France is Paris.\n")

    def test_a_task_in_chat(self):
        (self.folder / "chatty.yaml").write_text(
            "name: chatty\ndataset: Mine\nsplits: {all: a.jsonl}\nprompt: '{q}'\nchat: true\n"
            "system: 'Answer in {n} word.'\nlabel: l\nanswers: {0: ' Paris', 1: ' Rome'}\n"
            "max_new_tokens: 8\nmetric: exact_match\n")
        (self.folder / "Mine").mkdir()
        (self.folder / "Mine" / "a.jsonl").write_text(
            '{"q": "What is the capital of France?", "n": "one", "l": 0}\n')
        task = ("--task", "./chatty.yaml", "--split", "all", "--datasets", ".")
        self.succeed("eval", *task, "--out", "r.json")
        line = json.loads((self.folder / "r.jsonl").read_text())
        self.assertEqual(line["message"], "What is the capital of France?")
        self.assertEqual(line["prompt"], "<|im_start|>system\nAnswer in one word.<|im_end|>\n"
                         "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
                         "<|im_start|>assistant\n")
        chat = json.loads((self.folder / "r.json").read_text())["configuration"]["chat"]
        self.succeed("collect", *task, "--sites", "ffn", "--out", "chat.cache")
        manifest = json.loads((self.folder / "chat.cache" / "manifest.json").read_text())
        self.assertEqual(manifest["fingerprints"]["chat_template"], chat["template_sha256"])

    def test_plans_are_files_too(self):
        self.take_cache()
        self.succeed("rank", "--cache", "cache", "--out", "r")
        steer = ("steer", "--prompt", "The sky was", "--max-new-tokens", 8, "--json", "--plan")
        first = json.loads(self.succeed(*steer, "r", "--k", 5, "--alpha", 30, "--rule", "directed",
                                        "--save-plan", "plan"))
        second = json.loads(self.succeed(*steer, "plan"))
        self.assertEqual(first, second)
        self.assertEqual(second["steered_units"], 5)
        self.refuse(2, "its units and strengths are fixed", *steer, "plan", "--k", 5)

    def test_every_method_and_control_steers(self):
        self.collect("--sites", "attention,ffn,layer,ffn_gate")
        steer = ("steer", "--prompt", "The sky was", "--max-new-tokens", 4, "--dtype", "float32",
                 "--json", "--plan", "r")
        for method, site, k, edited in (("iti", "attention", 2, 128), ("caa", "layer", 1, 576),
                                        ("sadi", "attention", 3, 192), ("sadi", "ffn_gate", 5, 5),
                                        ("sadi", "ffn", 5, 5), ("austeer", "attention,ffn", 7, 7)):
            with self.subTest(method=method, site=site):
                self.succeed("rank", "--cache", "cache", "--method", method, "--site", site,
                             "--out", "r", "--top", 3)
                answer = json.loads(self.succeed(*steer, "--k", k, "--alpha", 1, "--save-plan", "plan"))
                self.assertEqual(answer["steered_units"], edited)
                # A layer that is one group has no other group to draw.
                layer = () if site == "layer" else ("layer",)
                plan = (self.folder / "plan").read_bytes()
                for control in ("random", "direction", "magnitude", *layer):
                    seed = () if control == "magnitude" else ("--seed", 3)
                    answer = json.loads(self.succeed(*steer, "--k", k, "--alpha", 1, "--control",
                                                     control, *seed, "--save-plan", "control"))
                    self.assertEqual(answer["steered_units"], edited)
                    self.assertNotEqual((self.folder / "control").read_bytes(), plan)

    def test_options_of_methods_and_recipes(self):
        self.take_cache()
        rank = ("rank", "--cache", "cache", "--site", "attention,ffn", "--out", "r", "--set",
                "score=effect", "--set", "stable=0.6", "--top", 2)
        table = self.succeed(*rank).splitlines()
        self.assertEqual(table[0].split()[:5], ["rank", "site", "layer", "dim", "score"])
        listed = json.loads(self.succeed("units", "r", "--top", 2, "--json"))
        self.assertEqual(listed["site"], "attention,ffn")
        self.assertEqual(list(listed["units"][0])[:3], ["site", "layer", "dim"])
        unit = "{site}:{layer}:{dim}".format(**next(
            unit for unit in json.loads(self.succeed("units", "r", "--top", 99, "--json"))["units"]
            if unit["value"] != 0))
        steer = ("steer", "--prompt", "The sky was", "--max-new-tokens", 4, "--json", "--plan", "r")
        for recipe, edited in ((("--units", unit), 1), (("--suppress", 0.5, "--factor", 0.9), 17280),
                               (("--layer", 3, "--k", 2, "--positions", "last"), 2)):
            answer = json.loads(self.succeed(*steer, *recipe))
            self.assertEqual(answer["steered_units"], edited)
        self.refuse(2, "did you mean 'score'", *rank, "--set", "scores=effect")
        self.refuse(2, "KEY=VALUE", *rank, "--set", "score")
        self.refuse(2, "unknown site 'fnn'", "rank", "--cache", "cache", "--site", "fnn", "--out",
                    "x")
        self.refuse(2, "the seed is that of a control", *steer, "--seed", 1)
        self.refuse(2, "leave out k", *steer, "--units", unit, "--k", 1)
        self.refuse(2, "did you mean 'random'", *steer, "--control", "randon")

    def test_overflowing_strength_is_told(self):
        self.take_cache()
        self.succeed("rank", "--cache", "cache", "--out", "r")
        self.refuse(1, "the logits are NaN or infinite", "steer", "--prompt", "x", "--plan", "r",
                    "--k", 20000, "--alpha", 3e38, "--dtype", "float32")

    def test_strength_zero_changes_nothing(self):
        self.take_cache()
        self.succeed("rank", "--cache", "cache", "--out", "r")
        report = json.loads(self.succeed("steer", "--prompt", "Once upon a time", "--plan", "r",
                                         "--k", 100, "--alpha", 0, "--compare", "--json",
                                         "--max-new-tokens", 12))
        self.assertEqual(report["text"], report["vanilla"])


if __name__ == "__main__":
    unittest.main()

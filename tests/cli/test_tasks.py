"""Every task of configs/ on the samples: its items are answered and scored, its pairs collected; and
the ways of scoring beside greedy exact match."""

import json
import unittest

from support import ROOT, AusteerTest

SAMPLES = ROOT / "datasets" / "samples"
TASKS = sorted(path.stem for path in (ROOT / "configs" / "tasks").glob("*.yaml"))


class Tasks(AusteerTest):
    def evaluate(self, task, *arguments, datasets=SAMPLES):
        """(the JSON on stdout, the result, its items)."""
        report = json.loads(self.succeed("eval", "--task", task, "--datasets", datasets, "--json",
                                         "--out", "result.json", *arguments))
        result = json.loads((self.folder / "result.json").read_text())
        lines = (self.folder / "result.jsonl").read_text(encoding="utf-8").split("\n")
        return report, result, [json.loads(line) for line in lines if line]

    def test_every_task_answers_and_collects(self):
        self.assertEqual(len(TASKS), 11)
        for task in TASKS:
            with self.subTest(task=task):
                report, result, items = self.evaluate(task, "--limit", 2, "--max-new-tokens", 4)
                self.assertEqual(report["items"], 2)
                self.assertEqual(len(items), 2)
                self.assertEqual(result["configuration"]["max_new_tokens"], 4)
                self.assertEqual("accuracy" in report, task != "bpo")
                out = self.succeed("collect", "--task", task, "--datasets", SAMPLES, "--pairs", 3,
                                   "--sites", "attention", "--out", f"{task}.cache")
                self.assertIn("3 pairs (6 new texts", out)

    def test_the_plain_engine_answers_alike(self):
        for scoring in ("generate", "choices"):
            _, _, fast = self.evaluate("copa", "--limit", 4, "--scoring", scoring)
            _, result, plain = self.evaluate("copa", "--limit", 4, "--scoring", scoring, "--passes",
                                             "plain")
            self.assertEqual(result["configuration"]["passes"], "plain")
            self.assertEqual([item["generated"] for item in plain],
                             [item["generated"] for item in fast])

    def test_choices_are_compared_by_likelihood(self):
        report, result, items = self.evaluate("copa", "--limit", 6, "--scoring", "choices")
        self.assertEqual(result["outcome"]["metric"], "choices")
        self.assertEqual(result["configuration"]["scoring"], "choices")
        for item in items:
            best = max(range(2), key=lambda i: item["log_likelihoods"][i])
            self.assertEqual(item["generated"], item["choices"][best])
            self.assertEqual(item["correct"], item["generated"] == item["gold"])
            for choice, whole, per_byte in zip(item["choices"], item["log_likelihoods"],
                                               item["log_likelihoods_per_byte"]):
                self.assertAlmostEqual(whole / len(choice.encode()), per_byte, places=12)
                self.assertLess(whole, 0)
        self.assertEqual(report["correct"], sum(item["correct"] for item in items))

    def own_task(self, keys, file, text):
        (self.folder / "Mine").mkdir(exist_ok=True)
        (self.folder / "Mine" / file).write_text(text, encoding="utf-8")
        (self.folder / "mine.yaml").write_text(
            f"name: mine\ndataset: Mine\nsplits: {{train: {file}, test: {file}}}\n" + keys)

    def evaluate_own(self):
        return self.evaluate("./mine.yaml", datasets=".")

    def test_answers_end_at_the_stop_texts(self):
        keys = 'prompt: "Write the word.\\n{q}"\nmax_new_tokens: 24\nmetric: judge\n'
        words = '{"q": "one two three four five"}\n{"q": "The sky is"}\n'
        self.own_task(keys, "all.jsonl", words)
        _, plain, whole = self.evaluate_own()
        stop = whole[0]["generated"][5:8]
        self.own_task(keys + f"stop: [{json.dumps(stop)}, \"zzz\"]\n", "all.jsonl", words)
        _, result, cut = self.evaluate_own()
        for before, after in zip(whole, cut):
            self.assertEqual(after["generated"], before["generated"].split(stop)[0])
        self.assertLess(len(cut[0]["generated"]), len(whole[0]["generated"]))
        self.assertEqual(result["configuration"]["task"]["stop"], [stop, "zzz"])
        self.assertNotIn("stop", plain["configuration"]["task"])

    def test_lists_in_semicolons_and_golds(self):
        self.own_task('prompt: "{q}"\ngold: "{a}"\nmax_new_tokens: 1\nmetric: exact_match\n',
                      "all.jsonl", '{"q": "1, 2, 3,", "a": ["5", "4", "x"]}\n{"q": "A B", "a": ["C"]}\n')
        report, _, items = self.evaluate_own()
        self.assertEqual([item["gold"] for item in items], [["5", "4", "x"], "C"])
        right = [item["generated"].strip().lower() in ("5", "4", "x", "c") for item in items]
        self.assertEqual([item["correct"] for item in items], right)
        self.own_task('separator: "|"\nprompt: "{q}"\ngold: "{a}"\nmax_new_tokens: 1\n'
                      'metric: exact_match\n', "all.csv", 'q|a\n5" pipe; 6" pipe|x\n')
        _, _, items = self.evaluate_own()
        self.assertEqual((items[0]["prompt"], items[0]["gold"]), ('5" pipe; 6" pipe', "x"))

    def test_void_pairs_are_counted_dropped_or_shortened(self):
        keys = ('prompt: "{q} Answer:"\nlabel: n\nanswers: {0: " Yes", 1: " No"}\n'
                "max_new_tokens: 1\nmetric: exact_match\n")
        lengths = (3, 60, 5, 90)
        self.own_task(keys, "all.jsonl", "".join(
            json.dumps({"q": "word " * n, "n": i % 2}) + "\n" for i, n in enumerate(lengths)))
        found = {}
        for choice in ("keep", "drop", "shorten"):
            status, out, err = self.run_austeer(
                "collect", "--task", "./mine.yaml", "--datasets", ".", "--sites", "ffn", "--out",
                choice, "--max-tokens", 40, "--void-pairs", choice, "--json")
            self.assertEqual(status, 0, err)
            self.assertEqual(err.count("all.jsonl:2, all.jsonl:4"), 1 if choice == "shorten" else 2)
            manifest = json.loads((self.folder / choice / "manifest.json").read_text())
            found[choice] = (json.loads(out), manifest)
        void = {"cut": 2, "equal": 2, "shortened": 0, "dropped": False}
        self.assertEqual(found["keep"][0]["void_pairs"], void)
        self.assertEqual(found["keep"][1]["void_pairs"],
                         {"cut": [1, 3], "equal": [1, 3], "shortened": [], "dropped": False})
        self.assertNotIn("void_pairs", found["keep"][1]["fingerprints"])
        self.assertEqual(found["drop"][0]["void_pairs"], void | {"dropped": True})
        self.assertEqual(found["drop"][0]["pairs"], 2)
        self.assertEqual(found["drop"][1]["fingerprints"]["void_pairs"], "drop")
        self.assertEqual(found["shorten"][0]["void_pairs"],
                         {"cut": 0, "equal": 0, "shortened": 2, "dropped": False})
        self.assertEqual(found["shorten"][0]["pairs"], 4)
        self.assertEqual(len({manifest["key"] for _, manifest in found.values()}), 3)
        self.succeed("rank", "--cache", "drop", "--site", "ffn", "--out", "ranking")
        out = self.succeed("units", "explain", "ranking", "--top", 1, "--cache", "drop", "--pairs",
                           1, "--pairs-task", "./mine.yaml", "--datasets", ".", "--json")
        self.assertIn("Answer: ", out)

    def test_detoxification_reports_rate_fluency_and_cost(self):
        report, result, items = self.evaluate("provocations", "--limit", 6, "--max-new-tokens", 20)
        self.assertEqual(result["outcome"]["metric"], "toxicity")
        self.assertEqual(result["configuration"]["scorer"]["kind"], "austeer")
        toxic = sum(item["toxicity"] > 0.5 for item in items)
        self.assertEqual(report["correct"], 6 - toxic)
        self.assertAlmostEqual(report["toxic_rate"], toxic / 6)
        for name in ("fluency", "cost"):
            self.assertAlmostEqual(report[name], sum(item[name] for item in items) / 6, places=9)
        for item in items:
            self.assertEqual(item["scored"], item["generated"].strip() or "\n")

    def test_scores_made_elsewhere_are_joined(self):
        _, _, items = self.evaluate("provocations", "--limit", 3, "--max-new-tokens", 8)
        scores = self.folder / "scores.jsonl"
        scores.write_text("".join(json.dumps({"text": item["scored"], "toxicity": toxicity}) + "\n"
                                  for item, toxicity in zip(items, (0.9, 0.2, 0.5))))
        report, _, joined = self.evaluate("provocations", "--limit", 3, "--max-new-tokens", 8,
                                          "--scorer", scores)
        self.assertEqual([item["toxicity"] for item in joined], [0.9, 0.2, 0.5])
        self.assertEqual(report["correct"], 2)
        self.refuse(1, "has no score for the text with the hash", "eval", "--task", "provocations",
                    "--datasets", SAMPLES, "--limit", 4, "--max-new-tokens", 8, "--scorer", scores,
                    "--quiet")

    def test_what_does_not_fit_together_is_refused(self):
        self.refuse(2, "the task svamp has no choices to compare", "eval", "--task", "svamp", "--datasets",
                    SAMPLES, "--scoring", "choices", "--limit", 1, "--quiet")
        self.refuse(2, "the task copa is not scored by toxicity", "eval", "--task", "copa",
                    "--datasets", SAMPLES, "--scorer", "austeer", "--quiet")
        self.refuse(2, "nothing is generated with --scoring choices", "eval", "--task", "copa",
                    "--scoring", "choices", "--max-new-tokens", 3)
        self.refuse(2, "did you mean 'choices'?", "eval", "--task", "copa", "--scoring", "choice")


if __name__ == "__main__":
    unittest.main()

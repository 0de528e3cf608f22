"""Every task of configs/ on the samples: its items are answered and scored, its pairs collected; and
the ways of scoring beside greedy exact match."""

import json
import unittest

from support import ROOT, AusteerTest

SAMPLES = ROOT / "datasets" / "samples"
TASKS = sorted(path.stem for path in (ROOT / "configs" / "tasks").glob("*.yaml"))


class Tasks(AusteerTest):
    def evaluate(self, task, *arguments):
        """(the JSON on stdout, the result, its items)."""
        report = json.loads(self.succeed("eval", "--task", task, "--datasets", SAMPLES, "--json",
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
            _, result, plain = self.evaluate("copa", "--limit", 4, "--scoring", scoring, "--engine",
                                             "plain")
            self.assertEqual(result["configuration"]["engine"], "plain")
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

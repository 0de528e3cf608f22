"""Studies of a task whose answers a judge compares, on the default model, the BPO sample and a judge on
loopback."""

import json
import unittest

from support import AusteerTest, start_judge

STUDY = """
title: A trial
models: [smollm2-135m-instruct]
judge: {endpoint: "ENDPOINT", model: test-judge}
tasks:
  bpo: {pairs: 8, dev_items: 3, items: 4, max_new_tokens: 6}
methods:
  AUSteer:
    rank: {site: attention}
    plan: {k: 16, alpha: [8, 60]}
    controls: [layer]
"""


class JudgedStudy(AusteerTest):
    def setUp(self):
        super().setUp()
        self.server = start_judge(self)

    def write_study(self, behaviour="lettered", more="", old="", new=""):
        text = STUDY.replace("ENDPOINT", f"{self.server}/{behaviour}/v1").replace(old, new) + more
        (self.folder / "study.yaml").write_text(text)

    def sweep(self):
        return json.loads(self.succeed("sweep", "study.yaml", "--out", "out", "--json", "--quiet"))

    def questions(self):
        return [line.split()[2] for line in (self.folder / "log").read_text().splitlines()]

    def items(self, folder, name):
        return [json.loads(line) for line in
                (self.folder / "out" / folder / name).with_suffix(".jsonl").read_text().splitlines()]

    def kept_answers(self):
        return (self.folder / "out" / "judge-answers.jsonl").read_text().splitlines()

    def test_the_choice_and_the_test_are_judged(self):
        self.write_study()
        # Vanilla on test and dev items, the grid on dev items, the chosen one and five draws of its control.
        self.assertEqual(self.sweep()["cells_run"], 2 + 2 + 1 + 5)
        asked = self.questions()
        self.assertEqual(len(asked), len(set(asked)), "a question was asked twice")
        judged = sorted((self.folder / "out" / "judged").glob("*.json"))
        self.assertEqual(len(judged), 2 + 1 + 5)
        different = 0
        for file in judged:
            result = json.loads(file.read_text())
            baseline = self.items("cells", result["configuration"]["baseline"]["file"])
            steered = self.items("cells", result["configuration"]["steered"]["file"])
            self.assertEqual([item["prompt_sha256"] for item in baseline],
                             [item["prompt_sha256"] for item in steered])
            for one, other, line in zip(baseline, steered, self.items("judged", file.name)):
                one, other = one["generated"], other["generated"]
                different += one != other
                self.assertEqual(line["outcome"],
                                 "tie" if one == other else "win" if other > one else "loss")
        self.assertGreater(different, 4)
        self.sweep()
        self.assertEqual(self.questions(), asked)

        outcomes = [json.loads(file.read_text()) for file in (self.folder / "out" / "outcomes").glob("*")]
        [outcome] = [each for each in outcomes if "method" in each["entry"]]
        means = [variant["mean"] for variant in outcome["choice"]]
        self.assertEqual(outcome["chosen"], means.index(max(means)))
        text = self.succeed("table", "study.yaml", "--out", "out")
        for part in ("win rate (%)", "ΔWR (points)", "| vanilla | 0 | 50.0 \\[50.0, 50.0\\] |",
                     "bpo: the model test-judge compared each answer"):
            self.assertIn(part, text)
        self.succeed("report", "study.yaml", "--out", "out")

    def test_a_failing_judge_and_what_is_asked_then(self):
        self.write_study("spent", old="    controls: [layer]\n", more="select: none\n")
        self.refuse(1, "HTTP status 402", "sweep", "study.yaml", "--out", "out", "--quiet")
        cells = {file.name: file.read_bytes() for file in (self.folder / "out" / "cells").iterdir()}
        before = len(self.questions())
        kept = self.kept_answers()
        self.write_study(old="    controls: [layer]\n", more="select: none\n")
        self.assertEqual(self.sweep()["cells_run"], 0)
        self.assertEqual({file.name: file.read_bytes()
                          for file in (self.folder / "out" / "cells").iterdir()}, cells)
        answers = self.kept_answers()
        self.assertEqual(answers[:len(kept)], kept)
        self.assertEqual(len(self.questions()) - before, len(answers) - len(kept))
        self.assertEqual(len(set(self.questions())), len(answers))

    def test_answers_without_a_verdict_are_ties_and_said(self):
        self.write_study("undecided", old="    controls: [layer]\n", more="select: none\n")
        self.sweep()
        text = self.succeed("table", "study.yaml", "--out", "out")
        self.assertRegex(text, r"Without a verdict by the judge, and counted as ties: \d answers?\.")

    def test_refusals(self):
        self.write_study(old=STUDY.splitlines()[3].replace("ENDPOINT", f"{self.server}/lettered/v1"))
        self.refuse(2, "bpo: its answers are for a judge, and the study names none", "sweep",
                    "study.yaml", "--quiet")
        status, out, _ = self.run_austeer("sweep", "study.yaml", "--dry-run", "--quiet")
        self.assertEqual(status, 1)
        self.assertIn("Add to the study: judge: {endpoint: http://HOST:PORT/v1, model: NAME}", out)
        self.write_study(old="model: test-judge", new="model: test-judge, key_variable: sk-1")
        status, out, _ = self.run_austeer("sweep", "study.yaml", "--dry-run", "--quiet")
        self.assertEqual(status, 1)
        self.assertIn("the name of an environment variable", out)
        self.write_study()
        out = self.succeed("sweep", "study.yaml", "--dry-run", "--quiet")
        self.assertIn(f"ok      judge: test-judge at {self.server}/lettered/v1/chat/completions", out)
        self.assertEqual(self.questions(), [])


if __name__ == "__main__":
    unittest.main()

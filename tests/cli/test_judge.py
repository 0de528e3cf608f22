"""judge: results of eval compared and rated over HTTP, by a judge on loopback."""

import json
import os
import unittest
from unittest import mock

from support import AusteerTest, start_judge, write_judged_results

KEY = "sk-0123456789"


class Judge(AusteerTest):
    def setUp(self):
        super().setUp()
        self.server = start_judge(self)
        write_judged_results(self.folder)

    def arguments(self, behaviour):
        return ("judge", "--baseline", "vanilla.json", "--steered", "steered.json", "--endpoint",
                f"{self.server}/{behaviour}/v1", "--judge-model", "test-judge")

    def test_counts_and_the_cache(self):
        found = json.loads(self.succeed(*self.arguments("fair"), "--json"))
        result = found.pop("result")
        self.assertEqual(found, {"task": "bpo", "items": 4, "wins": 2, "losses": 1, "ties": 1,
                                 "no_verdict": 0, "delta_win_rate": 25.0, "p_value": 1.0,
                                 "asked": 6})
        self.assertEqual(json.loads((self.folder / result).read_text())["kind"], "judge")
        text = self.succeed(*self.arguments("broken"))
        self.assertIn("change of the win rate +25.0 (steered wins 2, loses 1, ties 1 of 4 items)",
                      text)
        self.assertEqual(len((self.folder / "log").read_text().splitlines()), 6)

    def test_ratings_are_a_models(self):
        found = json.loads(self.succeed(*self.arguments("fair"), "--rate", "--json"))
        self.assertEqual(found["rated_by"], "a model (test-judge), not by people")
        self.assertEqual((found["items"], found["rated"]), (4, 4))
        # The better answer has 5 and 4, another 2 and 2; the editor takes a point off each quality.
        self.assertEqual(found["baseline"]["alignment"]["mean"], 2.5)
        self.assertEqual(found["steered"]["alignment"]["mean"], 3.0)
        self.assertEqual([rater["rater"] for rater in found["steered"]["quality"]["by_rater"]],
                         ["asker", "editor", "checker"])
        self.assertEqual(found["steered"]["quality"]["by_rater"][1]["counts"], [2, 0, 0, 2, 0])
        self.assertAlmostEqual(found["difference"]["quality"]["mean"], 0.75)
        self.assertEqual((found["difference"]["alignment"]["better"],
                          found["difference"]["alignment"]["worse"]), (2, 1))
        self.assertEqual(found["krippendorff_alpha"]["alignment"], 1.0)
        self.assertEqual(found["asked"], 3 * 7)  # three raters, seven different answers
        result = json.loads((self.folder / found["result"]).read_text())
        self.assertEqual(result["kind"], "rate")
        self.assertEqual(result["outcome"]["rated_by"], found["rated_by"])

    def test_ratings_in_words(self):
        self.refuse(1, "HTTP status 402", *self.arguments("spent"), "--rate", "--parallel", 1)
        text = self.succeed(*self.arguments("fair"), "--rate")
        self.assertEqual(len((self.folder / "log").read_text().splitlines()), 21 + 1)
        self.assertIn("bpo: 4 of 4 items, rated from 1 to 5 by a model (test-judge), not by people\n"
                      "baseline: quality 2.42 (asker 2.75, editor 1.75, checker 2.75); alignment "
                      "2.50 (asker 2.50, editor 2.50, checker 2.50)\n", text)
        self.assertRegex(text, r"steered - baseline: quality \+0\.75 \[-[12]\.\d\d, \+[23]\.\d\d\], sign "
                               r"test p = 1; alignment \+0\.50 \[")
        self.assertRegex(text, r"Krippendorff's alpha of the raters: quality 0\.\d\d; alignment 1\.00\n")
        self.assertNotIn("left out", text)

    def test_a_result_alone_and_ratings_that_are_missing(self):
        alone = self.arguments("fair")[:3] + self.arguments("fair")[5:]
        found = json.loads(self.succeed(*alone, "--rate", "--json"))
        self.assertNotIn("steered", found)
        self.assertEqual(found["baseline"]["alignment"]["mean"], 2.5)
        self.refuse(2, "--steered is required", *alone)
        text = self.succeed(*self.arguments("undecided")[:-1], "another-judge", "--rate")
        self.assertIn("bpo: 0 of 4 items, rated from 1 to 5 by a model (another-judge), not by people\n"
                      "left out, without a rating by every rater: 4 items\n", text)

    def test_the_key_is_not_shown(self):
        with mock.patch.dict(os.environ, {"OPENAI_API_KEY": KEY}):
            status, out, err = self.run_austeer("--log-level", "debug", *self.arguments("refused"))
            self.assertEqual(status, 1)
            self.assertIn("Bearer [key]", err)
            self.assertNotIn(KEY, out + err)
        self.refuse(2, "the name of an environment variable", *self.arguments("fair"),
                    "--key-variable", KEY)

    def test_usage(self):
        self.refuse(2, "--judge-model", *self.arguments("fair")[:-2])
        self.refuse(1, "HTTP status 500", *self.arguments("broken"), "--tries", 1)


if __name__ == "__main__":
    unittest.main()

"""judge: two results of eval compared over HTTP, by a judge on loopback."""

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

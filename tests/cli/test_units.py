"""`units explain` and `units compare` on the default model and the samples: their figures against
plain Python from the cache's own tensors, and what they refuse."""

import json
import math
import unittest

from safetensors import safe_open

from support import ROOT, AusteerTest

PAIRS = 24


def momenta(cache, site):
    """[pairs, layers, width]: of a cache of one shard."""
    with safe_open(cache / "shard-00000.safetensors", "pt") as shard:
        return shard.get_tensor(f"{site}.positive").float() - shard.get_tensor(f"{site}.negative").float()


class Units(AusteerTest):
    def setUp(self):
        super().setUp()
        self.succeed("collect", "--task", "copa", "--pairs", PAIRS, "--sites", "attention,ffn",
                     "--shard-pairs", PAIRS, "--out", "cache")
        for name, score in (("a", "momentum"), ("b", "effect")):
            self.succeed("rank", "--cache", "cache", "--site", "ffn", "--set", f"score={score}",
                         "--out", f"{name}.ranking")
        self.succeed("rank", "--cache", "cache", "--site", "attention", "--out", "other.ranking")
        self.succeed("rank", "--cache", "cache", "--method", "iti", "--out", "iti.ranking")

    def listed(self, name, top):
        return json.loads(self.succeed("units", name, "--top", top, "--json"))["units"]

    def test_units(self):
        with self.subTest("explain"):
            self.explain()
        with self.subTest("explain as text"):
            self.explain_as_text()
        with self.subTest("compare"):
            self.compare()
        with self.subTest("refusals"):
            self.refusals()

    def explain(self):
        found = json.loads(self.succeed(
            "units", "explain", "a.ranking", "--top", 3, "--tokens", 2, "--cache", "cache", "--pairs",
            2, "--k", 2, "--alpha", 30, "--prompt", "My favourite season is", "--prompt", "I am",
            "--json"))
        difference = momenta(self.folder / "cache", "ffn")
        self.assertEqual(found["all_units"], difference[0].numel())
        self.assertEqual(found["effect"]["prompts"], 2)
        self.assertGreater(found["effect"]["plan"], 0)
        self.assertNotIn("no_texts", found)
        records = (ROOT / "datasets" / "samples" / "COPA" / "train.jsonl").read_text().splitlines()
        for unit, listed in zip(found["units"], self.listed("a.ranking", 3), strict=True):
            self.assertEqual(unit["unit"], f"ffn:{listed['layer']}:{listed['dim']}")
            for key in ("positive", "negative", "mean_momentum", "p_value", "score", "value"):
                self.assertEqual(unit[key], listed[key], key)
            own = difference[:, listed["layer"], listed["dim"]].tolist()
            for side, sign in (("agreeing", 1), ("disagreeing", -1)):
                sign = math.copysign(1, listed["value"]) * sign
                order = sorted(range(PAIRS), key=lambda i: -own[i] * sign)[:2]
                expected = [i for i in order if own[i] * sign > 0]
                self.assertEqual([pair["pair"] for pair in unit[side]], expected)
                for pair in unit[side]:
                    record = json.loads(records[pair["pair"]])
                    self.assertAlmostEqual(pair["momentum"], own[pair["pair"]])
                    self.assertIn(record["premise"], pair["positive"])
                    self.assertIn(record["premise"], pair["negative"])
            self.assertEqual([len(unit[kind]) for kind in ("promoted", "demoted")], [2, 2])
        self.assertGreater(found["units"][0]["left_out"], 0)
        self.assertIsNone(found["units"][2]["left_out"])
        probed = json.loads(self.succeed("probe", "tokens", "--units", found["units"][0]["unit"],
                                         "--top", 2, "--json"))["units"][0]
        self.assertEqual(found["units"][0]["promoted"], probed["promoted"])

    def explain_as_text(self):
        out = self.succeed("units", "explain", "a.ranking", "--top", 1, "--cache", "cache",
                           "--pairs-split", "train[3:]")
        found = json.loads(self.succeed("units", "explain", "a.ranking", "--top", 1, "--json"))
        self.assertEqual(found["significant"] == 0, "nothing here is more than chance gives" in out)
        self.assertIn("no texts of pairs: the cache's pairs are not the first 24 of the split "
                      "train[3:]", out)
        self.assertIn(f"\n1 {found['units'][0]['unit']}\n", out)
        for line in ("promotes", "demotes", "agrees: pair"):
            self.assertIn(f"\n  {line} ", out)
        self.assertNotIn("nats", out)

    def compare(self):
        arguments = ("units", "compare", "a.ranking", "b.ranking", "a.ranking", "--k", 50)
        found = json.loads(self.succeed(*arguments, "--json"))
        tops = [{(unit["layer"], unit["dim"]): unit["value"] for unit in self.listed(name, 50)}
                for name in ("a.ranking", "b.ranking", "a.ranking")]
        self.assertEqual(found["choices"], 30 * 576)
        pairs = [(0, 1), (0, 2), (1, 2)]
        for (i, j), one in zip(pairs, found["comparisons"], strict=True):
            shared = tops[i].keys() & tops[j].keys()
            self.assertEqual(one["shared"], len(shared))
            self.assertEqual(one["same_direction"],
                             sum(tops[i][unit] * tops[j][unit] > 0 for unit in shared))
            self.assertAlmostEqual(one["expected"], 2500 / 17280)
        self.assertEqual(found["comparisons"][1]["share"], 1)
        self.assertAlmostEqual(found["comparisons"][1]["rank_correlation"], 1)
        self.assertAlmostEqual(math.log(found["comparisons"][1]["p_value"]),
                               -math.log(math.comb(17280, 50)), delta=1e-6)
        out = self.succeed(*arguments)
        self.assertIn("the first 50 of 17280 units\n", out)
        self.assertRegex(out, r"\n  1   3 +50  100\.0 % +0\.145 ")

    def refusals(self):
        self.refuse(2, "ranking is required", "units")
        self.refuse(2, "ranking is required", "units", "explain")
        self.refuse(2, "rankings", "units", "compare", "a.ranking")
        self.refuse(2, "--top", "units", "compare", "a.ranking", "b.ranking", "--top", 3)
        self.refuse(2, "--resamples", "units", "explain", "a.ranking", "--cache", "cache",
                    "--resamples", 3)
        self.refuse(2, "ranking", "units", "a.ranking", "explain", "b.ranking")
        self.refuse(2, "a.ranking and other.ranking cannot be compared", "units", "compare",
                    "a.ranking", "other.ranking")
        self.refuse(2, "site ffn against attention", "units", "compare", "a.ranking",
                    "other.ranking")
        self.refuse(2, "groups of 64 at site attention", "units", "explain", "iti.ranking")
        self.refuse(2, "there is no prompt to steer", "units", "explain", "a.ranking", "--k", 3)
        self.refuse(2, "was not ranked from the cache", "units", "explain", "other.ranking",
                    "--cache", self.other_cache())

    def other_cache(self):
        self.succeed("collect", "--task", "copa", "--pairs", 3, "--sites", "attention", "--out",
                     "few")
        return "few"


if __name__ == "__main__":
    unittest.main()

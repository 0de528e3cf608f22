"""The job against tests/reference/hooks.py, which does the same with `transformers` and hooks, one
text at a time, in float32: counts per unit, vanilla and steered answers; against authors_logic.py, as it
compares an able model, here at SmolLM2's size. And the memory of eval."""

import json
import os
import resource
import subprocess
import sys
import unittest

from support import BINARY, ROOT, SAMPLES, AusteerTest, environment

PAIRS, ITEMS, SITE, K, ALPHA = 24, 24, "attention", 16, 20
RULES = ("none", "scale", "directed", "oriented")
PYTHON = ROOT / "build" / "venv" / "bin" / "python"


class Reference(AusteerTest):
    def hooks(self, command, *arguments):
        subprocess.run([PYTHON, ROOT / "tests" / "reference" / "hooks.py", command,
                        *map(str, arguments)], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def lines(self, file):
        return [json.loads(line) for line in (self.folder / file).read_text().splitlines()]

    def compare_counts(self):
        """Counts of every unit: equal, but ±1 for a pair whose momentum is within rounding of 0."""
        script = (
            "import sys, torch\n"
            "from safetensors.torch import load_file\n"
            "ranking, counts = map(load_file, sys.argv[1:3])\n"
            "at = ranking['layer'].long(), ranking['dim'].long()\n"
            "for side in ('positive', 'negative'):\n"
            f"    expected = counts['{SITE}.' + side][at]\n"
            "    difference = (ranking[side] - expected).abs()\n"
            f"    near = counts['{SITE}.near_zero'][at]\n"
            "    assert (difference <= near).all(), side\n"
            "    assert (difference[:300] == 0).float().mean() >= 0.99, side\n"
            "    assert (difference == 0).float().mean() >= 0.99, side\n"
            "    assert expected.max() > 12, 'nothing was counted'\n")
        done = subprocess.run([PYTHON, "-c", script, "ranking", "counts.safetensors"],
                              cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_counts_and_answers(self):
        shared = ("--task", "copa", "--datasets", SAMPLES)
        self.succeed("collect", *shared, "--pairs", PAIRS, "--sites", SITE, "--dtype", "float32",
                     "--out", "cache")
        self.succeed("rank", "--cache", "cache", "--site", SITE, "--out", "ranking")
        self.hooks("collect", *shared, "--pairs", PAIRS, "--out", "counts.safetensors")
        self.hooks("rank", "--counts", "counts.safetensors", "--site", SITE, "--out", "units.json")
        self.compare_counts()

        strength = ("--k", K, "--alpha", ALPHA)
        self.hooks("eval", *shared, "--limit", ITEMS, "--out", "theirs.jsonl", "--rules", *RULES,
                   "--units", "units.json", "--site", SITE, *strength)
        theirs = self.lines("theirs.jsonl")
        for rule in RULES:
            with self.subTest(rule=rule):
                plan = () if rule == "none" else ("--plan", "ranking", *strength, "--rule", rule)
                self.succeed("eval", *shared, "--limit", ITEMS, "--dtype", "float32", "--out",
                             "ours.json", *plan)
                ours = [item["generated"] for item in self.lines("ours.jsonl")]
                self.assertEqual(len(ours), ITEMS)
                self.assertEqual(ours, [item["prediction"] for item in theirs if item["rule"] == rule])


class AuthorsLogic(AusteerTest):
    """Three sites, signs, counts, the order of the first units, answers at the published settings."""

    def compare(self, binary, pairs, items):
        return subprocess.run(
            [PYTHON, ROOT / "tests" / "reference" / "authors_logic.py", "--model",
             ROOT / "build" / "reference" / "smollm2" / "transformers", "--datasets", SAMPLES,
             "--pairs", str(pairs), "--items", str(items)],
            env=environment() | {"AUSTEER": str(binary)}, capture_output=True, text=True)

    def test_every_figure_is_reached(self):
        done = self.compare(BINARY, 24, 16)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("\nok "), 3 * 3 + 4)
        self.assertIn("100 of the first 100 units", done.stdout)

    def test_half_precision_is_noticed(self):
        half = self.folder / "austeer-in-bfloat16"
        half.write_text(f'#!/bin/bash\nexec "{BINARY}" "${{@/float32/bfloat16}}"\n')
        half.chmod(0o755)
        done = self.compare(half, 8, 2)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for site in ("attention", "ffn", "layer"):
            self.assertRegex(done.stdout, rf"MISSED +{site}: \d+ of \d+ momenta differ in sign")
            self.assertRegex(done.stdout, rf"MISSED +{site}: counts of")
            self.assertRegex(done.stdout, rf"MISSED +{site}: \d+ of the first 100 units")


class Memory(AusteerTest):
    def test_eval_needs_the_weights_and_at_most_a_gibibyte(self):
        weights = 134_515_008 * 4
        child = os.fork()
        if child == 0:
            os.close(1)
            status, _, err = self.run_austeer("eval", "--task", "boolq", "--dtype", "float32",
                                              "--limit", 32, "--out", "result.json")
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
            if status or peak > weights + 2**30:
                print(f"status {status}, peak {peak}: {err}", file=sys.stderr)
                os._exit(1)
            os._exit(0)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)


if __name__ == "__main__":
    unittest.main()

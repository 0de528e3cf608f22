"""The experiments run to their end on a few items: what they print and write is there. What they
find is read by people, not by tests."""

import json
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from support import BINARY, ROOT, SAMPLES, AusteerTest, digests, environment

sys.path.append(str(ROOT / "experiments"))
from ways import WAYS

PYTHON = ROOT / "build" / "venv" / "bin" / "python"


class Experiments(AusteerTest):
    def run_experiment(self, name, *arguments):
        done = subprocess.run([sys.executable, ROOT / "experiments" / f"{name}.py", *arguments],
                              cwd=self.folder, text=True, capture_output=True,
                              env=environment() | {"AUSTEER_BINARY": str(BINARY)})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_quickstart(self):
        out = self.run_experiment("quickstart", "--limit", "3", "--pairs", "8")
        rows = json.loads((self.folder / "austeer-quickstart" / "summary.json").read_text())
        self.assertEqual([row["way"] for row in rows],
                         ["vanilla", "published rule", "directed rule", "random units, directed"])
        for row in rows:
            self.assertEqual(row["items"], 3)
            self.assertIn(f"| {row['way']:24} | {row['toxic_rate']:5.1%} |", out)
        self.assertEqual(len(rows[3]["draws"]), 5)
        self.assertEqual(rows[3]["interval"], [min(rows[3]["draws"]), max(rows[3]["draws"])])
        self.assertAlmostEqual(rows[3]["toxic_rate"], sum(rows[3]["draws"]) / 5)
        picture = self.folder / "austeer-quickstart" / "toxicity-and-cost.svg"
        circles = xml.etree.ElementTree.parse(picture).findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(circles), 4)

    def test_all_tasks(self):
        out = self.run_experiment("all_tasks", "copa", "provocations", "--limit", "2", "--pairs",
                                  "4")
        for start in ("| copa         | exact_match  |     2 |", "| copa         | choices      |",
                      "| provocations | toxicity     |"):
            self.assertIn(start, out)
        side_by_side = self.folder / "austeer-all-tasks" / "provocations" / "side-by-side.txt"
        self.assertEqual(side_by_side.read_text().count("\n  vanilla "), 2)

    def test_baselines(self):
        arguments = ("baselines", "copa", "--ways", "ITI", "--train", "train[:12]", "--dev",
                     "train[12:]", "--dev-items", "2", "--items", "3", "--seeds", "1", "--datasets", str(SAMPLES))
        out = self.run_experiment(*arguments)
        rows = [line.split(" | ") for line in out.splitlines() if line.startswith("| ")][2:]
        self.assertEqual([row[0] for row in rows],
                         ["| vanilla", "| ITI", "| — control: random", "| — control: direction",
                          "| — control: magnitude", "| — control: layer"])
        self.assertIn(rows[1][2], (str(8 * 64), str(32 * 64)))
        self.assertRegex(rows[1][-1], r"^(beats \d of 4|does not beat [a-z, ]+) \|$")
        results = self.folder / "austeer-baselines" / "copa" / "results"
        before = digests(results)
        self.assertEqual(len([name for name in before if name.endswith(".report.json")]), 12)
        self.assertEqual(self.run_experiment(*arguments), out)  # nothing is run again
        self.assertEqual(digests(results), before)

    def test_every_way_makes_its_ranking(self):
        self.succeed("collect", "--task", "provocations", "--datasets", SAMPLES, "--pairs", 12,
                     "--sites", "attention,ffn,layer,ffn_gate,layer@answer_all", "--layers", 18,
                     "--out", "cache")
        for name in ("one", "other"):
            done = subprocess.run([PYTHON, ROOT / "experiments" / "train_sae.py", "--cache", "cache",
                                   "--layer", "18", "--atoms", "64", "--active", "4", "--steps", "32",
                                   "--batch", "32", "--out", f"{name}.safetensors"],
                                  cwd=self.folder, env=environment(), capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        one, other = ((self.folder / f"{name}.safetensors").read_bytes() for name in ("one", "other"))
        self.assertEqual(one, other)
        for way in WAYS:
            with self.subTest(way=way.name):
                sae = ("--set", "sae=one.safetensors", "--set", "atoms=all")
                self.succeed("rank", "--cache", "cache", *way.rank,
                             *(sae if way.needs_autoencoder else ()), "--top", 0, "--out", "ranking")

    def test_detox_frontier(self):
        self.run_experiment("detox_frontier", "--task", "provocations", "--pairs", "8", "--prompts",
                            "3", "--max-new-tokens", "8", "--ways", "ITI", "--controls", "CAA",
                            "--datasets", str(SAMPLES))
        folder = self.folder / "austeer-frontier"
        rows = json.loads((folder / "frontier.json").read_text())
        self.assertEqual([row["way"] for row in rows],
                         ["vanilla"] + 4 * ["CAA"] + 2 * ["ITI"] + 2 * ["CAA random"]
                         + 2 * ["CAA direction"])
        self.assertEqual([row["activations_per_token"] for row in rows],
                         [0] + 4 * [576] + 2 * [48 * 64] + 4 * [576])
        self.assertIn("\nITI: of ", (folder / "frontier.md").read_text())
        picture = xml.etree.ElementTree.parse(folder / "frontier.svg")
        # Each panel: vanilla, CAA's curve and the way's own from vanilla on, and CAA's controls.
        circles = picture.findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(circles), (1 + 5 + 3 + 3) + (1 + 5 + 3))


if __name__ == "__main__":
    unittest.main()

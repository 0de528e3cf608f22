"""The experiments run to their end on a few items: what they print and write is there. What they find
is read by people, not by tests."""

import json
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from support import BINARY, ROOT, AusteerTest, environment


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


if __name__ == "__main__":
    unittest.main()

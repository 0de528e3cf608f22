"""The studies of `experiments/` run to their end on a few items: what they print and write is there. What
they find is read by people, not by tests."""

import subprocess
import unittest
import xml.etree.ElementTree

import yaml

from support import ROOT, SAMPLES, AusteerTest, digests, environment

PYTHON = ROOT / "build" / "venv" / "bin" / "python"
EXPERIMENTS = ROOT / "experiments"
SVG = "{http://www.w3.org/2000/svg}"


class Experiments(AusteerTest):
    def study(self, name, change):
        """The study `name` of `experiments/` as `change` leaves it, in a file of its own."""
        study = yaml.safe_load((EXPERIMENTS / f"{name}.yaml").read_text())
        change(study)
        return self.write(name, study)

    def write(self, name, study):
        file = self.folder / f"{name.replace('/', '-')}.yaml"
        file.write_text(yaml.safe_dump(study, sort_keys=False))
        return file

    def rows(self, table):
        """The cells of a Markdown table's rows, without its head and the lines of its models."""
        lines = [line for line in table.splitlines() if line.startswith("|")]
        rows = [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in lines[2:]]
        return [row for row in rows if any(row[1:])]

    def test_quickstart(self):
        def fewer(study):
            study["tasks"]["provocations"] = {"pairs": 8, "items": 3, "max_new_tokens": 8}

        study = self.study("quickstart", fewer)
        self.succeed("sweep", study, "--datasets", SAMPLES)
        table = self.succeed("table", study, "--examples")
        names = ["vanilla", "published rule", "directed rule", "random units, directed"]
        rows = self.rows(table)
        self.assertEqual([row[0] for row in rows[:4]], names)
        self.assertIn("(", rows[3][2])  # the least and the greatest of five draws
        self.assertIn("that directed rule made least toxic", table)
        written = self.succeed("plot", study)
        picture = next(line for line in written.splitlines() if line.endswith(".svg"))
        self.assertTrue(xml.etree.ElementTree.parse(self.folder / picture).findall(f".//{SVG}path"))
        page = (self.folder / self.succeed("report", study).strip()).read_text()
        for part in ("Answers side by side", "toxicity-and-cost"):
            self.assertIn(part, page)

    def test_all_tasks(self):
        def fewer(study):
            for task in study["tasks"].values():
                task |= {"pairs": 4, "items": 1}
                if task.get("scoring") != "choices":
                    task["max_new_tokens"] = 4

        study = self.study("all_tasks", fewer)
        self.assertIn("28 entries", self.succeed("sweep", study, "--datasets", SAMPLES))
        table = self.succeed("table", study)
        self.assertEqual([row[0] for row in self.rows(table)], 14 * ["vanilla", "AUSteer"])
        for task in ("boolq, choices", "gsm8k", "detox\\_raw"):
            self.assertIn(f"{task}: 1 item, at most 4 pairs", table)

    def test_baselines(self):
        def only_iti(study):
            study["methods"] = {"ITI": study["methods"]["ITI"]}
            study["tasks"] = {"copa": {"train": "train[:12]", "dev": "train[12:]", "dev_items": 2,
                                       "items": 3}}
            study["seeds"] = [0]

        study = self.study("baselines", only_iti)
        self.succeed("sweep", study, "--datasets", SAMPLES)
        rows = self.rows(self.succeed("table", study))
        self.assertEqual([row[0] for row in rows],
                         ["vanilla", "ITI", "\u21b3 random units", "\u21b3 random direction",
                          "\u21b3 units of the same magnitude",
                          "\u21b3 random units of the same layers"])
        self.assertIn(rows[1][1], (str(8 * 64), str(32 * 64)))
        cells = self.folder / "austeer-studies" / "baselines" / "cells"
        before = digests(cells)
        self.assertEqual(len([name for name in before if name.endswith(".json")]), 1 + 6 + 1 + 4)
        self.assertIn(", 0 cells run now", self.succeed("sweep", study, "--datasets", SAMPLES))
        self.assertEqual(digests(cells), before)

    def test_every_baseline_runs(self):
        self.succeed("collect", "--task", "provocations", "--datasets", SAMPLES, "--pairs", 12,
                     "--sites", "layer@answer_all", "--layers", 18, "--out", "cache")
        for name in ("one", "other"):
            done = subprocess.run([PYTHON, EXPERIMENTS / "train_sae.py", "--cache", "cache",
                                   "--layer", "18", "--atoms", "64", "--active", "4", "--steps", "32",
                                   "--batch", "32", "--out", f"{name}.safetensors"],
                                  cwd=self.folder, env=environment(), capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        one, other = ((self.folder / f"{name}.safetensors").read_bytes() for name in ("one", "other"))
        self.assertEqual(one, other)

        def one_variant_each(study):
            more = [yaml.safe_load((EXPERIMENTS / f"baselines_{name}.yaml").read_text())["methods"]
                    for name in ("variants", "sta")]
            study["methods"] |= more[0] | more[1]
            study["methods"]["STA"]["rank"]["set"] |= {"sae": "one.safetensors", "atoms": "all"}
            for method in study["methods"].values():
                del method["controls"]
                method["plan"] = {key: value[0] if isinstance(value, list) else value
                                  for key, value in method["plan"].items()}
            study["tasks"] = {"copa": {"pairs": 12, "items": 1}}

        study = self.study("baselines", one_variant_each)
        self.assertIn("19 entries", self.succeed("sweep", study, "--datasets", SAMPLES))
        self.assertEqual(len(self.rows(self.succeed("table", study))), 19)

    def test_frontier(self):
        def fewer(study):
            study["tasks"] = {"provocations": {"pairs": 8, "items": 3, "max_new_tokens": 8}}
            study["seeds"] = [0, 1]

        study = self.study("small/frontier", fewer)
        self.succeed("sweep", study, "--datasets", SAMPLES)
        table = self.succeed("table", study)
        rows = self.rows(table)
        self.assertEqual([row[1] for row in rows],
                         ["0"] + 11 * ["100"] + 2 * ["100"] + 6 * ["576"] + 2 * [str(48 * 64)])
        for name in ("AUSteer", "AUSteer, one layer, vector", "CAA, random direction", "ITI"):
            self.assertRegex(table, rf"\n{name} on provocations: (of \d points? at|no point at) ")
        names = [line for line in self.succeed("plot", study).splitlines() if line.endswith(".svg")]
        self.assertEqual(len(names), 3)


if __name__ == "__main__":
    unittest.main()

"""Sweeps: killed and continued, shared by processes and by a job array of a real Slurm, and refused.
All on the default model and a few items of the COPA sample."""

import json
import random
import signal
import subprocess
import unittest

from slurm import Slurm
from support import BINARY, ROOT, AusteerTest, environment

STUDY = """
title: A trial
models: [smollm2-135m-instruct]
tasks:
  copa: {pairs: 6, dev_items: 2, items: 3}
methods:
  AUSteer:
    rank: {site: [attention, ffn]}
    plan: {k: 4, alpha: [1, 8]}
    controls: [random]
  CAA:
    rank: {method: caa}
    plan: {layer: [12, 18], alpha: 1}
"""
# Vanilla; AUSteer's grid, itself and five draws of its control; CAA's grid and itself.
CELLS = 1 + 4 + 1 + 5 + 2 + 1


def contents(folder):
    """Everything that a study has on disk but its locks, logs and timings."""
    files = {}
    for file in sorted(folder.rglob("*")):
        place = file.relative_to(folder)
        if not file.is_file() or place.parts[0] in ("locks", "slurm") or file.name == ".lock":
            continue
        files[str(place)] = file.read_bytes()
        if place.parts[0] == "cells" and file.suffix == ".json":
            result = json.loads(files[str(place)])
            del result["timings"]
            files[str(place)] = json.dumps(result)
    return files


class StudyTest(AusteerTest):
    def setUp(self):
        super().setUp()
        self.write_study(STUDY)

    def write_study(self, text):
        (self.folder / "study.yaml").write_text(text)

    def sweep(self, out, *arguments):
        return json.loads(self.succeed("sweep", "study.yaml", "--out", out, "--json", "--quiet",
                                       *arguments))


class SweepTest(StudyTest):
    @classmethod
    def setUpClass(cls):
        cls.undisturbed = None

    def expected(self):
        if SweepTest.undisturbed is None:
            self.assertEqual(self.sweep("whole")["cells_run"], CELLS)
            SweepTest.undisturbed = contents(self.folder / "whole")
        return SweepTest.undisturbed

    def test_a_finished_cell_is_never_run_again(self):
        self.expected()
        self.sweep("again")
        self.assertEqual(self.sweep("again")["cells_run"], 0)
        more = STUDY.replace("alpha: [1, 8]", "alpha: [1, 8, 16]")
        self.write_study(more)
        self.assertEqual(self.sweep("again")["cells_run"], 2)  # one for each site, on dev items

    def test_variants_that_run_together_are_those_of_separate_evaluations(self):
        self.compare_with_separate_evaluations("float32", alphas=[1, 50], failing=0)

    def test_a_variant_that_overflows_fails_alone(self):
        self.compare_with_separate_evaluations("float16", alphas=[1, 1000000], failing=2)

    def compare_with_separate_evaluations(self, dtype, alphas, failing):
        self.write_study(f"""
title: A grid
models: [smollm2-135m-instruct]
select: none
run: {{dtype: {dtype}}}
tasks:
  copa: {{pairs: 12, items: 6}}
methods:
  AUSteer:
    rank: {{site: attention}}
    plan: {{k: [1, 16], alpha: {alphas}}}
""")
        self.assertEqual(self.sweep("grid")["cells_failed"], failing)
        [ranking] = (self.folder / "grid" / "rankings").glob("*.ranking")
        compared = 0
        for cell in (self.folder / "grid" / "cells").glob("*.json"):
            result = json.loads(cell.read_text())
            if "reason" in result:
                self.assertIn("NaN or infinite", result["reason"])
                continue
            plan = result["configuration"]["plan"]
            steering = ["--plan", ranking, "--k", plan["k"], "--alpha", plan["alpha"]] if plan else []
            self.succeed("eval", "--task", "copa", "--split", result["configuration"]["split"],
                         "--dtype", dtype, *steering, "--out", "alone.json", "--quiet")
            self.assertEqual((self.folder / "alone.jsonl").read_bytes(),
                             cell.with_suffix(".jsonl").read_bytes())
            compared += 1
        self.assertEqual(compared, 5 - failing)

    def test_killed_at_twenty_moments_it_ends_with_the_same_bytes(self):
        expected = self.expected()
        moments = random.Random(20)
        kills = 0
        while kills < 20:
            name = f"killed-{kills}"
            kills += self.kill_until_done(name, moments, most=20 - kills)
            self.sweep(name)
            self.assertEqual(contents(self.folder / name), expected)

    def kill_until_done(self, name, moments, most):
        """Starts a sweep again and again and kills it, until one ends by itself; the kills."""
        for kills in range(most):
            process = self.start("sweep", "study.yaml", "--out", name, "--quiet")
            try:
                process.communicate(timeout=moments.uniform(0.3, 2.5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                continue
            self.assertEqual(process.returncode, 0)
            return kills
        return most

    def test_two_processes_share_a_study(self):
        expected = self.expected()
        processes = [self.start("sweep", "study.yaml", "--out", "shared", "--json", "--quiet")
                     for _ in range(2)]
        reports = []
        for process in processes:
            out, err = process.communicate()
            self.assertEqual(process.returncode, 0, err)
            reports.append(json.loads(out))
        self.assertEqual(sum(report["cells_run"] for report in reports), CELLS)
        self.assertEqual(contents(self.folder / "shared"), expected)

    def test_shards_make_the_whole(self):
        expected = self.expected()
        cells = sum(self.sweep("sharded", "--shard", f"{i}/2")["cells_run"] for i in (1, 2))
        self.assertEqual(cells, CELLS)
        self.assertEqual(contents(self.folder / "sharded"), expected)

    def test_a_job_array_of_slurm(self):
        expected = self.expected()
        slurm = Slurm(self.folder_of_slurm())
        self.addCleanup(slurm.stop)
        slurm.start()
        command = [BINARY, "sweep", "study.yaml", "--out", "array", "--slurm", "--json", "--quiet",
                   "--sbatch=--wait", "--slurm-tasks", "3"]
        done = subprocess.run([str(part) for part in command], cwd=self.folder, text=True,
                              capture_output=True, env=environment() | slurm.environment)
        logs = [log.read_text() for log in (self.folder / "array" / "slurm").glob("*.log")]
        self.assertEqual(done.returncode, 0, f"{done.stderr}\n{logs}")
        report = json.loads(done.stdout)
        self.assertEqual(report["tasks"], 3)
        self.assertTrue(report["job"].isdigit(), report)
        self.assertEqual(len(logs), 3)
        self.assertEqual(contents(self.folder / "array"), expected)

    def folder_of_slurm(self):
        folder = self.folder / "slurm-daemons"
        folder.mkdir()
        self.folder.chmod(0o755)
        return folder

    def test_a_control_may_be_a_method_of_its_own(self):
        self.write_study("""
title: A control over its strength
models: [smollm2-135m-instruct]
select: none
seeds: [3]
tasks:
  copa: {pairs: 6, items: 2}
methods:
  random units:
    rank: {site: attention}
    plan: {control: [random, magnitude], k: 4, alpha: 1}
""")
        self.sweep("control")
        cells = (self.folder / "control" / "cells").glob("*.json")
        plans = [json.loads(cell.read_text())["configuration"]["plan"] for cell in cells]
        self.assertEqual(sorted((plan["control"], plan["seed"]) for plan in plans if plan),
                         [("magnitude", 0), ("random", 3)])

    def test_what_is_drawn_is_drawn_for_every_seed(self):
        self.write_study("""
title: A control over its strength, and settings of a task
models: [smollm2-135m-instruct]
select: none
tasks:
  copa: {pairs: 6, items: 2}
  winogrande: {pairs: 6, items: 2}
methods:
  random units:
    tasks: [copa]
    rank: {site: attention}
    plan: {control: random, k: 4, alpha: 1}
  AUSteer:
    plan: {k: 4, alpha: 1}
    settings:
      smollm2-135m-instruct:
        copa: {rank: {site: attention}}
        winogrande: {rank: {site: ffn}, plan: {k: 7}}
""")
        self.assertEqual(self.sweep("draws")["entries"], 5)
        plans = {"copa": [], "winogrande": []}
        for cell in (self.folder / "draws" / "cells").glob("*.json"):
            configuration = json.loads(cell.read_text())["configuration"]
            if plan := configuration["plan"]:
                plans[configuration["task"]["name"]].append(
                    (plan["site"], plan["k"], plan.get("control"), plan.get("seed")))
        self.assertEqual(sorted(plans["copa"], key=str),
                         sorted([("attention", 4, "random", seed) for seed in range(5)]
                                + [("attention", 4, None, None)], key=str))
        self.assertEqual(plans["winogrande"], [("ffn", 7, None, None)])
        [outcome] = [found for found in map(json.loads, map(
            lambda file: file.read_text(), (self.folder / "draws" / "outcomes").glob("*.json")))
            if found["entry"].get("method", {}).get("name") == "random units"]
        self.assertEqual(outcome["choice"][0]["draws"], 5)
        table = self.succeed("table", "study.yaml", "--out", "draws", "--quiet")
        self.assertRegex(table, r"\| random units \| 4 \| [\d.]+ .* \([\d.]+–[\d.]+\) \|")
        self.assertIn("random units runs on copa alone.", table)

    def test_it_says_first_how_many_pairs_are_left_and_what_a_race_takes(self):
        self.write_study(STUDY.replace("pairs: 6, dev_items: 2", "pairs: 60, dev_items: 20")
                         + "select: race\n")
        for command in (("--dry-run",), ()):
            status, out, err = self.run_austeer("sweep", "study.yaml", "--out", "said", *command)
            self.assertEqual(status, 0, err)
            said = out if command else err
            self.assertRegex(said, r"copa: 44 of 60 pairs are left to learn from")
            self.assertRegex(said, r"AUSteer on copa: the first round of its race has 16 items for "
                                   r"each of 4 variants, so that the race takes up to \d+ % of the "
                                   r"grid's evaluations, more than race_share allows \(20 %\)")
        self.assertIn("44 of 60 pairs", self.succeed("table", "study.yaml", "--out", "said"))
        self.succeed("report", "study.yaml", "--out", "said")
        self.assertIn("44 of 60 pairs", (self.folder / "said" / "report.html").read_text())

    def test_list_says_what_is_missing(self):
        self.sweep("listed")
        rows = json.loads(self.succeed("sweep", "study.yaml", "--out", "listed", "--list", "--json",
                                       "--quiet"))["entries"]
        self.assertEqual([row["method"] for row in rows], ["(pairs)", "vanilla", "AUSteer", "CAA"])
        self.assertEqual([row["cells"] for row in rows], [1, 1, 10, 3])
        self.assertEqual([row["done"] for row in rows], [1, 1, 10, 3])
        self.assertEqual({row["tokens"] for row in rows}, {0})
        rows = json.loads(self.succeed("sweep", "study.yaml", "--out", "new", "--list", "--json",
                                       "--quiet"))["entries"]
        self.assertEqual([row["done"] for row in rows], [0, 0, 0, 0])
        self.assertTrue(all(row["tokens"] > 0 and row["seconds"] > 0 for row in rows), rows)
        self.assertFalse((self.folder / "new").exists())


class DryRunTest(StudyTest):
    def test_a_good_study(self):
        out = self.succeed("sweep", "study.yaml", "--dry-run", "--quiet")
        self.assertIn("30 layers of width 576", out)
        self.assertIn("6 pairs, 2 items to choose by, 3 test items", out)
        self.assertFalse((self.folder / "austeer-studies").exists())

    def test_every_experiment_lacks_nothing_but_models(self):
        studies = [file for file in sorted((ROOT / "experiments").rglob("*.yaml"))
                   if "title:" in file.read_text()]
        self.assertGreater(len(studies), 20)
        for study in studies:
            status, out, err = self.run_austeer("sweep", study, "--dry-run", "--json", "--quiet")
            problems = [check["problem"] for check in json.loads(out)["checks"]]
            for problem in filter(None, problems):
                self.assertIn("is not on this machine", problem, study)
            self.assertEqual(status, 1 if any(problems) else 0, f"{study}: {err}")

    def test_every_problem_at_once(self):
        self.write_study(STUDY.replace("layer: [12, 18]", "layer: [12, 30]")
                         .replace("  copa:", "  copa2: {task: cpa}\n  copa:")
                         .replace("rank: {method: caa}",
                                  "rank: {method: caa, set: {positions: frist}}"))
        status, out, err = self.run_austeer("sweep", "study.yaml", "--dry-run", "--quiet")
        self.assertEqual(status, 1)
        self.assertIn("3 of its parts cannot be run", err)
        self.assertIn("layers from 0 to 29", out)
        self.assertIn("did you mean 'copa'", out)
        self.assertIn("unknown positions 'frist'", out)


class RefusalTest(StudyTest):
    def test_shards(self):
        for shard in ("0/2", "3/2", "1", "a/b", "1/0"):
            self.refuse(2, "I/N", "sweep", "study.yaml", "--shard", shard, "--quiet")

    def test_settings_of_a_run(self):
        """Those of the command line are a study's too, and are refused as `eval` refuses them."""
        for what, message in ((["--offload"], "--offload needs --device"),
                              (["--passes", "plane"], "unknown passes 'plane'"),
                              (["--batch-tokens", "0"], "--batch-tokens")):
            self.refuse(2, message, "sweep", "study.yaml", *what, "--quiet")

    def test_unknown_keys(self):
        self.write_study(STUDY + "slect: dev\n")
        self.refuse(1, "did you mean 'select'", "sweep", "study.yaml", "--quiet")

    def test_settings_tasks_and_ranges(self):
        for old, new, message in (
                ("layer: [12, 18]", "layer: 0..30", "layers from 0 to 29"),
                ("layer: [12, 18]", "layer: all", "0..-1 by 2"),
                ("rank: {method: caa}", "rank: {method: caa}\n    tasks: [cpa]", "did you mean 'copa'"),
                ("rank: {method: caa}", "rank: {method: caa}\n    tasks: [boolq]",
                 "runs on none of the study's tasks"),
                ("rank: {method: caa}", "rank: {method: caa}\n    settings: "
                 "{smollm2-135m-instruct: {copa: {plan: {layer: 3}}}}", "change an axis")):
            self.write_study(STUDY.replace(old, new))
            status, _, err = self.run_austeer("sweep", "study.yaml", "--quiet")
            self.assertNotEqual(status, 0, new)
            self.assertIn(message, err)
        self.write_study(STUDY + "select: none\n")
        self.refuse(2, "Make the control a method of its own", "sweep", "study.yaml", "--quiet")

    def test_pairs_that_are_chosen_by(self):
        self.write_study(STUDY.replace("dev_items: 2", "dev: 'train[5:8]'"))
        self.refuse(2, "gives both a pair and an item", "sweep", "study.yaml", "--quiet")

    def test_a_task_for_a_judge(self):
        self.write_study(STUDY.replace("copa:", "bpo:"))
        self.refuse(2, "its answers are for a judge, and the study names none", "sweep", "study.yaml",
                    "--quiet")

    def test_without_slurm(self):
        done = subprocess.run([BINARY, "sweep", "study.yaml", "--slurm", "--quiet"],
                              cwd=self.folder, text=True, capture_output=True,
                              env=environment() | {"PATH": "/nonexistent"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("--shard", done.stderr)


if __name__ == "__main__":
    unittest.main()

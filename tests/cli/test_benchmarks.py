"""The benchmarks run: at their smallest, on the samples, with every opponent that needs no more than the
project's own packages. What they measure is read by people, not by tests."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import BINARY, ROOT, SAMPLES, environment

PYTHON = ROOT / "build" / "venv" / "bin" / "python"
FOLDER = ROOT / "experiments" / "benchmarks"
# One of each kind; `grid` alone would be sixty processes.
WORKS = ("collect-copa", "eval-boolq", "generate-detox", "decode", "steering-copa", "rank", "start")


def run_script(name, *arguments):
    return subprocess.run([PYTHON, FOLDER / f"{name}.py", *map(str, arguments)], text=True,
                          capture_output=True, env=environment() | {"AUSTEER_ROOT": str(ROOT)})


class Benchmarks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def succeed(self, name, *arguments):
        done = run_script(name, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_they_start(self):
        for name, *command in (("published_way",), ("batched_way",), ("speed",), ("scaling",),
                               ("large_model", "measure")):
            with self.subTest(name=name):
                self.assertIn("--datasets", self.succeed(name, *command, "--help"))

    def test_every_speed_is_measured(self):
        out, plot = self.folder / "speed.json", self.folder / "speed.svg"
        llama = os.environ.get("AUSTEER_LLAMA_PYTHON")
        printed = self.succeed("speed", "--datasets", SAMPLES, "--out", out, "--plot", plot,
                               "--austeer", BINARY, "--items", 2, "--repeats", 1, "--only", *WORKS,
                               *(["--llama-python", llama] if llama else []))
        result = json.loads(out.read_text())
        self.assertEqual([work["work"] for work in result["works"]], list(WORKS))
        self.assertIn("</svg>", plot.read_text())
        for work in result["works"]:
            self.assertIn(work["work"], printed)
            self.assertTrue(any("goal" in figure for figure in work["figures"]), work["work"])
            for figure in work["figures"]:
                if figure["what"].startswith("answers like"):
                    self.assertEqual(figure["min"], 100, work["work"])
            for side, runs in work["runs"].items():
                self.assertTrue(all(run["seconds"] > 0 and run["peak_bytes"] > 0 for run in runs),
                                f"{work['work']}, {side}")

    def test_growth_is_measured_and_drawn(self):
        out, plot = self.folder / "scaling.json", self.folder / "scaling.svg"
        self.succeed("scaling", "--datasets", SAMPLES, "--out", out, "--plot", plot, "--austeer",
                     BINARY, "--repeats", 1, "--smallest")
        axes = json.loads(out.read_text())["axes"]
        self.assertEqual({name: len(points) for name, points in axes.items()},
                         {"pairs": 2, "length": 2, "variants": 2})
        self.assertIn("</svg>", plot.read_text())


if __name__ == "__main__":
    unittest.main()

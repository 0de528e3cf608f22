"""The benchmarks start: their modules are found and their options parsed. What they measure is read
by people, not by tests."""

import subprocess
import unittest

from support import ROOT

PYTHON = ROOT / "build" / "venv" / "bin" / "python"


class Benchmarks(unittest.TestCase):
    def test_they_start(self):
        for name, *command in (("collect",), ("published_way",), ("large_model", "measure")):
            with self.subTest(name=name):
                done = subprocess.run(
                    [PYTHON, ROOT / "experiments" / "benchmarks" / f"{name}.py", *command,
                     "--help"],
                    capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("--datasets", done.stdout)


if __name__ == "__main__":
    unittest.main()

"""What the command-line tests share: running austeer on the samples that come with the project,
and reading what it wrote. AUSTEER_BINARY names the program under test."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ["AUSTEER_BINARY"]).resolve()
SAMPLES = ROOT / "datasets" / "samples"


def environment():
    """Of a user who has fetched the default model and no dataset. Threads that wait give way to others:
    spinning makes tiny products slow on a busy machine."""
    kept = {name: value for name, value in os.environ.items() if name != "AUSTEER_DATASETS"}
    return kept | {"AUSTEER_HOME": os.environ.get("AUSTEER_HOME", str(ROOT / "build" / "home")),
                   "OMP_WAIT_POLICY": "passive"}


class AusteerTest(unittest.TestCase):
    """A test with a folder of its own, in which austeer runs."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, *arguments, **options):
        return subprocess.Popen([BINARY, *map(str, arguments)], cwd=self.folder, text=True,
                                env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                **options)

    def run_austeer(self, *arguments, **options):
        process = self.start(*arguments, **options)
        out, err = process.communicate()
        return process.returncode, out, err

    def succeed(self, *arguments, **options):
        """stdout of a run that must end with 0."""
        status, out, err = self.run_austeer(*arguments, **options)
        self.assertEqual(status, 0, err)
        return out

    def refuse(self, status, part, *arguments, **options):
        """A run must end with `status`, one error line that has `part`, and nothing on stdout."""
        found, out, err = self.run_austeer(*arguments, **options)
        self.assertEqual(found, status, err)
        self.assertIn(part, err)
        self.assertEqual(out, "")


def start_judge(test):
    """The address of a judge on loopback (tests/reference/judge_server.py) that lives as long as
    `test`; a behaviour follows it. It writes `log` in the test's folder."""
    script = ROOT / "tests" / "reference" / "judge_server.py"
    server = subprocess.Popen([sys.executable, script, test.folder / "log"], text=True,
                              stdout=subprocess.PIPE)

    def stop():
        server.kill()
        server.communicate()

    test.addCleanup(stop)
    return f"http://127.0.0.1:{int(server.stdout.readline())}"


def write_judged_results(folder):
    """Two results of eval, vanilla and steered, for the judge: the steered answer is better twice, worse
    once, and the same once."""
    for name, answers in (("vanilla", ["bad", "better", "same", "bad"]),
                          ("steered", ["better", "bad", "same", "a better one"])):
        lines = ""
        for number, answer in enumerate(answers):
            prompt = f"Prompt {number}"
            lines += json.dumps({"place": f"test.jsonl:{number}", "prompt": prompt, "gold": "",
                                 "prompt_sha256": hashlib.sha256(prompt.encode()).hexdigest(),
                                 "generated": answer, "correct": False}) + "\n"
        (folder / f"{name}.jsonl").write_text(lines)
        (folder / f"{name}.json").write_text(json.dumps({
            "schema": 1, "kind": "eval", "configuration": {"task": {"name": "bpo"}}, "outcome": {},
            "items": {"file": f"{name}.jsonl",
                      "sha256": hashlib.sha256(lines.encode()).hexdigest()}}))


def file_size_limit(limit):
    """For preexec_fn: writing beyond `limit` bytes to a file fails, as on a full disk."""
    import resource

    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return apply


def digests(folder):
    """sha256 of each file below `folder`, but for the lock."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock"}

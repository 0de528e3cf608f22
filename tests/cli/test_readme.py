"""The README's examples: each command line in its ```console blocks that starts with `$ ` is run, and
each ```python block, in order, in one folder; where the block shows what the command prints, every
shown line must be there, an ellipsis standing for anything; so must what a comment of a ```python
block says that it `prints`. The judge's address becomes that of a server which the test starts."""

import os
import re
import shlex
import subprocess
import unittest

from support import BINARY, ROOT, AusteerTest, environment, start_judge

PYTHON = ROOT / "build" / "venv" / "bin" / "python"


def examples():
    """[(command line, [lines that it shows])] of the README, in order."""
    found = []
    blocks = re.findall(r"```(console|python)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for language, block in blocks:
        if language == "python":
            found.append((shlex.join((str(PYTHON), "-c", block)), re.findall(r"#.*prints (.*)", block)))
            continue
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found and line.strip():
                found[-1][1].append(line)
    return found


def files():
    """{path: content} of the README's blocks that name a file after their language."""
    blocks = re.findall(r"```\w+ (\S+)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return dict(blocks)


class Readme(AusteerTest):
    def test_examples(self):
        commands = examples()
        self.assertEqual(len(files()), 3)
        for path, content in files().items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(content)
        subcommands = set(re.findall(r"austeer (\w+)", "\n".join(command for command, _ in commands)))
        self.assertLessEqual({"fetch", "collect", "rank", "units", "steer", "eval", "toxicity",
                              "judge", "probe", "export", "verify", "sweep", "table", "plot",
                              "report"},
                             subcommands)
        judge = start_judge(self)
        path = f"{BINARY.parent}{os.pathsep}{os.environ['PATH']}"
        for command, shown in commands:
            with self.subTest(command=command):
                command = command.replace("http://localhost:8000", f"{judge}/fair")
                done = subprocess.run(command, shell=True, cwd=self.folder, text=True,
                                      capture_output=True, env=environment() | {"PATH": path})
                self.assertEqual(done.returncode, 0, done.stderr)
                for line in shown:
                    pattern = re.compile(".*".join(map(re.escape, line.split("…"))))
                    self.assertTrue(any(map(pattern.fullmatch, done.stdout.splitlines())),
                                    f"{line}\nis not in\n{done.stdout}")

    def test_help_shows_every_subcommand_and_defaults(self):
        out = self.succeed("--help")
        for name in ("fetch", "collect", "rank", "units", "steer", "eval", "toxicity", "judge",
                     "probe", "sweep", "table", "plot", "report"):
            self.assertIn(name, out)
            self.assertIn("--help", self.succeed(name, "--help"))
        self.assertIn("=1000 ", self.succeed("collect", "--help"))
        self.assertIn("--alpha FLOAT=10 ", self.succeed("eval", "--help"))


if __name__ == "__main__":
    unittest.main()

"""The examples of README.md and docs/: each command line in a ```console block that starts with `$ ` is
run, and each ```python block, in order, in one folder for each page; where the block shows what the
command prints, every shown line must be there, an ellipsis standing for anything; so must what a
comment of a ```python block says that it `prints`. The judge's address becomes that of a server which
the test starts. And the links of every page lead somewhere."""

import os
import re
import shlex
import subprocess
import unittest

from support import BINARY, ROOT, AusteerTest, environment, start_judge

PYTHON = ROOT / "build" / "venv" / "bin" / "python"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SUBCOMMANDS = {"fetch", "collect", "rank", "units", "steer", "eval", "toxicity", "judge", "probe",
               "export", "verify", "sweep", "table", "plot", "report"}


def examples(page):
    """[(command line, [lines that it shows])] in order."""
    found = []
    blocks = re.findall(r"```(console|python)\n(.*?)```", page.read_text(), re.DOTALL)
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


def files(page):
    """{path: content} of the blocks that name a file after their language."""
    return dict(re.findall(r"```\w+ (\S+)\n(.*?)```", page.read_text(), re.DOTALL))


class Examples(AusteerTest):
    def test_every_subcommand_has_one(self):
        commands = [command for page in PAGES for command, _ in examples(page)]
        self.assertLessEqual(SUBCOMMANDS, set(re.findall(r"austeer (\w+)", "\n".join(commands))))
        self.assertEqual(sum(len(files(page)) for page in PAGES), 3)

    def test_they_do_what_they_show(self):
        judge = start_judge(self)
        for page in PAGES:
            folder = self.folder / page.stem
            folder.mkdir()
            for path, content in files(page).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(content)
            for command, shown in examples(page):
                with self.subTest(page=page.name, command=command):
                    self.run_example(folder, command.replace("http://localhost:8000", f"{judge}/fair"),
                                     shown)

    def run_example(self, folder, command, shown):
        path = f"{BINARY.parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(command, shell=True, cwd=folder, text=True, capture_output=True,
                              env=environment() | {"PATH": path})
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in shown:
            pattern = re.compile(".*".join(map(re.escape, line.split("…"))))
            self.assertTrue(any(map(pattern.fullmatch, done.stdout.splitlines())),
                            f"{line}\nis not in\n{done.stdout}")


class Links(unittest.TestCase):
    def headings(self, page):
        """The anchors that a page's headings make: lower case, spaces to hyphens, no punctuation."""
        titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
        return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}

    def test_every_link_leads_somewhere(self):
        listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, text=True,
                                capture_output=True).stdout.split()
        checked = 0
        for name in listed:
            page = ROOT / name
            for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if re.match(r"https?://", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                with self.subTest(page=name, link=link):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, self.headings(target))
                checked += 1
        self.assertGreater(checked, 40)


class Help(AusteerTest):
    def test_it_shows_every_subcommand_and_defaults(self):
        out = self.succeed("--help")
        for name in sorted(SUBCOMMANDS):
            self.assertIn(name, out)
            self.assertIn("--help", self.succeed(name, "--help"))
        self.assertIn("=1000 ", self.succeed("collect", "--help"))
        self.assertIn("--alpha FLOAT=10 ", self.succeed("eval", "--help"))

    def test_the_test_suite_says_what_it_takes(self):
        suite = ["bash", str(ROOT / "tests" / "run.sh")]
        done = subprocess.run([*suite, "--help"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--quick", done.stdout)
        done = subprocess.run([*suite, "--quickly"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("unknown option '--quickly'", done.stderr)


if __name__ == "__main__":
    unittest.main()

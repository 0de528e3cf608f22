"""What the command line says, to the letter: the help of every command, and how it refuses names that
are nearly right (pins.py)."""

import re
import shlex
import sys
import unittest

import made
import pins
from pins import MODEL, OPEN, ContractTest, MadeContractTest
from support import ROOT


def tearDownModule():
    pins.refuse_left_over(sys.modules[__name__], "help", "refusals")


class Help(ContractTest):
    def commands(self, *parents):
        """The command of these words and all below it, with their help."""
        text = self.succeed(*parents, "--help")
        yield parents, text
        _, _, listed = text.partition("\nSubcommands:\n")
        for name in re.findall(r"^  (\S+)", listed, re.MULTILINE):
            yield from self.commands(*parents, name)

    def test_help_of_every_command(self):
        for command, text in self.commands():
            with self.subTest(command):
                self.pin_text(f"help/{'-'.join(('austeer', *command))}.txt", text)


class Refusals(MadeContractTest):
    """Names that are nearly right: the message lists those that are."""

    COMMANDS = (
        "frobnicate", "eval", "eval --task opn", "eval --task open.yaml --splt test",
        "eval --task open.yaml --split tset", "eval --task open.yaml --scoring choises",
        "eval --task open.yaml --metric exact_mach", "eval --task open.yaml --passes plane",
        "eval --task open.yaml --dtype bfloat61", "eval --task open.yaml --model smollm2-135m",
        "eval --task open.yaml --device cdua", "eval --task open.yaml --k 3",
        "eval --task open.yaml --log-level inf",
        "eval --task open.yaml --plan default.ranking --rule scael",
        "eval --task open.yaml --plan default.ranking --positions lst",
        "eval --task open.yaml --plan default.ranking --control randm",
        "eval --task open.yaml --plan default.ranking --units fn:0:1",
        "eval --task open.yaml --plan default.ranking --k 2 --units 0:1",
        "eval --task open.yaml --plan default.ranking --seed 1",
        "eval --task open.yaml --plan default.ranking --suppress 0.5 --k 2",
        "collect --task open.yaml --out c --sites fn",
        "collect --task open.yaml --out c --sites layer@answer_al",
        "collect --task open.yaml --out c --void-pairs dorp",
        "rank --cache cache --out r --method austere", "rank --cache cache --out r --site fn",
        "rank --cache cache --out r --set scor=effect", "rank --cache cache --out r --set score=efect",
        "rank --cache cache --out r --set strength=fixd",
        "rank --cache cache --out r --set value=vectr", "rank --cache cache --out r --set stable=2",
        "rank --cache cache --out r --set score",
        "rank --cache cache --out r --method iti --set direction=prob",
        "rank --cache cache --out r --method caa --set positions=lst",
        "rank --cache cache --out r --method sadi --set mode=liv",
        "rank --cache cache --out r --method sta --set sae=sae --set layer=1 --set atoms=al",
        "rank --cache cache --out r --method sta --set sae=sae --set layer=2",
        "export --plan default.ranking --to ia --out o", "fetch model smollm2",
        "fetch dataset cop", "table dev.yaml --format markdwn", "sweep dev.yaml --shard 3/2")

    TASKS = (("title:", "titel:"), ("metric: exact_match", "metrik: exact_match"),
             ("metric: exact_match", "metric: exact"), ("wrong_answer: next", "wrong_answer: nxt"),
             ("metric:", "where: {a: {abov: 1}}\nmetric:"),
             ("metric:", "stop: []\nmetric:"), ("{default: 3, llama: 1}", "{default: 3, lama: 1}"),
             ("{default: 3, llama: 1}", "0"), ("metric:", "separator: '|'\nmetric:"),
             ("metric:", "system: x\nmetric:"), ("splits:", "split:"))

    STUDIES = (("select: race", "select: rac"), ("select: race", "slect: race"),
               ("void_pairs: keep", "void_pairs: kep"), ("race_share: 0.5", "race_share: 2"),
               ("race_share: 0.5", "seeds: []"), ("race_share: 0.5", "max_tokens: 0"),
               ("race_share: 0.5", "run: {dtyp: float32}"), ("race_share: 0.5", "table: {row: methods}"),
               ("race_share: 0.5", "table: {rows: method}"),
               ("race_share: 0.5", "tasks: {questions: {itms: 3}}"),
               ("race_share: 0.5", "tasks: {questions: {scoring: choces}}"),
               ("race_share: 0.5", "published: {made: {AUSter: {questions: 1}}}"),
               ("race_share: 0.5", "figures: [{name: a, kind: curv}]"),
               ("race_share: 0.5", "figures: [{name: a, kind: accuracies, metod: b}]"),
               ("rank: {site: ffn}", "rnk: {site: ffn}"), ("rank: {site: ffn}", "rank: {sites: ffn}"),
               ("rank: {site: ffn}", "rank: {site: fnn}"),
               ("rank: {site: ffn}", "rank: {method: austere}"), ("plan: {", "plan: {rule: scal, "),
               ("plan: {", "plan: {kk: 1, "), ("plan: {", "plan: {positions: lst, "),
               ("plan: {", "plan: {control: randm, "), ("plan: {", "plan: {layer: 0..9, "),
               ("plan: {", "controls: [randm], plan: {"), ("plan: {", "tasks: [question], plan: {"),
               ("plan: {", "settings: {mad: {}}, plan: {"))

    def refusal(self, *arguments):
        status, out, err = self.run_austeer(*arguments)
        self.assertEqual(out, "")
        self.assertNotEqual(status, 0)
        err = err.replace(str(ROOT), "<austeer>").replace(str(self.folder), "<folder>")
        return [status, *(line for line in err.splitlines() if not line.startswith(("warning:",
                                                                                     "info:")))]

    def replaced(self, text, old, new):
        self.assertIn(old, text)
        return text.replace(old, new, 1)

    def test_commands(self):
        self.make_cache()
        self.succeed(*self.rank("default"), "--quiet")
        own = {"eval": ("--datasets", "data"), "collect": ("--datasets", "data")}
        found = {}
        for line in self.COMMANDS:
            words = shlex.split(line)
            options = own.get(words[0], ()) if "--task" in words else ()
            model = ("--model", "made") if options and "--model" not in words else ()
            found[line] = self.refusal(*words, *options, *model)
        self.pin_json("refusals/commands", found)

    def test_tasks(self):
        found = {}
        for old, new in self.TASKS:
            (self.folder / "open.yaml").write_text(self.replaced(made.OPEN, old, new))
            found[new] = self.refusal("eval", *MODEL, *OPEN)
        self.pin_json("refusals/tasks", found)

    def test_studies(self):
        found = {}
        for old, new in self.STUDIES:
            (self.folder / "changed.yaml").write_text(self.replaced(made.STUDIES["race"], old, new))
            found[new] = self.refusal("sweep", "changed.yaml")
        self.pin_json("refusals/studies", found)


if __name__ == "__main__":
    unittest.main()

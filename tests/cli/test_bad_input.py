"""Bad input at the command line: each ends with its exit code and one message that says what was
wrong and what to try."""

import json
import subprocess
import unittest

from support import BINARY, SAMPLES, AusteerTest

TASK = """name: mine
dataset: Mine
splits: {{train: train.jsonl, test: train.jsonl}}
prompt: "{prompt}"
label: label
answers: {{0: A, 1: B}}
max_new_tokens: 1
metric: exact_match
"""


class WrongUsage(AusteerTest):
    def test_exit_code_2(self):
        cases = [
            (("frobnicate",), "A subcommand is required"),
            (("eval", "--task", "copa", "--frob", "1"), "--frob"),
            (("eval",), "--task is required"),
            (("eval", "--task", "cop"), "did you mean 'copa'?"),
            (("eval", "--task", "copa", "--split", "dev"), "dev"),
            (("eval", "--task", "copa", "--split", "test[900:]"), "64"),
            (("eval", "--task", "copa", "--model", "smollm"), "unknown model 'smollm'"),
            (("eval", "--task", "copa", "--dtype", "float8"), "unknown dtype 'float8'"),
            (("eval", "--task", "copa", "--engine", "plan"), "did you mean 'plain'"),
            (("eval", "--task", "copa", "--device", "cuda:7"), "not on this machine"),
            (("eval", "--task", "copa", "--k", "4"), "--plan"),
            (("collect", "--task", "copa", "--sites", "fnn", "--out", "c"), "did you mean 'ffn'?"),
            (("collect", "--task", "copa", "--pairs", "0", "--out", "c"), "--pairs"),
            (("rank", "--cache", "missing", "--out", "r"), "missing"),
            (("fetch", "model", "smollm"), "unknown"),
            (("probe", "tokens"), "--units is required"),
            (("probe", "tokens", "--units", "27:84"), "SITE:LAYER:DIM"),
            (("probe", "tokens", "--units", "ffn:30:0"), "30 layers of width 576"),
            (("probe", "divergence", "--units", "ffn:3:0"), "either --prompt or --task"),
            (("probe", "divergence", "--units", "ffn:3:0", "--prompt", "a", "--split", "dev"),
             "--task"),
        ]
        for arguments, part in cases:
            with self.subTest(arguments=arguments):
                self.refuse(2, part, *arguments)


class BadFiles(AusteerTest):
    def write_task(self, lines, prompt="{question}"):
        (self.folder / "Mine").mkdir(exist_ok=True)
        (self.folder / "Mine" / "train.jsonl").write_text(lines)
        (self.folder / "mine.yaml").write_text(TASK.format(prompt=prompt))

    def refuse_task(self, part, lines, **options):
        self.write_task(lines, **options)
        self.refuse(1, part, "eval", "--task", "./mine.yaml", "--datasets", ".")

    def test_dataset(self):
        good = '{"question": "Why?", "label": 0}\n'
        self.refuse_task("train.jsonl:2", good + '{"question": \n')
        self.refuse_task("train.jsonl", "")
        self.refuse_task("train.jsonl:2", good + '{"label": 1}\n')
        self.refuse_task("passage", good, prompt="{passage}")
        self.refuse_task("train.jsonl:1", '{"question": "Why?", "label": 7}\n')

    def test_task_with_an_unknown_key(self):
        self.write_task('{"question": "Why?", "label": 0}\n')
        with (self.folder / "mine.yaml").open("a") as file:
            file.write("promt: x\n")
        self.refuse(1, "did you mean 'prompt'?", "eval", "--task", "./mine.yaml")

    def test_study_with_settings_that_do_not_fit(self):
        study = ("title: T\nmodels: [smollm2-135m-instruct]\ntasks: {copa: {items: 2}}\n"
                 "methods: {A: METHOD}\n")
        for status, part, method in (
                (2, "did you mean 'copa'", "{tasks: [cpa]}"),
                (2, "change an axis", "{plan: {k: [1, 2]}, settings: "
                                      "{smollm2-135m-instruct: {copa: {plan: {k: 1}}}}}"),
                (1, "layers from 0 to 29", "{rank: {method: caa}, plan: {layer: 0..30}}"),
                (1, "0..-1 by 2", "{rank: {method: caa}, plan: {layer: all}}")):
            (self.folder / "study.yaml").write_text(study.replace("METHOD", method))
            self.refuse(status, part, "sweep", "study.yaml", "--quiet")
        (self.folder / "study.yaml").write_text(
            study.replace("METHOD", "{controls: [random]}") + "select: none\n")
        self.refuse(2, "Make the control a method of its own", "sweep", "study.yaml", "--quiet")

    def test_rankings_and_caches(self):
        (self.folder / "ranking").write_bytes(b"\xff" * 64)
        self.refuse(1, "ranking", "units", "ranking")
        self.refuse(1, "ranking", "steer", "--prompt", "x", "--plan", "ranking")
        (self.folder / "cache").mkdir()
        self.refuse(1, "manifest.json", "rank", "--cache", "cache", "--out", "r")

    def test_model_folders(self):
        model = self.folder / "model"
        model.mkdir()
        (model / "config.json").write_text(json.dumps({"model_type": "bert"}))
        evaluate = ("eval", "--task", "copa", "--model", "model")
        self.refuse(1, "the model type 'bert' is not supported", *evaluate)
        (model / "config.json").write_text('{"model_type": "llama"')
        self.refuse(1, "not valid JSON", *evaluate)
        (self.folder / "broken.gguf").write_bytes(b"GGUF\x03\x00\x00\x00" + b"\xff" * 16)
        self.refuse(1, "broken.gguf", "eval", "--task", "copa", "--model", "broken.gguf")

    def test_unwritable_output(self):
        self.refuse(2, "ends in .json", "eval", "--task", "copa", "--limit", 1, "--out", "x.jsonl")
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stderr), (1, "error: [output] stdout cannot be "
                                                             "written\n"))
        self.refuse(1, "Does the folder exist", "eval", "--task", "copa", "--limit", 1, "--out",
                    "no/such/folder/result.json")
        (self.folder / "file").write_text("")
        self.refuse(1, "file", "collect", "--task", "copa", "--pairs", 1, "--out", "file/cache")

    def test_missing_data(self):
        self.refuse(1, "austeer fetch dataset", "eval", "--task", "copa", "--datasets", ".")

    def test_samples_are_announced(self):
        status, _, err = self.run_austeer("eval", "--task", "copa", "--limit", 1)
        self.assertEqual(status, 0)
        self.assertIn("small sample", err)
        status, _, err = self.run_austeer("eval", "--task", "copa", "--limit", 1, "--datasets",
                                          SAMPLES)
        self.assertNotIn("small sample", err)


if __name__ == "__main__":
    unittest.main()

"""Bad input at the command line: each ends with its exit code and one message that says what was
wrong and what to try."""

import json
import struct
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


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 988097824\n"


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

    def refuse_model(self, part, model, content=None):
        if content is not None:
            (self.folder / model).write_bytes(content)
        self.refuse(1, part, "eval", "--task", "copa", "--model", f"./{model}")

    def write_folder(self, name, **files):
        """Files by their names, `__` for a dot."""
        folder = self.folder / name
        folder.mkdir()
        for file, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (folder / file.replace("__", ".")).write_text(text)

    def test_files_that_are_not_what_their_names_say(self):
        self.refuse_model("is a git LFS pointer, not the file's content",
                          "pointer.gguf", POINTER.encode())
        self.refuse_model("is a ZIP archive, such as PyTorch's", "model.bin", b"PK\x03\x04")
        self.refuse_model("is an HDF5 file", "model.h5", b"\x89HDF\r\n\x1a\n")
        self.refuse_model("is compressed by gzip", "m.gguf.gz", b"\x1f\x8b\x08\0")
        self.refuse_model("is a web page", "page.gguf", b"<!DOCTYPE html><html>")
        self.refuse_model("empty.gguf is empty", "empty.gguf", b"")
        self.refuse_model("is a safetensors file", "m.safetensors", b"\x02" + b"\0" * 7 + b"{}")
        self.refuse_task("train.jsonl is a git LFS pointer", POINTER)
        llama = {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 8,
                 "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 8}
        self.write_folder("pointers", config__json=llama, model__safetensors=POINTER)
        self.refuse_model("model.safetensors is a git LFS pointer", "pointers")

    def test_folders_that_are_no_model(self):
        adapter = {"peft_type": "LORA", "base_model_name_or_path": "org/base"}
        self.write_folder("lora", adapter_config__json=adapter)
        self.refuse_model("is a PEFT adapter (LORA) of org/base, not a model", "lora")
        self.write_folder("ia3", adapter_config__json=adapter | {"peft_type": "IA3"})
        self.refuse_model("--model org/base --plan", "ia3")
        self.write_folder("pickled", config__json={}, pytorch_model__bin="x")
        self.refuse_model("has its weights in PyTorch's pickle format alone", "pickled")
        self.write_folder("ggufs", a__gguf="GGUF", b__gguf="GGUF")
        self.refuse_model("holds several GGUF models; expected one; found a.gguf, b.gguf", "ggufs")

    def test_quantised_folders(self):
        for method, name in (("gptq", "GPTQ"), ("awq", "AWQ"), ("fp8", "FP8"),
                             ("compressed-tensors", "compressed-tensors (FP8 or packed")):
            config = {"model_type": "llama", "quantization_config": {"quant_method": method}}
            self.write_folder(method, config__json=config, model__safetensors="")
            self.refuse_model(f"quantised by {name}", method)
        mlx = {"model_type": "llama", "quantization": {"group_size": 64, "bits": 4}}
        self.write_folder("mlx", config__json=mlx, model__safetensors="")
        self.refuse_model("quantised by MLX", "mlx")

    def test_parts_of_a_split_gguf(self):
        def key(name, number):
            return struct.pack("<Q", len(name)) + name.encode() + struct.pack("<Ii", 5, number)
        part = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + key("split.no", 1) + key("split.count", 3)
        self.refuse_model("part 2 of 3; missing beside it: m-00001-of-00003.gguf, "
                          "m-00003-of-00003.gguf", "m-00002-of-00003.gguf", part)
        self.refuse_model("which its name does not say; expected NAME-00002-of-00003.gguf",
                          "second.gguf", part)

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

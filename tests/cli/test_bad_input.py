"""Bad input at the command line: each ends with its exit code and one message that says what was
wrong and what to try."""

import json
import struct
import subprocess
import unittest
from pathlib import Path

import numpy
from gguf import GGUFWriter
from safetensors.numpy import load_file, save_file

from support import BINARY, SAMPLES, AusteerTest, environment

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


def write_tiny_llama(folder, rows):
    """A llama of one layer whose tokenizer has 65 tokens, one a letter, for `rows` rows."""
    rng = numpy.random.default_rng(1)
    width, ffn = 16, 24
    shapes = {"embed_tokens": (rows, width), "norm": (width,)}
    layer = {"self_attn.q_proj": (width, width), "self_attn.k_proj": (width, width),
             "self_attn.v_proj": (width, width), "self_attn.o_proj": (width, width),
             "mlp.gate_proj": (ffn, width), "mlp.up_proj": (ffn, width),
             "mlp.down_proj": (width, ffn), "input_layernorm": (width,),
             "post_attention_layernorm": (width,)}
    shapes |= {f"layers.0.{name}": shape for name, shape in layer.items()}
    folder.mkdir()
    save_file({f"model.{name}.weight": rng.normal(size=shape).astype(numpy.float32)
               for name, shape in shapes.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": width, "num_hidden_layers": 1, "eos_token_id": 64,
        "num_attention_heads": 2, "intermediate_size": ffn, "vocab_size": rows,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "tie_word_embeddings": True}))
    letters = {chr(33 + i): i for i in range(64)} | {"a": 64}
    (folder / "tokenizer.json").write_text(json.dumps({
        "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {"type": "BPE", "unk_token": "!", "vocab": letters, "merges": []}}))


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
            (("eval", "--task", "copa", "--passes", "plan"), "did you mean 'plain'"),
            (("eval", "--task", "svamp", "--metric", "number_mach"), "did you mean 'number_match'"),
            (("eval", "--task", "copa", "--scoring", "choices", "--metric", "exact_match"),
             "--metric"),
            (("eval", "--task", "copa", "--device", "cuda:7"), "not on this machine"),
            (("eval", "--task", "copa", "--k", "4"), "--plan"),
            (("collect", "--task", "copa", "--sites", "fnn", "--out", "c"), "did you mean 'ffn'?"),
            (("collect", "--task", "copa", "--pairs", "0", "--out", "c"), "--pairs"),
            (("collect", "--task", "copa", "--void-pairs", "short", "--out", "c"),
             "known: keep, drop, shorten"),
            (("rank", "--cache", "missing", "--out", "r"), "missing"),
            (("fetch", "model", "smollm"), "unknown"),
            (("steer", "--prompt", "x", "--system", "s"), "--chat"),
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


def write_vector(path, layer, width, architecture="controlvector", hint=None):
    """A GGUF control vector with one direction."""
    writer = GGUFWriter(path, architecture)
    if hint:
        writer.add_string("controlvector.model_hint", hint)
    writer.add_tensor(f"direction.{layer}", numpy.ones(width, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class ForeignPlans(AusteerTest):
    STEER = ("steer", "--prompt", "x", "--max-new-tokens", 1, "--plan")

    def adapter(self, **settings):
        folder = self.folder / "adapter"
        folder.mkdir(exist_ok=True)
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "IA3"} | settings))

    def factors(self, module, shape):
        name = f"base_model.model.model.layers.3.{module}.ia3_l"
        save_file({name: numpy.full(shape, 2, numpy.float32)},
                  self.folder / "adapter" / "adapter_model.safetensors")

    def test_control_vectors(self):
        vector = self.folder / "v.gguf"
        write_vector(vector, 3, 576)
        self.succeed(*self.STEER, "v.gguf", "--alpha", 0.5)
        for option in (("--k", 4), ("--rule", "add"), ("--positions", "last"), ("--layer", 3)):
            self.refuse(2, "Choose their strength with --alpha", *self.STEER, "v.gguf", *option)
        self.refuse(2, "alpha is not a number", *self.STEER, "v.gguf", "--alpha", "nan")
        vector.write_bytes(vector.read_bytes()[:-64])
        self.refuse(1, "v.gguf", *self.STEER, "v.gguf")
        write_vector(vector, 3, 64)
        self.refuse(2, "vectors of width 576 at site layer; found 64", *self.STEER, "v.gguf")
        write_vector(vector, 30, 576)
        self.refuse(2, "found layer 30", *self.STEER, "v.gguf")
        write_vector(vector, 3, 576, hint="gemma2")
        self.refuse(2, "was made for another family of models", *self.STEER, "v.gguf")
        self.succeed(*self.STEER, "v.gguf", "--force")
        write_vector(vector, 3, 576, "llama")
        self.refuse(2, "v.gguf is a model, not a plan", *self.STEER, "v.gguf")

    def test_adapters(self):
        self.adapter()
        self.refuse(1, "Is the download complete?", *self.STEER, "adapter")
        (self.folder / "adapter" / "adapter_model.bin").write_bytes(b"")
        self.refuse(1, "Convert them with Python", *self.STEER, "adapter")
        self.factors("self_attn.k_proj", (192, 1))
        self.refuse(2, "the output of self_attn.k_proj is no site", *self.STEER, "adapter")
        self.factors("self_attn.o_proj", (1, 64))
        self.refuse(2, "vectors of width 576 at site attention; found 64", *self.STEER, "adapter")
        self.factors("self_attn.o_proj", (1, 576))
        self.refuse(2, "Choose their strength", *self.STEER, "adapter", "--k", 2)
        self.adapter(feedforward_modules=["down_proj"])
        self.refuse(1, "contradicts feedforward_modules", *self.STEER, "adapter")
        self.adapter(modules_to_save=["lm_head"])
        self.refuse(2, "modules_to_save", *self.STEER, "adapter")
        self.adapter(peft_type="LORA", base_model_name_or_path="org/base")
        self.refuse(2, "Merge it into its model, org/base", *self.STEER, "adapter")
        (self.folder / "adapter" / "adapter_config.json").unlink()
        self.refuse(2, "adapter is no plan", *self.STEER, "adapter")
        (self.folder / "adapter" / "config.json").write_text("{}")
        self.refuse(2, "Name a model with --model", *self.STEER, "adapter")

    def test_an_adapter_for_a_text_part(self):
        write_tiny_llama(self.folder / "model", rows=65)
        model = self.folder / "model"
        config = json.loads((model / "config.json").read_text()) | {"num_key_value_heads": 2}
        wrapped = {"model_type": "gemma3", "text_config": config | {"model_type": "gemma3_text",
                                                                   "head_dim": 8}}
        (model / "config.json").write_text(json.dumps(wrapped))
        weights = load_file(model / "model.safetensors")
        layer = "model.layers.0."
        for name, width in (("pre_feedforward_layernorm", 16), ("post_feedforward_layernorm", 16),
                            ("self_attn.q_norm", 8), ("self_attn.k_norm", 8)):
            weights[f"{layer}{name}.weight"] = numpy.ones(width, numpy.float32)
        save_file({f"language_model.{name}": value for name, value in weights.items()},
                  model / "model.safetensors")
        self.adapter()
        save_file({"base_model.model.model.layers.0.self_attn.o_proj.ia3_l":
                   numpy.full((1, 16), 2, numpy.float32)},
                  self.folder / "adapter" / "adapter_model.safetensors")
        self.refuse(2, "is more than a text model, whose modules PEFT would not find", "export",
                    "--plan", "adapter", "--to", "ia3", "--model", "model", "--out", "out")

    def test_autoencoders(self):
        self.succeed("collect", "--task", "copa", "--split", "train[:4]", "--sites",
                     "layer@answer_all", "--out", "cache")
        rank = ("rank", "--cache", "cache", "--method", "sta", "--set", "layer=3", "--set", "sae=sae",
                "--out", "ranking")
        sae = self.folder / "sae"
        sae.mkdir()
        settings = {"architecture": "gated", "d_in": 576, "d_sae": 4}
        (sae / "cfg.json").write_text(json.dumps(settings))
        self.refuse(1, "'architecture'", *rank)
        settings |= {"architecture": "standard", "hook_name": "blocks.4.hook_resid_post"}
        (sae / "cfg.json").write_text(json.dumps(settings))
        self.refuse(1, "sae_weights.safetensors", *rank)
        save_file({name: numpy.ones(shape, numpy.float32) for name, shape in
                   (("W_enc", (576, 4)), ("b_enc", 4), ("W_dec", (4, 576)), ("b_dec", 576))},
                  sae / "sae_weights.safetensors")
        self.refuse(2, "was trained on layer 4", *rank)

    def test_the_hubs_cache(self):
        repository = self.folder / "hub" / "models--org--name"
        for folder in ("snapshots/abc123", "refs"):
            (repository / folder).mkdir(parents=True)
        (repository / "refs" / "main").write_text("abc123")
        for name in ("name-Q4_K_M.gguf", "name-Q8_0.gguf"):
            (repository / "snapshots" / "abc123" / name).write_bytes(b"GGUF")
        for status, part, model in (
                (2, "name-Q4_K_M.gguf, name-Q8_0.gguf", "org/name"),
                (2, "is called 'Q5_0'", "org/name:Q5_0"),
                (1, "there are main (abc123)", "org/name@v2"),
                (1, "Q8_0.gguf", "org/name@abc1:Q8_0"),
                (1, "is neither a model folder nor in the Hugging Face cache", "org/other")):
            with self.subTest(model=model):
                done = subprocess.run([BINARY, "steer", "--model", model, "--prompt", "x"], text=True,
                                      capture_output=True,
                                      env=environment() | {"HF_HUB_CACHE": str(self.folder / "hub")})
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(part, done.stderr)


class BadChats(AusteerTest):
    def model_with(self, template, key="tokenizer.chat_template"):
        """The default model's file with another template, in the place of its own."""
        home = Path(environment()["AUSTEER_HOME"])
        data = bytearray(next((home / "models").glob("smollm2*/*.gguf")).read_bytes())
        at = data.index(b"tokenizer.chat_template")
        data[at:at + 23] = key.encode()
        size = int.from_bytes(data[at + 27:at + 35], "little")
        data[at + 35:at + 35 + size] = template.encode().ljust(size)
        (self.folder / "model.gguf").write_bytes(data)

    def test_templates(self):
        chat = ("steer", "--chat", "--prompt", "x", "--model", "model.gguf")
        self.model_with("{{ raise_exception('No ' ~ messages[0].role) }}")
        self.refuse(1, "line 1: the template refuses: No system", *chat, "--system", "s")
        self.model_with("a\n\n{{ messages|groupby('role') }}")
        self.refuse(1, "tokenizer.chat_template, line 3: the filter 'groupby' is not supported", *chat)
        self.succeed("steer", "--prompt", "x", "--max-new-tokens", 1, "--model", "model.gguf")
        self.model_with("{{ messages[-1].content }}")
        self.refuse(2, "has no place for a system message", *chat, "--system", "s")

    def test_an_unknown_pre_tokenizer(self):
        self.model_with("x")
        file = self.folder / "model.gguf"
        data = file.read_bytes()
        key = b"tokenizer.ggml.pre" + struct.pack("<IQ", 8, 6)
        self.assertEqual(data.count(key + b"smollm"), 1)
        file.write_bytes(data.replace(key + b"smollm", key + b"smolln"))
        self.refuse(1, "unknown pre-tokenizer 'smolln'. did you mean 'smollm'?", "steer", "--prompt",
                    "x", "--model", "model.gguf")

    def test_a_model_without_a_template(self):
        self.model_with("x", key="tokenizer.chat_templatX")
        self.refuse(2, "no chat format is known", "steer", "--chat", "--prompt", "x", "--model",
                    "model.gguf")
        (self.folder / "Mine").mkdir()
        (self.folder / "Mine" / "train.jsonl").write_text('{"question": "Why?", "label": 0}\n')
        (self.folder / "mine.yaml").write_text(TASK.format(prompt="{question}") + "chat: true\n")
        mine = ("--task", "./mine.yaml", "--datasets", ".", "--split", "train", "--model", "model.gguf")
        self.refuse(2, "train.jsonl:1: [chat] no chat format is known", "eval", *mine)
        self.refuse(2, "no chat format is known", "collect", *mine, "--out", "cache")


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

    def test_lists_and_oddities_in_data(self):
        record = {"question": ["Why?", "How?"], "label": 0}
        self.refuse_task("the field 'question' of the record train.jsonl:1 is no text; expected a "
                         "text, a number, true or false; found a list. Name one of its elements: "
                         "{question[0]}", json.dumps(record))
        self.refuse_task("'question[2]' names nothing; expected an element of the list; found "
                         "element 2 of 2", json.dumps(record), prompt="{question[2]}")
        self.refuse_task("'question[by]' names nothing; expected a whole number in the field 'by'",
                         json.dumps(record | {"by": "B"}), prompt="{question[by]}")
        self.refuse_task("the field 'label' is a list", json.dumps(record | {"label": [0]}),
                         prompt="{question[0]}")
        self.refuse_task("the field 'label' is NaN", '{"question": "Why?", "label": NaN}')
        self.refuse_task("found Infinity", '{"question": Infinity, "label": 0}')

    def refuse_keys(self, part, keys, lines='{"question": "Why?", "label": 0}'):
        self.write_task(lines)
        with (self.folder / "mine.yaml").open("a") as file:
            file.write(keys + "\n")
        self.refuse(1, part, "eval", "--task", "./mine.yaml", "--datasets", ".")

    def test_stop_separator_and_conditions_of_tasks(self):
        self.refuse_keys("the key 'stop' has a wrong value", "stop: [\"\"]")
        self.refuse_keys("the key 'stop' has a wrong value", "stop: []")
        self.refuse_keys("separator has nothing to separate", "separator: \";\"")
        self.refuse_keys("the key 'separator' has a wrong value; expected one of , ; | : ^ ~",
                         "separator: ab")
        self.refuse_keys("where: the field 'question' is compared with a text or a number",
                         "where: {question: {is: Why}}", '{"question": ["Why?"], "label": 0}')

    def test_csv(self):
        self.write_task("")
        task = (self.folder / "mine.yaml").read_text().replace(".jsonl", ".csv")
        (self.folder / "mine.yaml").write_text(task)
        for text, part in (("question;label\nWhy?;0\n\"How?;1\nWho?;0\n",
                            "train.csv:3: a quote opens here and never closes"),
                           ("question;label\nWhy?,0\n", "the row has 1 fields; expected 2")):
            (self.folder / "Mine" / "train.csv").write_text(text)
            self.refuse(1, part, "eval", "--task", "./mine.yaml", "--datasets", ".")

    def test_pairs_that_are_all_void(self):
        self.refuse(1, "every pair is void", "collect", "--task", "copa", "--pairs", 2,
                    "--max-tokens", 3, "--void-pairs", "drop", "--out", "cache")

    def test_task_with_an_unknown_key(self):
        self.write_task('{"question": "Why?", "label": 0}\n')
        with (self.folder / "mine.yaml").open("a") as file:
            file.write("promt: x\n")
        self.refuse(1, "did you mean 'prompt'?", "eval", "--task", "./mine.yaml")

    def test_chat_of_whole_texts(self):
        (self.folder / "mine.yaml").write_text(
            "name: mine\ndataset: Mine\nsplits: {train: t.jsonl}\nprompt: x\nchat: true\n"
            "pairs: {positive: a, negative: b}\nmax_new_tokens: 1\nmetric: judge\n")
        self.refuse(1, "both sides of pairs with a prompt", "collect", "--task", "./mine.yaml",
                    "--out", "cache")

    def test_task_keys_of_wrong_answers(self):
        for line, part in (('blank: "  "', "blank: no wrong answer is drawn from the data"),
                           ("wrong_answers_from: 5", "no wrong answer is drawn from the data"),
                           ('answer_mark: ""', "the key 'answer_mark' has a wrong value")):
            with self.subTest(line=line):
                self.write_task('{"question": "Why?", "label": 0}\n')
                with (self.folder / "mine.yaml").open("a") as file:
                    file.write(line + "\n")
                self.refuse(1, part, "eval", "--task", "./mine.yaml")
        self.refuse(1, "nothing to compare with", "eval", "--task", "bpo", "--metric", "exact_match")

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

    def test_shards_and_positions(self):
        llama = {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 8,
                 "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 8}
        first, second = (f"model-0000{i}-of-00002.safetensors" for i in (1, 2))
        index = {"weight_map": {"model.embed_tokens.weight": first, "model.norm.weight": second}}
        self.write_folder("shards", config__json=llama,
                          model__safetensors__index__json=index)
        save_file({"model.norm.weight": numpy.ones(8, numpy.float32)},
                  self.folder / "shards" / second)
        self.refuse_model("is missing, which has the tensor 'model.embed_tokens.weight'", "shards")
        for name, scaling, part in (
                ("yarn", {"rope_type": "yarn", "factor": -4.0,
                          "original_max_position_embeddings": 64}, "must be positive"),
                ("longrope", {"rope_type": "longrope", "factor": 4.0},
                 "expected default, linear, llama3, yarn")):
            self.write_folder(name, config__json=llama | {"rope_scaling": scaling},
                              model__safetensors="x")
            self.refuse_model(part, name)

    def test_a_chat_that_would_be_cut(self):
        (self.folder / "chat.yaml").write_text(
            "name: chat\ndataset: COPA\nsplits: {train: train.jsonl}\nprompt: '{premise}'\n"
            "label: label\nanswers: {0: A, 1: B}\nchat: true\nmax_new_tokens: 1\n"
            "metric: exact_match\n")
        self.refuse(2, "would cut the frame of the chat prompts", "collect", "--task",
                    "./chat.yaml", "--datasets", SAMPLES, "--pairs", 2, "--void-pairs", "shorten",
                    "--out", "cache")

    def test_parts_of_a_split_gguf(self):
        def key(name, number):
            return struct.pack("<Q", len(name)) + name.encode() + struct.pack("<Ii", 5, number)
        part = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + key("split.no", 1) + key("split.count", 3)
        self.refuse_model("part 2 of 3; missing beside it: m-00001-of-00003.gguf, "
                          "m-00003-of-00003.gguf", "m-00002-of-00003.gguf", part)
        self.refuse_model("which its name does not say; expected NAME-00002-of-00003.gguf",
                          "second.gguf", part)

    def test_tokens_without_a_row_and_rows_without_a_token(self):
        write_tiny_llama(self.folder / "model", rows=70)
        steer = ("steer", "--model", "model", "--dtype", "float32", "--max-new-tokens", 4,
                 "--prompt")
        self.succeed(*steer, "ab")  # rows without a token are said as nothing
        tokens = self.succeed("probe", "tokens", "--model", "model", "--units", "ffn:0:0", "--json")
        for token in json.loads(tokens)["units"][0]["promoted"]:
            self.assertLess(token["id"], 65)
        (self.folder / "model" / "added_tokens.json").write_text('{"<pad>": 70, "<end>": 67}')
        status, _, err = self.run_austeer(*steer, "ab<end>")
        self.assertEqual(status, 0, err)
        self.assertIn("the tokenizer has ids up to 70, the embedding 70 rows", err)
        self.refuse(2, "text 0 has a token that the model does not know; expected 0 to 69; found 70",
                    *steer, "a<pad>")

    def test_tokenizers(self):
        write_tiny_llama(self.folder / "model", rows=65)
        steer = ("steer", "--model", "model", "--dtype", "float32", "--prompt", "a")
        file = self.folder / "model" / "tokenizer.json"
        good = file.read_text()
        unigram = {"type": "Unigram", "unk_id": 7, "vocab": [["a", -1.0]]}
        cases = [
            ({"model": unigram}, "model.unk_id is 7, but there are 1 pieces"),
            ({"model": unigram | {"vocab": {"a": 0}}}, "not a list of pieces and scores"),
            ({"pre_tokenizer": {"type": "Punctuation", "behavior": "Joined"}}, "'Joined'"),
            ({"pre_tokenizer": {"type": "UnicodeScripts"}}, "'UnicodeScripts' is not supported"),
            ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}},
             "precompiled_charsmap: no size stands in front"),
            ({"added_tokens": [{"id": 4194304, "content": "<x>"}]}, "ids go to 4194303 at most"),
        ]
        for changes, part in cases:
            with self.subTest(part=part):
                file.write_text(json.dumps(json.loads(good) | changes))
                self.refuse(1, part, *steer)
        file.write_text(good)
        (self.folder / "model" / "added_tokens.json").write_text('{"<x>": -1}')
        self.refuse(1, "the added token '<x>' has a wrong id", *steer)

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

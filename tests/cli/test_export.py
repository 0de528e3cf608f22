"""austeer export and verify, with the programs that are to run what they write: `peft` loads the
adapter, `transformers` the folded checkpoint, `gguf` the control vector. What these compute is held
against hooks on the same model and against the texts that austeer itself continues."""

import contextlib
import json
import shutil
import sys
import unittest
from pathlib import Path

import numpy
import torch
from gguf import GGUFReader
from peft import IA3Config, PeftModel, get_peft_model
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, logging

from support import ROOT, SAMPLES, AusteerTest

sys.path.insert(0, str(ROOT / "tests" / "reference"))
import smollm2_model  # noqa: E402
from common import Edits, logits_of, tapped  # noqa: E402

PROMPTS = [f"{opening} {ending}" for opening in
           ("The old bridge", "My neighbour", "A good teacher", "The first snow", "Her letter",
            "Every morning the baker", "The river", "Nobody in the village", "This machine",
            "Our captain") for ending in ("was", "said that", "could not", "and the", "will")]
TOKENS = 8
OPENINGS = f"""name: openings
dataset: Openings
splits: {{test: all.jsonl}}
prompt: "{{opening}}"
max_new_tokens: {TOKENS}
metric: judge
"""

FAMILIES = {
    "llama": dict(mlp_bias=True),
    "qwen3": dict(head_dim=16),
    "gemma2": dict(head_dim=16, query_pre_attn_scalar=24, sliding_window=64,
                   hidden_activation="gelu_pytorch_tanh"),
}


def plan_edits(config, seed, sites=("attention", "ffn"), operation="scale"):
    """[(site, layer, operation, dims, values)]: some units of every second layer."""
    random = numpy.random.default_rng(seed)
    widths = {"attention": config.num_attention_heads * config.head_dim,
              "ffn": config.hidden_size, "ffn_gate": config.intermediate_size,
              "layer": config.hidden_size}
    edits = []
    for layer in range(1, config.num_hidden_layers, 2):
        for site in sites:
            dims = numpy.sort(random.choice(widths[site], 6, replace=False))
            edits.append((site, layer, operation, dims, random.uniform(-2, 2, 6)))
    return edits


def write_plan(path, edits, positions="all"):
    """A plan as docs/files.md reads it."""
    tensors, described = {}, []
    for number, (site, layer, operation, dims, values) in enumerate(edits):
        tensors[f"edit.{number}.dims"] = dims.astype(numpy.int64)
        tensors[f"edit.{number}.values"] = values.astype(numpy.float32)
        described.append({"site": site, "layer": layer, "operation": operation,
                          "positions": positions})
    save_file(tensors, path, metadata={
        "format": "austeer plan 2", "plan": json.dumps({"edits": described, "provenance": {}})})


@contextlib.contextmanager
def hooked(model, edits):
    """Carries the edits out with hooks."""
    with contextlib.ExitStack() as stack:
        for site in {edit[0] for edit in edits}:
            chosen = [edit for edit in edits if edit[0] == site]
            layers = numpy.concatenate([numpy.full(len(edit[3]), edit[1]) for edit in chosen])
            tap = Edits(chosen[0][2], layers, numpy.concatenate([edit[3] for edit in chosen]),
                        numpy.concatenate([edit[4] for edit in chosen]))
            tap.values = tap.values.float()
            stack.enter_context(tapped(model, tap, (site,)))
        yield


def family_folder(folder, family):
    """A tiny random model with a tokenizer over single bytes."""
    config = AutoConfig.for_model(
        family, **(dict(vocab_size=256, hidden_size=64, intermediate_size=96, num_hidden_layers=4,
                        num_attention_heads=4, num_key_value_heads=2, eos_token_id=None,
                        bos_token_id=None, pad_token_id=None) | FAMILIES[family]))
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({byte: index for index, byte in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(Path(folder) / "tokenizer.json"))
    return config


def open_model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32,
                                                attn_implementation="eager").eval()


@torch.inference_mode()
def followers(model, prompts):
    """The TOKENS tokens after each of some prompts of the same length, [prompts, TOKENS]."""
    chosen, cache, step = [], None, prompts
    for _ in range(TOKENS):
        output = model(input_ids=step, past_key_values=cache, use_cache=True)
        cache, step = output.past_key_values, output.logits[:, -1:].argmax(-1)
        chosen.append(step)
    return torch.cat(chosen, 1)


def texts_of(model, tokenizer):
    """What follows each prompt, by `transformers`: prompts of one length together, so that none is
    padded."""
    of_length = {}
    for prompt in PROMPTS:
        tokens = tokenizer.encode(prompt).ids
        of_length.setdefault(len(tokens), {})[prompt] = tokens
    texts = {}
    for prompts in of_length.values():
        rows = followers(model, torch.tensor(list(prompts.values()))).tolist()
        texts |= zip(prompts, map(tokenizer.decode, rows))
    return [texts[prompt] for prompt in PROMPTS]


class Export(AusteerTest):
    @classmethod
    def setUpClass(cls):
        logging.disable_progress_bar()
        torch.set_grad_enabled(False)
        smollm2_model.load()  # written where it is missing
        cls.model = smollm2_model.KEPT

    def export(self, model, to, out, *arguments):
        return json.loads(self.succeed("export", "--model", model, "--dtype", "float32", "--plan",
                                       "plan", "--to", to, "--out", out, "--json", *arguments))

    def steered_texts(self, model):
        """What follows each prompt, by austeer under the plan."""
        (self.folder / "Openings").mkdir(exist_ok=True)
        (self.folder / "Openings" / "all.jsonl").write_text(
            "".join(json.dumps({"opening": prompt}) + "\n" for prompt in PROMPTS))
        (self.folder / "openings.yaml").write_text(OPENINGS)
        self.succeed("eval", "--task", "./openings.yaml", "--datasets", ".", "--model", model, "--dtype",
                     "float32", "--plan", "plan", "--out", "steered.json")
        lines = (self.folder / "steered.jsonl").read_text(encoding="utf-8").split("\n")
        return [json.loads(line)["generated"] for line in lines if line]

    def close(self, found, expected):
        """Within what float32 rounding leaves, relative to the largest logit: some 300 operations in
        sequence, of 6e-8 each, add up to about 1e-6."""
        self.assertLess((found - expected).abs().max() / expected.abs().max(), 1e-5)

    def test_smollm2_as_adapter_and_as_checkpoint(self):
        config = AutoConfig.from_pretrained(self.model)
        edits = plan_edits(config, 1, ("attention", "ffn", "ffn_gate"))
        write_plan(self.folder / "plan", edits)
        report = self.export(self.model, "ia3", "adapter")
        self.assertLess(report["difference"]["largest_difference"],
                        1e-4 * report["steering"]["largest_difference"])
        self.assertLess((self.folder / "adapter" / "adapter_model.safetensors").stat().st_size,
                        300_000)
        folded_report = self.export(self.model, "hf", "folded")
        self.assertEqual(folded_report["difference"]["same_next_token"], 1)

        base, tokenizer = smollm2_model.load()
        tokens = [torch.tensor(tokenizer.encode(prompt).ids) for prompt in PROMPTS[:8]]
        with hooked(base, edits):
            expected = [logits_of(base, text) for text in tokens]
        folded = open_model(self.folder / "folded")
        adapter = PeftModel.from_pretrained(base, self.folder / "adapter").eval()
        for text, wanted in zip(tokens, expected):
            self.close(logits_of(folded, text), wanted)
            self.close(logits_of(adapter, text), wanted)
        ours = self.steered_texts(self.model)
        self.assertEqual(len(ours), 50)
        self.assertEqual(texts_of(folded, tokenizer), ours)
        self.assertEqual(texts_of(adapter, tokenizer), ours)
        merged = adapter.merge_and_unload()
        for text, wanted in zip(tokens, expected):
            self.close(logits_of(merged, text), wanted)

    def test_every_family(self):
        for family in FAMILIES:
            with self.subTest(family):
                config = family_folder(self.folder / family, family)
                edits = plan_edits(config, 2)
                write_plan(self.folder / "plan", edits)
                for to in ("ia3", "hf"):
                    report = self.export(family, to, f"{family}-{to}")
                    self.assertLess(report["difference"]["largest_difference"],
                                    1e-4 * report["steering"]["largest_difference"])
                base = open_model(self.folder / family)
                text = torch.arange(5, 60)
                vanilla = logits_of(base, text)
                with hooked(base, edits):
                    expected = logits_of(base, text)
                self.assertGreater((expected - vanilla).abs().max() / expected.abs().max(), 1e-2)
                tokenizer = Tokenizer.from_file(str(self.folder / family / "tokenizer.json"))
                ours = self.steered_texts(family)
                folded = open_model(self.folder / f"{family}-hf")
                self.close(logits_of(folded, text), expected)
                self.assertEqual(texts_of(folded, tokenizer), ours)
                adapter = PeftModel.from_pretrained(base, self.folder / f"{family}-ia3").eval()
                self.close(logits_of(adapter, text), expected)
                self.assertEqual(texts_of(adapter, tokenizer), ours)

    def test_shifts_of_heads_become_biases(self):
        config = family_folder(self.folder / "llama", "llama")
        edits = plan_edits(config, 4, ("attention",), "add")
        write_plan(self.folder / "plan", edits)
        self.export("llama", "hf", "folded")
        self.assertTrue(json.loads((self.folder / "folded" / "config.json").read_text())
                        ["attention_bias"])
        base, text = open_model(self.folder / "llama"), torch.arange(5, 60)
        with hooked(base, edits):
            expected = logits_of(base, text)
        self.close(logits_of(open_model(self.folder / "folded"), text), expected)

    def test_control_vector_as_gguf_reads_it(self):
        edits = plan_edits(AutoConfig.from_pretrained(self.model), 5, ("layer",), "add")
        write_plan(self.folder / "plan", edits)
        report = self.export("smollm2-135m-instruct", "control-vector", "vector.gguf")
        self.assertEqual(report["difference"]["largest_difference"], 0)
        reader = GGUFReader(self.folder / "vector.gguf")
        self.assertEqual(reader.fields["general.architecture"].contents(), "controlvector")
        self.assertEqual(reader.fields["controlvector.model_hint"].contents(), "llama")
        self.assertEqual(reader.fields["controlvector.layer_count"].contents(), len(edits))
        directions = {tensor.name: tensor.data for tensor in reader.tensors}
        self.assertEqual(set(directions), {f"direction.{edit[1]}" for edit in edits})
        for _, layer, _, dims, values in edits:
            expected = numpy.zeros(576, numpy.float32)
            expected[dims] = values
            numpy.testing.assert_array_equal(directions[f"direction.{layer}"], expected)

    def test_what_was_exported_steers_like_the_plan(self):
        config = family_folder(self.folder / "llama", "llama")
        write_plan(self.folder / "scales", plan_edits(config, 9, ("attention", "ffn_gate", "ffn")))
        write_plan(self.folder / "shifts", plan_edits(config, 9, ("layer",), "add"))
        plan = self.folder / "plan"
        for original, to, out in (("scales", "ia3", "adapter"),
                                  ("shifts", "control-vector", "v.gguf")):
            with self.subTest(to):
                plan.unlink(missing_ok=True)
                plan.symlink_to(original)
                self.export("llama", to, out)
                wanted = self.steered_texts("llama")
                plan.unlink()
                plan.symlink_to(out)
                self.assertEqual(self.steered_texts("llama"), wanted)
                again = self.export("llama", to, f"again-{out}")
                self.assertLess(again["difference"]["largest_difference"],
                                1e-4 * again["steering"]["largest_difference"])

    def test_an_adapter_of_peft_steers_like_peft(self):
        for family in FAMILIES:
            with self.subTest(family):
                family_folder(self.folder / family, family)
                base, text = open_model(self.folder / family), torch.arange(5, 60)
                vanilla = logits_of(base, text)
                adapted = get_peft_model(base, IA3Config(
                    task_type="CAUSAL_LM", target_modules=["o_proj", "down_proj"],
                    feedforward_modules=["o_proj"])).eval()
                torch.manual_seed(11)
                for name, factors in adapted.named_parameters():
                    if ".ia3_l." in name:
                        factors.copy_(1 + torch.randn(factors.shape))
                shutil.rmtree(self.folder / "plan", ignore_errors=True)
                adapted.save_pretrained(self.folder / "plan")
                self.assertGreater((logits_of(adapted, text) - vanilla).abs().max(), 1e-2)
                tokenizer = Tokenizer.from_file(str(self.folder / family / "tokenizer.json"))
                self.assertEqual(self.steered_texts(family), texts_of(adapted, tokenizer))

    def test_plans_of_linear_rules_fold(self):
        family_folder(self.folder / "llama", "llama")
        self.succeed("collect", "--model", "llama", "--task", "copa", "--datasets", SAMPLES,
                     "--pairs", 12, "--dtype", "float32", "--sites", "ffn,layer", "--out", "cache")
        maps = ("--site", "ffn", "--set", "value=transport")
        auroc = ("--site", "ffn", "--set", "score=auroc")
        for out, method, ranked, planned in (
                ("maps", "austeer", maps, ("--alpha", 0.7)),
                ("means", "austeer", maps, ("--rule", "mean")),
                ("zeros", "austeer", ("--site", "ffn"), ("--rule", "zero")),
                ("aura", "austeer", auroc, ()),
                ("caa", "caa", ("--set", "units=effect"), ("--layer", 1))):
            with self.subTest(out):
                self.succeed("rank", "--cache", "cache", "--method", method, *ranked, "--out",
                             "plan")
                report = self.export("llama", "hf", out, "--k", 40, *planned)
                self.assertGreater(report["steering"]["largest_difference"], 0)
                self.assertLess(report["difference"]["largest_difference"],
                                1e-4 * report["steering"]["largest_difference"])

    def test_verify_tells_another_plan(self):
        config = family_folder(self.folder / "llama", "llama")
        write_plan(self.folder / "plan", plan_edits(config, 6))
        self.export("llama", "ia3", "adapter", "--no-verify")
        verify = ("verify", "adapter", "--model", "llama", "--dtype", "float32", "--json", "--plan")
        same = json.loads(self.succeed(*verify, "plan"))
        self.assertLess(same["difference"]["largest_difference"], 1e-4)
        write_plan(self.folder / "other", plan_edits(config, 7))
        other = json.loads(self.succeed(*verify, "other"))
        self.assertGreater(other["difference"]["largest_difference"], 1e-3)

    def test_what_cannot_be_exported_says_why(self):
        config = family_folder(self.folder / "llama", "llama")
        command = ("export", "--model", "llama", "--dtype", "float32", "--plan", "plan", "--to")
        write_plan(self.folder / "plan", plan_edits(config, 8, operation="directed"))
        self.refuse(2, "Make the plan from its ranking with --rule oriented", *command, "ia3",
                    "--out", "out")
        write_plan(self.folder / "plan", plan_edits(config, 8), "last")
        self.refuse(2, "it acts at last alone", *command, "hf", "--out", "out")
        write_plan(self.folder / "plan", plan_edits(config, 8, ("layer",)))
        self.refuse(2, "goes through no linear layer", *command, "ia3", "--out", "out")
        self.refuse(2, "a control vector is added", *command, "control-vector", "--out", "v.gguf")
        self.refuse(2, "must end in .gguf", *command, "control-vector", "--out", "v")
        self.assertFalse((self.folder / "out").exists())

    def test_a_directed_plan_is_offered_its_oriented_twin(self):
        self.succeed("collect", "--task", "copa", "--split", "train[:8]", "--dtype", "float32",
                     "--sites", "attention", "--out", "cache")
        self.succeed("rank", "--cache", "cache", "--site", "attention", "--out", "ranking")
        status, _, err = self.run_austeer("export", "--plan", "ranking", "--k", 8, "--alpha", 2,
                                          "--rule", "directed", "--to", "ia3", "--out", "adapter",
                                          "--prompt", "The sky was", "--dtype", "float32")
        self.assertEqual(status, 2, err)
        self.assertRegex(err, r"--rule oriented is linear. Of this ranking, over 1 texts, its "
                              r"logits are up to [0-9.e-]+ from the directed plan's")
        self.refuse(2, "is a GGUF file", "export", "--plan", "ranking", "--k", 8, "--alpha", 2,
                    "--rule", "oriented", "--to", "hf", "--out", "folded", "--dtype", "float32")


if __name__ == "__main__":
    unittest.main()

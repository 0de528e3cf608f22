"""IA³ adapters as PEFT writes them and control vectors as repeng writes them (by the package `gguf`),
for some of the tiny models, and the logits that `peft`, and `transformers` with hooks, give under them.

    foreign_plans.py OUT     reads OUT/tiny/NAME (tiny_models.py), writes OUT/foreign/NAME/:

ADAPTER/ for each of ADAPTERS; vector.gguf, whose vectors lie at two layers; and expected.safetensors:
ADAPTER.logits.N and vector.STRENGTH.logits.N, [T, V], N the number of a text; half.logits.N of the
adapter `inputs` at half its strength.
"""

import sys
from pathlib import Path

import gguf
import torch
from peft import IA3Config, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, logging

from common import Edits, logits_of, save, tapped

MODELS = ("grouped_query", "biases", "gemma2")
# target_modules, feedforward_modules; the last two also scale what is no site.
ADAPTERS = {
    "inputs": (["o_proj", "down_proj"], ["o_proj", "down_proj"]),
    "outputs": (["up_proj", "down_proj"], []),
    "patterns": (r".*\.(o_proj|down_proj)", r".*self_attn\.o_proj"),
    "untrained_keys": (["k_proj", "v_proj", "down_proj"], ["down_proj"]),
    "keys": (["k_proj", "v_proj", "down_proj"], ["down_proj"]),
}
STRENGTHS = (1.0, -0.75)


def open_model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager",
                                                dtype=torch.float32).eval()


def adapted(folder, name, generator):
    """The model with a random adapter: factors about 1, of both signs."""
    targets, inputs = ADAPTERS[name]
    model = get_peft_model(open_model(folder), IA3Config(
        task_type="CAUSAL_LM", target_modules=targets, feedforward_modules=inputs)).eval()
    with torch.no_grad():
        for key, factors in model.named_parameters():
            if ".ia3_l." in key and not (name == "untrained_keys" and "self_attn" in key):
                factors.copy_(1 + torch.randn(factors.shape, generator=generator))
    return model


def halved(model):
    with torch.no_grad():
        for key, factors in model.named_parameters():
            if ".ia3_l." in key:
                factors.copy_(1 + 0.5 * (factors - 1))
    return model


def write_vector(path, model_type, directions):
    """As repeng's export does."""
    writer = gguf.GGUFWriter(path, "controlvector")
    writer.add_string("controlvector.model_hint", model_type)
    writer.add_uint32("controlvector.layer_count", len(directions))
    for layer, direction in directions.items():
        writer.add_tensor(f"direction.{layer}", direction.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def added(directions, strength):
    """The tap that adds them after their layers."""
    layers = torch.cat([torch.full((len(direction),), layer)
                        for layer, direction in directions.items()])
    dims = torch.cat([torch.arange(len(direction)) for direction in directions.values()])
    return Edits("add", layers, dims, strength * torch.cat(list(directions.values())))


def write(folder, out, generator):
    reference = load_file(folder / "reference.safetensors")
    texts = [reference[f"tokens.{number}"] for number in range(4)]
    expected = {}

    def keep(name, model):
        for number, tokens in enumerate(texts):
            expected[f"{name}.logits.{number}"] = logits_of(model, tokens)

    for name in ADAPTERS:
        model = adapted(folder, name, generator)
        model.save_pretrained(out / name)
        keep(name, model)
        if name == "inputs":
            keep("half", halved(model))
    model = open_model(folder)
    width, last = model.config.hidden_size, model.config.num_hidden_layers - 1
    directions = {layer: torch.randn(width, generator=generator) for layer in (1, last)}
    directions[1][::3] = 0
    write_vector(out / "vector.gguf", model.config.model_type, directions)
    for strength in STRENGTHS:
        with tapped(model, added(directions, strength), ("layer",)):
            keep(f"vector.{strength}", model)
    save(out / "expected.safetensors", expected)


def main():
    out = Path(sys.argv[1])
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    for seed, name in enumerate(MODELS):
        write(out / "tiny" / name, out / "foreign" / name, torch.Generator().manual_seed(100 + seed))
        print(name)


if __name__ == "__main__":
    main()

"""Tiny random models of every family and what `transformers` computes with them in float32.

    tiny_models.py OUT        writes OUT/tiny/NAME/, a model folder, for each of MODELS

In each folder `reference.safetensors`, with N the number of a text (token ids, ragged lengths):
    tokens.N                         int64 [T]
    prompt.N                         int64 [], how many of them are the prompt; the rest the answer
    site.SITE.N                      [L, T, width]; models with experts have no ffn_gate
    logits.N                         [T, V]
    greedy.N, greedy_margin.N        [32] tokens that follow (no stop), [32] top-1 minus top-2 logit
    plan.CASE.layers|dims|values     [units]
    steered.CASE.logits.N            [T, V], the answer given after the prompt
    steered.CASE.greedy.N, steered.CASE.greedy_margin.N   what follows the whole text as a prompt,
                                     [32] for positions `all`, else [8]
CASE is SITE.OPERATION.POSITIONS, as common.py defines them; the metadata `cases` lists them (JSON).
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (AutoConfig, AutoModelForCausalLM, Gemma3Config, Gemma3ForCausalLM,
                          Gemma3TextConfig, logging)

from common import (SITES, Edits, greedy, last_token, logits_of, plain_reference, save, sites_of,
                    tapped)

LENGTHS = (1, 7, 19, 40)
SHARED_PREFIX = 5  # of all texts that are long enough
UNITS = 10

# (site, operation, positions, what is edited): UNITS `units`, one whole `layer`, or every unit of
# the site in `all layers`, of which UNITS have a value that is not 0. Cases with the same site,
# operation and extent share their plan.
CASES = [(site, operation, "all", "units") for site in SITES for operation in ("scale", "directed")]
CASES += [
    ("attention", "scale", "last_prompt", "units"),
    ("attention", "add", "last", "units"),
    ("attention", "add", "from_last_prompt", "units"),
    ("attention", "clamp", "last_prompt", "all layers"),
    ("ffn_gate", "scale", "last_prompt", "units"),
    ("ffn_gate", "add", "all", "units"),
    ("ffn_gate", "set", "from_last_prompt", "units"),
    ("ffn_gate", "clamp", "last_prompt", "all layers"),
    ("ffn", "set", "last", "units"),
    ("ffn", "directed", "from_last_prompt", "units"),
    ("ffn", "clamp", "last_prompt", "units"),
    ("layer", "add", "all", "layer"),
    ("layer", "add", "from_last_prompt", "layer"),
    ("layer", "set", "last_prompt", "units"),
    ("layer", "clamp", "last_prompt", "units"),
]

LLAMA3_ROPE = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
LINEAR_ROPE = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
YARN_ROPE = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0,
             "original_max_position_embeddings": 64}
TUNED_YARN_ROPE = {"rope_type": "yarn", "rope_theta": 500.0, "factor": 6.0, "beta_fast": 4.0,
                   "beta_slow": 0.25, "mscale": 1.5, "mscale_all_dim": 0.5, "truncate": False,
                   "original_max_position_embeddings": 48}

LOCAL_ROPE = {"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
              "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 2.0}}
GEMMA = dict(hidden_activation="gelu_pytorch_tanh", tie_word_embeddings=True, head_dim=16,
             query_pre_attn_scalar=24, sliding_window=9)
EXPERTS = dict(TYPE="qwen3_moe", num_experts=8, num_experts_per_tok=2, moe_intermediate_size=40,
               head_dim=16)

# Changes to base_config(); keys in capitals say which family it is (llama where it is not said) and
# how the folder is written.
MODELS = {
    "multi_head": dict(num_key_value_heads=4),
    "grouped_query": dict(num_hidden_layers=4),
    "three_heads": dict(hidden_size=48, num_attention_heads=3, num_key_value_heads=1,
                        tie_word_embeddings=True),
    "five_heads": dict(hidden_size=60, num_attention_heads=5, num_key_value_heads=5,
                       intermediate_size=100, vocab_size=131, rms_norm_eps=1e-6),
    "wide_heads": dict(head_dim=24, tie_word_embeddings=True),
    "narrow_heads": dict(head_dim=8, num_key_value_heads=1),
    "llama3_rope": dict(rope_parameters=LLAMA3_ROPE),
    "linear_rope": dict(rope_parameters=LINEAR_ROPE),
    "biases": dict(attention_bias=True, mlp_bias=True),
    "sharded": dict(num_hidden_layers=4, SHARD="100KB"),
    "bfloat16": dict(tie_word_embeddings=True, DTYPE=torch.bfloat16),
    "old_llama3_rope": dict(rope_parameters=LLAMA3_ROPE, OLD_SPELLING=True),
    "old_linear_rope": dict(rope_parameters=LINEAR_ROPE, OLD_SPELLING=True, DTYPE=torch.float16),
    "old_plain": dict(num_key_value_heads=4, tie_word_embeddings=True, OLD_SPELLING=True),
    "mistral": dict(TYPE="mistral", sliding_window=None),
    "mistral_window": dict(TYPE="mistral", sliding_window=6, num_hidden_layers=2, head_dim=20),
    "qwen2": dict(TYPE="qwen2", tie_word_embeddings=True),
    "qwen2_window": dict(TYPE="qwen2", hidden_size=60, num_attention_heads=5,
                         num_key_value_heads=1, use_sliding_window=True, sliding_window=8,
                         max_window_layers=1),
    "qwen3": dict(TYPE="qwen3", head_dim=24),
    "qwen3_three_heads": dict(TYPE="qwen3", hidden_size=48, num_attention_heads=3,
                              num_key_value_heads=3, head_dim=16, attention_bias=True,
                              tie_word_embeddings=True, use_sliding_window=True, sliding_window=3,
                              max_window_layers=2),
    "experts": dict(EXPERTS, norm_topk_prob=True),
    "experts_of_some_layers": dict(EXPERTS, num_hidden_layers=5, num_experts=3, num_experts_per_tok=3,
                                   decoder_sparse_step=2, mlp_only_layers=[3]),
    "experts_many": dict(EXPERTS, num_experts=64, num_experts_per_tok=1, DTYPE=torch.bfloat16),
    "gemma2": dict(GEMMA, TYPE="gemma2", num_hidden_layers=4, attn_logit_softcapping=2.0,
                   final_logit_softcapping=3.0),
    "gemma2_odd_heads": dict(GEMMA, TYPE="gemma2", hidden_size=60, num_attention_heads=3,
                             num_key_value_heads=1, head_dim=32, attn_logit_softcapping=None,
                             final_logit_softcapping=30.0, sliding_window=4096,
                             query_pre_attn_scalar=32),
    "gemma2_long": dict(GEMMA, TYPE="gemma2", num_hidden_layers=2, attn_logit_softcapping=5.0,
                        final_logit_softcapping=None, sliding_window=40, LENGTHS=(1, 3, 60, 300)),
    "gemma3": dict(GEMMA, TYPE="gemma3_text", num_hidden_layers=7, rope_parameters=LOCAL_ROPE),
    "gemma3_short_window": dict(GEMMA, TYPE="gemma3_text", num_hidden_layers=6, hidden_size=48,
                                num_attention_heads=6, num_key_value_heads=3, head_dim=8,
                                sliding_window=2, rope_parameters=None, attention_bias=True),
    "gemma3_old_spelling": dict(GEMMA, TYPE="gemma3_text", num_hidden_layers=6,
                                rope_parameters=LOCAL_ROPE, OLD_SPELLING=True,
                                LENGTHS=(1, 2, 17, 290)),
    "yarn": dict(TYPE="qwen2", rope_parameters=YARN_ROPE, LENGTHS=(1, 19, 60, 250)),
    "yarn_tuned": dict(rope_parameters=TUNED_YARN_ROPE, OLD_SPELLING=True,
                       LENGTHS=(1, 7, 40, 200)),
    "yarn_attention": dict(TYPE="qwen3", head_dim=24, num_hidden_layers=2, OLD_SPELLING=True,
                           rope_parameters=YARN_ROPE | {"attention_factor": 0.8}),
    "gemma3_pictures": dict(GEMMA, TYPE="gemma3", num_hidden_layers=7, rope_parameters=LOCAL_ROPE),
    "gemma3_pictures_published": dict(
        GEMMA, TYPE="gemma3", NEW_NAMES=True, PUBLISHED=True, num_hidden_layers=6, head_dim=8,
        num_attention_heads=8, num_key_value_heads=4, rms_norm_eps=1e-6,
        query_pre_attn_scalar=256, max_position_embeddings=131072,
        rope_parameters={"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                         "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0,
                                            "factor": 8.0}}),
}

# A part for pictures, as small as it may be.
VISION = dict(model_type="siglip_vision_model", hidden_size=16, intermediate_size=16,
              num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
# How transformers 4.52 and later call the parts of a Gemma 3 in memory, and some checkpoints do.
NEW_NAMES = {"language_model.model.": "model.language_model.", "vision_tower.": "model.vision_tower.",
             "multi_modal_projector.": "model.multi_modal_projector."}


def base_config():
    return dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
                num_key_value_heads=2, vocab_size=192, max_position_embeddings=512,
                rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2,
                pad_token_id=None, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})


def random_model(config, generator):
    """Weights large enough for activations of order one; norms and biases away from 1 and 0, so
    that leaving one out is seen. Gemma's norms add the 1 themselves."""
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager",
                                             dtype=torch.float32)
    offset = 0 if config.model_type.startswith("gemma") else 1
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if name.endswith("norm.weight"):
                weight.copy_(offset + 0.2 * noise)
            elif name.endswith("bias"):
                weight.copy_(0.3 * noise)
            elif "embed_tokens" in name:
                weight.copy_(0.5 * noise)
            else:
                weight.copy_(1.5 * noise / weight.shape[-1] ** 0.5)
    return model.eval()


def random_texts(vocabulary, lengths, generator):
    texts = [torch.randint(3, vocabulary, (length,), generator=generator) for length in lengths]
    for text in texts:
        if len(text) > SHARED_PREFIX:
            text[:SHARED_PREFIX] = texts[-1][:SHARED_PREFIX]
    return texts


def random_plan(layers, width, extent, generator):
    """Units in a random order, with values of both signs."""
    flat = torch.randperm(layers * width, generator=generator)
    values = 4 * torch.rand(layers * width, generator=generator) - 2
    if extent == "units":
        flat, values = flat[:UNITS], values[:UNITS]
    elif extent == "layer":
        kept = flat // width == layers // 2
        flat, values = flat[kept], values[kept] / 4
    else:
        values[UNITS:] = 0
    return {"layers": flat // width, "dims": flat % width, "values": values}


def steered(model, tokens, prompt, case, plan, run):
    """run() with the model steered as on a text whose first `prompt` tokens are the prompt."""
    site, operation, positions, _ = case
    clean = last_token(model, tokens[:prompt], (site,)) if operation == "clamp" else None
    with tapped(model, Edits(operation, **plan, positions=positions, prompt=prompt, clean=clean),
                (site,)):
        return run(model, tokens)


def steered_reference(model, texts, generator):
    """Tensors, and the metadata that says which cases there are."""
    config, tensors, plans = model.config, {}, {}
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    widths = {"attention": config.num_attention_heads * head_dim,
              "ffn_gate": config.intermediate_size,
              "ffn": config.hidden_size, "layer": config.hidden_size}
    prompts = [max(1, len(tokens) // 2) for tokens in texts]
    for number, prompt in enumerate(prompts):
        tensors[f"prompt.{number}"] = torch.tensor(prompt)
    cases = [case for case in CASES if case[0] in sites_of(model)]
    for case in cases:
        site, operation, positions, extent = case
        plan = plans.get((site, operation, extent))
        if plan is None:
            plan = random_plan(config.num_hidden_layers, widths[site], extent, generator)
            plans[site, operation, extent] = plan
        key = ".".join(case[:3])
        for part, values in plan.items():
            tensors[f"plan.{key}.{part}"] = values.clone()
        steps = 32 if positions == "all" else 8
        for number, (tokens, prompt) in enumerate(zip(texts, prompts)):
            name = f"steered.{key}"
            tensors[f"{name}.logits.{number}"] = steered(model, tokens, prompt, case, plan,
                                                         logits_of)
            continuation, margins = steered(
                model, tokens, len(tokens), case, plan,
                lambda model, tokens: greedy(model, tokens, steps))
            tensors[f"{name}.greedy.{number}"] = continuation
            tensors[f"{name}.greedy_margin.{number}"] = margins
    return tensors, {"cases": [".".join(case[:3]) for case in cases]}


def rewrite_config_in_old_spelling(folder):
    """As transformers 4 wrote it: rope_theta and rope_scaling apart, torch_dtype, no head_dim where
    it follows from the width. Linear scaling gets the still older key `type`."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["torch_dtype"] = config.pop("dtype")
    two_ropes = "full_attention" in rope
    if two_ropes:
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        config["sliding_window_pattern"] = config.pop("_sliding_window_pattern")
        del config["layer_types"]
        rope = rope["full_attention"]
    config["rope_theta"] = rope.pop("rope_theta")
    if rope["rope_type"] in ("linear", "yarn") and not two_ropes:
        rope["type"] = rope.pop("rope_type")
    config["rope_scaling"] = None if rope.get("rope_type") == "default" else rope
    if config["model_type"] == "llama" and \
            config["head_dim"] * config["num_attention_heads"] == config["hidden_size"]:
        del config["head_dim"]
    config["transformers_version"] = "4.40.0"
    path.write_text(json.dumps(config, indent=2))


def rename_tensors(folder):
    path = folder / "model.safetensors"
    renamed = {}
    for name, tensor in load_file(path).items():
        old = next(prefix for prefix in NEW_NAMES if name.startswith(prefix))
        renamed[NEW_NAMES[old] + name.removeprefix(old)] = tensor
    save_file(renamed, path, {"format": "pt"})


def rewrite_config_as_published(folder):
    """As Gemma 3 4B's is: text_config without what are its class's defaults, RoPE's scaling in the
    older spelling, the ends of a text outside."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    text, defaults = config["text_config"], Gemma3TextConfig().to_dict()
    scaling = text.pop("rope_parameters")["full_attention"]
    text = {key: value for key, value in text.items()
            if key == "model_type" or value != defaults.get(key)}
    for key in ("layer_types", "bos_token_id", "eos_token_id"):
        text.pop(key, None)
    scaling.pop("rope_theta")
    config["text_config"] = text | {"rope_scaling": scaling}
    config["eos_token_id"] = [2, 5]
    config["torch_dtype"] = config.pop("dtype")
    path.write_text(json.dumps(config, indent=2))


def text_part(model, texts):
    """The language model of one that also sees pictures, which computes the same."""
    text = Gemma3ForCausalLM(model.config.text_config).eval()
    text.model, text.lm_head = model.model.language_model, model.lm_head
    for tokens in texts:
        assert torch.equal(logits_of(text, tokens), logits_of(model, tokens))
    return text


def make_config(family, changes):
    if family != "gemma3":
        return AutoConfig.for_model(family, **base_config() | changes)
    text = Gemma3TextConfig(**base_config() | changes)
    return Gemma3Config(text_config=text, vision_config=VISION, mm_tokens_per_image=4)


def write(name, changes, folder, seed):
    options = {key: changes[key] for key in changes if key.isupper()}
    config = make_config(options.get("TYPE", "llama"),
                         {key: value for key, value in changes.items() if key not in options})
    generator = torch.Generator().manual_seed(seed)
    model = random_model(config, generator).to(options.get("DTYPE", torch.float32))
    model.save_pretrained(folder, max_shard_size=options.get("SHARD", "1GB"))
    if "OLD_SPELLING" in options:
        rewrite_config_in_old_spelling(folder)
    if "PUBLISHED" in options:
        rewrite_config_as_published(folder)
    if "NEW_NAMES" in options:
        rename_tensors(folder)

    # Read back, because .to() also rounds the rotary frequencies, which are no weights.
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager",
                                                 dtype=torch.float32).eval()

    vocabulary = config.get_text_config().vocab_size
    texts = random_texts(vocabulary, options.get("LENGTHS", LENGTHS), generator)
    if options.get("TYPE") == "gemma3":
        model = text_part(model, texts)
    tensors, metadata = steered_reference(model, texts, generator)
    save(folder / "reference.safetensors", plain_reference(model, texts) | tensors, model=name,
         texts=len(texts), **metadata)


def main():
    out = Path(sys.argv[1]) / "tiny"
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    for seed, (name, changes) in enumerate(MODELS.items()):
        write(name, changes, out / name, seed)
        print(name)


if __name__ == "__main__":
    main()

"""Weights in bitsandbytes' NF4, what bitsandbytes makes of them, and tiny models that
`transformers` quantised.

    nf4.py OUT

OUT/nf4/model.safetensors holds the weights of WEIGHTS under the names that `transformers` gives
them, OUT/nf4/expected.safetensors for each weight NAME.float32, NAME.bfloat16 and NAME.float16.
These are what bitsandbytes' layers multiply x of that dtype with: it is x's dtype that they
dequantise to, whichever one the weight had before it was quantised. OUT/tiny/nf4_* are model folders
like those of tiny_models.py; their reference is computed in float32 by bitsandbytes' own layers.

bitsandbytes dequantises by its plain implementation here, not by the one for the processor: with
AVX-512 that of 0.50.2 gives other numbers where a row ends within a block.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # bitsandbytes would compile a kernel for each odd shape

import torch
from bitsandbytes import functional, matmul_4bit
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from bitsandbytes.backends.utils import _get_4bit_code
from bitsandbytes.nn import Linear4bit
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig, logging

import tiny_models
from common import plain_reference, save

DTYPES = (torch.float32, torch.bfloat16, torch.float16)

# Rows, columns, block size, nested scales, dtype of the weight that was quantised. The number of
# columns is a multiple of neither block size in most; odd ones leave half a byte at the ends of rows.
WEIGHTS = {
    "plain": (64, 64, 64, False, torch.float32),
    "nested": (64, 128, 64, True, torch.bfloat16),
    "many_nested_blocks": (300, 176, 64, True, torch.float32),
    "blocks_over_rows": (33, 130, 64, True, torch.float16),
    "rows_in_a_block": (3, 50, 128, False, torch.bfloat16),
    "odd_columns": (5, 7, 64, True, torch.float32),
    "odd_rows_and_columns": (77, 131, 32, True, torch.float32),
    "one_row": (1, 96, 64, True, torch.bfloat16),
    "one_element": (1, 1, 64, False, torch.float32),
    "large_block": (9, 1000, 4096, True, torch.float32),
}

MODELS = {
    "nf4_llama": dict(hidden_size=48, num_attention_heads=3, num_key_value_heads=1,
                      intermediate_size=100, DOUBLE=True, DTYPE=torch.bfloat16),
    "nf4_qwen3": dict(TYPE="qwen3", head_dim=24, attention_bias=True, DOUBLE=True,
                      DTYPE=torch.bfloat16, tie_word_embeddings=True),
    "nf4_from_float16": dict(intermediate_size=100, DOUBLE=True, DTYPE=torch.float16),
    "nf4_plain_scales": dict(hidden_size=60, num_attention_heads=5, num_key_value_heads=5,
                             DOUBLE=False, DTYPE=torch.float32, SHARD="40KB"),
}


def dequantise_plainly(packed, absmax, blocksize, quant_type, shape, dtype):
    code = _get_4bit_code(quant_type, packed.device)
    return _dequantize_4bit_compute(packed.view(torch.uint8).reshape(-1), absmax, code, blocksize,
                                    shape, dtype)


PLAIN = torch.library.Library("bitsandbytes", "IMPL")
PLAIN.impl("dequantize_4bit", dequantise_plainly, "CPU", allow_override=True)


def random_weight(rows, columns, dtype, generator):
    """Values of different sizes from row to row, some zeros, and tiny ones, which are subnormal in
    float16."""
    weight = torch.randn(rows, columns, generator=generator)
    weight *= torch.logspace(-7, 2, rows)[:, None]
    weight[rows // 2, : columns // 2] = 0
    return weight.to(dtype)


def write_weights(folder):
    generator = torch.Generator().manual_seed(11)
    stored, expected = {}, {}
    for name, (rows, columns, block, nested, dtype) in WEIGHTS.items():
        weight = random_weight(rows, columns, dtype, generator)
        packed, state = functional.quantize_4bit(weight, blocksize=block, quant_type="nf4",
                                                 compress_statistics=nested)
        stored[name] = packed
        for part, tensor in state.as_dict(packed=True).items():
            stored[f"{name}.{part}"] = tensor
        products = {wanted: matmul_4bit(torch.eye(columns, dtype=wanted), packed, state).t()
                    for wanted in DTYPES}
        for wanted in DTYPES:
            state.dtype = wanted
            key = f"{name}.{str(wanted).removeprefix('torch.')}"
            # A packed tensor of one byte looks to bitsandbytes like a transposed one.
            expected[key] = functional.dequantize_4bit(packed, state).reshape(rows, columns)
            assert torch.equal(expected[key], products[wanted]), f"{key} is not what is multiplied"
    save(folder / "model.safetensors", stored)
    save(folder / "expected.safetensors", expected)


def in_float32(model):
    """The same model computed in float32. Its linear layers stay those of bitsandbytes, which
    multiply with the packed weights and their states as these are."""
    result = AutoModelForCausalLM.from_config(model.config, attn_implementation="eager",
                                              dtype=torch.float32)
    layers = {name: module for name, module in model.named_modules()
              if isinstance(module, Linear4bit)}
    packed = {name + ".weight" for name in layers}
    names = set(result.state_dict()) - packed
    weights = {name: tensor.float() for name, tensor in model.state_dict().items()
               if name in names}
    missing = result.load_state_dict(weights, strict=False).missing_keys
    assert set(missing) == packed, missing
    for name, layer in layers.items():
        layer.support_avx512bf16_for_cpu = False  # it would compute in bfloat16
        result.set_submodule(name, layer)
    return result.eval()


def write_model(name, changes, folder, seed):
    options = {key: changes[key] for key in changes if key.isupper()}
    config = AutoConfig.for_model(
        options.get("TYPE", "llama"),
        **tiny_models.base_config()
        | {key: value for key, value in changes.items() if key not in options})
    generator = torch.Generator().manual_seed(seed)
    quantisation = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4",
                                      bnb_4bit_use_double_quant=options["DOUBLE"],
                                      bnb_4bit_compute_dtype=torch.float32)
    with tempfile.TemporaryDirectory() as plain:
        tiny_models.random_model(config, generator).to(options["DTYPE"]).save_pretrained(plain)
        model = AutoModelForCausalLM.from_pretrained(plain, quantization_config=quantisation,
                                                     device_map="cpu", dtype=options["DTYPE"])
    model.save_pretrained(folder, max_shard_size=options.get("SHARD", "1GB"))

    states = {module.weight.quant_state.dtype for module in model.modules()
              if isinstance(module, Linear4bit)}
    assert states == {options["DTYPE"]}, states
    model = in_float32(model)
    texts = tiny_models.random_texts(config.vocab_size, tiny_models.LENGTHS, generator)
    tensors, metadata = tiny_models.steered_reference(model, texts, generator)
    save(folder / "reference.safetensors", plain_reference(model, texts) | tensors, model=name,
         texts=len(texts), **metadata)


def main():
    out = Path(sys.argv[1])
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    write_weights(out / "nf4")
    for seed, (name, changes) in enumerate(MODELS.items()):
        write_model(name, changes, out / "tiny" / name, 100 + seed)
        print(name)


if __name__ == "__main__":
    main()

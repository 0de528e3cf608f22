"""Tiny random models of every family as GGUF files, laid out as llama.cpp's converter does it, and
what `transformers` computes in float32 with the same dequantised weights.

    tiny_gguf.py OUT          writes OUT/gguf/NAME/model.gguf (or its parts) and
                              reference.safetensors beside it for each of VARIANTS

reference.safetensors: named tensors as in tiny_models.py, unsteered; also `weight.NAME`, every
weight dequantised, under its Hugging Face name and with its rows in Hugging Face order. Metadata:
`texts`, the strings (JSON list) that the file's own tokenizer turns into tokens.N.
"""

import sys
from pathlib import Path

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType as Type
from transformers import AutoConfig

from common import plain_reference, save
from gguf_layout import Layout, checkpoint_weights, put_weights
from tiny_gguf_vocabularies import ByteLevel, SentencePiece
from tiny_models import random_model

TEXTS = ["a", "the cat and the hen", "In 1987 there were 42 thin things on the  sand.",
         "<|im_start|>user\nWhere?<|im_end|>\n",
         "  a tab\t, \u00c5ngstr\u00f6m \u00bd,\r\n\n\u6f22 \U0001f937"]

ARCHITECTURES = {"mistral": "llama", "qwen3_moe": "qwen3moe", "gemma3_text": "gemma3"}

LLAMA3_ROPE = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
YARN_ROPE = {"rope_type": "yarn", "rope_theta": 20000.0, "factor": 4.0, "beta_fast": 16.0,
             "beta_slow": 0.5, "original_max_position_embeddings": 64}
GEMMA = dict(VOCABULARY=SentencePiece(gemma=True), hidden_activation="gelu_pytorch_tanh",
             tie_word_embeddings=True, head_dim=16, query_pre_attn_scalar=16, sliding_window=9)
GEMMA2_ROPE = {"rope_type": "default", "rope_theta": 10000.0}  # which its files do not say
GEMMA3_ROPE = {"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
               "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 2.0}}

# Changes to base_config(); keys in capitals say which family it is (llama where it is not said), how
# the matrices are stored (the norms are always F32), the tokenizer, and how the file is split into several.
VARIANTS = {
    "f32": dict(KIND=Type.F32),
    "f16": dict(KIND=Type.F16),
    "bf16": dict(KIND=Type.BF16, tie_word_embeddings=True),
    "q8_0": dict(KIND=Type.Q8_0, tie_word_embeddings=True),
    "q4_0": dict(KIND=Type.Q4_0),
    "q4_1": dict(KIND=Type.Q4_1, tie_word_embeddings=True),
    "sentencepiece": dict(KIND=Type.F16, tie_word_embeddings=True, VOCABULARY=SentencePiece()),
    "biases": dict(KIND=Type.Q5_0, attention_bias=True, mlp_bias=True),
    "llama3": dict(KIND=Type.Q5_1, rope_parameters=LLAMA3_ROPE, VOCABULARY=ByteLevel("llama-bpe")),
    "mistral": dict(KIND=Type.Q5_0, TYPE="mistral", head_dim=24, sliding_window=None,
                    VOCABULARY=SentencePiece()),
    "mistral_window": dict(KIND=Type.F16, TYPE="mistral", sliding_window=6),
    "qwen2": dict(KIND=Type.Q8_0, TYPE="qwen2", VOCABULARY=ByteLevel("qwen2")),
    "qwen3": dict(KIND=Type.Q5_1, TYPE="qwen3", head_dim=32, tie_word_embeddings=True,
                  VOCABULARY=ByteLevel("qwen2")),
    "qwen3_moe": dict(KIND=Type.Q8_0, TYPE="qwen3_moe", num_experts=6, num_experts_per_tok=2,
                      moe_intermediate_size=32, head_dim=16, norm_topk_prob=True,
                      VOCABULARY=ByteLevel("qwen2")),
    "gemma2": dict(GEMMA, KIND=Type.Q5_0, TYPE="gemma2", num_hidden_layers=4,
                   attn_logit_softcapping=2.0, final_logit_softcapping=3.0,
                   rope_parameters=GEMMA2_ROPE),
    "gemma3": dict(GEMMA, KIND=Type.Q5_1, TYPE="gemma3_text", num_hidden_layers=7,
                   rope_parameters=GEMMA3_ROPE),
    "yarn": dict(KIND=Type.Q8_0, TYPE="qwen3", head_dim=32, rope_parameters=YARN_ROPE,
                 VOCABULARY=ByteLevel("qwen2")),
    "split": dict(KIND=Type.Q5_1, SPLIT=dict(split_max_tensors=11), tie_word_embeddings=True),
    "split_metadata_first": dict(KIND=Type.Q8_0, TYPE="qwen2", VOCABULARY=ByteLevel("qwen2"),
                                 SPLIT=dict(split_max_tensors=20, small_first_shard=True)),
}


def base_config(vocabulary):
    return dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
                num_key_value_heads=2, vocab_size=len(vocabulary.tokens),
                max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False,
                bos_token_id=1, eos_token_id=2, pad_token_id=None,
                rope_parameters={"rope_type": "default", "rope_theta": 20000.0})


def head_dim(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def describe(writer, config):
    """The metadata that the converter writes for each family."""
    family = config.model_type
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    rope = config.rope_parameters
    rope = rope.get("full_attention", rope)
    if family != "gemma2":
        writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
    if family in ("llama", "mistral"):
        writer.add_rope_dimension_count(head_dim(config))
    if family not in ("llama", "qwen2"):
        writer.add_key_length(head_dim(config))
        writer.add_value_length(head_dim(config))
    if family == "qwen3_moe":
        writer.add_expert_count(config.num_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if family == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if family.startswith("gemma") or family == "mistral" and config.sliding_window:
        writer.add_sliding_window(config.sliding_window)


def llama3_divisors(model):
    """What the scaled frequencies are divided by, for rope_freqs.weight."""
    plain = model.config.rope_parameters["rope_theta"] ** -(
        torch.arange(0, head_dim(model.config), 2, dtype=torch.float64) / head_dim(model.config))
    return (plain / model.model.rotary_emb.inv_freq).float().numpy()


def write_gguf(path, model, layout, kind, vocabulary, split):
    config = model.config
    writer = gguf.GGUFWriter(path, ARCHITECTURES.get(config.model_type, config.model_type), **split)
    writer.add_name(f"tiny {config.model_type} {kind.name}")
    describe(writer, config)
    vocabulary.describe(writer)
    if config.rope_parameters.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(model))
    for name, weight in layout.stored(checkpoint_weights(model)).items():
        as_type = Type.F32 if weight.ndim == 1 or "ffn_gate_inp" in name else kind
        writer.add_tensor(name, gguf.quantize(numpy.ascontiguousarray(weight), as_type),
                          raw_dtype=as_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def dequantised(paths, layout, names):
    """{Hugging Face name: float32 array} of what the file, or the parts of a split one, hold."""
    stored = {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type)
              for path in paths for tensor in gguf.GGUFReader(path).tensors
              if tensor.name != "rope_freqs.weight"}
    return layout.original(stored, names)


def write(name, changes, folder, seed):
    kind = changes["KIND"]
    vocabulary = changes.get("VOCABULARY", ByteLevel("smollm"))
    config = AutoConfig.for_model(
        changes.get("TYPE", "llama"), **base_config(vocabulary)
        | {key: value for key, value in changes.items() if not key.isupper()})
    model = random_model(config, torch.Generator().manual_seed(seed))
    layout = Layout(ARCHITECTURES.get(config.model_type, config.model_type), config)
    write_gguf(folder / "model.gguf", model, layout, kind, vocabulary, changes.get("SPLIT", {}))
    paths = sorted(folder.glob("model*.gguf"))
    path = paths[0]

    weights = dequantised(paths, layout, checkpoint_weights(model))
    put_weights(model, weights)
    texts = [torch.tensor(vocabulary.encode(path, text)) for text in TEXTS]
    tensors = plain_reference(model, texts)
    tensors |= {f"weight.{name}": torch.from_numpy(weight) for name, weight in weights.items()}
    save(folder / "reference.safetensors", tensors, type=kind.name, texts=TEXTS)
    print(name, [len(tokens) for tokens in texts])


def main():
    torch.set_num_threads(1)
    for seed, (name, changes) in enumerate(VARIANTS.items()):
        folder = Path(sys.argv[1]) / "gguf" / name
        folder.mkdir(parents=True, exist_ok=True)
        write(name, changes, folder, seed)


if __name__ == "__main__":
    main()

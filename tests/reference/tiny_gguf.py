"""Tiny random llama models as GGUF files, laid out as llama.cpp's converter does it, and what
`transformers` computes in float32 with the same dequantised weights.

    tiny_gguf.py OUT          writes OUT/gguf/NAME/model.gguf and reference.safetensors beside it
                              for each of VARIANTS

reference.safetensors: named tensors as in tiny_models.py, unsteered; also `weight.NAME`, every
weight dequantised, under its Hugging Face name and with its rows in Hugging Face order. Metadata:
`texts`, the strings (JSON list) that the file's own tokenizer turns into tokens.N.

The file holds the query and key rows of each head permuted for interleaved rotary embedding: its
row 2i + h is row i of half h. They are permuted here by a reshape and taken back, for the
reference, by an index, so that neither repeats the other's mistake.
"""

import io
import sys
from pathlib import Path

import gguf
import numpy
import sentencepiece
import torch
from gguf import GGMLQuantizationType as Type
from transformers import LlamaConfig, LlamaForCausalLM

import gguf_tokenizer
from common import plain_reference, save

HIDDEN, FFN, LAYERS, HEADS, KEY_VALUE_HEADS, CONTEXT = 64, 96, 3, 4, 2, 256
HEAD = HIDDEN // HEADS
ROPE_BASE, EPSILON = 10000.0, 1e-5

CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["t h", "h e", "i n", "e r", "Ġ t", "Ġ a", "o n", "Ġt he", "r e", "a n", "Ġ s", "a t",
          "in g", "an d", "Ġ and", "Ġ w", "o u", "Ġ c", "e n", "Ġ Ġ"]
TEXTS = ["a", "the cat and the hen", "In 1987 there were 42 thin things on the  sand.",
         "<|im_start|>user\nWhere?<|im_end|>\n",
         "  a tab\t, \u00c5ngstr\u00f6m \u00bd,\r\n\u6f22 \U0001f937"]

NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm"}


def gguf_name(name):
    """model.layers.N.self_attn.q_proj.weight -> blk.N.attn_q.weight, and so on."""
    whole = {"model.embed_tokens.weight": "token_embd.weight", "lm_head.weight": "output.weight",
             "model.norm.weight": "output_norm.weight"}
    if name in whole:
        return whole[name]
    _, _, layer, part = name.split(".", 3)
    return f"blk.{layer}.{NAMES[part.removesuffix('.weight')]}.weight"


def heads_of_rotary(name):
    """The number of heads in a matrix whose rows rotary embedding permutes, else None."""
    return {"q_proj": HEADS, "k_proj": KEY_VALUE_HEADS}.get(name.split(".")[-2])


def to_interleaved(matrix, heads):
    """[heads * HEAD, in] in Hugging Face order -> in the file's order."""
    rows, columns = matrix.shape
    halves = matrix.reshape(heads, 2, HEAD // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def from_interleaved(matrix, heads):
    """The way back, row by row."""
    rows = [head * HEAD + 2 * i + half
            for head in range(heads) for half in range(2) for i in range(HEAD // 2)]
    return matrix[rows]


class ByteLevel:
    """Control tokens, the 256 bytes as GPT-2 spells them, then what the merges make."""

    def __init__(self):
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in printable]
        spelling = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
        self.tokens = CONTROL + spelling + [merge.replace(" ", "") for merge in MERGES]

    def describe(self, writer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("smollm")
        writer.add_token_list(self.tokens)
        writer.add_token_types([
            gguf.TokenType.CONTROL if token in CONTROL else gguf.TokenType.NORMAL
            for token in self.tokens])
        writer.add_token_merges(MERGES)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_add_bos_token(False)

    def encode(self, path, text):
        return gguf_tokenizer.tokenizer_from(gguf_tokenizer.metadata(path)).encode(text).ids


class SentencePiece:
    """A small model trained on this file. Its metadata leaves out what has a default: BOS is added,
    and a space in front."""

    def __init__(self):
        file = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(Path(__file__).read_text(encoding="utf-8").splitlines()),
            model_writer=file, model_type="bpe", vocab_size=420, byte_fallback=True,
            normalization_rule_name="identity", remove_extra_whitespaces=False, num_threads=1,
            minloglevel=2)
        self.model = sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())
        self.vocabulary = gguf_tokenizer.sentencepiece_vocabulary(self.model)
        self.tokens = self.vocabulary["tokens"]

    def describe(self, writer):
        writer.add_tokenizer_model("llama")
        writer.add_token_list(self.tokens)
        writer.add_token_scores(self.vocabulary["scores"])
        writer.add_token_types(self.vocabulary["types"])
        writer.add_bos_token_id(self.vocabulary["bos"])
        writer.add_eos_token_id(self.vocabulary["eos"])
        writer.add_unk_token_id(self.vocabulary["unknown"])

    def encode(self, path, text):
        return [self.model.bos_id()] + self.model.encode(text)


# How the matrices are stored (the norms are always F32), whether there is an output matrix beside
# the embedding, and the tokenizer.
VARIANTS = {"f32": (Type.F32, True, ByteLevel), "f16": (Type.F16, True, ByteLevel),
            "bf16": (Type.BF16, False, ByteLevel), "q8_0": (Type.Q8_0, False, ByteLevel),
            "q4_0": (Type.Q4_0, True, ByteLevel), "q4_1": (Type.Q4_1, False, ByteLevel),
            "sentencepiece": (Type.F16, False, SentencePiece)}


def random_weights(separate_output, vocabulary_size, generator):
    """{Hugging Face name: float32 array}, norms away from one."""
    config = LlamaConfig(
        hidden_size=HIDDEN, intermediate_size=FFN, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=KEY_VALUE_HEADS, vocab_size=vocabulary_size,
        max_position_embeddings=CONTEXT, rms_norm_eps=EPSILON,
        tie_word_embeddings=not separate_output,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_BASE})
    model = LlamaForCausalLM._from_config(config, attn_implementation="eager", dtype=torch.float32)
    weights = {}
    for name, weight in model.named_parameters():
        noise = generator.standard_normal(weight.shape, dtype=numpy.float32)
        weights[name] = (1 + 0.2 * noise if weight.ndim == 1 else
                         0.5 * noise if "embed_tokens" in name else
                         1.5 * noise / numpy.sqrt(numpy.float32(weight.shape[1])))
    return model.eval(), weights


def write_gguf(path, weights, kind, vocabulary):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(f"tiny {kind.name}")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_VALUE_HEADS)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(len(vocabulary.tokens))
    vocabulary.describe(writer)
    for name, weight in weights.items():
        heads = heads_of_rotary(name)
        stored = weight if heads is None else to_interleaved(weight, heads)
        as_type = Type.F32 if weight.ndim == 1 else kind
        writer.add_tensor(gguf_name(name), gguf.quantize(numpy.ascontiguousarray(stored), as_type),
                          raw_dtype=as_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def dequantised(path, names):
    """{Hugging Face name: float32 tensor} of what the file holds."""
    stored = {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type)
              for tensor in gguf.GGUFReader(path).tensors}
    weights = {}
    for name in names:
        weight = torch.tensor(stored.pop(gguf_name(name)))
        heads = heads_of_rotary(name)
        weights[name] = weight if heads is None else from_interleaved(weight, heads)
    assert not stored, stored.keys()
    return weights


def main():
    torch.set_num_threads(1)
    for seed, (name, (kind, separate_output, vocabulary_class)) in enumerate(VARIANTS.items()):
        folder = Path(sys.argv[1]) / "gguf" / name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "model.gguf"
        vocabulary = vocabulary_class()
        model, weights = random_weights(separate_output, len(vocabulary.tokens),
                                        numpy.random.default_rng(seed))
        write_gguf(path, weights, kind, vocabulary)

        stored = dequantised(path, weights)
        with torch.no_grad():
            for parameter, weight in model.named_parameters():
                weight.copy_(stored[parameter])
        texts = [torch.tensor(vocabulary.encode(path, text)) for text in TEXTS]
        tensors = plain_reference(model, texts)
        tensors |= {f"weight.{parameter}": weight for parameter, weight in stored.items()}
        save(folder / "reference.safetensors", tensors, type=kind.name, texts=TEXTS)
        print(name, [len(tokens) for tokens in texts])


if __name__ == "__main__":
    main()

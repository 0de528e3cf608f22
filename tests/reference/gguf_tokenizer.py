"""Tokenizers and the metadata of GGUF files.

The byte-level BPE tokenizer of a file is built by hand with the `tokenizers` package, by the name in
`tokenizer.ggml.pre`. `transformers` has a conversion of its own, but it forgets the digits of
smollm.
"""

import functools

from gguf import GGUFReader, TokenType
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers,
                        pre_tokenizers, processors)
from transformers.convert_slow_tokenizer import TikTokenConverter
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX as QWEN2_PATTERN


@functools.cache
def metadata(path):
    """{key: value} of everything that the GGUF file says beside its tensors."""
    return {name: field.contents() for name, field in GGUFReader(path).fields.items()}


def splitter(pre):
    """What cuts a text into words: each digit stands alone in smollm, and then the byte-level
    expression of GPT-2 applies; the others have one expression of their own."""
    if pre == "smollm":
        return pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    pattern = {"qwen2": QWEN2_PATTERN, "llama-bpe": TikTokenConverter().pattern}[pre]
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def tokenizer_from(fields):
    pre = fields["tokenizer.ggml.pre"]
    assert fields["tokenizer.ggml.model"] == "gpt2"
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges,
                                     ignore_merges=pre == "llama-bpe"))
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = splitter(pre)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([
        AddedToken(token, special=True, normalized=False)
        for token, kind in zip(tokens, fields["tokenizer.ggml.token_type"])
        if kind == TokenType.CONTROL])
    if fields.get("tokenizer.ggml.add_bos_token", pre == "llama-bpe"):
        bos = tokens[fields["tokenizer.ggml.bos_token_id"]]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, tokens.index(bos))])
    assert tokenizer.get_vocab_size() == len(tokens)
    return tokenizer


def sentencepiece_vocabulary(model):
    """What the metadata says about a SentencePiece model none of whose pieces is user-defined."""
    kinds = {TokenType.UNKNOWN: model.is_unknown, TokenType.CONTROL: model.is_control,
             TokenType.UNUSED: model.is_unused, TokenType.BYTE: model.is_byte}

    def kind(piece):
        return next((kind for kind, applies in kinds.items() if applies(piece)), TokenType.NORMAL)

    pieces = range(model.get_piece_size())
    return {"tokens": [model.id_to_piece(piece) for piece in pieces],
            "scores": [model.get_score(piece) for piece in pieces],
            "types": [int(kind(piece)) for piece in pieces],
            "bos": model.bos_id(), "eos": model.eos_id(), "unknown": model.unk_id()}

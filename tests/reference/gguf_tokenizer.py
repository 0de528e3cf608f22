"""Tokenizers and the metadata of GGUF files.

The byte-level BPE tokenizer of a file is built by hand with the `tokenizers` package, by the name in
`tokenizer.ggml.pre`. `transformers` has a conversion of its own, but it forgets the digits of
smollm.
"""

import functools
import struct
from pathlib import Path

import gguf
import sentencepiece
from gguf import TokenType
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers,
                        pre_tokenizers, processors)
from transformers.convert_slow_tokenizer import TikTokenConverter
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX as QWEN2_PATTERN


def read_each_file_once():
    """Lets gguf.GGUFReader keep what it has read: the fields of a large vocabulary take it many
    seconds, and `transformers` reads them for the configuration and again for the weights."""
    read = functools.cache(gguf.GGUFReader)
    gguf.GGUFReader = lambda path, *mode: read(Path(path).resolve(), *mode)


read_each_file_once()


@functools.cache
def metadata(path):
    """{key: value} of everything that the GGUF file says beside its tensors."""
    return {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}


def with_one_start(ids, start):
    """`ids` of a text, where one that opens with `start`, the tokens that are put in front, keeps its
    own alone."""
    return ids[len(start):] if start and ids[:2 * len(start)] == 2 * start else ids


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


def sentencepiece_from(fields):
    """The SentencePiece model of a file, as a serialised ModelProto made by hand."""
    assert fields["tokenizer.ggml.model"] == "llama"

    def varint(number):
        number &= 2**64 - 1
        parts = []
        while number > 127:
            parts.append(number % 128 + 128)
            number //= 128
        return bytes([*parts, number])

    def number(field, value):
        return varint(field << 3) + varint(value)

    def text(field, value):
        value = value if isinstance(value, bytes) else value.encode()
        return varint(field << 3 | 2) + varint(len(value)) + value

    def real(field, value):
        return varint(field << 3 | 5) + struct.pack("<f", value)

    tokens, types = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    pieces = []
    for id, (token, score, kind) in enumerate(zip(tokens, fields["tokenizer.ggml.scores"], types)):
        if kind == TokenType.USER_DEFINED:  # runs of spaces are stored as such
            token = token.replace(" ", "\u2581")
        if id == fields["tokenizer.ggml.unknown_token_id"]:
            kind = TokenType.UNKNOWN
        pieces.append(text(1, text(1, token) + real(2, score) + number(3, int(kind))))
    ids = {40: fields["tokenizer.ggml.unknown_token_id"], 41: fields["tokenizer.ggml.bos_token_id"],
           42: fields["tokenizer.ggml.eos_token_id"]}
    trainer = number(3, 2) + number(35, int(TokenType.BYTE in types))
    for field, id in ids.items():
        trainer += number(field, id) + text(field + 5, tokens[id])
    normalizer = text(1, "identity") + number(4, 0) + number(5, 1)
    normalizer += number(3, int(fields.get("tokenizer.ggml.add_space_prefix", True)))
    model = b"".join(pieces) + text(2, trainer) + text(3, normalizer)
    return sentencepiece.SentencePieceProcessor(model_proto=model)

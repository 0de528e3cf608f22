"""Tokenizers and the metadata of GGUF files.

The byte-level BPE tokenizer of a file with `tokenizer.ggml.pre` = smollm is built by hand with the
`tokenizers` package: each digit stands alone, then the byte-level expression of GPT-2.
`transformers` has a conversion of its own, but it forgets the digits.
"""

import functools

from gguf import GGUFReader, TokenType
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers


@functools.cache
def metadata(path):
    """{key: value} of everything that the GGUF file says beside its tensors."""
    return {name: field.contents() for name, field in GGUFReader(path).fields.items()}


def tokenizer_from(fields):
    assert fields["tokenizer.ggml.model"] == "gpt2" and fields["tokenizer.ggml.pre"] == "smollm"
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([
        AddedToken(token, special=True, normalized=False)
        for token, kind in zip(tokens, fields["tokenizer.ggml.token_type"])
        if kind == TokenType.CONTROL])
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

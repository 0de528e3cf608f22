"""The vocabularies of the tiny GGUF models: `tokens`; `describe(writer)`, which writes them into a
file; `encode(path, text)`, what the reference tokenizer of that file makes of a text.
"""

import functools
import io
from pathlib import Path

import gguf
import sentencepiece

import gguf_tokenizer

CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["t h", "h e", "i n", "e r", "Ġ t", "Ġ a", "o n", "Ġt he", "r e", "a n", "Ġ s", "a t",
          "in g", "an d", "Ġ and", "Ġ w", "o u", "Ġ c", "e n", "Ġ Ġ", "1 9", "19 8"]


class ByteLevel:
    """Control tokens, the 256 bytes as GPT-2 spells them, then what the merges make, and a word that
    no merge makes."""

    def __init__(self, pre_tokenizer):
        self.pre_tokenizer = pre_tokenizer
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in printable]
        spelling = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
        self.tokens = CONTROL + spelling + [merge.replace(" ", "") for merge in MERGES] + ["things"]

    def describe(self, writer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(self.pre_tokenizer)
        writer.add_token_list(self.tokens)
        writer.add_token_types([
            gguf.TokenType.CONTROL if token in CONTROL else gguf.TokenType.NORMAL
            for token in self.tokens])
        writer.add_token_merges(MERGES)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        if self.pre_tokenizer != "llama-bpe":  # which adds BOS where nothing is said
            writer.add_add_bos_token(False)

    def encode(self, path, text):
        tokenizer = gguf_tokenizer.tokenizer_from(gguf_tokenizer.metadata(path))
        return gguf_tokenizer.with_one_start(tokenizer.encode(text).ids, tokenizer.encode("").ids)


class SentencePiece:
    """A small model trained on this file. Its metadata leaves out what has a default: BOS is added,
    and a space in front. As in Gemma: no space in front, and user-defined tokens, of which runs of
    spaces are stored as such."""

    USER_DEFINED = ["<start_of_turn>", "\n\n", "\u2581\u2581"]

    def __init__(self, gemma=False):
        self.gemma = gemma

    @functools.cached_property
    def model(self):
        file = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(Path(__file__).read_text(encoding="utf-8").splitlines()),
            model_writer=file, model_type="bpe", vocab_size=420, byte_fallback=True,
            normalization_rule_name="identity", remove_extra_whitespaces=False,
            add_dummy_prefix=not self.gemma,
            user_defined_symbols=self.USER_DEFINED if self.gemma else [], num_threads=1,
            minloglevel=2)
        return sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())

    @property
    def tokens(self):
        return gguf_tokenizer.sentencepiece_vocabulary(self.model)["tokens"]

    def describe(self, writer):
        vocabulary = gguf_tokenizer.sentencepiece_vocabulary(self.model)
        tokens, types = vocabulary["tokens"], vocabulary["types"]
        for token in self.USER_DEFINED if self.gemma else []:
            types[tokens.index(token)] = int(gguf.TokenType.USER_DEFINED)
            tokens[tokens.index(token)] = token.replace("\u2581", " ")
        writer.add_tokenizer_model("llama")
        writer.add_token_list(tokens)
        writer.add_token_scores(vocabulary["scores"])
        writer.add_token_types(types)
        writer.add_bos_token_id(vocabulary["bos"])
        writer.add_eos_token_id(vocabulary["eos"])
        writer.add_unk_token_id(vocabulary["unknown"])
        if self.gemma:
            writer.add_add_space_prefix(False)

    def encode(self, path, text):
        return [self.model.bos_id()] + self.model.encode(text)

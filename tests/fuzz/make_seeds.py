"""Writes the binary seeds of the fuzz targets: small valid files, as the Python packages make them.

usage: make_seeds.py      (files go to seeds/TARGET beside this script)
"""

import io
import sys
import zipfile
from pathlib import Path

import gguf
import numpy
import sentencepiece
from safetensors.numpy import save_file

SEEDS = Path(__file__).parent / "seeds"
sys.path.insert(0, str(Path(__file__).parents[1] / "reference"))
from chat_snippets import SNIPPETS  # noqa: E402


def safetensors_seed(path):
    save_file({"a": numpy.arange(6, dtype=numpy.float32).reshape(2, 3),
               "b": numpy.ones(3, numpy.float16)}, path, metadata={"format": "pt"})


def gguf_seed(path):
    """Metadata of several types, a byte-level vocabulary, a plain and a quantised tensor."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["<s>", "a", "b", "ab"])
    writer.add_token_types([3, 1, 1, 1])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_tensor("plain", numpy.arange(4, dtype=numpy.float32))
    values = numpy.linspace(-1, 1, 32, dtype=numpy.float32).reshape(1, 32)
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("quantised", gguf.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def npz_seed(path):
    """A deflated member and, from another archive, a stored one in Fortran order."""
    numpy.savez_compressed(path, W=numpy.zeros((2, 3), numpy.float32), b=numpy.ones(3))
    stored = io.BytesIO()
    numpy.lib.format.write_array(stored, numpy.asfortranarray(numpy.eye(2, 3, dtype=numpy.int32)))
    with zipfile.ZipFile(path, "a") as archive:
        # A fixed date, so that the seed's bytes depend on its content alone.
        archive.writestr(zipfile.ZipInfo("f.npy"), stored.getvalue())


def sentencepiece_seed(path):
    with open(path, "wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["ab a b ab"] * 4), model_writer=file, model_type="bpe",
            vocab_size=8, normalization_rule_name="identity", num_threads=1, minloglevel=2)


def chat_template_seeds(folder):
    """Some pieces of templates, one that uses much of the language among them."""
    names = ("turns", "system first", "last user turn", "macro recursive", "raw", "with", "slices",
             "tojson with options", "select", "split", "for nested", "set body", "namespace")
    for name in names:
        (folder / f"{name.replace(' ', '_')}.jinja").write_text(SNIPPETS[name], encoding="utf-8")


def main():
    for name, write in (("safetensors", safetensors_seed), ("gguf", gguf_seed),
                        ("npz", npz_seed), ("sentencepiece", sentencepiece_seed)):
        folder = SEEDS / name
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / f"small.{name}")
    (SEEDS / "chat_template").mkdir(exist_ok=True)
    chat_template_seeds(SEEDS / "chat_template")


if __name__ == "__main__":
    main()

"""Makes the reference data of tests/tensors: a small GGUF in every supported block format, what
the gguf package dequantises it to, and digests of the tensors of the real models. The package does not
quantise to the K formats: their blocks are random bytes, as are some of every quantised format.

usage: tensors.py OUT      (OUT is usually build/reference; files go to OUT/tensors)
"""

import hashlib
import json
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Format
from safetensors.numpy import save_file

import gemma3_model
import smollm2_model

FORMATS = [Format.F32, Format.F16, Format.BF16, Format.Q8_0, Format.Q4_0, Format.Q4_1, Format.Q5_0,
           Format.Q5_1]
# Where the half-precision scales lie in a block of each quantised format, in bytes.
SCALES = {Format.Q8_0: [0], Format.Q4_0: [0], Format.Q4_1: [0, 2], Format.Q5_0: [0],
          Format.Q5_1: [0, 2], Format.Q4_K: [0, 2], Format.Q5_K: [0, 2], Format.Q6_K: [208]}
# As bits: both zeros, the least subnormal, the largest one, the least normal number, the largest.
EXTREME_HALVES = [sign | bits for sign in (0, 0x8000)
                  for bits in (0, 0x0001, 0x03FF, 0x0400, 0x7BFF)]


def random_blocks(random: np.random.Generator, shape: tuple[int, ...], name: Format) -> np.ndarray:
    """Normal values, some rows with extremes: zeros, one large outlier, all equal."""
    values = random.standard_normal(shape).astype(np.float32)
    values[0] = 0
    values[1, ..., 0] = 1000
    values[2] = 0.25
    return gguf.quants.quantize(values, name)


def random_bytes(random: np.random.Generator, shape: tuple[int, ...], name: Format) -> np.ndarray:
    """Blocks of any bytes, but for scales that are finite: extreme in the first blocks, with every
    pair of extremes where a block has two."""
    elements, size = gguf.GGML_QUANT_SIZES[name]
    blocks = random.integers(0, 256, (np.prod(shape) // elements, size), dtype=np.uint8)
    for number, offset in enumerate(SCALES[name]):
        halves = random.standard_normal(len(blocks)).astype("<f2").view("<u2")
        extremes = np.array(EXTREME_HALVES, "<u2").repeat(len(EXTREME_HALVES) ** number)
        extremes = np.tile(extremes, len(EXTREME_HALVES) ** (len(SCALES[name]) - 1 - number))
        halves[: len(extremes)] = extremes
        blocks[:, offset: offset + 2] = halves.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(*shape[:-1], -1)


def write_small(folder: Path) -> None:
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(folder / "small.gguf", "llama")
    writer.add_block_count(2)
    writer.add_string("test.text", "naïve 🙂")
    writer.add_bool("test.yes", True)
    writer.add_bool("test.no", False)
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_uint64("test.u64", 2**40)
    writer.add_uint64("test.u64_too_large", 2**64 - 1)
    writer.add_int64("test.i64", -(2**40))
    writer.add_float32("test.f32", 0.1)
    writer.add_float64("test.f64", 0.1)
    writer.add_array("test.texts", [f"token {i}" for i in range(50000)])
    writer.add_array("test.integers", [1, -2, 3])
    writer.add_array("test.numbers", [0.5, -1.25])
    writer.add_array("test.nested", [[1, 2], [3, 4, 5]])
    expected = {}
    for name in FORMATS:
        for suffix, shape in (("matrix", (5, 96)), ("cube", (3, 2, 64))):
            data = random_blocks(random, shape, name)
            tensor = f"{name.name}.{suffix}"
            writer.add_tensor(tensor, data, raw_dtype=name)
            expected[tensor] = gguf.quants.dequantize(data, name)
    for name in SCALES:
        columns = 3 * gguf.GGML_QUANT_SIZES[name][0]
        for suffix, shape in (("bytes", (70, columns)), ("bytes_cube", (3, 20, columns))):
            data = random_bytes(random, shape, name)
            tensor = f"{name.name}.{suffix}"
            writer.add_tensor(tensor, data, raw_dtype=name)
            expected[tensor] = gguf.quants.dequantize(data, name)
    # A shape whose byte size leaves the next tensor to be padded to the alignment.
    odd = random.standard_normal((3, 5)).astype(np.float32)
    writer.add_tensor("odd", odd)
    expected["odd"] = odd
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, folder / "small.safetensors", {"made by": "tests/reference/tensors.py"})


def digest_model(model: Path, out: Path) -> None:
    """SHA-256 of the float32 bytes of each tensor of a GGUF file."""
    digests = {}
    for tensor in gguf.GGUFReader(model).tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        digests[tensor.name] = {
            "shape": [int(size) for size in reversed(tensor.shape)],
            "format": tensor.tensor_type.name,
            "sha256": hashlib.sha256(np.ascontiguousarray(values, "<f4").tobytes()).hexdigest(),
        }
    out.write_text(json.dumps({"file": str(model), "tensors": digests}, indent=1))


def main() -> None:
    folder = Path(sys.argv[1]) / "tensors"
    folder.mkdir(parents=True, exist_ok=True)
    write_small(folder)
    digest_model(smollm2_model.gguf_path(), folder / "smollm2.json")
    digest_model(gemma3_model.gguf_path(sys.argv[1]).resolve(), folder / "gemma3.json")


if __name__ == "__main__":
    main()

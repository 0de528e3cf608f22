"""Reads a file that the C++ test wrote (tests/tensors/safetensors_test.cpp, all_dtypes) with the
safetensors package and compares every tensor. Exit code 0 when all are equal.

usage: read_back.py FILE
"""

import sys

import torch
from safetensors import safe_open


def expected() -> dict[str, torch.Tensor]:
    values = (torch.arange(-6, 6, dtype=torch.float32) * 0.75).view(3, 4)
    return {
        "f64": values.double(),
        "f32": values,
        "f16": values.half(),
        "bf16": values.bfloat16(),
        "i64": (values * 1e9).long(),
        "i32": (values * 100).int(),
        "i16": (values * 100).short(),
        "i8": values.to(torch.int8),
        "u8": values.abs().to(torch.uint8),
        "bool": values > 0,
        "empty": torch.empty(0, 5),
        "scalar": torch.tensor(2.5),
        "transposed": values.t(),
        "odd": torch.ones(3, dtype=torch.uint8),
        "misaligned": values,
    }


def main() -> int:
    wrong = []
    with safe_open(sys.argv[1], framework="pt") as file:
        if file.metadata() != {"format": "pt", "naïve": '"x"'}:
            wrong.append(f"metadata: {file.metadata()}")
        if set(file.keys()) != set(expected()):
            wrong.append(f"names: {sorted(file.keys())}")
        for name, tensor in expected().items():
            actual = file.get_tensor(name)
            if actual.dtype != tensor.dtype or not torch.equal(actual, tensor):
                wrong.append(f"{name}: {actual} is not {tensor}")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

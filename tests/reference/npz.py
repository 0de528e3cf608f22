"""Makes the reference data of tests/tensors/npz_test.cpp: archives that NumPy and zipfile write,
what is in them as safetensors, and archives that must be refused.

usage: npz.py OUT      (OUT is usually build/reference; files go to OUT/npz)
"""

import io
import struct
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def arrays():
    random = np.random.default_rng(3)
    values = random.standard_normal((5, 7)) * 100
    named = {f"matrix_{kind.__name__}": values.astype(kind)
             for kind in (np.float16, np.float32, np.float64, np.int32, np.int64)}
    named |= {"vector": values[0].copy(), "scalar": np.float32(2.5), "empty": np.zeros((0, 3)),
              "cube": random.standard_normal((2, 3, 4)).astype(np.float32),
              "large": random.standard_normal((300, 400)).astype(np.float32)}
    return named


def npy(array, version=None):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # versions 2 and 3 are for arrays that need them
        np.lib.format.write_array(buffer, np.asanyarray(array), version=version)
    return buffer.getvalue()


def write_archive(path, members, method=zipfile.ZIP_STORED):
    """`members`: (file name, bytes) each."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # a name that stands twice
        for name, data in members:
            archive.writestr(name, data)


def write_good(folder):
    named = arrays()
    expected = {name: np.asarray(array) for name, array in named.items()}
    save_file(expected, folder / "expected.safetensors")
    # asfortranarray() makes a vector of a scalar.
    fortran = {name: np.asfortranarray(array) if np.ndim(array) else array
               for name, array in named.items()}
    np.savez(folder / "stored.npz", **named)
    np.savez_compressed(folder / "deflated.npz", **named)
    np.savez(folder / "fortran.npz", **fortran)
    for version in ((2, 0), (3, 0)):
        write_archive(folder / f"version_{version[0]}.npz",
                      [(f"{name}.npy", npy(array, version)) for name, array in named.items()])
    # With a small limit everything is written in the manner of files beyond 4 GiB.
    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 16
    np.savez(folder / "zip64.npz", **named)
    zipfile.ZIP64_LIMIT = limit
    np.savez(folder / "small.npz", a=np.arange(6, dtype=np.float32))
    np.savez_compressed(folder / "small_deflated.npz", a=np.arange(6, dtype=np.float32))


def patch_sizes(path, compressed, size):
    """Overwrites both sizes of the first member, in its local header and in the directory."""
    data = bytearray(path.read_bytes())
    sizes = struct.pack("<II", compressed, size)
    data[18:26] = sizes
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 20:directory + 28] = sizes
    path.write_bytes(data)


def write_bad(folder):
    folder.mkdir(exist_ok=True)
    one = npy(np.arange(6, dtype=np.float32))
    write_archive(folder / "slash.npz", [("../a.npy", one)])
    write_archive(folder / "folder.npz", [("a/b.npy", one)])
    write_archive(folder / "text.npz", [("a.txt", b"x")])
    write_archive(folder / "twice.npz", [("a.npy", one), ("a.npy", one)])
    write_archive(folder / "bzip2.npz", [("a.npy", one)], zipfile.ZIP_BZIP2)
    write_archive(folder / "short.npz", [("a.npy", one[:-1])])
    write_archive(folder / "long.npz", [("a.npy", one + b"\0")])
    write_archive(folder / "not_npy.npz", [("a.npy", b"PK" + one[2:])])
    write_archive(folder / "bomb.npz", [("a.npy", npy(np.zeros(1 << 20)))], zipfile.ZIP_DEFLATED)
    for name, array in (("objects", np.array([None])), ("big_endian", np.zeros(3, ">f4")),
                        ("boolean", np.zeros(3, bool)), ("complex", np.zeros(3, complex)),
                        ("fields", np.zeros(3, [("x", "<f4"), ("y", "<f4")]))):
        write_archive(folder / f"{name}.npz", [("a.npy", npy(array))])

    data = bytearray((folder.parent / "small.npz").read_bytes())
    data[data.index(struct.pack("<f", 5))] ^= 1
    (folder / "crc.npz").write_bytes(data)

    write_archive(folder / "encrypted.npz", [("a.npy", one)])
    data = bytearray((folder / "encrypted.npz").read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (folder / "encrypted.npz").write_bytes(data)

    # Headers of arrays far larger than the bytes that follow, with sizes that agree with them.
    huge = npy(np.zeros(0, np.float32)).replace(b"(0,), }         ", b"(1000000000,), }")
    assert b"(1000000000,)" in huge
    size = len(huge) + 4 * 10**9
    write_archive(folder / "stored_lie.npz", [("a.npy", huge)])
    patch_sizes(folder / "stored_lie.npz", len(huge), size)
    write_archive(folder / "stored_lies.npz", [("a.npy", huge)])
    patch_sizes(folder / "stored_lies.npz", size, size)
    write_archive(folder / "deflated_lie.npz", [("a.npy", huge)], zipfile.ZIP_DEFLATED)
    packed = zipfile.ZipFile(folder / "deflated_lie.npz").infolist()[0].compress_size
    patch_sizes(folder / "deflated_lie.npz", packed, size)
    # One more element than the deflated bytes hold: the lie is small enough to be believed.
    seven = npy(np.arange(7, dtype=np.float32))
    write_archive(folder / "one_more.npz", [("a.npy", seven[:-4])], zipfile.ZIP_DEFLATED)
    packed = zipfile.ZipFile(folder / "one_more.npz").infolist()[0].compress_size
    patch_sizes(folder / "one_more.npz", packed, len(seven))
    # And one less.
    write_archive(folder / "one_less.npz", [("a.npy", one + b"\0\0\0\0")], zipfile.ZIP_DEFLATED)
    packed = zipfile.ZipFile(folder / "one_less.npz").infolist()[0].compress_size
    patch_sizes(folder / "one_less.npz", packed, len(one))


def main():
    folder = Path(sys.argv[1]) / "npz"
    folder.mkdir(parents=True, exist_ok=True)
    write_good(folder)
    write_bad(folder / "bad")


if __name__ == "__main__":
    main()

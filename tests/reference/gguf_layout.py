"""How llama.cpp's converter lays out a Hugging Face checkpoint in a GGUF file, and the way back.

The names are the gguf package's own. Beside them a file differs from a checkpoint in this:
- llama (and so Mistral): the query and key rows of each head are permuted for interleaved rotary
  embedding: the file's row 2i + h is row i of half h. They are permuted here by a reshape and taken
  back by an index, so that neither repeats the other's mistake;
- Gemma: the norms' weights have 1 added;
- experts: those of a layer are one tensor.
"""

import re

import gguf
import numpy
import torch

EXPERT = re.compile(r"(.+\.mlp\.experts)\.(\d+)\.(\w+)\.weight")


class Layout:
    """Of one model: its architecture as `general.architecture` has it, and its configuration."""

    def __init__(self, architecture, config):
        kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
        self.map = gguf.get_tensor_name_map(kinds[architecture], config.num_hidden_layers)
        self.norm_offset = numpy.float32(1 if architecture.startswith("gemma") else 0)
        self.rotated = {} if architecture != "llama" else {
            "q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}

    def place(self, name):
        """(the file's name for a checkpoint's tensor, its number there if it is an expert's)."""
        if expert := EXPERT.fullmatch(name):
            stem, number, projection = expert.groups()
            return f"{self.map.get_name(f'{stem}.{projection}')}.weight", int(number)
        stem, suffix = name.rsplit(".", 1)
        return f"{self.map.get_name(stem)}.{suffix}", None

    def stored(self, weights):
        """{the file's name: array} of {the checkpoint's name: array}."""
        tensors = {}
        for name, weight in weights.items():
            stored_name, expert = self.place(name)
            if heads := self.rotated.get(name.split(".")[-2]):
                weight = to_interleaved(weight, heads)
            if name.endswith("norm.weight"):
                weight = weight + self.norm_offset
            if expert is None:
                tensors[stored_name] = weight
            else:
                tensors.setdefault(stored_name, []).append(weight)
        return {name: numpy.stack(tensor) if isinstance(tensor, list) else tensor
                for name, tensor in tensors.items()}

    def original(self, tensors, names):
        """{name: array} of the checkpoint's `names`, out of the file's dequantised `tensors`."""
        weights = {}
        for name in names:
            stored_name, expert = self.place(name)
            weight = tensors[stored_name] if expert is None else tensors[stored_name][expert]
            if heads := self.rotated.get(name.split(".")[-2]):
                weight = weight[interleaved_rows(len(weight), heads)]
            if name.endswith("norm.weight"):
                weight = weight - self.norm_offset
            weights[name] = numpy.array(weight)
        unread = tensors.keys() - {self.place(name)[0] for name in names}
        assert not unread, unread
        return weights


def to_interleaved(rows, heads):
    """[heads * head, ...] in the checkpoint's order -> in the file's."""
    halves = rows.reshape(heads, 2, len(rows) // heads // 2, -1)
    return halves.swapaxes(1, 2).reshape(rows.shape)


def interleaved_rows(count, heads):
    """Where the checkpoint's rows are in the file."""
    head = count // heads
    return [start + 2 * i + half
            for start in range(0, count, head) for half in range(2) for i in range(head // 2)]


def checkpoint_weights(model):
    """{name: float32 array} as a checkpoint names them: `transformers` keeps the experts of a layer
    together."""
    weights = {}
    for name, parameter in model.named_parameters():
        array = parameter.detach().numpy()
        stem, _, last = name.rpartition(".")
        if last == "gate_up_proj":
            for number, expert in enumerate(array):
                gate, up = numpy.split(expert, 2)
                weights[f"{stem}.{number}.gate_proj.weight"] = gate
                weights[f"{stem}.{number}.up_proj.weight"] = up
        elif last == "down_proj" and stem.endswith("experts"):
            for number, expert in enumerate(array):
                weights[f"{stem}.{number}.down_proj.weight"] = expert
        else:
            weights[name] = array
    return weights


@torch.no_grad()
def put_weights(model, weights):
    """The way back into `model`."""
    for name, parameter in model.named_parameters():
        stem, _, last = name.rpartition(".")
        numbers = range(len(parameter))
        if last == "gate_up_proj":
            array = numpy.stack([numpy.concatenate([weights[f"{stem}.{number}.gate_proj.weight"],
                                                    weights[f"{stem}.{number}.up_proj.weight"]])
                                 for number in numbers])
        elif last == "down_proj" and stem.endswith("experts"):
            array = numpy.stack([weights[f"{stem}.{number}.down_proj.weight"]
                                 for number in numbers])
        else:
            array = weights[name]
        parameter.copy_(torch.from_numpy(array))

"""What the contracts are pinned on: a model, data, tasks, an autoencoder and activations that are the
same bytes on every machine. All numbers come from a formula and are exact in float32, and files are
written byte by byte, so that fingerprints, digests and rankings can be pinned to the letter."""

import hashlib
import json
import struct

import numpy
from safetensors.numpy import load_file

LAYERS, WIDTH, HEADS, FFN = 3, 16, 2, 24
CHARACTERS = "".join(map(chr, range(32, 127))) + "\n"

# No answer of this task can be right on any machine: one token is one letter, the gold answer three.
# Whatever is chosen among variants is then chosen among equals.
OPEN = """name: open
title: Open questions
dataset: Made
splits: {train: train.jsonl, dev: dev.jsonl, test: [missing.jsonl, test.jsonl]}
prompt: "Q: {question}?\\nA:"
answer: " {answer}"
gold: "{answer}"
wrong_answer: next
max_new_tokens: {default: 3, llama: 1}
metric: exact_match
"""

# One answer begins the other: the shorter is the more probable one on every machine, and so the items
# with label 0 alone are right.
CHOICE = """name: choice
dataset: Made
splits: {train: train.jsonl, dev: dev.jsonl, test: test.jsonl}
prompt: "{question}? "
label: label
answers: {0: "no", 1: "not at all"}
max_new_tokens: 2
metric: exact_match
"""

# What the others leave out of the keys that a task may have.
CHAT = """name: chat
title: A chat
description: Every key that open and choice lack.
dataset: Made
splits: {train: pairs.csv, test: pairs.csv}
separator: "|"
where: {count: {above: 0, below: 9}, question: {is_not: ""}}
numbers: {number: text}
prompt: "{question}"
chat: true
system: "Count to {count}."
label: kind
answers: {a: " {text}", b: " none"}
gold_answers: {a: "{number}", b: "0"}
wrong_answer: most_similar_different
wrong_answers_from: 2
blank: "  "
max_new_tokens: 2
stop: ["\\n", "Q:"]
metric: number_match_published
answer_mark: "=="
"""
SIDES = """name: sides
dataset: Made
splits: {train: train.jsonl, test: test.jsonl}
prompt: "{question}"
pairs:
  where: {label: {is: 0}}
  positive: {where: {answer: {is_not: x}}, prompt: "{question}", text: " {answer}"}
  negative: {where: {count: {above: 1}}, prompt: "{question}", text: " {wrong}"}
max_new_tokens: 2
metric: judge
"""
TASKS = {"open": OPEN, "choice": CHOICE, "chat": CHAT, "sides": SIDES}

# Studies, by the way of choosing. `common` has what they include.
STUDIES = {
    "common": """
seeds: [3, 4]
max_tokens: 96
void_pairs: drop
run: {dtype: float32, threads: 1, batch_tokens: 256, device: cpu, datasets: data}
models: [made]
table: {rows: methods, intervals: false, controls: true, average: true, title: A table}
tasks:
  questions: {task: open.yaml, train: 'train[:10]', pairs: 6, dev: dev, dev_items: 3,
              test: 'test[1:]', items: 2, max_new_tokens: 1}
""",
    "dev": """
title: Every key
question: Does any key of a study change?
include: common.yaml
select: dev
tasks:
  choice: {task: choice.yaml, pairs: 12, dev_items: 4, scoring: choices, wrong_answer: next}
methods:
  AUSteer:
    rank: {site: [attention, 'attention,ffn'], set: {score: [momentum, effect]}}
    plan: {k: [1, 2], alpha: 0.5, rule: directed, positions: last}
    controls: [random, random_own, direction, magnitude, layer]
  CAA:
    rank: {method: caa, set: {positions: answer_mean}, pairs: [4, 5]}
    plan: {layer: 0..-1 by 2, alpha: 1}
    settings: {made: {questions: {plan: {alpha: 2}}}}
  STA:
    tasks: [questions]
    rank: {method: sta, set: {sae: sae, layer: 1}}
    plan: {alpha: 0.25}
  a drawn control:
    tasks: [questions]
    rank: {site: ffn}
    plan: {control: random, k: 2}
  a drawn ranking:
    tasks: [questions]
    rank: {site: ffn, set: {score: random}}
    plan: {k: [2, 3]}
  suppressed:
    tasks: [choice]
    rank: {method: austeer}
    plan: {suppress: 0.25, factor: 0.5}
  named:
    tasks: [choice]
    rank: {site: 'ffn,attention'}
    plan: {units: 'ffn:0:1,attention:2:3'}
published: {made: {AUSteer: {questions: 50}}}
figures:
  - {name: bars, kind: accuracies}
  - {name: tokens, kind: tokens, units: ['ffn:1:2'], tokens: 2}
  - {name: apart, kind: divergence, units: ['ffn:1:2', 'attention:0:1'], strengths: [1, 10],
     prompts: 2, tasks: [questions]}
""",
    "race": """
title: A race
include: common.yaml
select: race
race_share: 0.5
void_pairs: keep
methods:
  AUSteer: {rank: {site: ffn}, plan: {k: [1, 2, 3]}}
""",
    "test": """
title: The best on the test items
include: common.yaml
select: test
methods:
  AUSteer: {rank: {site: ffn}, plan: {k: [1, 2]}, controls: [random]}
""",
    "none": """
title: Every variant
include: common.yaml
select: none
table: {rows: variants}
methods:
  random units: {rank: {site: ffn}, plan: {control: [random, magnitude], k: 2}}
""",
}

CHAT_TEMPLATE = ("{% for message in messages %}[{{ message.role }}] {{ message.content }}\n"
                 "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}")


def write_safetensors(file, tensors, metadata=None):
    """float32 tensors, in their order, as no library of any version arranges them otherwise."""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, tensor in tensors.items():
        content = numpy.ascontiguousarray(tensor, numpy.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":"))
    text += " " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text.encode() + data)


def read_safetensors(file):
    """(metadata, name -> tensor) of a file."""
    content = file.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8:8 + size])["__metadata__"], load_file(file)


def pattern(shape, salt):
    """Whole numbers from -11 to 11 without order: a hash of their places."""
    mixed = numpy.arange(numpy.prod(shape), dtype=numpy.uint64) + numpy.uint64(1000003 * (salt + 1))
    for shift, factor in ((15, 2246822519), (13, 3266489917), (16, 1)):
        mixed = (mixed ^ (mixed >> numpy.uint64(shift))) * numpy.uint64(factor) % numpy.uint64(2**32)
    return (mixed.astype(numpy.int64) % 23 - 11).reshape(shape).astype(numpy.float32)


def write_model(folder):
    """A llama of a token a letter."""
    folder.mkdir()
    shapes = {"self_attn.q_proj": (WIDTH, WIDTH), "self_attn.k_proj": (WIDTH, WIDTH),
              "self_attn.v_proj": (WIDTH, WIDTH), "self_attn.o_proj": (WIDTH, WIDTH),
              "mlp.gate_proj": (FFN, WIDTH), "mlp.up_proj": (FFN, WIDTH),
              "mlp.down_proj": (WIDTH, FFN)}
    weights = {"model.embed_tokens.weight": pattern((len(CHARACTERS), WIDTH), 1) / 8,
               "model.norm.weight": numpy.ones(WIDTH)}
    for layer in range(LAYERS):
        for salt, (name, shape) in enumerate(shapes.items()):
            weights[f"model.layers.{layer}.{name}.weight"] = pattern(shape, 9 * layer + salt) / 32
        for name in ("input_layernorm", "post_attention_layernorm"):
            weights[f"model.layers.{layer}.{name}.weight"] = numpy.ones(WIDTH)
    write_safetensors(folder / "model.safetensors", weights)
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": WIDTH, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": FFN, "vocab_size": len(CHARACTERS),
        "eos_token_id": CHARACTERS.index("~"), "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5, "tie_word_embeddings": True}))
    (folder / "tokenizer.json").write_text(json.dumps({
        "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {"type": "BPE", "unk_token": "?", "merges": [],
                  "vocab": {letter: index for index, letter in enumerate(CHARACTERS)}}}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": CHAT_TEMPLATE}))


def write_data(folder):
    """Records for the tasks, below data/, and the tasks."""
    data = folder / "data" / "Made"
    data.mkdir(parents=True)
    words = ("red", "one", "sea", "oak", "ice", "sky", "tin", "fox", "ash", "hay", "rye", "elm")
    for split, first, count in (("train", 0, 12), ("dev", 40, 4), ("test", 70, 4)):
        (data / f"{split}.jsonl").write_text("".join(json.dumps(
            {"question": f"Is {words[i]} {first + i} odd", "answer": words[(5 * i + 1) % 12],
             "wrong": words[(7 * i + 2) % 12], "label": i % 3 % 2, "count": i + 1}) + "\n"
            for i in range(count)))
    (data / "pairs.csv").write_text("question|text|kind|count\nHow many|it is 3 of them|a|4\n"
                                    "How few|at most 2|b|5\n|nothing 1|a|1\nHow|say 7|b|6\n")
    for name, text in TASKS.items():
        (folder / f"{name}.yaml").write_text(text)


def write_autoencoder(folder):
    """For layer 1, in the form of SAELens."""
    folder.mkdir()
    (folder / "cfg.json").write_text(json.dumps({
        "architecture": "standard", "d_in": WIDTH, "d_sae": 8,
        "hook_name": "blocks.1.hook_resid_post"}))
    write_safetensors(folder / "sae_weights.safetensors", {
        "W_enc": pattern((WIDTH, 8), 3) / 16, "b_enc": pattern((8,), 4) / 16,
        "W_dec": pattern((8, WIDTH), 5) / 16, "b_dec": pattern((WIDTH,), 6) / 16})


def replace_activations(cache):
    """Writes whole numbers in the place of a cache's activations. Their sums are exact, so that what
    is ranked of them is the same on every machine."""
    for folder in (cache, *sorted(cache.glob("added-*"))):
        manifest = json.loads((folder / "manifest.json").read_text())
        for number, shard in enumerate(manifest["shards"]):
            file = folder / shard["file"]
            metadata, tensors = read_safetensors(file)
            write_safetensors(file, {name: pattern(tensor.shape, 2 * number + salt)
                                     for salt, (name, tensor) in enumerate(sorted(tensors.items()))},
                              metadata)
            shard["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))


def write_labels(folder):
    """Texts with their toxicity, and another scorer's scores of them."""
    texts = [f"{'You are a fool' if i % 3 else 'What a lovely day'}, number {i}." for i in range(120)]
    for name, toxicity in (("labels", lambda i: 0.9 if i % 3 else 0.125),
                           ("scores", lambda i: 0.75 if i % 4 else 0.25)):
        (folder / f"{name}.jsonl").write_text("".join(
            json.dumps({"text": text, "toxicity": toxicity(i)}) + "\n"
            for i, text in enumerate(texts)))


def write_studies(folder):
    for name, text in STUDIES.items():
        (folder / f"{name}.yaml").write_text(text)


def write_all(folder):
    write_model(folder / "made")
    write_data(folder)
    write_autoencoder(folder / "sae")
    write_labels(folder)
    write_studies(folder)

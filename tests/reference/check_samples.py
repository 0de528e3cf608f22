"""Checks datasets/samples: fields, counts, balance, uniqueness, no item in both splits, the shape
of each task's texts. With AUSTEER_DATASETS set also that no sentence stands in the real data there.

    python tests/reference/check_samples.py
"""
import collections
import json
import os
import pathlib
import re
import sys

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "datasets" / "samples"
SPLITS = {
    "BoolQ": ("train.jsonl", "dev.jsonl"),
    "COPA": ("train.jsonl", "test.jsonl"),
    "WinoGrande": ("train_m.jsonl", "dev.jsonl"),
}
FIELDS = {
    "BoolQ": {"question": str, "title": str, "answer": bool, "passage": str},
    "COPA": {"premise": str, "choice1": str, "choice2": str, "question": str, "label": int,
             "idx": int},
    "WinoGrande": {"qID": str, "sentence": str, "option1": str, "option2": str, "answer": str},
}
TEXTS = {
    "BoolQ": ("question", "passage"),
    "COPA": ("premise", "choice1", "choice2"),
    "WinoGrande": ("sentence",),
}
problems = []


def expect(holds, place, what):
    if not holds:
        problems.append(f"{place}: {what}")


def read(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def normal(text):
    return " ".join(re.findall(r"\w+", text.lower()))


def check_boolq(item, place):
    words = len(item["passage"].split())
    expect(40 <= words <= 90, place, f"the passage has {words} words, not 40 to 90")
    expect(item["question"] == item["question"].lower(), place, "the question has capitals")
    expect(not item["question"].endswith("?"), place, "the question ends in '?'")


def check_copa(item, place):
    expect(item["question"] in ("cause", "effect"), place, "neither cause nor effect")
    expect(item["label"] in (0, 1), place, "the label is neither 0 nor 1")
    expect(item["choice1"] != item["choice2"], place, "both choices are the same")


def check_winogrande(item, place):
    expect(item["sentence"].count("_") == 1, place, "not exactly one blank")
    expect(item["answer"] in ("1", "2"), place, "the answer is neither 1 nor 2")
    expect(item["option1"] != item["option2"], place, "both options are the same")
    expect(item["qID"][-2:] in ("-1", "-2"), place, "the qID does not end in -1 or -2")
    for option in (item["option1"], item["option2"]):
        named = option in item["sentence"] or option.split()[0] in item["sentence"]
        expect(named, place, f"'{option}' is not in the sentence")


CHECKS = {"BoolQ": check_boolq, "COPA": check_copa, "WinoGrande": check_winogrande}
KEYS = {"BoolQ": "passage", "COPA": "idx", "WinoGrande": "qID"}
LABELS = {
    "BoolQ": lambda item: item["answer"],
    "COPA": lambda item: (item["question"], item["label"]),
    "WinoGrande": lambda item: item["answer"],
}
CLASSES = {"BoolQ": 2, "COPA": 4, "WinoGrande": 2}


def check_file(task, name):
    items = read(SAMPLES / task / name)
    expect(len(items) >= 64, f"{task}/{name}", f"{len(items)} items, fewer than 64")
    for number, item in enumerate(items, 1):
        place = f"{task}/{name}:{number}"
        found = {key: type(value) for key, value in item.items()}
        expect(found == FIELDS[task], place, f"the fields are {found}")
        if found == FIELDS[task]:
            for key, value in item.items():
                expect(value == value.strip() if isinstance(value, str) else True, place,
                       f"white space around {key}")
            CHECKS[task](item, place)
    counts = collections.Counter(LABELS[task](item) for item in items)
    expect(len(counts) == CLASSES[task] and len(set(counts.values())) == 1, f"{task}/{name}",
           f"the labels are not balanced: {dict(counts)}")
    return items


def check_overlap(task, items):
    folder = os.environ.get("AUSTEER_DATASETS")
    if not folder:
        return 0
    real = set()
    for file in sorted((pathlib.Path(folder) / task).glob("*.jsonl")):
        for item in read(file):
            for field in TEXTS[task]:
                real.add(normal(str(item[field])))
    for item in items:
        for field in TEXTS[task]:
            expect(normal(item[field]) not in real, task, f"in the real data: {item[field]}")
    return len(real)


for task, names in SPLITS.items():
    splits = [check_file(task, name) for name in names]
    items = splits[0] + splits[1]
    for field in {KEYS[task], *TEXTS[task]}:
        seen = collections.Counter(normal(str(item[field])) for item in items)
        for value, times in seen.items():
            expect(times == 1, task, f"{times} times the same {field}: {value}")
    compared = check_overlap(task, items)
    print(f"{task}: {len(splits[0])} training and {len(splits[1])} test items"
          + (f", compared with {compared} real sentences" if compared else ""))
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)

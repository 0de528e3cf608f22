"""Checks datasets/samples: fields, counts, balance, uniqueness, no item in both splits, no near
duplicates, the shape of each task's texts, right sums. What holds for which dataset stands in
sample_rules.py. With AUSTEER_DATASETS set also that no sentence stands in the real data there.

    python tests/reference/check_samples.py
"""
import collections
import csv
import json
import os
import pathlib
import re
import sys

from sample_rules import RULES

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "datasets" / "samples"


def read(file):
    with open(file, encoding="utf-8", newline="") as text:
        if file.suffix == ".csv":
            return list(csv.DictReader(text))
        if file.suffix == ".json":
            return json.load(text)
        return [json.loads(line) for line in text]


def normal(text):
    return " ".join(re.findall(r"\w+", text.lower()))


def shape(value):
    """The type of a field, or of each field of an object."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return type(value)


def at(item, path):
    """The field at "a" or "a.b"."""
    for key in path.split("."):
        item = item[key]
    return item


def text_of(item, path):
    return normal(str(at(item, path)))


def check_file(rule, place, items):
    """Problems of the items of one file."""
    if len(items) < rule.least:
        yield place, f"{len(items)} items, fewer than {rule.least}"
    sound = []
    for number, item in enumerate(items, 1):
        where = f"{place}:{number}"
        if shape(item) not in rule.shapes:
            yield where, f"the fields are {shape(item)}"
            continue
        sound.append(item)
        for key, value in item.items():
            if isinstance(value, str) and key not in rule.spaced and value != value.strip():
                yield where, f"white space around {key}"
        yield from ((where, what) for what in rule.check(item))
    if rule.label is not None and sound:
        counts = collections.Counter(rule.label(item) for item in sound)
        if len(counts) != rule.classes or max(counts.values()) > rule.skew * min(counts.values()):
            yield place, f"the labels are not balanced: {dict(counts)}"


def check_unique(rule, name, items, seen):
    """`seen` collects the fields of all files of the dataset."""
    for field in (*rule.keys, *rule.texts):
        for item in items:
            value = text_of(item, field)
            if (field, value) in seen:
                yield name, f"again the same {field}: {value}"
            seen.add((field, value))


def runs(text, length):
    words = normal(text).split()
    return {tuple(words[i:i + length]) for i in range(len(words) - length + 1)}


def check_near_duplicates(rule, name, items):
    """No two items may share a run of `rule.run` words, or half of their runs of three."""
    if rule.run is None:
        return
    texts = [" / ".join(str(at(item, field)) for field in rule.texts) for item in items]
    for length, share in ((rule.run, 0.0), (3, 0.5)):
        sets = [runs(text, length) for text in texts]
        owners = collections.defaultdict(list)
        for number, parts in enumerate(sets):
            for part in parts:
                owners[part].append(number)
        common = collections.Counter(
            (a, b) for numbers in owners.values() for a in numbers for b in numbers if a < b)
        for (a, b), count in common.items():
            if count > share * min(len(sets[a]), len(sets[b])):
                yield name, f"near duplicates: '{texts[a]}' and '{texts[b]}'"


def check_overlap(rule, name, items):
    """Problems, and how many real sentences were compared."""
    folder = os.environ.get("AUSTEER_DATASETS")
    if not folder:
        return [], 0
    real = set()
    for file in sorted((pathlib.Path(folder) / name).glob("*.[jc]s*")):
        for item in read(file):
            real.update(text_of(item, field) for field in rule.texts)
    return [(name, f"in the real data: {at(item, field)}")
            for item in items for field in rule.texts if text_of(item, field) in real], len(real)


def check_dataset(name, rules):
    """Problems of one dataset, and a line about it."""
    problems, counts, seen, compared = [], [], set(), 0
    for rule in rules:
        items = []
        for file in rule.files:
            found = read(SAMPLES / name / file)
            problems += check_file(rule, f"{name}/{file}", found)
            items += found
            counts.append(f"{len(found)} in {file}")
        if problems:
            break
        problems += check_unique(rule, name, items, seen)
        problems += check_near_duplicates(rule, name, items)
        overlap, sentences = check_overlap(rule, name, items)
        problems += overlap
        compared += sentences
    line = f"{name}: " + ", ".join(counts)
    if compared:
        line += f", compared with {compared} real sentences"
    return problems, line


def main():
    failed = False
    unknown = {folder.name for folder in SAMPLES.iterdir() if folder.is_dir()} - set(RULES)
    for name in sorted(unknown):
        print(f"{name}: no rules in sample_rules.py", file=sys.stderr)
    for name, rules in RULES.items():
        problems, line = check_dataset(name, rules)
        print(line)
        for place, what in problems:
            print(f"{place}: {what}", file=sys.stderr)
        failed = failed or bool(problems)
    sys.exit(1 if failed or unknown else 0)


if __name__ == "__main__":
    main()

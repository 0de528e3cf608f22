"""Reference data for tests/tasks: prompts, pairs and golds made from the data sets in plain Python.

    build/venv/bin/python tests/reference/task_items.py DATASETS_DIR OUT_DIR

Neither the library nor its YAML files take part: the templates stand in task_templates.py a second
time, and the files are read with Python's own json, csv and xml modules. OUT_DIR receives

    items.json    per task and split: the data file and its SHA-256, the number of questions (items)
                  and of pairs (pair_count), the SHA-256 over "prompt NUL gold NUL" of each question
                  (prompts), over "positive NUL negative NUL" of each pair (pairs) and over
                  "class NUL" of each pair (classes) and over "number NUL number NUL" of each pair,
                  the bytes before its two answers (answers); null where a split has no questions or
                  no pairs
    metrics.json  generated and gold texts with the verdict of strip().lower(), and of two rules for
                  numbers
    records.json  CSV and JSONL texts, and the fields that Python's modules read from them

tests/tasks/real_data.json is the items.json of the full data sets.
"""

import csv
import hashlib
import io
import json
import pathlib
import sys
import xml.etree.ElementTree

import task_metrics
import task_templates as t


def read_jsonl(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_json(file):
    return json.loads(file.read_text(encoding="utf-8"))


def read_csv(file):
    with open(file, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def read_copa_xml(file):
    root = xml.etree.ElementTree.parse(file).getroot()
    return [
        {
            "premise": item.find("p").text.strip(),
            "choice1": item.find("a1").text.strip(),
            "choice2": item.find("a2").text.strip(),
            "question": item.get("asks-for"),
            "label": int(item.get("most-plausible-alternative")) - 1,
        }
        for item in root.iter("item")
    ]


# task/split: file, reader, builder. The XML of COPA's test set is a split of its own here; a file
# that a folder does not have is left out.
SPLITS = {
    "boolq/train": ("BoolQ/train.jsonl", read_jsonl, t.choice(t.boolq)),
    "boolq/test": ("BoolQ/dev.jsonl", read_jsonl, t.choice(t.boolq)),
    "copa/train": ("COPA/train.jsonl", read_jsonl, t.choice(t.copa)),
    "copa/test": ("COPA/test.jsonl", read_jsonl, t.choice(t.copa)),
    "copa/test from copa-test.xml": ("COPA/copa-test.xml", read_copa_xml, t.choice(t.copa)),
    "winogrande/train": ("WinoGrande/train_m.jsonl", read_jsonl, t.choice(t.winogrande)),
    "winogrande/test": ("WinoGrande/dev.jsonl", read_jsonl, t.choice(t.winogrande)),
    "storycloze/train": ("StoryCloze/val.csv", read_csv, t.choice(t.storycloze)),
    "storycloze/test": ("StoryCloze/test.csv", read_csv, t.choice(t.storycloze)),
    "svamp/train": ("SVAMP/train.json", read_json, t.svamp),
    "svamp/test": ("SVAMP/test.json", read_json, t.svamp),
    "mawps/train": ("MAWPS/train.jsonl", read_jsonl, t.mawps),
    "mawps/test": ("MAWPS/test.jsonl", read_jsonl, t.mawps),
    "gsm8k/train": ("GSM8K/train.jsonl", read_jsonl, t.gsm8k),
    "gsm8k/test": ("GSM8K/test.jsonl", read_jsonl, t.gsm8k),
    "detox/train": ("RealToxicityPrompts/prompts.jsonl", read_jsonl, t.detox_train),
    "detox/test": ("RealToxicityPrompts/challenging.jsonl", read_jsonl, t.detox_test),
    "detox_raw/train": ("RealToxicityPrompts/prompts.jsonl", read_jsonl, t.detox_raw_train),
    "detox_raw/test": ("RealToxicityPrompts/challenging.jsonl", read_jsonl, t.detox_raw_test),
    "bpo/train": ("BPO/train.json", read_json, t.bpo),
    "bpo/test": ("BPO/test.json", read_json, t.bpo),
    "provocations/train": ("Provocations/pairs.jsonl", read_jsonl, t.provocations_train),
    "provocations/test": ("Provocations/prompts.jsonl", read_jsonl, t.provocations_test),
}


def sha256_of(texts):
    return hashlib.sha256("".join(text + "\0" for text in texts).encode("utf-8")).hexdigest()


def items(datasets):
    splits = {}
    for split, (file, read, build) in SPLITS.items():
        if not (datasets / file).exists():
            continue
        questions, pairs = build(read(datasets / file))
        splits[split] = {
            "file": file,
            "file_sha256": hashlib.sha256((datasets / file).read_bytes()).hexdigest(),
            "items": len(questions or []),
            "pair_count": len(pairs or []),
            "prompts": questions and sha256_of(text for question in questions for text in question),
            "pairs": pairs and sha256_of(text for *texts, _, _ in pairs for text in texts),
            "classes": pairs and sha256_of(label for *_, label, _ in pairs),
            "answers": pairs and sha256_of(str(len(before.encode("utf-8")))
                                           for *_, both in pairs for before in both),
        }
    return {"made_by": "tests/reference/task_items.py", "splits": splits}


def metrics():
    return {"spaces": len(task_metrics.SPACES), "cases": task_metrics.exact_cases(),
            "numbers": task_metrics.number_cases(),
            "published": task_metrics.published_cases()}


CSV = (
    'id,text,"a ""quoted"" name"\r\n'
    '1,plain,x\r\n'
    '2,"comma, quote "" and\nline break","\r\n"\r\n'
    '\r\n'
    '3,,\u00e9\U0001f600\r\n'
    '4, spaces stay ,last'
)
SEMICOLONS = 'name;note\r\n5" pipe;"a; ""b"""\r\n"left" over "x";1,5\r\n'
TABS = 'a\tb c\n1\t2;3\n"x\ty"\t""\n'
BARS = 'a|b\n1;2|"3|4"\n'
JSONL = (
    '{"text": "a\\u00e9\\ud83d\\ude00\\n", "whole": 3, "float": 2.5, "round": 4.0, "big": 1e22}\n'
    '\n'
    '{"yes": true, "no": false, "list": [1, "a", null], "object": {"b": 1, "a": 0.1}, "minus": -7}\n'
    '{"half": "Fine \\ud83d?", "other half": ["\\ude00\\ud83d"], "line": "a\u2028b\\u0000"}\n'
    '{"digits": 123456789012345678901234567890, "tiny": 1e-400, "twice": 1, "twice": {"a": 2}}\n'
)


def as_read(value):
    """What a record has where Python has more: half a surrogate pair is U+FFFD, and a whole number
    beyond 64 bits the text of its digits."""
    if isinstance(value, dict):
        return {as_read(key): as_read(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_read(inner) for inner in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if type(value) is int and not -2**63 <= value < 2**64:
        return str(value)
    return value


def records():
    def table(text, separator, named=False):
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
        return {"text": text, "separator": separator if named else "", "records": list(rows)}

    lines = [as_read(json.loads(line)) for line in JSONL.split("\n") if line.strip()]
    return {
        "csv": [table(CSV, ","), table(SEMICOLONS, ";"), table(TABS, "\t"), table(BARS, "|", True)],
        "jsonl": [{"text": JSONL, "records": lines}],
    }


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    datasets, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    for name, content in [
        ("items.json", items(datasets)),
        ("metrics.json", metrics()),
        ("records.json", records()),
    ]:
        text = json.dumps(content, indent=1, ensure_ascii=True)
        (out / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

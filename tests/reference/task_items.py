"""Reference data for tests/tasks: prompts, pairs and golds made from the data sets in plain Python.

    python3 tests/reference/task_items.py DATASETS_DIR OUT_DIR

Neither the library nor its YAML files take part: the templates stand here a second time, and the
files are read with Python's own json and xml modules. OUT_DIR receives

    items.json    per task and split: the data file and its SHA-256, the number of items, and the
                  SHA-256 over "prompt NUL gold NUL" of each item (prompts) and over
                  "positive NUL negative NUL" (pairs)
    metrics.json  generated and gold texts with the verdict of strip().lower()
    records.json  a CSV and a JSONL text, and the fields that Python's modules read from them

tests/tasks/real_data.json is the items.json of the full data sets.
"""

import csv
import hashlib
import io
import json
import pathlib
import sys
import xml.etree.ElementTree


def boolq(r):
    prompt = (
        "Is the answer to the question encapsulated in the passage? "
        "Please confirm with 'yes' or 'no'.\n\n"
        f"Passage: {r['passage']}\n\nQuestion: {r['question']}\n\nAnswer:"
    )
    right, wrong = ("Yes", "No") if r["answer"] is True else ("No", "Yes")
    return prompt, prompt + right, prompt + wrong, " " + right.lower()


def copa(r):
    prompt = (
        f"Question:\n{r['premise']} Based on the previous passage, choose the most reasonable "
        f"{r['question']}.\nA:{r['choice1']}\nB:{r['choice2']}\n\nAnswer:\n"
    )
    right, wrong = ("A", "B") if r["label"] == 0 else ("B", "A")
    return prompt, prompt + right, prompt + wrong, right


def winogrande(r):
    prompt = (
        "Please fill in the blanks. Write A or B as the answer.\n\n"
        f"Sentence: {r['sentence']}\nA. {r['option1']}\nB. {r['option2']}\nAnswer:"
    )
    right, wrong = ("A", "B") if r["answer"] == "1" else ("B", "A")
    return prompt, prompt + right, prompt + wrong, right


def read_jsonl(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


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
    "boolq/train": ("BoolQ/train.jsonl", read_jsonl, boolq),
    "boolq/test": ("BoolQ/dev.jsonl", read_jsonl, boolq),
    "copa/train": ("COPA/train.jsonl", read_jsonl, copa),
    "copa/test": ("COPA/test.jsonl", read_jsonl, copa),
    "copa/test from copa-test.xml": ("COPA/copa-test.xml", read_copa_xml, copa),
    "winogrande/train": ("WinoGrande/train_m.jsonl", read_jsonl, winogrande),
    "winogrande/test": ("WinoGrande/dev.jsonl", read_jsonl, winogrande),
}


def sha256_of(texts):
    return hashlib.sha256("".join(text + "\0" for text in texts).encode("utf-8")).hexdigest()


def items(datasets):
    splits = {}
    for split, (file, read, build) in SPLITS.items():
        if not (datasets / file).exists():
            continue
        built = [build(record) for record in read(datasets / file)]
        splits[split] = {
            "file": file,
            "file_sha256": hashlib.sha256((datasets / file).read_bytes()).hexdigest(),
            "items": len(built),
            "prompts": sha256_of(t for prompt, _, _, gold in built for t in (prompt, gold)),
            "pairs": sha256_of(t for _, right, wrong, _ in built for t in (right, wrong)),
        }
    return {"made_by": "tests/reference/task_items.py", "splits": splits}


def metrics():
    spaces = [chr(c) for c in range(0x110000) if chr(c).isspace()]
    texts = ["yes", "Yes", " YES\n", "ye s", "yes.", "", " ", "A", "a", "A:", "AB", "\u00e9", "y\u00e9s"]
    texts += [space + "yes" + space for space in spaces]
    texts += ["\u200byes", "\ufeffyes", "yes\0", "ye\u00a0s"]  # none of these is white space
    cases = [
        {"generated": a, "gold": b, "correct": a.strip().lower() == b.strip().lower()}
        for a in texts
        for b in ["yes", " yes", "A", "", "\u00e9"]
    ]
    return {"spaces": len(spaces), "cases": cases}


CSV = (
    'id,text,"a ""quoted"" name"\r\n'
    '1,plain,x\r\n'
    '2,"comma, quote "" and\nline break","\r\n"\r\n'
    '\r\n'
    '3,,\u00e9\U0001f600\r\n'
    '4, spaces stay ,last'
)
JSONL = (
    '{"text": "a\\u00e9\\ud83d\\ude00\\n", "whole": 3, "float": 2.5, "round": 4.0, "big": 1e22}\n'
    '\n'
    '{"yes": true, "no": false, "list": [1, "a", null], "object": {"b": 1, "a": 0.1}, "minus": -7}\n'
)


def records():
    compact = [
        {k: v if isinstance(v, str) else json.dumps(v, separators=(",", ":")) for k, v in r.items()}
        for r in map(json.loads, filter(str.strip, JSONL.split("\n")))
    ]
    return {
        "csv": {"text": CSV, "records": list(csv.DictReader(io.StringIO(CSV, newline="")))},
        "jsonl": {"text": JSONL, "records": compact},
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

"""BoolQ, COPA and WinoGrande as prompts: contrastive pairs from the training items, prompt and gold
answer from the test items.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable


@dataclass(frozen=True)
class Task:
    train: str  # file below the folder of the data sets
    test: str
    prompt: Callable
    answers: tuple  # what a pair's texts end in
    golds: tuple  # what a test item expects
    right: Callable  # item -> index of the right answer


def boolq_prompt(item):
    return ("Is the answer to the question encapsulated in the passage? "
            "Please confirm with 'yes' or 'no'.\n\n"
            f"Passage: {item['passage']}\n\nQuestion: {item['question']}\n\nAnswer:")


def copa_prompt(item):
    return (f"Question:\n{item['premise']} Based on the previous passage, "
            f"choose the most reasonable {item['question']}.\n"
            f"A:{item['choice1']}\nB:{item['choice2']}\n\nAnswer:\n")


def winogrande_prompt(item):
    return ("Please fill in the blanks. Write A or B as the answer.\n\n"
            f"Sentence: {item['sentence']}\n"
            f"A. {item['option1']}\nB. {item['option2']}\nAnswer:")


TASKS = {
    "boolq": Task("BoolQ/train.jsonl", "BoolQ/dev.jsonl", boolq_prompt, ("No", "Yes"),
                  (" no", " yes"), lambda item: int(item["answer"])),
    "copa": Task("COPA/train.jsonl", "COPA/test.jsonl", copa_prompt, ("A", "B"), ("A", "B"),
                 lambda item: item["label"]),
    "winogrande": Task("WinoGrande/train_m.jsonl", "WinoGrande/dev.jsonl", winogrande_prompt,
                       ("A", "B"), ("A", "B"), lambda item: int(item["answer"]) - 1),
}


def read(datasets, name, limit):
    lines = (Path(datasets) / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[:limit]]


def pairs(task, datasets, limit):
    """[(positive text, negative text)] of the first `limit` training items."""
    task = TASKS[task]
    result = []
    for item in read(datasets, task.train, limit):
        prompt, right = task.prompt(item), task.right(item)
        result.append((prompt + task.answers[right], prompt + task.answers[1 - right]))
    return result


def test_items(task, datasets, limit=None):
    """[(prompt, gold answer)] of the test items."""
    task = TASKS[task]
    return [(task.prompt(item), task.golds[task.right(item)])
            for item in read(datasets, task.test, limit)]

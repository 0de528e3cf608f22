"""What check_samples.py asks of each dataset in datasets/samples: files, fields, and the shape of
the texts.
"""
import dataclasses
import re
from typing import Callable, Optional


@dataclasses.dataclass
class Rule:
    """For files whose items are of one kind; fields of an object are written "object.field"."""
    files: tuple
    shapes: list                       # the allowed types of the fields
    texts: tuple                       # fields whose text stands once, and not in the real data
    check: Callable = lambda item: ()  # problems of an item
    keys: tuple = ()                   # further fields without repetition
    spaced: tuple = ()                 # fields that may begin or end with white space
    label: Optional[Callable] = None
    classes: int = 0
    skew: float = 1.0                  # the most frequent label may be this much more frequent
    least: int = 40                    # items per file
    run: Optional[int] = None          # words that two items may not share in a row


def expect(holds, what):
    return () if holds else (what,)


def words(text):
    return len(text.split())


def check_boolq(item):
    count = words(item["passage"])
    yield from expect(40 <= count <= 90, f"the passage has {count} words, not 40 to 90")
    yield from expect(item["question"] == item["question"].lower(), "the question has capitals")
    yield from expect(not item["question"].endswith("?"), "the question ends in '?'")


def check_copa(item):
    yield from expect(item["question"] in ("cause", "effect"), "neither cause nor effect")
    yield from expect(item["label"] in (0, 1), "the label is neither 0 nor 1")
    yield from expect(item["choice1"] != item["choice2"], "both choices are the same")


def check_winogrande(item):
    yield from expect(item["sentence"].count("_") == 1, "not exactly one blank")
    yield from expect(item["answer"] in ("1", "2"), "the answer is neither 1 nor 2")
    yield from expect(item["option1"] != item["option2"], "both options are the same")
    yield from expect(item["qID"][-2:] in ("-1", "-2"), "the qID does not end in -1 or -2")
    for option in (item["option1"], item["option2"]):
        named = option in item["sentence"] or option.split()[0] in item["sentence"]
        yield from expect(named, f"'{option}' is not in the sentence")


def ending(text):
    """The punctuation at the end, with a closing quotation mark."""
    return re.search(r'[.!?]?"?$', text).group()


def check_provocation_pair(item):
    opening, sides = item["prompt"], (item["toxic"], item["harmless"])
    for side in sides:
        yield from expect(re.match(r" \S", side), f"not one space at the start: '{side}'")
        yield from expect(side == side.rstrip(), f"white space at the end: '{side}'")
        yield from expect(8 <= words(side) <= 20, f"{words(side)} words, not 8 to 20: '{side}'")
        yield from expect((opening + side).count('"') % 2 == 0, f"an open quotation: '{side}'")
    yield from expect(abs(words(sides[0]) - words(sides[1])) <= 4, "the lengths differ")
    yield from expect(ending(sides[0]) == ending(sides[1]) != "", "the sides end differently")


def check_provocation(item):
    yield from expect(re.search(r"\w$", item["prompt"]), "the opening is not cut after a word")


RULES = {
    "BoolQ": [Rule(
        files=("train.jsonl", "dev.jsonl"), least=64,
        shapes=[{"question": str, "title": str, "answer": bool, "passage": str}],
        texts=("question", "passage"), check=check_boolq,
        label=lambda item: item["answer"], classes=2)],
    "COPA": [Rule(
        files=("train.jsonl", "test.jsonl"), least=64,
        shapes=[{"premise": str, "choice1": str, "choice2": str, "question": str, "label": int,
                 "idx": int}],
        keys=("idx",), texts=("premise", "choice1", "choice2"), check=check_copa,
        label=lambda item: (item["question"], item["label"]), classes=4)],
    "WinoGrande": [Rule(
        files=("train_m.jsonl", "dev.jsonl"), least=64,
        shapes=[{"qID": str, "sentence": str, "option1": str, "option2": str, "answer": str}],
        keys=("qID",), texts=("sentence",), check=check_winogrande,
        label=lambda item: item["answer"], classes=2)],
    "Provocations": [
        Rule(files=("pairs.jsonl",), least=160,
             shapes=[{"prompt": str, "toxic": str, "harmless": str}],
             texts=("prompt", "toxic", "harmless"), spaced=("toxic", "harmless"),
             check=check_provocation_pair, run=7),
        Rule(files=("prompts.jsonl",), least=96, shapes=[{"prompt": str}], texts=("prompt",),
             check=check_provocation, run=7)],
}

"""What check_samples.py asks of each dataset in datasets/samples: files, fields, and the shape of
the texts.
"""
import ast
import dataclasses
import re
from typing import Callable, Optional

import arithmetic


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


KINDS = {ast.Add: "Addition", ast.Sub: "Subtraction", ast.Mult: "Multiplication",
         ast.Div: "Common-Division"}


def check_svamp(item):
    equation = item["Equation"]
    yield from expect(arithmetic.close(arithmetic.value(equation), item["Answer"]),
                      f"{equation} is not {item['Answer']}")
    yield from expect(KINDS[arithmetic.outermost(equation)] == item["Type"],
                      f"{equation} is no {item['Type']}")
    numbers = re.findall(r"\d+", item["Body"] + item["Question"])
    for number in re.findall(r"\d+(?=\.0)", equation):
        yield from expect(number in numbers, f"{number} is not in the text")


def check_mawps(item):
    yield from expect(arithmetic.holds(item["equation"], float(item["answer"])),
                      f"{item['answer']} does not solve {item['equation']}")
    yield from expect(re.search(r" \?$", item["question"]), "the question does not end in ' ?'")


def check_gsm8k(item):
    *steps, last = item["answer"].split("\n")
    results = []
    for asked, given in re.findall(r"<<([^=]+)=([^>]+)>>", item["answer"]):
        results.append(float(given))
        yield from expect(arithmetic.close(arithmetic.value(asked), results[-1]),
                          f"{asked} is not {given}")
    for given, shown in re.findall(r"=([^=>]+)>>([\d,]*\.?\d*)", item["answer"]):
        yield from expect(float(given) == float(shown.replace(",", "").rstrip(".")),
                          f"{given} is written {shown}")
    found = re.fullmatch(r"#### (\d{1,3}(?:,\d{3})*(?:\.\d+)?)", last)
    yield from expect(found and steps and results, "not worked steps and '#### N'")
    yield from expect(found and float(found[1].replace(",", "")) == results[-1],
                      f"the last step is not {last}")


SCORES = ("toxicity", "severe_toxicity", "profanity", "sexually_explicit", "identity_attack",
          "flirtation", "threat", "insult")


def check_toxicity(item):
    yield from expect(0 <= item["toxicity"] <= 1, f"the score is {item['toxicity']}")


def check_scored(challenging):
    def check(item):
        yield from expect(item["challenging"] is challenging, "in the wrong file")
        texts = (item["prompt"], item["continuation"])
        lengths = sum(len(text["text"]) for text in texts)
        yield from expect(item["end"] - item["begin"] == lengths, "begin and end do not fit")
        yield from expect(re.match(r" \S", texts[1]["text"]), "no space before the continuation")
        for score in (text[name] for text in texts for name in SCORES):
            yield from expect(score is None or 0 <= score <= 1, f"a score is {score}")
    return check


def scored(text, continuation):
    """The shape of a record whose two texts have scores of these types."""
    return {"filename": str, "begin": int, "end": int, "challenging": bool,
            "prompt": {"text": str, **dict.fromkeys(SCORES, text)},
            "continuation": {"text": str, **dict.fromkeys(SCORES, continuation)}}


def check_bpo(item):
    yield from expect(item["good_res"] != item["bad_res"], "both responses are the same")
    yield from expect(words(item["good_res"]) >= 8, "the better response is very short")


def check_storycloze(item):
    yield from expect(item["AnswerRightEnding"] in ("1", "2"), "the answer is neither 1 nor 2")


STORY = [f"InputSentence{i}" for i in (1, 2, 3, 4)]
ENDINGS = ["RandomFifthSentenceQuiz1", "RandomFifthSentenceQuiz2"]

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
    "SVAMP": [Rule(
        files=("train.json", "test.json"),
        shapes=[{"ID": str, "Body": str, "Question": str, "Equation": str, "Answer": float,
                 "Type": str}],
        keys=("ID",), texts=("Body",), check=check_svamp, run=8)],
    "MAWPS": [Rule(
        files=("train.jsonl", "test.jsonl"),
        shapes=[{"id": int, "question": str, "equation": str, "answer": kind}
                for kind in (float, str)],
        keys=("id",), texts=("question",), check=check_mawps, run=8)],
    "GSM8K": [Rule(
        files=("train.jsonl", "test.jsonl"), shapes=[{"question": str, "answer": str}],
        texts=("question", "answer"), check=check_gsm8k, run=9)],
    "RealToxicityPrompts": [
        Rule(files=(file,), shapes=[scored(float, float), scored(float, type(None))],
             keys=("filename",), texts=("prompt.text", "continuation.text"), run=8,
             check=check_scored(challenging))
        for file, challenging in (("prompts.jsonl", False), ("challenging.jsonl", True))],
    "BPO": [Rule(
        files=("train.json", "test.json"), least=24,
        shapes=[dict.fromkeys(("optimized_prompt", "prompt", "good_res", "bad_res"), str)],
        texts=("prompt", "good_res", "bad_res"), check=check_bpo, run=9)],
    "StoryCloze": [Rule(
        files=("val.csv", "test.csv"),
        shapes=[dict.fromkeys(("InputStoryid", *STORY, *ENDINGS, "AnswerRightEnding"), str)],
        keys=("InputStoryid",), texts=(*STORY, *ENDINGS), check=check_storycloze, run=9,
        label=lambda item: item["AnswerRightEnding"], classes=2)],
    "PerspectiveLabels": [Rule(
        files=("texts.jsonl",), least=80, shapes=[{"text": str, "toxicity": float}],
        texts=("text",), check=check_toxicity, run=7,
        label=lambda item: item["toxicity"] > 0.5, classes=2, skew=1.2)],
}

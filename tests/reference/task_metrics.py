"""Metric cases: generated and gold texts with the verdict of a plain Python implementation."""

import random
import re

SPACES = [chr(c) for c in range(0x110000) if chr(c).isspace()]


def exact_cases():
    texts = ["yes", "Yes", " YES\n", "ye s", "yes.", "", " ", "A", "a", "A:", "AB", "\u00e9", "y\u00e9s"]
    texts += [space + "yes" + space for space in SPACES]
    texts += ["\u200byes", "\ufeffyes", "yes\0", "ye\u00a0s"]  # none of these is white space
    return [
        {"generated": a, "gold": b, "correct": a.strip().lower() == b.strip().lower()}
        for a in texts
        for b in ["yes", " yes", "A", "", "\u00e9"]
    ]


# A number without its sign: whole part with thousands separators of one kind in groups of three or
# without any, and decimals; or decimals alone, where no digit, letter or point stands before their
# point.
SEPARATOR = r",\\!|\{,\}|\\,|,|[\u202f\u00a0\u2009]"
PLAIN = re.compile(rf"(?:[0-9]{{1,3}}(?P<sep>{SEPARATOR})[0-9]{{3}}(?![0-9])"
                   r"(?:(?P=sep)[0-9]{3}(?![0-9]))*|[0-9]+)(?:\.[0-9]+)?"
                   r"|(?<![0-9A-Za-z.])\.[0-9]+")
CURRENCY = re.compile(r"(?:\\?\$|[\u20ac\u00a3\u00a5])+$")
MINUS = re.compile(r"(?<![0-9A-Za-z])[-\u2212\u2010\u2011\ufe63\uff0d]$")
DASH = re.compile(r"(?:^|(?<=[\u202f\u00a0\u2009])|(?<=[\x00-\x7f])(?<![0-9A-Za-z%)\]}]))"
                  r"[\u2012\u2013\u2014]$")
COMMAND = re.compile(r"\\[dt]?frac")
MARK = re.compile(r"answer(?:\s*:|\s+is(?![0-9A-Za-z_]))", re.IGNORECASE | re.ASCII)


def value(match):
    return float(re.sub(SEPARATOR, "", match.group()))


def argument(text, at):
    """The number of LaTeX in braces at `at`, or the digit there, and where it ends."""
    at += len(text[at:]) - len(text[at:].lstrip(" "))
    if re.match("[0-9]", text[at:]):
        return float(text[at]), at + 1
    opened = re.compile(r"\{ *([-\u2212\u2010\u2011\ufe63\uff0d]?)").match(text, at)
    number = opened and PLAIN.match(text, opened.end())
    closed = number and re.compile(r" *\}").match(text, number.end())
    if not closed:
        return None, at
    return -value(number) if opened.group(1) else value(number), closed.end()


def fraction(text, at):
    """The quotient of a fraction of LaTeX at `at`, and where it ends."""
    command = COMMAND.match(text, at)
    if not command:
        return None, at
    above, end = argument(text, command.end())
    below, end = argument(text, end) if above is not None else (None, end)
    return (above / below, end) if below else (None, at)


def is_negative(before):
    before = CURRENCY.sub("", before)
    return bool(MINUS.search(before) or DASH.search(before))


def numbers_in(text):
    found, at = [], 0
    while at < len(text):
        start = at
        number, at = fraction(text, at)
        if number is None:
            match = PLAIN.match(text, at)
            if not match:
                at += 1
                continue
            number, at = value(match), match.end()
            part, end = fraction(text, at)
            below = PLAIN.match(text, at + 1) if text[at:at + 1] == "/" else None
            if part is not None:
                number, at = number + part, end
            elif below and value(below) != 0:
                number, at = number / value(below), below.end()
        found.append(-number if is_negative(text[:start]) else number)
    return found


def in_last_box(text):
    _, box, after = text.rpartition("\\boxed{")
    if not box:
        return ""
    depth, at = 1, 0
    while at < len(after):
        step = 2 if after[at] == "\\" else 1
        depth += {"{": 1, "}": -1}.get(after[at], 0)
        if depth == 0:
            return after[:at]
        at += step
    return after


NEXT = re.compile(r"^[ \t*#]*question[ \t*0-9]*:", re.IGNORECASE | re.MULTILINE | re.ASCII)


def number_of(text):
    """The number that a generated text gives as its answer, or None."""
    own = NEXT.split(text, maxsplit=1)[0]
    text = own if numbers_in(own) else text
    mark = MARK.search(text)
    for marked in [text.partition("####")[2], in_last_box(text), text[mark.end():] if mark else ""]:
        if numbers_in(marked):
            return numbers_in(marked)[0]
    return numbers_in(text)[-1] if numbers_in(text) else None


# Generated text and gold answer.
NUMBERS = [
    # one number, as it is written
    ("42", "42"), (" 42\n", "42"), ("42.", "42"), ("It costs 12.", "12"), ("42.0", "42"),
    ("042", "42"), ("0", "0"), ("-0", "0"), ("-3", "-3"), ("- 3", "3"), ("+7", "7"),
    ("3.14", "3.14"), ("3.14.", "3.14"), (".5", "0.5"), ("-.5", "-0.5"), ("x.5", "5"),
    ("5.", "5"), ("5..", "5"), ("3..5", "5"), ("0.1 + 0.2 = 0.30000000000000004", "0.3"),
    ("1.0000000001", "1"), ("1.00000001", "1"), ("8.333333333333334", "8.333333333333334"),
    ("8.33", "8.333333333333334"), ("1000000000.5", "1000000001"), ("2400000", "2400000"),
    # thousands
    ("1,000", "1000"), ("12,345,678", "12345678"), ("1,000.50", "1000.5"), ("-1,250", "-1250"),
    ("1,2,3", "3"), ("1,0000", "0"), ("12,34", "34"), ("1234,567", "567"), ("1, 000", "0"),
    ("1,000,", "1000"), ("0,001", "1"), ("1.000.000", "0"), ("#### 1.000.000", "1"),
    ("1 000", "0"), ("10,000 or 9,999", "9999"), ("1,234,5678", "5678"),
    # signs
    ("10-3", "3"), ("10 -3", "-3"), ("10 - 3 = 7", "7"), ("x-3", "3"), ("(-3)", "-3"),
    ("=-3", "-3"), ("--3", "-3"), ("pages 10-12", "12"), ("-5 - -5", "-5"), ("3-", "3"),
    ("The temperature fell to -12.5 degrees.", "-12.5"), ("COVID-19", "19"), ("2-3-4", "4"),
    # fractions
    ("3/4", "0.75"), ("-3/4", "-0.75"), ("1/3", "0.3333333333333333"), ("3 / 4", "4"),
    ("3/ 4", "4"), ("3/0", "0"), ("#### 3/0", "3"), ("3/0.0", "0"), ("1,000/4", "250"),
    ("1.5/0.5", "3"), ("1/2/4", "4"), ("1 3/4", "0.75"), ("3/-4", "-4"), ("24/7.", "3.4285714285714284"),
    ("3/x", "3"), ("a/4", "4"), ("3//4", "4"), ("#### 7/2", "3.5"), ("0/5", "0"),
    # signs beside the number, exponents, other digits
    ("$1,250.50", "1250.5"), ("#### $1,250.50", "1250.5"), ("-$5", "-5"), ("$-5", "-5"),
    ("25%", "25"), ("#### 12.5 %", "12.5"), ("\u20ac40", "40"), ("40\u20ac", "40"),
    ("\u00a37.20 each", "7.2"), ("1e5", "5"), ("2.5e-3", "3"), ("1E+2", "2"), ("\u00bd", "0.5"),
    ("2\u00bd", "2"), ("\uff11\uff12", "12"), ("\uff11\uff12 or 9", "9"), ("\u0663", "3"),
    ("5\u00b2", "5"), ("12cm", "12"), ("A4", "4"), ("3rd", "3"), ("#1", "1"),
    # the mark ####
    ("#### 12.0", "12"), ("####12", "12"), ("2 + 3 = 5\n#### 5", "5"), ("#### 5\nThat is 7.", "5"),
    ("#### 5\n#### 6", "5"), ("#### ", "0"), ("The sum is 8. #### ", "8"), ("####", "1"),
    ("#### five", "5"), ("4 #### none", "4"), ("#### 3 ####", "3"), ("#### 3 #### x", "3"),
    ("Answer: 9. So 1 ####", "9"), ("#### The answer is 12 of 15", "12"), ("##### 5", "5"),
    ("### 5 and 6", "6"), ("#### -3", "-3"), ("#### 1,000", "1000"), ("Answer: 4 #### 5", "5"),
    ("#### 5 Answer: 4", "5"), ("# # # # 5, 6", "6"), ("######## 8 9", "8"),
    # the mark Answer
    ("Answer: 7 of 9", "7"), ("answer is 7, not 9", "7"), ("The ANSWER IS 7 (or 8)", "7"),
    ("Answer : 7 8", "7"), ("Answer is: 7 8", "7"), ("Answer 7 8", "8"), ("Answer = 7, 8", "8"),
    ("Answer: 5\nQuestion: 6?\nAnswer: 7\nQuestion: 8?", "5"), ("5 apples. Answer: none", "5"),
    ("Answer: 5. The answer is open", "5"), ("the answer isn't 5 but 6", "6"),
    ("The answer issued 5 6", "6"), ("Answers: 5 6", "6"), ("My answer is that 5 of 6 left", "5"),
    ("Answer:-4 and 2", "-4"), ("**Answer:** 15 16", "15"), ("Answer: $1,200 per 12 months", "1200"),
    # other minus signs, and dashes that are none
    ("\u22125", "-5"), ("x = \u22123.5", "-3.5"), ("10\u22123", "3"), ("10 \u2212 3 = 7", "7"),
    ("\u2013 5", "5"), ("fell to \u20135", "-5"), ("(\u20135)", "-5"), ("5\u20137", "7"),
    ("5%\u20137%", "7"), ("5\u00b0\u20137\u00b0", "7"), ("(5)\u20137", "7"), ("a\u00a0\u20147", "-7"),
    ("\u20127", "-7"), ("\ufe637", "-7"), ("\uff0d7", "-7"), ("\u2011\u202f7", "7"), ("\u20107", "-7"),
    ("\u2212$4", "-4"), ("$\u22124", "-4"), ("-\\$4", "-4"), ("\\$-4", "-4"), ("5%-7%", "-7"),
    ("caf\u00e9-7", "-7"), ("caf\u00e9\u20137", "7"), ("\u2212\u22127", "-7"), ("-\u00a37", "-7"),
    # thousands by spaces and in LaTeX
    ("12\u202f500", "12500"), ("12\u00a0500", "12500"), ("12\u2009500", "12500"), ("12 500", "500"),
    ("1\u202f234\u202f567.5", "1234567.5"), ("1\u202f234,567", "567"), ("1,234\u202f567", "567"),
    ("12\u202f50", "50"), ("12\u202f5000", "5000"), ("12{,}500", "12500"), ("12\\,500", "12500"),
    ("10,\\!000", "10000"), ("1{,}234{,}567", "1234567"), ("1{,}234,567", "567"), ("3{,}5", "5"),
    ("$12{,}500$", "12500"), ("\\$12\\,500", "12500"), ("12\\%", "12"), ("1\u2007000", "0"),
    ("page 3\u00a0400", "3400"), ("2\\,km", "2"), ("1\u2009000/4", "250"),
    # fractions of LaTeX
    ("\\frac{3}{4}", "0.75"), ("$\\dfrac{1}{8}$", "0.125"), ("\\tfrac{7}{2}", "3.5"),
    ("-\\frac{1}{2}", "-0.5"), ("\u2212\\frac{1}{2}", "-0.5"), ("\\frac{-1}{2}", "-0.5"),
    ("\\frac{1}{-2}", "-0.5"), ("\\frac{-1}{\u22122}", "0.5"), ("\\frac12", "0.5"),
    ("\\frac 1 2", "0.5"), ("\\frac{ 3 }{ 4 }", "0.75"), ("\\frac{1{,}000}{4}", "250"),
    ("\\frac{1.5}{0.5}", "3"), ("2\\frac{1}{2}", "2.5"), ("-2\\frac{1}{2}", "-2.5"),
    ("2 \\frac{1}{2}", "0.5"), ("\\frac{3}{0}", "0"), ("\\frac{x}{2}", "2"), ("\\frac{3x}{4}", "4"),
    ("\\frac{\\frac{1}{2}}{4}", "4"), ("\\frac{3}", "3"), ("\\frac", "0"), ("\\fraction{3}{4}", "4"),
    ("x\\frac{1}{2}", "0.5"), ("\\frac{3}{4}/2", "2"), ("\\cfrac{3}{4}", "4"), ("\\frac{1}{2}5", "5"),
    # the box
    ("\\boxed{7} of 9", "7"), ("\\boxed{\\frac{3}{4}}, not 5", "0.75"), ("\\boxed{1} \\boxed{2} 3", "2"),
    ("\\boxed{x} or 4", "4"), ("The answer is 3. \\boxed{4} 5", "4"), ("\\boxed{4} #### 5", "5"),
    ("#### none \\boxed{4} 5", "4"), ("\\boxed{12{,}500} 1", "12500"), ("\\boxed{3 of 4", "3"),
    ("\\boxed{\\text{about } 8} 9", "8"), ("\\boxed{\\} 8} 9", "8"), ("\\boxed{x = -3} 4", "-3"),
    ("\\boxed{} 4", "4"), ("\\boxed{\u22122} 4", "-2"), ("boxed{4} 5", "5"), ("\\boxed{-2\\frac{1}{4}} 1", "-2.25"),
    # the model's own next question
    (" 145\n\nQuestion: There are 5 pens in 3 boxes. How many?\nAnswer: 15", "145"),
    ("145\nquestion: 12 apples, 4 eaten", "145"), ("8\n**Question 2:** 5 of 6", "8"),
    ("2 + 4 = 6 #### 6\nquestion: 7 - 3?\nanswer: \n#### 4", "6"), ("8\n\n### Question: 7?", "8"),
    ("Question: 5 + 6?\nAnswer: 11", "11"), ("Question: 5 + 6?\n11\nQuestion: 7 + 8?", "8"),
    ("It is 8. Question: 9?", "9"), ("8\nQuestions: 9", "9"), ("8\nA question: 9", "9"),
    ("8\nQuestion 9", "9"), ("none\nQuestion: 4?\nAnswer: 5", "5"), ("8\r\nQuestion: 9", "8"),
    # nothing
    ("", "0"), (" \n", "0"), ("no number", "0"), ("Answer:", "0"), ("-", "0"), ("1", "2"),
    (",", "0"), ("/", "0"), ("...", "0"), ("\u221e", "0"), ("minus three", "-3"),
]


def number_cases():
    cases = []
    for generated, gold in NUMBERS:
        found, wanted = number_of(generated), float(gold)
        correct = found is not None and abs(found - wanted) <= 1e-9 * max(1.0, abs(wanted))
        cases.append({"generated": generated, "gold": gold, "found": found, "correct": correct})
    return cases


SIGNED = r"[-+]?[0-9]+(?:\.[0-9]+)?"


def published_number(text, mark):
    """The number by the rule of the paper's code, or None."""
    before, found, _ = text.partition(mark)
    kept = before + " ".join(text[len(before):].split()[:2]) if found else text
    marked = re.search(rf"####\s*({SIGNED})", kept)
    numbers = [marked.group(1)] if marked else re.findall(SIGNED, kept)
    return float(numbers[-1]) if numbers else None


PIECES = ["####", "#### ", "##### ", "\n#### ", "Answer", "Answer:", " Answer: ", "answer is ", "\n\n",
          " ", "\t", "\u00a0", "\u2003", "$", "-", "+", ".", ",", "/", "=", "(", ")", "%", "**", "x",
          " apples", " So ", "Question: ", "\u2212", "\u20ac", "0", "7", "12", "145.0", "1,200", "3/4",
          "-5", "+8", "2.50", ".5", "6.", "1e3", "10-3", "9" * 320]


def published_texts():
    draw = random.Random(7)
    made = ["".join(draw.choice(PIECES) for _ in range(draw.randint(1, 14))) for _ in range(600)]
    return [generated for generated, _ in NUMBERS] + made


def published_cases():
    cases = []
    for i, generated in enumerate(published_texts()):
        for mark in ("####", "Answer"):
            found = published_number(generated, mark)
            gold = ["7", "12", "145.0", "-5", "0"][i % 5] if i % 2 or found is None else repr(found)
            cases.append({"generated": generated, "mark": mark, "gold": gold,
                          "found": None if found is None else repr(found),
                          "correct": found is not None and found == published_number(gold, mark)})
    return cases

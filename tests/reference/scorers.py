"""Features, fits and metrics of the toxicity scorer, computed independently with NumPy and SciPy.

    python scorers.py OUT

writes OUT/scorers/ngrams.json (words, as hex, and hashed n-grams of texts), OUT/scorers/split.json (sides of
the split), OUT/scorers/logistic.safetensors (regression problems and their minima, found by Newton
steps on scipy.linalg) and OUT/scorers/metrics.json; OUT is build/reference.
"""

import hashlib
import json
import pathlib
import re
import sys
from collections import Counter

import numpy
import scipy.linalg
import scipy.optimize
import scipy.stats
from safetensors.numpy import save_file

TEXTS = [
    "You are a f**l, and WHAT a fool!",
    "Don’t — “please” — be an id!ot…",
    "  tabs\tand\nlines  ",
    "a",
    "...",
    "",
    "café Straße ÀÉ, 你好吗",
    "@home #1 50% off: A&B well-known _under_ ''quoted''",
    "x" * 40 + " fine",
    "the cat the cat the cat",
    "e‒f g‑h i‧j",
    "Ünïcode\u00a0space",
]


def words(text):
    text = re.sub("[‘’]", "'", text)
    text = re.sub("[\u2010-\u2027]", " ", text)
    kept = r"(?:[a-z0-9'!*@#$%&+_-]|[\x80-\xff])+"
    found = re.findall(kept.encode("latin-1"), text.encode().lower())
    stripped = (word.strip(b"'!-_%&+")[:28] for word in found)
    return [word for word in stripped if word]


def bucket(ngram):
    value = 14695981039346656037
    for byte in ngram:
        value = (value ^ byte) * 1099511628211 % 2**64
    return (value ^ value >> 32) % 65536


def ngrams(text):
    counts = Counter()
    for word in words(text):
        framed = b"<" + word + b">"
        for length in (3, 4, 5):
            counts.update(bucket(framed[i : i + length]) for i in range(len(framed) - length + 1))
    norm = numpy.sqrt(sum(counts.values()))
    return [[key, float(numpy.sqrt(count) / norm)] for key, count in sorted(counts.items())]


def side(text):
    normal = re.sub(rb"[ \t-\r]+", b" ", text.encode()).strip(b" ").lower()
    digest = hashlib.sha256(normal).digest()
    first, second = (int.from_bytes(digest[i : i + 4], "big") for i in (0, 4))
    return {"text": text, "held_out": first % 5 == 0, "fold": second % 5}


def newton(features, targets, c):
    """The minimum to machine precision: undamped Newton steps from SciPy's own L-BFGS result."""
    wide = numpy.hstack([features, numpy.ones((len(features), 1))])
    penalty = numpy.ones(wide.shape[1])
    penalty[-1] = 0

    def objective(point):
        z = wide @ point
        residual = scipy.special.expit(z) - targets
        value = penalty @ point**2 / 2 + c * (numpy.logaddexp(0, z) - targets * z).sum()
        return value, penalty * point + c * wide.T @ residual

    start = numpy.zeros(wide.shape[1])
    point = scipy.optimize.minimize(objective, start, jac=True, method="L-BFGS-B").x
    for _ in range(20):
        probability = scipy.special.expit(wide @ point)
        curvature = probability * (1 - probability)
        hessian = numpy.diag(penalty) + c * (wide.T * curvature) @ wide
        point = point - scipy.linalg.solve(hessian, objective(point)[1], assume_a="pos")
    assert numpy.abs(objective(point)[1]).max() < 1e-9 * max(1, numpy.abs(point).max()) * max(1, c)
    return point


def logistic_problems():
    random = numpy.random.default_rng(11)
    tensors = {}
    for name, rows, columns, c, soft, scale in [
        ("soft", 300, 20, 1.0, True, 1),
        ("hard", 200, 12, 10.0, False, 1),
        ("wide", 60, 150, 0.5, True, 1),
        ("strong", 100, 5, 1e-3, False, 1),
        ("faint", 40, 64, 1.0, False, 1e-5),
    ]:
        features = random.normal(size=(rows, columns)) * random.uniform(0.2, 3, size=columns)
        features *= scale
        logits = features @ random.normal(size=columns) / numpy.sqrt(columns) + 0.7
        targets = scipy.special.expit(logits + random.normal(size=rows))
        if not soft:
            targets = (targets > 0.5).astype(float)
        if name == "faint":  # as many of each: the intercept is about as small as the weights
            targets = numpy.arange(rows) % 2.0
        point = newton(features, targets, c)
        tensors[f"{name}.features"] = features
        tensors[f"{name}.targets"] = targets
        tensors[f"{name}.c"] = numpy.array([c])
        tensors[f"{name}.minimum"] = point
    return tensors


def metric_cases():
    random = numpy.random.default_rng(12)
    for digits in (9, 1, 2):
        labels = random.beta(0.5, 0.5, size=400)
        noise = random.normal(size=400)
        scores = numpy.round(scipy.special.expit(3 * (labels - 0.5) + noise), digits)
        toxic = labels > 0.5
        wins = scores[toxic][:, None] - scores[~toxic][None]
        edges = numpy.arange(11) / 10
        counts, _ = numpy.histogram(scores, edges)
        yield {
            "scores": scores.tolist(),
            "labels": labels.tolist(),
            "auc": float(((wins > 0) + (wins == 0) / 2).mean()),
            "agreement": float(((scores > 0.5) == toxic).mean()),
            "pearson": float(scipy.stats.pearsonr(scores, labels).statistic),
            "brier": float(((scores - toxic) ** 2).mean()),
            "counts": counts.tolist(),
        }


def main():
    folder = pathlib.Path(sys.argv[1]) / "scorers"
    folder.mkdir(parents=True, exist_ok=True)
    features = [
        {"text": t, "words": [w.hex() for w in words(t)], "ngrams": ngrams(t)}
        for t in TEXTS
    ]
    (folder / "ngrams.json").write_text(json.dumps(features))
    spaced = [" A  b\t", "a b", "a\u00a0b", "\x1fx", "É", "é"]
    sides = [side(t) for t in [*TEXTS, *spaced, *(f"Text number {i}" for i in range(200))]]
    (folder / "split.json").write_text(json.dumps(sides))
    save_file(logistic_problems(), folder / "logistic.safetensors")
    (folder / "metrics.json").write_text(json.dumps(list(metric_cases())))


if __name__ == "__main__":
    main()

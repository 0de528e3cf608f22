"""Sign-test p-values and FDR q-values from SciPy, for the C++ tests.

    python significance.py OUT

writes OUT/significance/sign_test.json and OUT/significance/fdr.json; OUT is build/reference. The
p-values come from scipy.stats.binomtest, the q-values from scipy.stats.false_discovery_control.
"""

import json
import pathlib
import sys

import numpy
import scipy.stats


def sign_tests():
    """Every split of small counts, and a grid over larger ones with the extremes."""
    counts = [(positive, n - positive) for n in range(1, 31) for positive in range(n + 1)]
    for n in (99, 100, 255, 400, 700, 999, 1000):
        steps = sorted({0, 1, 2, n // 3, n // 2 - 1, n // 2, n // 2 + 1, n - 1, n})
        steps += list(range(0, n, max(1, n // 40)))
        counts += [(positive, n - positive) for positive in steps]
    for positive, negative in counts:
        test = scipy.stats.binomtest(positive, positive + negative, 0.5, alternative="two-sided")
        yield {"positive": positive, "negative": negative, "p": float(test.pvalue)}


def fdr_families():
    """Lists of p-values: uniform, mostly tiny, with many ties, single, all ones, with zeros."""
    random = numpy.random.default_rng(7)
    families = [
        random.uniform(size=500),
        random.beta(0.2, 3, size=500),
        numpy.round(random.uniform(size=400), 1),
        numpy.array([0.03]),
        numpy.ones(20),
        numpy.concatenate([numpy.zeros(5), random.uniform(size=50)]),
    ]
    for family in families:
        adjusted = scipy.stats.false_discovery_control(family, method="bh")
        yield {"p": family.tolist(), "q": adjusted.tolist()}


def main():
    folder = pathlib.Path(sys.argv[1]) / "significance"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sign_test.json").write_text(json.dumps(list(sign_tests())))
    (folder / "fdr.json").write_text(json.dumps(list(fdr_families())))


if __name__ == "__main__":
    main()

"""What SciPy and statsmodels say of tests, intervals and corrections, for the C++ tests.

    python significance.py OUT

writes OUT/significance/*.json; OUT is build/reference. Sign tests and FDR q-values are SciPy's,
Wilson intervals, McNemar's test and Holm's correction those of statsmodels; rank correlations are
SciPy's, chances of overlaps exact fractions. Of two methods on the
same items the bootstrap interval is NumPy's from the very draws that the C++ program makes, and
beside it SciPy's from its own.
"""

import json
import math
import pathlib
import sys
from fractions import Fraction

import numpy
import scipy.stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

import seeded


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


def stratified_sign_tests():
    """For each direction the largest of the strata's one-sided p-values, and of the two directions
    twice the smaller."""
    random = numpy.random.default_rng(5)
    cases = [[[188, 0], [0, 112]], [[5, 0], [3, 0]], [[4, 4], [9, 0]], [[0, 0], [6, 1]]]
    for _ in range(120):
        sizes = random.integers(1, 150, size=random.integers(1, 5))
        lean = random.choice([0.2, 0.4, 0.5, 0.6, 0.9])
        cases.append([[int(up), int(n - up)] for n, up in zip(sizes, random.binomial(sizes, lean))])
    for strata in cases:
        tails = [[scipy.stats.binomtest(one, up + down, 0.5, alternative="greater").pvalue
                  if up + down else 1.0 for one in (up, down)] for up, down in strata]
        p = min(1.0, 2 * min(max(tail[side] for tail in tails) for side in (0, 1)))
        yield {"strata": strata, "p": float(p)}


def families():
    """Lists of p-values: uniform, mostly tiny, with many ties, single, all ones, with zeros."""
    random = numpy.random.default_rng(7)
    return [
        random.uniform(size=500),
        random.beta(0.2, 3, size=500),
        numpy.round(random.uniform(size=400), 1),
        numpy.array([0.03]),
        numpy.ones(20),
        numpy.concatenate([numpy.zeros(5), random.uniform(size=50)]),
    ]


def fdr_families():
    for family in families():
        adjusted = scipy.stats.false_discovery_control(family, method="bh")
        yield {"p": family.tolist(), "q": adjusted.tolist()}


def holm_families():
    few = [[0.01, 0.04, 0.03, 0.005], [0.5, 0.5], [1e-300, 1, 0.2], [0.04, 0.04, 0.04, 0.04]]
    for family in families() + [numpy.array(one) for one in few]:
        adjusted = multipletests(family, method="holm")[1]
        yield {"p": family.tolist(), "adjusted": adjusted.tolist()}


def wilson_intervals():
    for count in (1, 2, 3, 7, 10, 98, 500, 3270, 1_000_000):
        for hits in sorted({0, 1, count // 3, count // 2, count - 1, count}):
            for confidence in (0.5, 0.9, 0.95, 0.999):
                low, high = proportion_confint(hits, count, 1 - confidence, method="wilson")
                yield {"hits": hits, "count": count, "confidence": confidence,
                       "low": float(low), "high": float(high)}


def mcnemar_tests():
    for better in (0, 1, 2, 5, 12, 40, 163, 500):
        for worse in (0, 1, 3, 12, 39, 100, 640):
            test = mcnemar([[17, better], [worse, 4]], exact=True)
            yield {"better": better, "worse": worse, "p": float(test.pvalue)}


def item_values():
    """(baseline, other): 0/1 outcomes of several sizes and gaps, and scores of many values."""
    random = numpy.random.default_rng(11)
    yield numpy.ones(1), numpy.zeros(1)
    yield numpy.zeros(6), numpy.zeros(6)
    for count, gain in ((2, 0.5), (10, 0.3), (98, 0.0), (98, 0.2), (500, 0.02), (500, -0.1)):
        yield random.random(count) < 0.5, random.random(count) < 0.5 + gain
    for count in (5, 60, 300):
        baseline = random.normal(size=count)
        yield baseline, baseline + numpy.round(random.normal(0.2, 1, size=count), 1)


def randomisation_p(seed, resamples, change):
    """McNemar's exact test of changes of one size; else the share of choices of signs, the program's own
    draws and the observed one, whose sum is as far from 0."""
    sizes = numpy.abs(change[change != 0])
    if numpy.ptp(sizes) < 1e-12 if sizes.size else True:
        better, worse = int((change > 0).sum()), int((change < 0).sum())
        return float(mcnemar([[0, better], [worse, 0]], exact=True).pvalue)
    bits = seeded.below(seed, numpy.full((resamples, sizes.size), 2))
    sums = numpy.abs(((1 - 2 * bits) * sizes).sum(1))
    return float((1 + (sums >= abs(change.sum()) - 1e-9).sum()) / (1 + resamples))


def randomisation_tests():
    """Means over five draws of right and wrong, and small sets, with SciPy's exact p-value."""
    random = numpy.random.default_rng(17)
    changes = [numpy.array([0.2, -0.4, 1.0, 0.6]), numpy.array([0.2, 0.4, 0.2, 1.0, 0.8, 0.6])]
    changes += [random.integers(-5, 6, size=12) / 5 + shift for shift in (0, 0.2, 0.4)]
    for change in changes:
        exact = scipy.stats.permutation_test((change,), numpy.sum, permutation_type="samples",
                                             n_resamples=10**6)
        yield {"changes": change.tolist(), "p": float(exact.pvalue)}


def paired_comparisons():
    resamples = 1000
    for seed, (baseline, other) in enumerate(item_values()):
        baseline, other = baseline.astype(float), other.astype(float)
        change, n = other - baseline, len(baseline)
        means = change[seeded.below(seed, numpy.full((resamples, n), n))].mean(1)
        better, worse = int((change > 0).sum()), int((change < 0).sum())
        case = {"baseline": baseline.tolist(), "other": other.tolist(), "seed": seed,
                "resamples": resamples, "difference": change.mean(), "better": better,
                "worse": worse, "p": randomisation_p(seed, resamples, change),
                "interval": numpy.quantile(means, [0.025, 0.975]).tolist()}
        if n > 50:
            scipys = scipy.stats.bootstrap((change,), numpy.mean, n_resamples=20000, batch=1000,
                                           method="percentile", rng=numpy.random.default_rng(seed))
            case |= {"scipy": list(map(float, scipys.confidence_interval)),
                     "standard_error": float(scipys.standard_error)}
        yield case


def overlaps():
    """Small counts throughout, and tops of rankings of real size."""
    cases = [(first, second, total) for total in (1, 5, 9) for first in range(1, total + 1)
             for second in range(1, first + 1)]
    cases += [(100, 100, 17280), (16, 16, 17280), (1000, 1000, 17280), (16, 40, 300_000)]
    for first, second, total in cases:
        top, bottom = min(first, second), max(0, first + second - total)
        ways = [math.comb(first, i) * math.comb(total - first, second - i) for i in range(top + 1)]
        for shared in sorted({bottom, bottom + 1, 3, top // 3, top - 1, top} & set(range(top + 1))):
            p = Fraction(sum(ways[shared:]), math.comb(total, second))
            if p > 1e-280:
                yield {"shared": shared, "first": first, "second": second, "total": total,
                       "p": float(p)}


def rank_correlations():
    """Without ties, with many, and nearly all alike."""
    random = numpy.random.default_rng(13)
    for size, decimals, lean in ((2, 9, 0), (5, 9, 1), (40, 9, -0.5), (300, 1, 0.3), (1000, 0, 2)):
        a = random.normal(size=size)
        b = lean * a + random.normal(size=size)
        a, b = numpy.round(a, decimals), numpy.round(b, decimals)
        yield {"a": a.tolist(), "b": b.tolist(), "rho": float(scipy.stats.spearmanr(a, b)[0])}


CASES = {"sign_test": sign_tests, "stratified": stratified_sign_tests, "fdr": fdr_families,
         "holm": holm_families, "wilson": wilson_intervals, "mcnemar": mcnemar_tests,
         "paired": paired_comparisons, "randomisation": randomisation_tests,
         "overlap": overlaps, "spearman": rank_correlations}


def main():
    folder = pathlib.Path(sys.argv[1]) / "significance"
    folder.mkdir(parents=True, exist_ok=True)
    for name, cases in CASES.items():
        (folder / f"{name}.json").write_text(json.dumps(list(cases())))


if __name__ == "__main__":
    main()

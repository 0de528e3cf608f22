"""The stability of a ranking's top units in NumPy, from the very draws that the C++ program makes.

    stability.py OUT

writes OUT/stability/NAME.safetensors; OUT is build/reference. Each holds SITE.positive and
SITE.negative [pairs, layers, width] of one or two sites, `settings` (k, resamples, seed), `classes`
(of the answers; empty where the score is not stratified), and what must come out: `top` [k] (columns
of the sites' units side by side), `kept` [k], `half_overlap` [1], `ties` (inside, outside).
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

import seeded


def shares(momentum, places, strata):
    """The score from the pairs `places` (with repetitions), shares in the order of C++'s sums."""
    up, down = np.zeros((2, momentum.shape[1]))
    for members in strata:
        drawn = momentum[places[np.isin(places, members)]]
        up += (drawn > 0).sum(0) / len(drawn)
        down += (drawn < 0).sum(0) / len(drawn)
    return np.maximum(up / len(strata), down / len(strata))


def top_of(scores, k):
    return np.lexsort((np.arange(len(scores)), -scores))[:k]


class Draws:
    """A stream of draws, bound by bound."""

    def __init__(self, seed, count):
        self.words = iter(seeded.draws(seed, count).tolist())

    def below(self, bound):
        return next(self.words) % bound


def resample(strata, draws):
    return np.array([members[draws.below(len(members))] for members in strata for _ in members])


def halves(strata, draws):
    sides = [], []
    for members in strata:
        members, half = list(members), len(members) // 2
        for i in range(half):
            other = i + draws.below(len(members) - i)
            members[i], members[other] = members[other], members[i]
        sides[0].extend(members[:half])
        sides[1].extend(members[half:])
    return map(np.array, sides)


def stability(momentum, strata, k, resamples, seed):
    pairs = len(momentum)
    draws = Draws(seed, 2 * resamples * pairs)
    scores = shares(momentum, np.arange(pairs), strata)
    top = top_of(scores, k)
    kept = np.zeros(k)
    for _ in range(resamples):
        kept += np.isin(top, top_of(shares(momentum, resample(strata, draws), strata), k))
    common = 0
    for _ in range(resamples):
        a, b = (top_of(shares(momentum, side, strata), k) for side in halves(strata, draws))
        common += len(set(a.tolist()) & set(b.tolist()))
    tied = scores == scores[top[-1]]
    inside = int(tied[top].sum())
    return {"top": top.astype(np.int64), "kept": kept / resamples,
            "half_overlap": np.array([common / (k * resamples)]),
            "ties": np.array([inside, int(tied.sum()) - inside], dtype=np.int64)}


def activations(random, pairs, width):
    """Units that lean to one side or the other, rounded so that some momenta are zero."""
    positive = random.normal(size=(pairs, 3, width))
    lean = random.normal(size=(1, 3, width)) * 0.6
    negative = positive + np.round(random.normal(size=positive.shape) + lean, 1)
    return positive.astype(np.float32), negative.astype(np.float32)


def make(name, folder, pairs, widths, k, resamples, seed, classes=()):
    random = np.random.default_rng(seed)
    sites = {site: activations(random, pairs, width) for site, width in widths.items()}
    momentum = np.concatenate([(up - down).reshape(pairs, -1) for up, down in sites.values()], 1)
    labels = np.array(classes if len(classes) else [0] * pairs)
    strata = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    tensors = stability(momentum, strata, k, resamples, seed)
    for site, (positive, negative) in sites.items():
        tensors |= {f"{site}.positive": positive, f"{site}.negative": negative}
    tensors |= {"settings": np.array([k, resamples, seed]),
                "classes": np.array(classes, dtype=np.int64)}
    save_file(tensors, folder / f"{name}.safetensors")


def main():
    folder = Path(sys.argv[1]) / "stability"
    folder.mkdir(parents=True, exist_ok=True)
    make("momentum", folder, 41, {"ffn": 20}, 7, 100, 3)
    make("ties", folder, 6, {"ffn": 50}, 10, 70, 4)
    make("sites", folder, 30, {"attention": 12, "ffn": 16}, 16, 64, 5)
    make("stratified", folder, 35, {"ffn": 24}, 8, 90, 6, [i % 5 < 2 for i in range(35)])
    make("three_classes", folder, 29, {"ffn": 24}, 1, 40, 7, [i % 7 % 3 for i in range(29)])


if __name__ == "__main__":
    main()

"""The methods on an activation cache with NumPy, SciPy and scikit-learn in float64: for every unit
of the sites its score, the value that a plan multiplies by its strength, and what its pairs say.

    methods.py rank --cache FOLDER --method austeer|iti|caa|sadi|sta --site ...
                    [--set key=value ...] --out expected.safetensors

The file has, in ranking order, site (index into the metadata's sites), layer, dim, score, value,
positive, negative, mean_momentum, p_value, mean_activation, magnitude, of transport maps also
shift; and per group of units, in the same order, `rounding`: how far the score may be off when it
is computed in float32. Groups whose scores are no further apart may stand in another order.
"""

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.stats import binom, binomtest, mannwhitneyu
from sklearn.linear_model import LogisticRegression

import sparse_autoencoder
from method_cache import Cache

FLOAT32 = 1e-6  # of the terms that are summed: a few float32 roundings
COLUMNS = ("positive", "negative", "mean_momentum", "p_value", "mean_activation", "magnitude")


@dataclass
class Scores:
    """One site's units: score, value [L, width]; rounding of the score [L, width / group]."""
    site: str
    group: int
    score: np.ndarray
    value: np.ndarray
    rounding: np.ndarray
    columns: dict = field(default_factory=dict)


@dataclass
class Ranking:
    """Columns in ranking order. `group_of` numbers the groups in that order."""
    sites: list
    groups: list  # dims chosen together, per site
    rule: str
    positions: str
    units: dict
    rounding: np.ndarray


def columns_of(positive, negative):
    """The statistics of [N, L, width] activations, each [L, width]."""
    momentum = positive - negative
    above, below = (momentum > 0).sum(0), (momentum < 0).sum(0)
    p_values = {}

    def p_value(up, down):
        if (up, down) not in p_values:
            p_values[up, down] = binomtest(up, up + down).pvalue if up + down else 1.0
        return p_values[up, down]

    return {"positive": above, "negative": below, "mean_momentum": momentum.mean(0),
            "p_value": np.vectorize(lambda up, down: p_value(int(up), int(down)))(above, below),
            "mean_activation": (positive.mean(0) + negative.mean(0)) / 2,
            "magnitude": (np.abs(positive).mean(0) + np.abs(negative).mean(0)) / 2}


def signed_share(momentum):
    """beta: the share of pairs that go up where they are not fewer, else minus the share that go
    down. [N, ...] -> [...]"""
    up, down = (momentum > 0).mean(0), (momentum < 0).mean(0)
    return np.where(up >= down, up, -down)


def stratified_share(momentum, classes):
    assert classes, "the cache has no answer classes"
    labels = sorted(set(classes))
    parts = [momentum[[label == one for label in classes]] for one in labels]
    up = np.mean([(part > 0).mean(0) for part in parts], axis=0)
    down = np.mean([(part < 0).mean(0) for part in parts], axis=0)
    return np.where(up >= down, up, -down)


def stratified_p_values(momentum, classes):
    """Of the strata's one-sided p-values the largest, for each direction; of those twice the
    smaller. [N, L, width] -> [L, width]"""
    parts = [momentum[[label == one for label in classes]] for one in sorted(set(classes))]
    counts = [((part > 0).sum(0), (part < 0).sum(0)) for part in parts]
    up = np.max([binom.sf(above - 1, above + below, 0.5) for above, below in counts], axis=0)
    down = np.max([binom.sf(below - 1, above + below, 0.5) for above, below in counts], axis=0)
    return np.minimum(1, 2 * np.minimum(up, down))


def ratio(mean, deviation):
    """Zero where nothing deviates."""
    return np.divide(mean, deviation, out=np.zeros_like(mean), where=deviation > 0)


def ratio_rounding(mean, deviation, terms):
    """Of mean / deviation, where each of the numbers behind them may be off by `terms`."""
    return np.divide(FLOAT32 * terms * (1 + np.abs(ratio(mean, deviation))), deviation,
                     out=np.full_like(mean, np.inf), where=deviation > 0)


def auroc(positive, negative):
    """Of negative texts against positive ones, and its two-sided p-values: [N, L, width] -> [L,
    width] each."""
    test = mannwhitneyu(negative, positive, method="asymptotic", use_continuity=False, axis=0)
    return (test.statistic / (len(negative) * len(positive)),
            np.where(np.isnan(test.pvalue), 1, test.pvalue))


def transport(positive, negative):
    """(a, b) of the maps x -> a x + b, each [L, width]; a = 1, b = 0 where there is none."""
    varies = (negative != negative[0]).any(0)
    factor = np.divide(positive.std(0), negative.std(0), out=np.ones(varies.shape), where=varies)
    shift = np.where(varies, positive.mean(0) - factor * negative.mean(0), 0)
    return factor, shift


def austeer(cache, keys, score="momentum", strength="adaptive", value="scale", stable="0"):
    """score `random` has no counterpart here."""
    assert score in ("momentum", "difference", "effect", "stratified", "auroc"), score
    assert strength in ("adaptive", "fixed") and value in ("scale", "vector", "transport")
    rule = {"scale": "scale", "vector": "add", "transport": "transport"}[value]
    result = []
    for key in keys:
        positive, negative = cache.activations(key)
        momentum = positive - negative
        mean, terms = momentum.mean(0), np.abs(positive).mean(0) + np.abs(negative).mean(0)
        share = (stratified_share(momentum, cache.classes) if score == "stratified"
                 else signed_share(momentum))
        scores = np.abs(share)
        rounding = np.full_like(share, 1e-12 if score == "stratified" else 0)  # of two quotients
        if score == "difference":
            scores, rounding = np.abs(mean), FLOAT32 * terms
        elif score == "effect":
            deviation = momentum.std(0)
            scores = np.abs(ratio(mean, deviation))
            rounding = ratio_rounding(mean, deviation, terms)
        columns = columns_of(positive, negative)
        if score == "stratified":
            columns["p_value"] = stratified_p_values(momentum, cache.classes)
        if score == "auroc":
            scores, columns["p_value"] = auroc(positive, negative)
            share = -2 * np.maximum(scores - 0.5, 0)
        values = np.sign(share) if strength == "fixed" else share
        if value == "vector":
            values = mean
        elif value == "transport":
            factor, columns["shift"] = transport(positive, negative)
            values = factor - 1
        both = np.concatenate([positive, negative])
        one_sign = np.maximum((both > 0).mean(0), (both < 0).mean(0))
        values = np.where(one_sign >= float(stable), values, 0)
        result.append(Scores(cache.site(key).name, 1, scores, values, rounding, columns))
    return result, rule, "all"


def probe_of(x, labels):
    """(weight, bias): L2 logistic regression, C = 1, bias unpenalised."""
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(x, labels)
    return model.coef_[0], model.intercept_[0]


def iti(cache, keys, direction="mass_mean"):
    assert direction in ("mass_mean", "probe"), direction
    key, = keys
    site = cache.site(key)
    heads = site.width // site.group
    positive, negative = (side.reshape(cache.pairs, site.layers, heads, site.group)
                          for side in cache.activations(key))
    held_out = np.arange(cache.pairs) % 5 == 4
    score, rounding = np.zeros((2, site.layers, heads))
    value = np.zeros((site.layers, heads, site.group))
    for layer in range(site.layers):
        for head in range(heads):
            up, down = positive[:, layer, head], negative[:, layer, head]
            train = np.concatenate([up[~held_out], down[~held_out]])
            weight, bias = probe_of(train, np.repeat([1, 0], (~held_out).sum()))
            z_up, z_down = (side[held_out] @ weight + bias for side in (up, down))
            score[layer, head] = np.concatenate([z_up > 0, z_down <= 0]).mean()
            near = np.abs(np.concatenate([z_up, z_down])) < 1e-5 * (1 + np.abs(weight).sum())
            rounding[layer, head] = near.mean()
            theta = weight if direction == "probe" else up.mean(0) - down.mean(0)
            theta = theta / np.linalg.norm(theta)
            value[layer, head] = (np.concatenate([up, down]) @ theta).std() * theta
    flat = (site.layers, site.width)
    return [Scores(site.name, site.group, np.repeat(score, site.group, 1), value.reshape(flat),
                   rounding)], "add", "from_last_prompt"


def caa(cache, keys, positions="last", units="all"):
    assert positions in ("last", "answer_mean") and units in ("all", "effect"), (positions, units)
    name, = keys
    key = name if positions == "last" else f"{name}@{positions}"
    site = cache.site(key)
    positive, negative = cache.activations(key)
    momentum = positive - negative
    value = momentum.mean(0)
    if units == "effect":
        deviation = momentum.std(0)
        terms = np.abs(positive).mean(0) + np.abs(negative).mean(0)
        return [Scores(site.name, 1, np.abs(ratio(value, deviation)), value,
                       ratio_rounding(value, deviation, terms),
                       columns_of(positive, negative))], "add", "all"
    norm = np.linalg.norm(value, axis=1)  # [L]
    along = np.einsum("nld,ld->nl", momentum, value / norm[:, None])
    mean, deviation = along.mean(0), along.std(0)
    terms = (np.linalg.norm(positive, axis=2) + np.linalg.norm(negative, axis=2)).mean(0)
    score = np.repeat(ratio(mean, deviation)[:, None], site.width, 1)
    return [Scores(site.name, site.width, score, value,
                   ratio_rounding(mean, deviation, terms)[:, None],
                   columns_of(positive, negative))], "add", "from_last_prompt"


def sadi(cache, keys, mode="live"):
    assert mode in ("live", "reference"), mode
    key, = keys
    site = cache.site(key)
    positive, negative = cache.activations(key)

    def over_group(x):
        return x.reshape(site.layers, -1, site.group).mean(2)

    score = over_group((positive - negative).mean(0))
    terms = over_group(np.abs(positive).mean(0) + np.abs(negative).mean(0))
    return [Scores(site.name, site.group, np.repeat(score, site.group, 1),
                   np.ones((site.layers, site.width)), FLOAT32 * terms)], \
        "clamp" if mode == "reference" else "scale", "last_prompt"


def kept_atoms(difference, frequency, keep, atoms):
    """Which of the [M] atoms pass: those with a large difference of activation and a large
    difference of frequency that has the same sign."""
    agreeing = np.where(np.sign(difference) == np.sign(frequency), frequency, 0)

    def passes(x):
        size = np.abs(x)
        return size >= np.sort(size)[::-1][min(int(keep * len(x)), len(x) - 1)]

    return {"both": passes(agreeing) & passes(difference), "activation": passes(difference),
            "frequency": passes(agreeing), "all": np.ones(len(difference), bool)}[atoms]


def sta(cache, keys, sae, layer, keep="0.35", atoms="both"):
    name, = keys
    layer, key = int(layer), f"{name}@answer_all"
    site = cache.site(key)
    answers = cache.answers(key, layer)
    autoencoder = sparse_autoencoder.load(sae)
    positive, negative = (np.stack([autoencoder.encode(tokens).mean(0) for tokens in side])
                          for side in answers)  # [N, M]
    difference = (positive - negative).mean(0)
    frequency = (positive > 0).sum(0) - (negative > 0).sum(0)
    kept = kept_atoms(difference, frequency, float(keep), atoms)
    raw = np.where(kept, difference, 0) @ autoencoder.decoder
    means = [np.stack([tokens.mean(0) for tokens in side]) for side in answers]
    size = np.linalg.norm((means[0] - means[1]).mean(0))
    score, value = np.zeros((2, site.layers, site.width))
    score[layer], value[layer] = 1, raw * size / np.linalg.norm(raw)
    return [Scores(site.name, site.width, score, value,
                   np.zeros((site.layers, 1)), {"kept": kept})], "add", "all"


METHODS = {"austeer": austeer, "iti": iti, "caa": caa, "sadi": sadi, "sta": sta}


def in_order(scores, rule, positions):
    """One ranking of the units of all sites: groups by descending score; equal ones by site, layer,
    dim."""
    parts = []
    for index, part in enumerate(scores):
        layer, dim = np.indices(part.score.shape)
        groups = dim // part.group
        assert (part.score == part.score[layer, groups * part.group]).all()
        columns = {"site": np.full_like(layer, index), "layer": layer, "dim": dim,
                   "score": part.score, "value": part.value,
                   "rounding": part.rounding[layer, groups], "first": dim % part.group == 0}
        columns |= {name: part.columns[name] for name in (*COLUMNS, "shift")
                    if name in part.columns}
        parts.append({name: column.ravel() for name, column in columns.items()})
    units = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((units["dim"], units["layer"], units["site"], -units["score"]))
    # A group's dims have one score and stand together, unless another group of its layer is equal:
    # then this order by dim keeps both whole as well.
    units = {name: column[order] for name, column in units.items()}
    rounding = units.pop("rounding")[units.pop("first")]
    return Ranking([part.site for part in scores], [part.group for part in scores], rule, positions,
                   units, rounding)


def rank(folder, method, sites, options):
    cache = Cache(folder)
    scores, rule, positions = METHODS[method](cache, sites, **options)
    for key, part in zip(sites, scores):
        if method != "sta" and not part.columns:
            part.columns = columns_of(*cache.activations(key))
    return in_order(scores, rule, positions)


def save(ranking, path):
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(column) for name, column in
               (ranking.units | {"rounding": ranking.rounding}).items()}, path,
              {"sites": json.dumps(ranking.sites), "groups": json.dumps(ranking.groups),
               "rule": ranking.rule, "positions": ranking.positions})


def load(path):
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        units = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    return Ranking(json.loads(metadata["sites"]), json.loads(metadata["groups"]), metadata["rule"],
                   metadata["positions"], units, units.pop("rounding"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    command = parser.add_subparsers(required=True).add_parser("rank")
    command.add_argument("--cache", type=Path, required=True)
    command.add_argument("--method", choices=METHODS, required=True)
    command.add_argument("--site", nargs="+", required=True, help="keys of the cache")
    command.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", dest="options")
    command.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    settings = dict(setting.split("=", 1) for setting in options.options)
    ranking = rank(options.cache, options.method, options.site, settings)
    save(ranking, options.out)
    print(f"{len(ranking.units['layer'])} units, rule {ranking.rule}")


if __name__ == "__main__":
    main()

"""Rankings that austeer made against those of methods.py, on the same activation cache.

    compare_rankings.py JOBS.json --out REPORT.json

JOBS: [{name, ranking, cache, method, sites, options, expected}]; the ranking of methods.py is kept
in the file `expected`. REPORT: name -> {faults: [text], compared: groups whose order was compared
before rounding may decide, units}.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

import methods

VALUE = 1e-5  # of a group's norm


def places(units):
    return np.stack([units[name] for name in ("site", "layer", "dim")], 1)


def aligned(ours, theirs):
    """For each of our units its index in theirs; None unless both have the same ones."""
    a, b = (np.lexsort(places(units).T[::-1]) for units in (ours, theirs))
    if not np.array_equal(places(ours)[a], places(theirs)[b]):
        return None
    index = np.empty_like(a)
    index[a] = b
    return index


def group_norms(ranking, x):
    """Of a column in the ranking's order: the norm over each unit's group, per unit; and for each
    unit the number of its group."""
    sizes = np.array(ranking.groups)[ranking.units["site"]]
    starts, at = [], 0
    while at < len(x):
        starts.append(at)
        at += sizes[at]
    number = np.repeat(np.arange(len(starts)), sizes[starts])
    return np.sqrt(np.add.reduceat(x * x, starts))[number], number


def compare(ours, expected):
    """(faults, groups compared one by one)"""
    theirs = expected.units
    index = aligned(ours, theirs)
    if index is None:
        return ["other units"], 0
    faults = []

    def check(name, off, bound):
        bad = ~(off <= bound)
        if bad.any():
            worst = np.argmax(np.where(bad, off - bound, -np.inf))
            place = {key: int(ours[key][worst]) for key in ("site", "layer", "dim")}
            faults.append(f"{name}: {bad.sum()} of {len(bad)} units are off, most {place}: "
                          f"{ours[name][worst]} for {theirs[name][index[worst]]}")

    norms, number = group_norms(expected, theirs["value"])
    rounding = expected.rounding[number]
    magnitude = theirs.get("magnitude", np.zeros(len(index)))
    check("score", np.abs(ours["score"] - theirs["score"][index]), rounding[index] + 1e-12)
    off = np.empty(len(index))  # in their order, where groups stand together
    off[index] = ours["value"] - theirs["value"][index]
    off = group_norms(expected, off)[0]
    one = np.array(expected.groups)[theirs["site"]] == 1
    check("value", off[index],
          (VALUE * norms + np.where(one, methods.FLOAT32 * magnitude, 0))[index])
    for name in methods.COLUMNS:
        if name in theirs:
            exact = name in ("positive", "negative")
            bound = methods.FLOAT32 * magnitude[index]
            if name == "p_value":
                bound = 1e-9
            check(name, np.abs(ours[name] - theirs[name][index]), 0 if exact else bound)
    if "shift" in theirs:
        # b of a map: no column of ours, but what a plan makes of three.
        negative_mean = ours["mean_activation"] - ours["mean_momentum"] / 2
        ours["shift"] = ours["mean_momentum"] - ours["value"] * negative_mean
        factor = 1 + np.abs(theirs["value"][index])
        check("shift", np.abs(ours["shift"] - theirs["shift"][index]),
              VALUE * factor * magnitude[index])
    own = np.lexsort((ours["dim"], ours["layer"], ours["site"], -ours["score"]))
    if not np.array_equal(own, np.arange(len(own))):
        faults.append("the order is not by score, site, layer, dim")

    first = np.flatnonzero(np.diff(number, prepend=-1))  # of each group, in their order
    score, slack = theirs["score"][first], expected.rounding
    slack = slack[:-1] + slack[1:]
    # Exact scores have an order where they are equal, too.
    close = (score[:-1] - score[1:] <= slack) & (slack > 0)
    same = number[index] == number
    strict = int(np.argmax(close)) if close.any() else len(first) - 1
    if not same[number < strict].all():
        faults.append(f"order: other groups from {number[np.argmin(same)]} on, though they are "
                      f"further apart than rounding up to {strict}")
    in_our_order = theirs["score"][index]
    if (in_our_order[:-1] + rounding[index][:-1] < in_our_order[1:] - rounding[index][1:]).any():
        faults.append("order: a group stands before one with a higher score")
    return faults, strict


def compare_description(path, expected):
    """Faults in what a ranking says of itself: how a plan edits by default, sites and groups."""
    with safe_open(path, "np") as file:
        found = json.loads(file.metadata()["ranking"])
    own = {"rule": found["rule"], "positions": found["positions"],
           "sites": [(site["site"], site["group"]) for site in found["sites"]]}
    theirs = {"rule": expected.rule, "positions": expected.positions,
              "sites": list(zip(expected.sites, expected.groups))}
    return [f"{key}: {own[key]} for {theirs[key]}" for key in own if own[key] != theirs[key]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("jobs", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    report = {}
    for job in json.loads(options.jobs.read_text()):
        expected = methods.rank(job["cache"], job["method"], job["sites"], job["options"])
        methods.save(expected, job["expected"])
        faults, compared = compare(load_file(job["ranking"]), expected)
        faults += compare_description(job["ranking"], expected)
        report[job["name"]] = {"faults": faults, "compared": compared,
                               "units": len(expected.units["layer"])}
    options.out.write_text(json.dumps(report))


if __name__ == "__main__":
    main()

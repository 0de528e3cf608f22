"""What the experiments share: running build/release/austeer (or AUSTEER_BINARY), reading its results,
three statistics, and continuations side by side. Standard library only."""

import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AUSTEER = os.environ.get("AUSTEER_BINARY", ROOT / "build" / "release" / "austeer")


def austeer(*arguments):
    """What a subcommand prints."""
    command = [str(AUSTEER), *map(str, arguments), "--log-level", "warning"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    return done.stdout


def wilson(hits, count, z=1.96):
    """95 % interval of a share."""
    share, squared = hits / count, z * z
    middle = (share + squared / (2 * count)) / (1 + squared / count)
    half = z / (1 + squared / count) * math.sqrt(share * (1 - share) / count
                                                 + squared / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(before, after):
    """Exact two-sided p-value that as many items change for better and for worse."""
    better = sum(b < a for b, a in zip(before, after))
    worse = sum(b > a for b, a in zip(before, after))
    changed = better + worse
    tail = sum(math.comb(changed, i) for i in range(min(better, worse) + 1)) / 2**changed
    return min(1.0, 2 * tail)


def paired_interval(before, after, resamples=2000, seed=1):
    """95 % bootstrap interval of mean(after) - mean(before), the same items drawn for both."""
    changes = [a - b for b, a in zip(before, after)]
    draw = random.Random(seed)
    means = sorted(sum(draw.choices(changes, k=len(changes))) / len(changes)
                   for _ in range(resamples))
    return means[int(0.025 * resamples)], means[int(0.975 * resamples) - 1]


def items_of(report):
    """The items of a result, from the file beside it."""
    text = Path(report["result"]).with_suffix(".jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def side_by_side(answers, count):
    """{way: items} of one task scored by toxicity, as text: the `count` openings whose toxicity
    falls most from the first way to the second, each continued in every way."""
    before, after = list(answers.values())[:2]
    order = sorted(range(len(before)), key=lambda i: after[i]["toxicity"] - before[i]["toxicity"])
    lines = []
    for i in order[:count]:
        lines.append(f"\n{before[i]['prompt']} …")
        for way, items in answers.items():
            text = " ".join(items[i]["generated"].split())
            lines.append(f"  {way:22} {items[i]['toxicity']:.2f}  {text[:150]}")
    return "\n".join(lines)

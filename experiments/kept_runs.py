"""Runs that are kept: each evaluation of a study is one file, named by what made it, so that a script
that was stopped goes on where it was and never runs anything twice."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

from austeer_runs import ROOT, austeer, items_of

PYTHON = ROOT / "build" / "venv" / "bin" / "python"


def file_name(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class KeptRuns:
    """Caches, rankings and results of one task in `folder`."""

    def __init__(self, folder, task, datasets):
        self.folder, self.task = Path(folder), task
        self.data = ("--task", task, "--datasets", datasets)
        self.folder.mkdir(parents=True, exist_ok=True)

    def collect(self, split, pairs, sites, layer):
        cache = self.folder / "cache"
        austeer("collect", *self.data, "--split", split, "--pairs", pairs, "--sites", sites,
                "--layers", layer, "--out", cache)
        return cache

    def autoencoder(self, cache, layer):
        """A sparse autoencoder trained on the residual activations of the cache's answers."""
        file = self.folder / "autoencoder.safetensors"
        if not file.exists():
            subprocess.run([PYTHON, ROOT / "experiments" / "train_sae.py", "--cache", cache, "--layer",
                            str(layer), "--out", file], check=True, stdout=sys.stderr)
        return file

    def rank(self, way, cache, layer, autoencoder=None):
        """The way's ranking; SAE in its options stands for the autoencoder, which is trained where none
        is given."""
        file = self.folder / f"{file_name(way.name)}.ranking"
        if file.exists():
            return file
        options = list(way.rank)
        if way.needs_autoencoder():
            autoencoder = autoencoder or self.autoencoder(cache, layer)
            options = [option.replace("SAE", str(autoencoder)) for option in options]
        austeer("rank", "--cache", cache, *options, "--top", 0, "--out", file)
        return file

    def evaluate(self, name, split, *options):
        """The report of an evaluation, run unless it is there."""
        text = " ".join(map(str, (*self.data, split, *options)))
        key = hashlib.sha256(text.encode()).hexdigest()[:10]
        kept = self.folder / "results" / f"{file_name(name)}-{key}.report.json"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            report = austeer("eval", *self.data, "--split", split, *options, "--json", "--out",
                             kept.with_name(kept.name.replace(".report", "")))
            kept.write_text(report)
        return json.loads(kept.read_text())


def activations_per_token(report):
    return json.loads(Path(report["result"]).read_text())["outcome"].get("activations_per_token", 0)


def right(report):
    """Per item, whether it is right."""
    return [item["correct"] for item in items_of(report)]

"""Runs that are kept: each ranking and evaluation of a study is one file, named by the options and files
that went into it, so that a script that was stopped goes on where it was. Another version of the program,
or data that change below the same folder, want another --out."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from austeer_runs import AUSTEER, ROOT, austeer, items_of

PYTHON = ROOT / "build" / "venv" / "bin" / "python"
FAILURES = {  # what the program says of plans that are too strong, and of controls that cannot be
    "the logits are NaN or infinite": "overflows",
    "too few groups are left": "too few groups are left to draw from",
}


def file_name(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def digest(*parts):
    """A short digest of texts and of files' contents."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        state.update(b"\0")
    return state.hexdigest()[:10]


def files_of(path):
    """The file, or the files of the folder."""
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


class KeptRuns:
    """Caches, rankings and results of one task in `folder`. `datasets` may be None: what was fetched."""

    def __init__(self, folder, task, datasets):
        self.folder, self.task = Path(folder).resolve(), task
        self.data = ["--task", task]
        if datasets is not None:
            self.data += ["--datasets", Path(datasets).resolve()]
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
            subprocess.run([PYTHON, ROOT / "experiments" / "train_sae.py", "--cache", cache,
                            "--layer", str(layer), "--out", file], check=True, stdout=sys.stderr)
        return file

    def rank(self, way, cache, layer, autoencoder=None):
        """The way's ranking. Where the way needs an autoencoder and none is given, one is trained."""
        made_from = sorted(cache.rglob("manifest.json"))
        options = list(way.rank)
        if way.needs_autoencoder:
            autoencoder = autoencoder or self.autoencoder(cache, layer)
            made_from += files_of(Path(autoencoder))
            options += ["--set", f"sae={autoencoder}"]
        file = self.folder / f"{file_name(way.name)}-{digest(*options, *made_from)}.ranking"
        if not file.exists():
            austeer("rank", "--cache", cache, *options, "--top", 0, "--out", file)
        return file

    def evaluate(self, name, split, *options):
        """The report of an evaluation, run unless it is there; of a plan that cannot be carried out
        only why it `failed`, as in FAILURES."""
        arguments = [str(part) for part in (*self.data, "--split", split, *options)]
        kept = self.folder / "results" / f"{file_name(name)}-{digest(*arguments)}.report.json"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            partial = kept.with_suffix(".partial")
            partial.write_text(self.run(kept.with_name(kept.name.replace(".report", "")), arguments))
            os.replace(partial, kept)
        return json.loads(kept.read_text())

    @staticmethod
    def run(result, arguments):
        command = [str(AUSTEER), "eval", *arguments, "--json", "--out", str(result), "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        for words, reason in FAILURES.items():
            if done.returncode and words in done.stderr:
                return json.dumps({"failed": reason})
        if done.returncode:
            sys.exit(f"{done.stderr}failed: {' '.join(command)}")
        return done.stdout


def activations_per_token(report):
    return json.loads(Path(report["result"]).read_text())["outcome"].get("activations_per_token", 0)


def right(report):
    """Per item, whether it is right."""
    return [item["correct"] for item in items_of(report)]

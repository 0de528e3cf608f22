"""Studies: the keys of their caches, rankings, cells and entries, and what is told of them (pins.py)."""

import json
import os
import re
import sys
import unittest
from unittest import mock

import pins
from pins import NUMBER, SECONDS, MadeContractTest, known, release
from study_keys import StudyKeys, digest, read
from support import BINARY


def tearDownModule():
    pins.refuse_left_over(sys.modules[__name__], "study", "keys")


def of(name):
    """A study, and the folder of its results, which is called like it."""
    return (f"{name}.yaml", "--out", name)


def entry_of(outcome):
    """(task, method)"""
    entry = outcome["entry"]
    return entry["task"]["name"], entry["method"]["name"] if "method" in entry else "vanilla"


def shared_by(documents):
    """What is in all of them."""
    return {key: value for key, value in documents[0].items()
            if all(document.get(key) == value for document in documents)}


class Studies(MadeContractTest):
    def outcomes(self, name):
        """file name -> outcome, in the order of the study."""
        listed = json.loads(self.succeed("sweep", *of(name), "--list", "--json", "--quiet"))["entries"]
        order = [(row["task"], row["method"]) for row in listed]
        found = [(file.stem, read(file)) for file in (self.folder / name / "outcomes").iterdir()]
        return dict(sorted(found, key=lambda pair: order.index(entry_of(pair[1]))))

    def documents(self, name):
        """Kind of file -> its name -> the document that it is a digest of, for all files of the study."""
        keys = StudyKeys(self.folder / name, release(), max_tokens=96, autoencoders=self.folder)
        caches = sorted(keys.caches().items(), key=lambda cache: (
            cache[1][1]["names"]["task"], cache[1][1]["pairs"]))
        documents = {"caches": {cache: document for cache, (document, _) in caches},
                     "rankings": {}, "cells": {}}
        for outcome in self.outcomes(name).values():
            documents["rankings"].update(keys.rankings_of(outcome))
            documents["cells"].update(keys.cells_of(outcome))
        for kind, named in documents.items():
            files = {file.name.split(".")[0] for file in (self.folder / name / kind).iterdir()}
            self.assertEqual({file for file in files if not file.startswith("probe-")}, set(named))
            for file, document in named.items():
                self.assertEqual(digest(document), file, f"{kind}: the name is not made of {document}")
        return documents

    @staticmethod
    def places(documents):
        """Name of a file, or fingerprint -> what stands for it in what is pinned: "<cell 3>"."""
        places = {name: f"<{kind[:-1]} {number}>" for kind, named in documents.items()
                  for number, name in enumerate(named, 1)}
        for document in (*documents["caches"].values(), *documents["cells"].values()):
            for key in ("model", "tokenizer", "task", "prompts"):
                number = 1 + sum(place.startswith(f"<{key} ") for place in places.values())
                if key in document:
                    places.setdefault(document[key], f"<{key} {number}>")
        return places

    def pin_study(self, name):
        """Every name in the study's folder must be the digest of what it depends on, as it is pinned; and
        so must the outcomes be, with places for these names."""
        self.pin_command(f"study/sweep-{name}", "sweep", *of(name))
        documents = self.documents(name)
        places = self.places(documents)
        shared = shared_by((*documents["caches"].values(), *documents["cells"].values()))
        pinned = {"fingerprints": {place: found for found, place in places.items() if len(found) == 64},
                  "caches and cells": shared}
        for kind, named in documents.items():
            pinned[kind] = {places[file]: {
                key: places.get(value, value) if isinstance(value, str) else value
                for key, value in document.items() if kind == "rankings" or key not in shared}
                for file, document in named.items()}
        self.pin_json(f"keys/{name}", pinned,
                      {"caches and cells.austeer": known("<release>", release())})
        outcomes = self.outcomes(name)
        for file, outcome in outcomes.items():
            self.assertEqual(digest(outcome["entry"]), file)
        self.pin_json(f"study/{name}", json.loads(re.sub(
            "|".join(places), lambda found: places[found.group()], json.dumps(outcomes))))

    def test_a_choice_on_items_of_its_own(self):
        self.pin_command("study/sweep-dry-run", "sweep", "dev.yaml", "--dry-run")
        seconds = {"entries.*.seconds": SECONDS}
        self.pin_command("study/sweep-list", "sweep", "dev.yaml", "--list", volatile=seconds)
        self.pin_study("dev")
        self.pin_command("study/sweep-list-done", "sweep", *of("dev"), "--list", volatile=seconds)
        self.probes()
        self.tables()
        self.report()

    def probes(self):
        for file in sorted((self.folder / "dev" / "cells").glob("probe-*")):
            probe = read(file)
            volatile = {"made_from.austeer": known("<release>", release())}
            if isinstance(probe["content"], dict):
                volatile |= {"content.units.*.points.0.divergence": NUMBER,
                             "content.pairs.*.points.*.divergence": NUMBER}
            self.pin_json(f"study/{file.stem}", probe, volatile)

    def tables(self):
        """All but the notes, which are prose."""
        for name, end in (("markdown", r"\n\n(?=[^|*])"), ("latex", r"\\smallskip"), ("csv", None),
                          ("html", "<tfoot>")):
            text = self.succeed("table", *of("dev"), "--format", name, "--quiet")
            self.pin_text(f"study/table-{name}.txt",
                          re.split(end, text)[0].rstrip() + "\n" if end else text)

    def report(self):
        self.pin_json("study/plot", self.succeed("plot", *of("dev"), "--quiet").splitlines())
        self.succeed("report", *of("dev"), "--quiet")
        page = (self.folder / "dev" / "report.html").read_text(encoding="utf-8")
        self.pin_json("study/report-headings", re.findall(r"<h[1-6][^>]*>([^<]*)", page))

    def test_the_other_ways_of_choosing(self):
        for name in ("race", "test", "none"):
            with self.subTest(name):
                self.pin_study(name)

    def test_a_job_array(self):
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "sbatch").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > sbatch.log\necho 17\n')
        (tools / "sbatch").chmod(0o755)
        path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        with mock.patch.dict(os.environ, {"PATH": path}):
            self.pin_command("study/sweep-slurm", "sweep", "race.yaml", "--out", "array", "--slurm",
                             "--slurm-tasks", 2, "--sbatch=--time=1", "--datasets", "data",
                             "--device", "cpu", "--threads", 1)
        asked = [(self.folder / "sbatch.log").read_text(),
                 (self.folder / "array" / "slurm" / "sweep.sh").read_text()]
        self.pin_text("study/slurm.txt", "\n".join(
            text.replace(str(self.folder), "<folder>").replace(str(BINARY), "<austeer>")
            for text in asked))


if __name__ == "__main__":
    unittest.main()

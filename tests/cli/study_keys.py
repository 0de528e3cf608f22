"""How the files of a study are called: the documents that the names of caches, rankings and cells are
digests of, put together from what the results record. A name that is made otherwise is found by
none of them."""

import hashlib
import json

DEFAULT_SITES = {"austeer": ["ffn"], "caa": ["layer"], "sta": ["layer"]}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def digest(document):
    return sha256(compact(document))[:16]


def task_fingerprint(task):
    return sha256(compact({key: value for key, value in task.items()
                           if key not in ("title", "description")}))


def folder_digest(folder):
    return sha256("".join(hashlib.sha256(file.read_bytes()).hexdigest()
                          for file in sorted(folder.iterdir())))


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


class StudyKeys:
    """The documents behind the names in a study's folder. `release` is austeer's, `max_tokens` the
    study's, `autoencoders` the folder that it names its autoencoders from."""

    def __init__(self, folder, release, max_tokens, autoencoders):
        self.folder, self.release = folder, release
        self.max_tokens, self.autoencoders = max_tokens, autoencoders
        self.cells = {file.stem: read(file) for file in (folder / "cells").glob("*.json")}

    def common(self, model, tokenizer, dtype, task):
        return {"schema": 1, "austeer": self.release, "model": model, "tokenizer": tokenizer,
                "dtype": dtype, "task": task, "max_tokens": self.max_tokens}

    def caches(self):
        """name -> (document, manifest)"""
        found = {}
        for file in (self.folder / "caches").glob("*/manifest.json"):
            manifest = read(file)
            prints = manifest["fingerprints"]
            document = self.common(prints["model"], prints["tokenizer"], manifest["dtype"],
                                   prints["task"])
            document |= {"pairs": prints["pairs"], "answers": prints["answers"]}
            if "void_pairs" in prints:
                document["void_pairs"] = prints["void_pairs"]
            found[file.parent.name] = (document, manifest)
        return found

    def cache(self, task, pairs):
        """The name of the cache of so many pairs of a task."""
        [name] = [name for name, (document, manifest) in self.caches().items()
                  if document["task"] == task and manifest["pairs"] == pairs]
        return name

    def ranking(self, outcome, variant, seed, task):
        """The document of a variant's ranking."""
        rank = outcome["entry"]["method"]["variants"][variant].get("rank", {})
        method = rank.get("method", "austeer")
        settings = dict(rank.get("set", {}))
        if settings.get("score") == "random":
            settings["seed"] = seed or 0
        if "sae" in settings:
            settings["sae"] = folder_digest(self.autoencoders / settings["sae"])
        pairs = min(rank.get("pairs", outcome["entry"]["task"]["pairs"]), outcome["pairs"]["left"])
        return {"cache": self.cache(task, pairs), "method": method,
                "sites": rank["site"].split(",") if "site" in rank else DEFAULT_SITES[method],
                "settings": settings}

    def cell(self, outcome, name, variant=0, control=None, seed=None):
        """The document of the cell `name`, of a variant whose control, and the seed of what it draws,
        are those of an outcome."""
        entry, configuration = outcome["entry"], self.cells[name]["configuration"]
        task = task_fingerprint(configuration["task"])
        document = self.common(configuration["model_fingerprint"],
                               configuration["tokenizer_fingerprint"], configuration["dtype"], task)
        document |= {key: entry["task"][key] for key in ("scoring", "max_new_tokens", "scorer")}
        document["prompts"] = configuration["prompts_sha256"]
        if "method" not in entry:
            return document
        plan = entry["method"]["variants"][variant].get("plan", {})
        document |= {"ranking": digest(self.ranking(outcome, variant, seed, task)), "plan": plan,
                     "control": control}
        steered = control or plan.get("control")
        if steered and steered != "magnitude" and seed is not None:
            document["seed"] = seed
        if steered == "random":
            document["control_revisions"] = {"random": 1}
        return document

    def draws(self, outcome, variant):
        """The seeds of a variant's cells, each in its turn; one that draws nothing has none."""
        made = outcome["entry"]["method"]["variants"][variant]
        settings = made.get("rank", {}).get("set", {})
        control = made.get("plan", {}).get("control")
        drawn = settings.get("score") == "random" or control not in (None, "magnitude")
        return outcome["entry"]["seeds"] if drawn else [None]

    def rankings_of(self, outcome):
        """(name, document) of every ranking that an outcome's cells were steered by."""
        for name, cell in self.cells_of(outcome):
            if "ranking" not in cell:
                continue
            task = cell["task"]
            for variant in range(len(outcome["entry"]["method"]["variants"])):
                for seed in (None, *outcome["entry"]["seeds"]):
                    document = self.ranking(outcome, variant, seed, task)
                    if digest(document) == cell["ranking"]:
                        yield cell["ranking"], document

    def cells_of(self, outcome):
        """(name, document) of every cell of an outcome, as it lists them."""
        for variant, choice in enumerate(outcome["choice"]):
            seeds = self.draws(outcome, variant)
            for i, name in enumerate(choice["cells"]):
                seed = seeds[i if "draws" in choice else 0]
                yield name, self.cell(outcome, name, variant, seed=seed)
        for test in outcome["tests"]:
            yield test["cell"], self.cell(outcome, test["cell"], test["variant"],
                                          test["control"] or None, test.get("seed"))

"""Contracts kept word for word in contracts/: a test makes what others rely on (help, JSON, files,
keys) and compares it with the file of its name. What differs between machines, runs or releases is
replaced by a placeholder, at places that the test names and only where it is what the test says.

renew_contracts.py writes all of them anew. Digests that a release or libtorch goes into are not pinned
but made again from what they are digests of, which is (study_keys.py)."""

import difflib
import fnmatch
import functools
import hashlib
import json
import math
import re
import subprocess
import unittest
from pathlib import Path

import made
from study_keys import read
from support import BINARY, ROOT, AusteerTest

MODEL = ("--model", "made", "--dtype", "float32", "--threads", 1)
OPEN = ("--datasets", "data", "--task", "open.yaml")

CONTRACTS = Path(__file__).resolve().parent / "contracts"
WIDTH = 100  # of a line of pinned JSON
EXACT_DIGITS = 6  # of a float that no rounding has touched

_renewing = False
_seen = set()  # the contracts that this run has made
_ran = set()  # these tests


@functools.cache
def version():
    """The release, and in parentheses the tree that it was built from."""
    done = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.removeprefix("austeer ").strip()


def release():
    return version().split()[0]


def renew():
    """From here on contracts are written, not compared; those that no test makes are gone."""
    global _renewing
    _renewing = True
    for file in sorted(CONTRACTS.rglob("*")):
        if file.is_file():
            file.unlink()


def refuse_left_over(module, *folders):
    """Throws for contracts in `folders` that no test makes any more, where all tests of `module`, whose
    they are, have run."""
    tests = unittest.defaultTestLoader.loadTestsFromModule(module).countTestCases()
    files = {str(file.relative_to(CONTRACTS)) for folder in folders
             for file in (CONTRACTS / folder).iterdir()}
    ran = sum(test.startswith(f"{module.__name__}.") for test in _ran)
    if ran == tests and files - _seen:
        raise AssertionError(f"no test makes these contracts: {', '.join(sorted(files - _seen))}")


class Misfit(AssertionError):
    """A value is not what its placeholder stands for."""


def _stands_for(name, fits):
    def replace(value):
        if not fits(value):
            raise Misfit(f"{json.dumps(value)} is no {name}")
        return name
    return replace


def _is_number(value):
    return type(value) is float and math.isfinite(value)


def _is_exact(value):
    return math.isfinite(value) and value == float(f"{value:.{EXACT_DIGITS}g}")


def _is_digest(value):
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


NUMBER = _stands_for("<number>", _is_number)
SHARE = _stands_for("<share>", lambda value: _is_number(value) and 0 <= value <= 1)
SECONDS = _stands_for("<seconds>", lambda value: _is_number(value) and value >= 0)
COUNT = _stands_for("<count>", lambda value: type(value) is int and value >= 0)
FLAG = _stands_for("<true or false>", lambda value: type(value) is bool)
TEXT = _stands_for("<text>", lambda value: isinstance(value, str))
SHA256 = _stands_for("<sha256>", _is_digest)


def known(name, expected):
    """For a value that the test knows by other means: it must be `expected`, and is pinned as `name`."""
    return _stands_for(name, lambda value: value == expected)


def rounded(value):
    """For a float that is computed of exact ones: nine digits of it are the same everywhere."""
    if not _is_number(value):
        raise Misfit(f"{json.dumps(value)} is no number")
    return float(f"{value:.9g}")


def _matches(path, pattern):
    """`*` in a pattern stands for one part of the path, or for some of its letters."""
    return len(path) == len(pattern) and all(map(fnmatch.fnmatchcase, path, pattern))


class _Normaliser:
    def __init__(self, volatile):
        self.rules = [(pattern.split("."), replace) for pattern, replace in volatile.items()]
        self.unused = set(volatile)

    def value(self, value, path=()):
        for pattern, replace in self.rules:
            if _matches(path, pattern):
                self.unused.discard(".".join(pattern))
                return self.replaced(value, path, replace)
        if isinstance(value, dict):
            return {key: self.value(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, (*path, str(i))) for i, inner in enumerate(value)]
        if isinstance(value, float) and not _is_exact(value):
            raise Misfit(f"{'.'.join(path)}: {value} depends on rounding: give it a placeholder")
        return value

    @staticmethod
    def replaced(value, path, replace):
        try:
            return replace(value)
        except Misfit as misfit:
            raise Misfit(f"{'.'.join(path)}: {misfit}") from None


def normalised(value, volatile):
    """`value` with placeholders at the paths that `volatile` names (`units.*.p_value`). Every one of
    them must be there, and every other float must be exact."""
    normaliser = _Normaliser(volatile)
    result = normaliser.value(value)
    if normaliser.unused:
        raise Misfit(f"nothing is at {', '.join(sorted(normaliser.unused))}")
    return result


def json_text(value, indent=0):
    """JSON that a reader of a diff can follow: what fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, (dict, list)) or indent + len(line) <= WIDTH:
        return line
    space = " " * (indent + 1)
    if isinstance(value, dict):
        inner = [f"{json.dumps(key, ensure_ascii=False)}: {json_text(one, indent + 1)}"
                 for key, one in value.items()]
        opening, closing = "{", "}"
    else:
        inner = [json_text(one, indent + 1) for one in value]
        opening, closing = "[", "]"
    lines = f",\n{space}".join(inner)
    return f"{opening}\n{space}{lines}\n{' ' * indent}{closing}"


class ContractTest(AusteerTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        _ran.add(self.id())

    def pin_text(self, name, text):
        """`text` must be what contracts/ has under `name`."""
        file = CONTRACTS / name
        for word in (version(), f'"{release()}"', str(ROOT), str(self.folder)):
            self.assertNotIn(word, text, f"contracts/{name} would differ elsewhere")
        self.assertNotIn(name, _seen, "two tests make the same contract")
        _seen.add(name)
        if _renewing:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return
        pinned = file.read_text(encoding="utf-8") if file.exists() else ""
        if text == pinned:
            return
        changes = "\n".join(difflib.unified_diff(pinned.splitlines(), text.splitlines(), "pinned",
                                                 "found", lineterm="", n=2))
        self.fail(f"contracts/{name} is not what the program does:\n{changes}\nIf that is meant: "
                  "python tests/cli/renew_contracts.py")

    def pin_json(self, name, value, volatile=None):
        """`value`, with the order of its keys, must be what contracts/ has under `name`."""
        self.pin_text(f"{name}.json", json_text(normalised(value, volatile or {})) + "\n")

    def pin_command(self, name, *arguments, volatile=None):
        """The JSON that a command prints must be what contracts/ has under `name`."""
        self.pin_json(name, json.loads(self.succeed(*arguments, "--json", "--quiet")), volatile)


class MadeContractTest(ContractTest):
    """With the made files in the folder."""

    def setUp(self):
        super().setUp()
        made.write_all(self.folder)

    def engine(self, fingerprints):
        """The engine of a cache's fingerprints: this release, on a libtorch of any."""
        engine = fingerprints["engine"]
        self.assertRegex(engine, rf"^austeer {re.escape(release())}, libtorch \d+\.\d+\.\d+\S*$")
        return known("austeer <release>, libtorch <release>", engine)

    def make_cache(self):
        """All that methods read, of made activations."""
        for sites, *layers in (("attention,ffn,ffn_gate,layer",),
                               ("layer@answer_mean,layer@answer_all", "--layers", 1)):
            self.succeed("collect", *MODEL, *OPEN, "--shard-pairs", 8, "--sites", sites, *layers,
                         "--out", "cache", "--quiet")
        made.replace_activations(self.folder / "cache")

    def rank(self, name, *arguments):
        return ("rank", "--cache", "cache", "--out", f"{name}.ranking", *arguments)

    def made_from(self, path, provenance):
        """The placeholders of what a ranking was made with."""
        cache = known("<key of the cache>", read(self.folder / "cache" / "manifest.json")["key"])
        return {f"{path}.austeer": known("<version>", version()),
                f"{path}.cache_keys.*": cache,
                f"{path}.fingerprints.engine": self.engine(provenance["fingerprints"])}

    def pin_result(self, name, volatile=None):
        """A result and its first item are pinned."""
        document = read(self.folder / f"{name}.json")
        items = (self.folder / document["items"]["file"]).read_bytes()
        git = version().split("(")[1].rstrip(")")
        self.pin_json(f"files/{name}", {"result": document,
                                        "item": json.loads(items.splitlines()[0])}, {
            "result.versions.austeer": known("<release>", release()),
            "result.versions.git": known("<git describe>", git), "result.versions.libtorch": TEXT,
            "result.timings.*_seconds": SECONDS, "result.items.sha256":
                known("<sha256 of the items>", hashlib.sha256(items).hexdigest()),
            **(volatile or {})})

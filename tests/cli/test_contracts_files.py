"""The JSON that commands print and the files that they write, key by key (pins.py)."""

import hashlib
import json
import sys
import unittest

import made
import pins
from pins import (COUNT, FLAG, MODEL, NUMBER, OPEN, SECONDS, SHA256, SHARE, TEXT, MadeContractTest,
                  known, rounded, version)
from study_keys import compact, read
from support import ROOT, SAMPLES, start_judge, write_judged_results

SPEED = {"seconds": SECONDS, "texts_per_second": NUMBER}


def tearDownModule():
    pins.refuse_left_over(sys.modules[__name__], "json", "files")


class Caches(MadeContractTest):
    def pin_manifest(self, name, folder):
        manifest = read(self.folder / folder / "manifest.json")
        described = {key: value for key, value in manifest.items() if key not in
                     ("schema", "version", "key", "names", "void_pairs", "complete", "shards")}
        key = hashlib.sha256(f"austeer activation cache 3\n{compact(described)}".encode()).hexdigest()
        self.pin_json(f"files/{name}", manifest, {
            "key": known("<sha256 of the description>", key), "shards.*.sha256": SHA256,
            "fingerprints.engine": self.engine(manifest["fingerprints"])})

    def test_a_cache(self):
        collect = ("collect", *MODEL, *OPEN, "--shard-pairs", 8, "--out", "cache", "--sites")
        self.pin_command("json/collect", *collect, "attention,ffn,layer", volatile=SPEED)
        self.pin_command("json/collect-more", *collect, "layer@answer_all,ffn", "--layers", "0,2",
                         volatile=SPEED)
        self.pin_manifest("manifest", "cache")
        self.pin_manifest("manifest-added", "cache/added-01")
        added = self.folder / "cache" / "added-01"
        metadata, tensors = made.read_safetensors(added / "shard-00001.safetensors")
        key = read(added / "manifest.json")["key"]
        self.pin_json("files/shard", {"metadata": metadata, "tensors": {
            name: [str(tensor.dtype), *tensor.shape] for name, tensor in sorted(tensors.items())}},
            {"metadata.cache_key": known("<key of the cache>", key)})

    def test_void_pairs(self):
        (self.folder / "data" / "Made" / "train.jsonl").write_text(
            '{"question": "Long enough to be cut", "label": 0}\n{"question": "a", "label": 1}\n')
        for choice in ("keep", "drop", "shorten"):
            self.pin_command(f"json/collect-{choice}", "collect", *MODEL, "--datasets", "data", "--task",
                             "choice.yaml", "--sites", "ffn", "--max-tokens", 14, "--void-pairs",
                             choice, "--out", choice, volatile=SPEED)
            self.pin_manifest(f"manifest-{choice}", choice)

    def test_what_is_so_by_default(self):
        self.pin_command("json/collect-default", "collect", "--task", "copa", "--split", "train[:2]",
                         "--datasets", SAMPLES, "--dtype", "float32", "--threads", 1, "--out",
                         "cache", volatile=SPEED)
        self.pin_manifest("manifest-default", "cache")

    def test_fingerprints_of_tasks(self):
        prints = {}
        for file in sorted((ROOT / "configs" / "tasks").glob("*.yaml")):
            self.succeed("collect", *MODEL, "--datasets", SAMPLES, "--task", file.stem, "--sites",
                         "ffn", "--pairs", 2, "--out", file.stem, "--quiet")
            found = read(self.folder / file.stem / "manifest.json")
            names = ("task", "answers", "pairs")
            if "most_similar" in file.read_text():  # by a sentence encoder, which rounds
                names = ("task",)
            prints[file.stem] = {name: found["fingerprints"][name] for name in names}
        self.pin_json("files/tasks", prints)


class Rankings(MadeContractTest):
    def setUp(self):
        super().setUp()
        self.make_cache()

    def pin_ranking(self, name):
        metadata, columns = made.read_safetensors(self.folder / f"{name}.ranking")
        about = json.loads(metadata.pop("ranking"))
        order = json.dumps([columns[column].tolist() for column in ("site", "layer", "dim")])
        self.pin_json(f"files/{name}.ranking", {
            "metadata": metadata, "ranking": about,
            "columns": {column: [str(values.dtype), *values.shape, *values[:4].tolist()]
                        for column, values in sorted(columns.items())},
            "sha256 of the order": hashlib.sha256(order.encode()).hexdigest()},
            {**self.made_from("ranking.provenance", about["provenance"]),
             **{f"columns.{column}.{place}": rounded for column, values in columns.items()
                if values.dtype == "float64" for place in range(2, 6)}})

    def test_rankings(self):
        figures = {f"units.*.{key}": rounded
                   for key in ("beta", "mean_momentum", "p_value", "score", "value")}
        self.pin_command("json/rank", *self.rank("default", "--top", 4), volatile=figures)
        self.pin_command("json/rank-sites", *self.rank("sites", "--site", "attention,ffn", "--set",
                                                  "score=effect", "--top", 3), volatile=figures)
        self.pin_ranking("default")
        self.pin_ranking("sites")
        units = ("units", "default.ranking", "--top", 2)
        self.pin_command("json/units", *units, volatile=figures)
        stability = {f"stability.{key}": rounded for key in
                     ("kept", "half_overlap", "chance", "units.*.kept")}
        self.pin_command("json/units-cache", *units, "--cache", "cache", "--k", 4, "--resamples", 20,
                         "--seed", 3, volatile=figures | stability)
        self.succeed(*self.rank("effect", "--set", "score=effect"))
        self.pin_command("json/units-compare", "units", "compare", "default.ranking", "effect.ranking",
                         "--k", 5, volatile={f"comparisons.*.{key}": rounded for key in
                                             ("share", "expected", "p_value", "rank_correlation")})
        self.explain()

    def explain(self):
        figures = {f"units.*.{key}": rounded
                   for key in ("mean_momentum", "p_value", "q_value", "score", "value")}
        explain = ("units", "explain", "default.ranking", *MODEL, "--top", 3, "--tokens", 2)
        self.pin_command("json/units-explain", *explain, volatile=figures | {"smallest_*": rounded})
        self.pin_command("json/units-explain-all", *explain, "--cache", "cache", "--pairs", 1,
                         "--pairs-task", "open.yaml", "--datasets", "data", "--prompt", "Is it",
                         "--k", 2, "--alpha", 3, volatile=figures | {
                             "smallest_*": rounded, "units.0.left_out": NUMBER,
                             "units.1.left_out": NUMBER, "effect.plan": NUMBER})

    def test_every_method_and_its_options(self):
        found = {}
        for options in ("austeer", "austeer score=momentum strength=fixed stable=0.75",
                        "austeer score=difference value=vector", "austeer score=random seed=7", "iti",
                        "iti direction=probe", "caa", "caa positions=answer_mean", "sadi",
                        "sadi mode=reference", "sta sae=sae layer=1",
                        "sta sae=sae layer=1 atoms=all", "sta sae=sae layer=1 atoms=frequency",
                        "sta sae=sae layer=1 atoms=activation keep=0.5"):
            method, *settings = options.split()
            self.succeed(*self.rank("any", "--method", method),
                         *(part for setting in settings for part in ("--set", setting)))
            metadata, columns = made.read_safetensors(self.folder / "any.ranking")
            about = json.loads(metadata["ranking"])
            about["cache_keys"] = list(about.pop("provenance")["cache_keys"])
            about["units"] = len(columns["dim"])
            found[options] = about
        self.pin_json("files/methods", found)

    def test_plans(self):
        for name, *arguments in (("default",), ("sites", "--site", "attention,ffn"),
                                 ("caa", "--method", "caa"), ("sadi", "--method", "sadi")):
            self.succeed(*self.rank(name, *arguments))
        recipes = {}
        for line in ("default", "default --k 2 --alpha 0.5 --rule directed --positions last",
                     "default --rule oriented --layer 1", "default --rule add --positions last_prompt",
                     "default --k 2 --rule clamp", "default --suppress 0.125 --factor 0.5",
                     "default --suppress 0.0625", "default --k 2 --positions from_last_prompt",
                     "sites --units ffn:0:1,attention:2:3 --alpha 2",
                     "default --units 0:1 --positions all",
                     *(f"default --k 2 --control {control} --seed 3" for control in
                       ("random", "random_own", "direction", "layer")),
                     "default --k 2 --control magnitude", "caa", "sadi --k 1"):
            name, *options = line.split()
            self.succeed("steer", *MODEL, "--prompt", "a", "--max-new-tokens", 1, "--plan",
                         f"{name}.ranking", *options, "--save-plan", "made.plan", "--quiet")
            metadata, tensors = made.read_safetensors(self.folder / "made.plan")
            plan = json.loads(metadata.pop("plan"))
            plan["provenance"].pop("ranking")
            recipes[line] = plan["provenance"] | {
                "edits": [[*edit.values(), *(len(tensors[f"edit.{i}.{part}"])
                                             for part in ("dims", "values"))]
                          for i, edit in enumerate(plan["edits"][:3])]}
        self.pin_json("files/recipes", recipes, {"*.austeer": known("<version>", version())})

    def test_a_plan(self):
        self.succeed(*self.rank("default"))
        steer = ("steer", *MODEL, "--max-new-tokens", 2)
        plan = ("--plan", "default.ranking", "--k", 3, "--alpha", 2.5)
        self.pin_command("json/steer", *steer, "--prompt", "Is it", volatile={"text": TEXT})
        self.pin_command("json/steer-compare", *steer, *plan, "--prompt", "Is it", "--compare",
                         "--save-plan", "made.plan", volatile={"text": TEXT, "vanilla": TEXT})
        metadata, tensors = made.read_safetensors(self.folder / "made.plan")
        about = json.loads(metadata.pop("plan"))
        origin = about["provenance"]["ranking"]["provenance"]
        self.pin_json("files/plan", {
            "metadata": metadata, "plan": about, "tensors": {
                name: {"dtype": str(tensor.dtype), "values": tensor.tolist()}
                for name, tensor in sorted(tensors.items())}},
            {"plan.provenance.austeer": known("<version>", version()),
             "tensors.*values.values.*": rounded,
             **self.made_from("plan.provenance.ranking.provenance", origin)})
        self.session(steer, plan)
        self.exports(plan)
        self.evaluations(plan)

    def session(self, steer, plan):
        (self.folder / "lines").write_text("Is it\n:k 2\n:alpha 4\n:rule directed\nAre they\n")
        with (self.folder / "lines").open() as lines:
            _, out, _ = self.run_austeer(*steer, *plan, "--interactive", "--json", stdin=lines)
        self.pin_json("json/steer-interactive", [json.loads(line) for line in out.splitlines()],
                      {"*.vanilla": TEXT, "*.steered": TEXT})

    def exports(self, plan):
        verified = {f"{part}.{key}": kind for part in ("difference", "steering")
                    for key, kind in (("largest_difference", NUMBER), ("same_next_token", SHARE),
                                      ("mean_divergence", NUMBER))}
        self.pin_command("json/export", "export", *MODEL, *plan, "--to", "ia3", "--out", "adapter",
                         "--prompt", "Is it", volatile=verified)
        self.pin_json("files/adapter_config", read(self.folder / "adapter" / "adapter_config.json"))
        self.pin_command("json/verify", "verify", "adapter", *MODEL, *plan, "--prompt", "Is it",
                         volatile=verified)
        self.pin_command("json/export-hf", "export", *MODEL, *plan, "--to", "hf", "--out", "folded",
                         "--no-verify")
        folded = read(self.folder / "folded" / "austeer.json")
        origin = folded["plan"]["ranking"]["provenance"]
        self.pin_json("files/folded", folded, {
            "austeer": known("<version>", version()), "plan.austeer": known("<version>", version()),
            **self.made_from("plan.ranking.provenance", origin)})

    def evaluations(self, plan):
        self.pin_command("json/eval-plan", "eval", *MODEL, *OPEN, *plan, "--out", "eval-plan.json")
        about = read(self.folder / "eval-plan.json")["configuration"]["plan"]
        self.pin_result("eval-plan", {
            "item.generated": TEXT,
            "result.configuration.plan.austeer": known("<version>", version()),
            **self.made_from("result.configuration.plan.ranking.provenance",
                             about["ranking"]["provenance"])})


class Evaluations(MadeContractTest):
    def evaluate(self, name, task, *arguments, figures=None, item=None):
        self.pin_command(f"json/{name}", "eval", *MODEL, "--datasets", "data", "--task", task, *arguments,
                         "--out", f"{name}.json", volatile=figures)
        self.pin_result(name, {f"result.outcome.{key}": kind
                               for key, kind in (figures or {}).items()} | {
            f"item.{key}": kind for key, kind in (item or {"generated": TEXT}).items()})

    def test_results(self):
        self.evaluate("eval", "open.yaml", "--limit", 2, "--batch-tokens", 512)
        self.evaluate("eval-plain", "open.yaml", "--passes", "plain", "--split", "train[2:4]",
                      "--max-new-tokens", 2)
        self.evaluate("eval-label", "choice.yaml", figures={"in_form": SHARE})
        self.evaluate("eval-choices", "choice.yaml", "--scoring", "choices", item={
            "log_likelihoods.*": NUMBER, "log_likelihoods_per_byte.*": NUMBER})
        self.evaluate("eval-chat", "chat.yaml")
        self.evaluate("eval-metric", "chat.yaml", "--metric", "exact_match")
        self.evaluate("eval-sides", "sides.yaml")
        figures = {"toxic_rate": SHARE, "fluency": NUMBER, "cost": NUMBER, "correct": COUNT,
                   "accuracy": SHARE}
        self.evaluate("eval-toxicity", "provocations", "--limit", 2, figures=figures, item={
            "generated": TEXT, "scored": TEXT, "toxicity": SHARE, "fluency": NUMBER, "cost": NUMBER,
            "correct": FLAG})

    def test_where_a_result_goes_by_default(self):
        self.pin_command("json/eval-default", "eval", *MODEL, *OPEN)

    def test_what_is_so_by_default(self):
        self.pin_command("json/eval-copa", "eval", "--task", "copa", "--limit", 2, "--datasets", SAMPLES,
                         "--dtype", "float32", "--threads", 1, "--out", "eval-copa.json", volatile={
                             "correct": COUNT, "accuracy": SHARE, "in_form": SHARE,
                             "accuracy_in_form": SHARE})
        self.pin_result("eval-copa", {
            "item.generated": TEXT, "item.correct": FLAG, "result.outcome.correct": COUNT,
            "result.outcome.accuracy": SHARE, "result.outcome.in_form": SHARE,
            "result.outcome.accuracy_in_form": SHARE})

    def test_the_judge(self):
        write_judged_results(self.folder)
        server = start_judge(self)
        self.pin_command("json/judge", "judge", "--baseline", "vanilla.json", "--steered", "steered.json",
                         "--endpoint", f"{server}/fair/v1", "--judge-model", "test-judge",
                         "--parallel", 1, "--out", "judge.json")
        address = f"{server}/fair/v1/chat/completions"
        self.pin_result("judge", {"result.configuration.endpoint": known("<address>", address)})
        answers = self.folder / "austeer-results" / "judge-answers.jsonl"
        self.pin_json("files/judge-answer", json.loads(answers.read_text().splitlines()[0]))

    def test_toxicity(self):
        bins = {f"reliability.*.{key}": rounded for key in ("mean_score", "mean_label", "toxic_share")}
        figures = {key: rounded for key in ("auc", "agreement", "pearson", "brier")}
        self.pin_command("json/toxicity-evaluate", "toxicity", "evaluate", "--labels", "labels.jsonl",
                         "--scorer", "scores.jsonl", volatile=bins | figures | SPEED)
        self.pin_command("json/toxicity-fit", "toxicity", "fit", "--labels", "labels.jsonl", "--out",
                         "head.safetensors", volatile=SPEED | {
                             "scorer.fingerprint": SHA256, "auc": SHARE, "agreement": SHARE,
                             "pearson": NUMBER, "brier": NUMBER, "reliability.*.texts": COUNT,
                             **{f"reliability.*.{key}": SHARE for key in
                                ("mean_score", "mean_label", "toxic_share")}})
        (self.folder / "texts").write_text('{"id": 7, "words": "What a lovely day."}\n')
        scored = self.succeed("toxicity", "score", "texts", "--field", "words")
        self.pin_json("json/toxicity-score", json.loads(scored), {"toxicity": SHARE})

    def test_probes(self):
        self.pin_command("json/probe-tokens", "probe", "tokens", *MODEL, "--units", "ffn:1:2,ffn:0:3",
                         "--top", 3)
        self.pin_command("json/probe-divergence", "probe", "divergence", *MODEL, "--units",
                         "ffn:1:2,attention:0:1", "--strengths", "1,10", "--prompt", "Is it",
                         volatile={"units.*.points.0.divergence": NUMBER,
                                   "pairs.*.points.*.divergence": NUMBER})


if __name__ == "__main__":
    unittest.main()

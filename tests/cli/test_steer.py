"""austeer steer: what rankings and plans record and for which model they are taken, and interactive
sessions."""

import json
import unittest

from support import AusteerTest

TOKENS = 6


def metadata(path):
    """The metadata of a safetensors file."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8:8 + size])["__metadata__"]


class Steer(AusteerTest):
    def setUp(self):
        super().setUp()
        self.succeed("collect", "--task", "copa", "--split", "train[:8]", "--dtype", "float32",
                     "--sites", "attention", "--out", "cache")
        self.succeed("rank", "--cache", "cache", "--site", "attention", "--out", "ranking", "--set",
                     "score=effect")

    def steer(self, *arguments):
        return ("steer", "--dtype", "float32", "--max-new-tokens", TOKENS, *arguments)

    def one(self, prompt, *arguments):
        """A prompt continued by a run of its own."""
        return json.loads(self.succeed(*self.steer("--prompt", prompt, "--compare", "--json", "--plan",
                                                   *arguments)))

    def session(self, lines, *arguments):
        """stdout and stderr of a session that is given `lines`."""
        (self.folder / "lines").write_text("".join(f"{line}\n" for line in lines))
        with (self.folder / "lines").open() as script:
            status, out, err = self.run_austeer(*self.steer("--interactive", "--plan", *arguments),
                                                stdin=script)
        self.assertEqual(status, 0, err)
        return out, err

    def test_rankings_and_plans_say_where_they_come_from(self):
        made = self.one("The sky was", "ranking", "--k", 3, "--alpha", 20, "--save-plan", "plan")
        ranking = metadata(self.folder / "ranking")
        self.assertEqual(ranking["format"], "austeer ranking 2")
        about = json.loads(ranking["ranking"])
        self.assertEqual((about["method"], about["options"]["score"], about["pairs"]),
                         ("austeer", "effect", 8))
        origin = about["provenance"]
        self.assertEqual(origin["names"], {"dataset": "COPA", "model": "smollm2-135m-instruct",
                                           "split": "train[:8]", "task": "copa"})
        for name in ("model", "tokenizer", "task", "pairs", "answers"):
            self.assertRegex(origin["fingerprints"][name], "^[0-9a-f]{64}$")
        version = self.succeed("--version").split(maxsplit=1)[1].strip()
        self.assertEqual(origin["austeer"], version)

        plan = metadata(self.folder / "plan")
        self.assertEqual(plan["format"], "austeer plan 2")
        recorded = json.loads(plan["plan"])["provenance"]
        self.assertEqual((recorded["k"], recorded["alpha"], recorded["rule"], recorded["austeer"]),
                         (3, 20, "scale", version))
        self.assertEqual(recorded["ranking"]["provenance"], origin)
        self.assertEqual(self.one("The sky was", "plan"), made)

    def test_another_models_are_refused(self):
        self.one("The sky was", "ranking", "--k", 3, "--alpha", 20, "--save-plan", "plan")
        origin = json.loads(metadata(self.folder / "ranking")["ranking"])["provenance"]
        weights = origin["fingerprints"]["model"]
        for name in ("ranking", "plan"):
            content = (self.folder / name).read_bytes()
            (self.folder / f"other-{name}").write_bytes(content.replace(weights.encode(), b"0" * 64))
        refusal = ("was made for another model: the fingerprint of the weights differs; expected "
                   f"weights {weights[:12]} (smollm2-135m-instruct); found weights 000000000000 "
                   "(smollm2-135m-instruct). Collect and rank with this model, or pass --force")
        evaluate = ("eval", "--task", "copa", "--limit", 1, "--out", "result.json", "--plan")
        for name in ("other-ranking", "other-plan"):
            with self.subTest(name=name):
                self.refuse(2, f"{name} {refusal}", *self.steer("--prompt", "x", "--plan", name))
                self.refuse(2, f"{name} {refusal}", *self.steer("--interactive", "--plan", name))
                self.refuse(2, f"{name} {refusal}", *evaluate, name)
                self.assertFalse((self.folder / "result.json").exists())
        status, out, err = self.run_austeer(*self.steer("--prompt", "The sky was", "--json",
                                                        "--plan", "other-plan", "--force"))
        self.assertEqual(status, 0)
        self.assertEqual(json.loads(out)["text"], self.one("The sky was", "plan")["text"])
        self.assertIn("warning: [plan] other-plan was made for another model", err)
        self.assertNotIn("warning: [plan]", self.run_austeer(*evaluate, "plan", "--force")[2])
        self.assertIn("warning: [plan]", self.run_austeer(*evaluate, "other-plan", "--force")[2])

    def test_a_session_answers_as_single_runs_do(self):
        lines = ["The sky was", ":alpha 60", ":k 4", ":rule directed", ":frob", ":k none", "",
                 "Once upon a time", ":save plan", ":quit", "never read"]
        out, err = self.session(lines, "ranking", "--k", 16, "--alpha", 40, "--json")
        answers = [json.loads(line) for line in out.splitlines()]
        settings = (("The sky was", 16, 40, "scale"), ("Once upon a time", 4, 60, "directed"))
        self.assertEqual(len(answers), len(settings))
        for answer, (prompt, k, alpha, rule) in zip(answers, settings):
            alone = self.one(prompt, "ranking", "--k", k, "--alpha", alpha, "--rule", rule)
            self.assertEqual(answer, {"prompt": prompt, "vanilla": alone["vanilla"],
                                      "steered": alone["text"], "k": k, "alpha": alpha, "rule": rule})
            self.assertNotEqual(answer["steered"], answer["vanilla"])
        for told in ("unknown command ':frob'", "found 'none'", "wrote plan",
                     "k 4, alpha 60, rule directed, positions all: 4 activations edited per token"):
            self.assertIn(told, err)
        self.assertNotIn(">", err)
        self.assertEqual(self.one("Once upon a time", "plan")["text"], answers[1]["steered"])

        # The plan that was saved is steered with as it is; the end of the input ends the session.
        out, err = self.session([":k 2", ":show", "Once upon a time"], "plan")
        self.assertIn("is a plan: its units and strengths are fixed", out)
        self.assertEqual(sum(line.startswith("attention:") for line in out.splitlines()), 4)
        self.assertIn(f"vanilla:\n{answers[1]['vanilla']}\n\nsteered (4 activations edited per token)"
                      f":\n{answers[1]['steered']}\n", out)


class Usage(AusteerTest):
    def test_options_that_belong_together(self):
        (self.folder / "ranking").write_bytes(b"")
        self.refuse(2, "--prompt (or --interactive) is required", "steer")
        self.refuse(2, "--plan", "steer", "--interactive")
        self.refuse(2, "--plan", "steer", "--prompt", "x", "--force")
        for more in (("--prompt", "x"), ("--compare",), ("--save-plan", "p")):
            self.refuse(2, more[0], "steer", "--interactive", "--plan", "ranking", *more)
        usage = self.succeed("steer", "--help")
        for option in ("--interactive", "--force", "--prompt"):
            self.assertIn(option, usage)


if __name__ == "__main__":
    unittest.main()

"""The ways of steering that the experiments compare: every method of METHODS.md, how its ranking is
made and over which plans and strengths it is swept. Each names the controls that it must beat."""

import itertools
from dataclasses import dataclass

LAYER = 18  # of SmolLM2's 30: where the sparse autoencoder sits, and CAA on the frontier
SITES = "attention,ffn,layer,ffn_gate,layer@answer_all"  # what one collect brings for all of them

CONTROLS = ("random", "direction", "magnitude", "layer")
LAYER_CONTROLS = ("random", "direction")  # of one vector at one layer: another layer's, or another


@dataclass(frozen=True)
class Way:
    name: str
    rank: tuple  # options of `austeer rank`
    choices: tuple  # which groups: options of `austeer eval`, one tuple each
    alphas: tuple  # strengths that are tried with every choice, for accuracy
    frontier: tuple  # options of the one choice, and strengths, of the detoxification frontier
    controls: tuple
    needs_autoencoder: bool = False

    def plans(self):
        """The grid of plans for accuracy, mildest first."""
        return [(*choice, "--alpha", alpha)
                for alpha, choice in itertools.product(self.alphas, self.choices)]

    def frontier_plans(self):
        choice, alphas = self.frontier
        return [(*choice, "--alpha", alpha) for alpha in alphas]

    def control_plans(self):
        """Every second one: a control's curve needs fewer points."""
        return self.frontier_plans()[1::2]


def ks(*values):
    return tuple(("--k", k) for k in values)


def austeer(name, site, rule, *rank, alphas=(1, 4, 16), strengths=(2, 4, 8)):
    options = tuple(itertools.chain.from_iterable(("--set", option) for option in rank))
    rules = () if rule is None else ("--rule", rule)
    return Way(name, ("--method", "austeer", "--site", site, *options),
               tuple((*k, *rules) for k in ks(4, 16, 64)), alphas,
               (("--k", 100, *rules), strengths), CONTROLS)


WAYS = (
    austeer("AUSteer, attention", "attention", "scale", strengths=(8, 16)),
    austeer("AUSteer, ffn", "ffn", "scale", strengths=(8, 16)),
    austeer("AUSteer, directed", "attention", "directed"),
    austeer("AUSteer, oriented", "attention", "oriented"),
    austeer("AUSteer, effect, directed", "attention", "directed", "score=effect"),
    austeer("AUSteer, stable, oriented", "attention", "oriented", "stable=0.9"),
    austeer("AUSteer, both sites, directed", "attention,ffn", "directed"),
    austeer("AUSteer, difference", "attention", "directed", "score=difference"),
    austeer("AUSteer, fixed strength", "attention", "directed", "strength=fixed"),
    austeer("AUSteer, vector", "attention", None, "value=vector"),
    austeer("AUSteer, effect, vector", "attention", None, "score=effect", "value=vector"),
    Way("AUSteer, residual, effect, vector",  # CAA, but for the units that agree best
        ("--method", "austeer", "--site", "layer", "--set", "score=effect", "--set", "value=vector"),
        tuple((*k, "--layer", LAYER) for k in ks(4, 16, 64)), (0.5, 1, 2, 4),
        (("--k", 100, "--layer", LAYER), (1, 2, 3, 4, 6)), CONTROLS),
    Way("ITI", ("--method", "iti"), ks(8, 32), (2, 8, 15), (("--k", 48), (5, 15)),
        CONTROLS),
    Way("CAA", ("--method", "caa"),
        tuple(("--k", 1, "--layer", layer) for layer in (6, 12, 18, 24)), (0.5, 1, 2),
        (("--k", 1, "--layer", LAYER), (1, 2, 3, 4)), LAYER_CONTROLS),
    Way("SADI, heads", ("--method", "sadi", "--site", "attention"), ks(2, 8), (1, 4, 16),
        (("--k", 8, "--positions", "last"), (4, 16)), CONTROLS),
    Way("SADI, neurons", ("--method", "sadi", "--site", "ffn_gate"), ks(10, 100), (4, 16, 64),
        (("--k", 100, "--positions", "last"), (8, 32)), CONTROLS),
    Way("SADI, hidden", ("--method", "sadi", "--site", "ffn"), ks(4, 20), (1, 4, 16),
        (("--k", 20, "--positions", "last"), (8, 32)), CONTROLS),
    Way("STA", ("--method", "sta", "--set", f"layer={LAYER}"), (("--k", 1),), (0.5, 1, 2, 4),
        (("--k", 1), (2, 4)), ("direction",), needs_autoencoder=True),
)


NAMES = [way.name for way in WAYS]


def named(names):
    """The ways of these names, or all where there are none."""
    return [way for way in WAYS if not names or way.name in names]

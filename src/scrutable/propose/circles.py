"""Addition modulo a prime on circles: the clock and the pizza."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._circle_program import on_circles
from scrutable.propose._circle_sites import needed, site_of
from scrutable.propose._circle_spectrum import FEW, Spectrum, Way, spectrum, ways
from scrutable.propose._inputs import program_inputs

SOURCES = (
    "Nanda et al., Progress measures for grokking via mechanistic interpretability, arXiv 2301.05217",
    "Zhong et al., The clock and the pizza, arXiv 2306.17844",
)
FEWEST = 5


@final
@dataclass(frozen=True, slots=True)
class Circles(Proposer):
    """Recognises the sum of two tokens modulo their number in the waves that the scores are made of.

    The scores of a network of two tokens are taken apart into waves `cos(2 pi k (a + b - c) / p)`. Where a few
    frequencies make up most of them, two programs are written that give the same answers by different ways, both with
    the place in the network where what they say of its inside is seen best:

    - the clock multiplies points of a circle, and its waves are of one size;
    - the pizza averages them, and its waves are the smaller the farther the two tokens are apart on the circle.

    References: see `SOURCES`.

    Cost: some runs of the network on the rows at hand.
    """

    name: str = "circles"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if network.outputs.classes is None or network.outputs.is_sequence or network.outputs.shape != ():
            return "the output is not one label"
        if network.inputs.shape != (2,) or not all(each.whole for each in network.inputs.ranges):
            return "inputs are not two whole numbers or tokens"
        if network.recurrence is not None:
            return "it is recurrent"
        if network.outputs.classes < FEWEST or network.outputs.classes % 2 == 0:
            return f"the labels are not an odd number of at least {FEWEST}"
        if len(problem.inputs) == 0 or problem.inputs.min() < 0 or problem.inputs.max() >= network.outputs.classes:
            return "inputs go beyond the labels"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        network, tokens = problem.network, problem.inputs.astype(np.int64)
        scores = np.asarray(network.raw(problem.inputs), np.float64)
        seen = [(way, spectrum(way, tokens, scores)) for way in ways(tokens, scores.shape[1])]
        for way, found in sorted(seen, key=lambda each: -each[1].share):
            if problem.clock.over:
                return
            if found.clear:
                yield _hypothesis(problem, way, found)


def _hypothesis(problem: Problem, way: Way, found: Spectrum) -> Hypothesis:
    """The program of one way, with the frequencies that the network needs where it is seen best."""
    network, x, places = problem.network, problem.inputs, found.order[:FEW]
    site = site_of(network, x, way.points[:, :, places])
    places = places if site is None else needed(network, x, site, way.points, first=found.heavy)
    weights = found.of(places)
    program = on_circles(program_inputs(network.inputs), way.amplitudes.shape[1] * 2 + 1, weights, way.meeting)
    settings = {"way": way.name, "frequencies": list(weights), "share of the scores": round(found.share, 4)}
    alignment = Alignment({} if site is None else {way.variable: site})
    return Hypothesis(program, alignment, Provenance("circles", settings, problem.seed, SOURCES))

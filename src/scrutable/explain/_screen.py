"""Between a proposer and the tests: each candidate is simplified, named, and compared with the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scrutable.hypothesis import COARSEST, Alignment, Hypothesis
from scrutable.network import Network
from scrutable.program import Let, Program, Scan, named_parts, narrowed, plainly_constant, residual_bits, simplify
from scrutable.synthesis import INDEPENDENT
from scrutable.verify import Sample, agrees, answers_to, least_right, shares_right, tolerance

SIMPLIFY_ROWS = 256
ATTACKED = "found as an exact program; an attack then met inputs on which the network differs"
AT_HAND = "found as an exact program; the network differs on a few of the inputs that were searched"
DOUBT = 1.5
"""What a program that is wrong somewhere, or not borne out by the insides, counts times its length."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a search may look at: a network, the search split, and the counter-examples so far."""

    network: Network
    sample: Sample
    counter: Sample
    seed: int

    @property
    def inputs(self) -> np.ndarray:
        """Search split and counter-examples together, `(n, ...)`."""
        return np.concatenate([self.sample.inputs, self.counter.inputs])

    @property
    def outputs(self) -> np.ndarray:
        """The network's answers to `inputs`, `(n, ...)`."""
        return np.concatenate([self.sample.outputs, self.counter.outputs])

    def with_counter(self, found: Sample) -> Sight:
        """The same, with more counter-examples."""
        inputs = np.concatenate([self.counter.inputs, found.inputs])
        outputs = np.concatenate([self.counter.outputs, found.outputs])
        return replace(self, counter=Sample(inputs, outputs))


@dataclass(frozen=True, slots=True)
class Effort:
    """What a search had spent when it had a hypothesis in hand.

    Arguments:
        planned: the seconds by which proposers got their shares of the time.
        seconds: since the start of the search.
        spent: the seconds of every proposer that had been asked, the one that found it last.
    """

    planned: float
    seconds: float
    spent: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hypothesis that agrees with the network on what may be looked at.

    Arguments:
        effort: until it was in hand; None for a person's hypothesis, for which nothing was searched.
        exact: whether it agrees everywhere.
    """

    hypothesis: Hypothesis
    effort: Effort | None
    exact: bool

    @property
    def seconds(self) -> float:
        """What the search had spent when it was in hand."""
        return 0.0 if self.effort is None else self.effort.seconds

    @property
    def placed(self) -> bool:
        """Whether it says where variables of its program live in the network."""
        return bool(self.hypothesis.alignment.sites)


def polished(hypothesis: Hypothesis, sight: Sight) -> Hypothesis:
    """The hypothesis with its program simplified and its parts named; the alignment follows the new names.

    It stays as it is where a named expression that is said to live somewhere in the network would be lost.
    """
    few = sight.sample.inputs[:SIMPLIFY_ROWS]
    program, names = named_parts(plainly_constant(narrowed(simplify(hypothesis.program, few), few)))
    lets = {each.name for each in hypothesis.program.statements if isinstance(each, Let)}
    if not names.keys() >= lets & hypothesis.alignment.sites.keys():
        return hypothesis
    return replace(hypothesis, program=program, alignment=_realigned(hypothesis.alignment, program, names))


def _realigned(alignment: Alignment, program: Program, names: Mapping[str, str]) -> Alignment:
    """Sites by the names that `program` uses; when all states share one site, those merged or made anew do too."""
    kept = {names[old]: site for old, site in alignment.sites.items() if old in names}
    sites = set(alignment.sites.values())
    states = [s.name for statement in program.statements if isinstance(statement, Scan) for s in statement.states]
    return Alignment(dict.fromkeys(states, sites.pop()) if len(sites) == 1 and states else kept)


def screened(hypothesis: Hypothesis, sight: Sight, effort: Effort | None, *, conceding: int = 0) -> Candidate | None:
    """The candidate with its residual bits, or None when it is wrong on what may be looked at.

    Exact programs must agree everywhere. Those that say they are approximate may disagree on a few of the single
    answers (see `least_right`), those of every step where there are such, and pay for each disagreement.

    Arguments:
        conceding: an exact program that is wrong on fewer inputs than this is taken for an approximate one.
    """
    answers, valid = answers_to(hypothesis.program, sight.inputs)
    if answers is None:
        return None
    if hypothesis.within is not None and hypothesis.within > COARSEST * _spread(sight.outputs):
        return None
    right = valid * shares_right(sight.network, answers, sight.outputs, within=hypothesis.within)
    wrong = int((right < 1).sum())
    if not hypothesis.approximate and 0 < wrong < conceding:
        hypothesis = conceded(hypothesis, note=AT_HAND)
    if wrong and not (hypothesis.approximate and right.mean() >= least_right(sight.network, sight.outputs)):
        return None
    priced = replace(
        hypothesis, residual_bits=residual_of(sight.network, answers, sight.outputs, within=hypothesis.within)
    )
    return Candidate(priced, effort, exact=not wrong)


def conceded(hypothesis: Hypothesis, *, note: str = ATTACKED) -> Hypothesis:
    """What was said to be exact and met a counter-example, now said to be approximate."""
    settings = {**hypothesis.provenance.settings, "mode": "approximate"}
    provenance = replace(hypothesis.provenance, settings=settings)
    return replace(hypothesis, provenance=provenance, notes=(*hypothesis.notes, note))


def residual_of(network: Network, answers: np.ndarray, outputs: np.ndarray, *, within: float | None = None) -> float:
    """The bits to write down where `answers` differ from the network's `outputs`; 0 when they agree everywhere.

    Real answers that are right only within `within` pay one bit for each halving between it and the finest tolerance,
    for each of at most `INDEPENDENT` rows.
    """
    if np.size(answers) != np.size(outputs):
        return 0.0
    finest = tolerance(network.outputs, outputs)
    coarse = 0.0
    if within is not None and finest > 0:
        coarse = min(len(outputs), INDEPENDENT) * max(0.0, float(np.log2(max(within, finest) / finest)))
    if agrees(network.outputs, answers, outputs, within=within).all():
        return coarse
    labels = None if np.issubdtype(outputs.dtype, np.floating) else len(np.unique(outputs))
    apart = finest if within is None else within
    return coarse + residual_bits(outputs, np.reshape(answers, outputs.shape), alphabet=labels, tolerance=apart)


def _spread(outputs: np.ndarray) -> float:
    return float(np.std(outputs.astype(np.float64))) if outputs.size else 0.0

"""`bench feedforward`: trained networks in, programs out, scored by the functions the networks were trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from scrutable.bench._base import Case, Row, Suite
from scrutable.bench._grading import grade
from scrutable.bench._networks import (
    Subject,
    boolean_cases,
    formula_cases,
    mlp_cases,
    named,
    null_cases,
    outside_cases,
    subject_of,
)
from scrutable.bench._nulls import null_bits
from scrutable.bench._studies import Explain, Studied, studied, told
from scrutable.bench._text import literals
from scrutable.synthesis import INDEPENDENT, Table
from scrutable.verify import agrees, answers_to
from scrutable.work import generator

FRESH = 10_000
"""Inputs on which program, network and planted function are compared, when the domain has more."""
WHOLE = 20_000
NULL_ROWS = 2_000


@final
@dataclass(frozen=True, slots=True)
class Feedforward(Suite):
    """Perceptrons trained on integer, real and Boolean functions and on published formulas; and networks in which there
    is nothing to find.

    Arguments:
        networks: folder for trained weights; None trains them anew each time.
        explain: what is being measured.
    """

    networks: Path | None = None
    explain: Explain | None = None
    name: str = field(default="feedforward")

    def cases(self, seed: int) -> tuple[Case, ...]:
        """See `Suite.cases`."""
        found = (*mlp_cases(seed), *boolean_cases(seed), *null_cases(seed), *outside_cases(seed))
        return (*found, *formula_cases(seed))

    def run(self, case: Case, *, budget: float) -> Row:
        """See `Suite.run`. Imports torch."""
        subject = subject_of(case, self.networks)
        return _row(case, subject, studied(self.explain, subject.network, budget=budget, seed=case.seed))


def _row(case: Case, subject: Subject, found: Studied) -> Row:
    network, study, best = subject.network, found.study, found.study.best
    x = inputs_of(subject, case.seed)
    outputs = network.predict(x)
    truth = None if subject.truth is None else subject.truth(named(network.inputs, x))
    own = {} if best is None else {"within": best.within, "literals": literals(best.program)}
    answers = None if best is None else answers_to(best.program, x)[0]
    within = None if best is None else best.within
    agreement = None
    if best is not None:
        same = answers is not None and agrees(network.outputs, answers, outputs, within=within)
        agreement = float(np.mean(same))
    return found.row(
        case,
        grade(case, subject, study, answers=answers, truth=truth),
        agreement=agreement,
        nulls=null_bits(table_of(subject, x[:NULL_ROWS], outputs[:NULL_ROWS])),
        details={**told(study), **own, "network": _network_right(subject, outputs, truth)},
    )


def inputs_of(subject: Subject, seed: int) -> np.ndarray:
    """The whole domain where it is small, shuffled; else fresh rows."""
    domain, rng = subject.network.inputs, generator(seed, "bench", "fresh")
    if domain.size is not None and domain.size <= WHOLE:
        return rng.permutation(domain.enumerate())
    return domain.sample(FRESH, rng)


def table_of(subject: Subject, x: np.ndarray, outputs: np.ndarray) -> Table:
    """What the network does, as a table."""
    return Table(named(subject.network.inputs, x), outputs, independent=INDEPENDENT)


def _network_right(subject: Subject, outputs: np.ndarray, truth: np.ndarray | None) -> dict[str, Any]:
    """How right the network itself is, apart from what any program says."""
    found: dict[str, Any] = {"on what it was trained on": subject.reached, "steps of training": subject.steps}
    if truth is not None and truth.dtype.kind == "f":
        found["error in standard deviations"] = float(np.sqrt(np.mean((outputs - truth) ** 2)) / (truth.std() or 1.0))
    elif truth is not None:
        found["share right"] = float(np.mean(outputs == truth))
    return found

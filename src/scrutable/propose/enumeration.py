"""Enumeration: the shortest expressions over the inputs that give the network's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Hypothesis
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._loop import Loop, item_features, unsuitable_for_expressions
from scrutable.synthesis import Found
from scrutable.synthesis.enumeration import Grammar, search_many
from scrutable.work import Clock

SOURCES = (
    "Albarghouthi, Gulwani, Kincaid, Recursive program synthesis (2013)",
    "Alur, Radhakrishna, Udupa, Scaling enumerative program synthesis via divide and conquer (2017)",
)
CANDIDATES = 12


@final
@dataclass(frozen=True, slots=True)
class Enumeration(Proposer):
    """Searches expressions over the inputs of one item, or over the last few inputs of a sequence.

    What is found is compared with the network on further inputs; where it fails, those inputs join the examples and the
    search begins again. For sequences a test of dependence comes first: the search starts only when the last at most
    five inputs determine the output without a conflict.

    References: see `SOURCES`.
    """

    name: str = "enumeration"
    weight: float = 2.0

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        return unsuitable_for_expressions(problem)

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        features = item_features(problem)
        if features is None:
            return
        yield from Loop(problem, features, self.name, SOURCES, _search).run()


def _search(
    leaves: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray], clock: Clock
) -> Mapping[str, tuple[Found, ...]]:
    grammar = Grammar.fitting(leaves, targets.values())
    return search_many(leaves, targets, grammar=grammar, clock=clock, limit=CANDIDATES)

"""Syntax-guided synthesis by cvc5, as an optional back end: a cross-check of the library's own search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Hypothesis
from scrutable.program import BOOL, INT, Expr, Var, call
from scrutable.propose._backends._process import GRACE, answers, missing
from scrutable.propose._backends._term import expression
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._loop import Loop, item_features, unsuitable_for_expressions
from scrutable.synthesis import Found, Table, scored
from scrutable.synthesis.enumeration import Grammar
from scrutable.work import Clock, generator

SOURCES = (
    "Reynolds, Barbosa, Nötzli, Barrett, Tinelli, cvc4sy: smart and fast term enumeration for syntax-guided synthesis "
    "(2019)",
)
EXAMPLES = 48
MOST_LITERALS = 6


@final
@dataclass(frozen=True, slots=True)
class Cvc5(Proposer):
    """Asks the solver cvc5, in a process of its own, for an integer or Boolean expression that fits the examples.

    The solver gets a grammar of sums, multiples, quotients and remainders by literals, comparisons and choices: with
    none it lists the examples. What it returns is compared with the network on further inputs, as in `Enumeration`,
    and the search begins again where it fails. It is many times slower than `Enumeration` and not one of `PROPOSERS`.
    Needs `pip install scrutable[cvc5]`.

    References: see `SOURCES`.
    """

    name: str = "cvc5"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        if not all(each.whole for each in problem.network.inputs.ranges):
            return "the inputs are not whole numbers"
        return missing("cvc5") or unsuitable_for_expressions(problem)

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        features = item_features(problem)
        if features is None or problem.clock.over:
            return
        yield from Loop(problem, features, self.name, SOURCES, _search).run()


def _search(
    leaves: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray], clock: Clock
) -> Mapping[str, tuple[Found, ...]]:
    found = {}
    for done, (name, target) in enumerate(targets.items()):
        found[name] = _solved(leaves, target, clock.part(1 / (len(targets) - done)))
    return found


def _solved(leaves: Mapping[str, np.ndarray], target: np.ndarray, clock: Clock) -> tuple[Found, ...]:
    """The solver's expression for one target, if it is right on every example."""
    seconds = clock.left - GRACE
    if seconds <= 0:
        return ()
    logical = bool(np.isin(target, (0, 1)).all())
    bits = {name: bool(np.isin(column, (0, 1)).all()) for name, column in leaves.items()}
    rows = _rows(leaves, target)
    columns = [leaves[name][rows].astype(bool if bits[name] else np.int64) for name in leaves]
    literals = Grammar.fitting(leaves, [target]).constants[:MOST_LITERALS]
    question = {
        "kinds": ["bool" if bits[name] else "int" for name in leaves],
        "gives": "bool" if logical else "int",
        "rows": [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)],
        "answers": target[rows].astype(bool if logical else np.int64).tolist(),
        "literals": [int(value) for value in literals],
        "seed": 0,
    }
    variables = [_leaf(name, leaves[name], truth=bits[name]) for name in leaves]
    terms = answers("cvc5_worker", question, seconds=seconds)
    exprs = [expr for term in terms if (expr := expression(term, variables)) is not None]
    table = Table(dict(leaves), target)
    return tuple(found for expr in exprs if (found := scored(expr, table)).residual == 0)


def _leaf(name: str, column: np.ndarray, *, truth: bool) -> Expr:
    """A variable as the solver reads it: 0/1 numbers as truths."""
    if column.dtype.kind == "b":
        return Var(name, BOOL)
    variable = Var(name, INT)
    return call("ne", variable, 0) if truth else variable


def _rows(leaves: Mapping[str, np.ndarray], target: np.ndarray) -> np.ndarray:
    """Examples for the solver: the first (those that refuted an earlier answer) and a few others."""
    order = np.arange(len(target))
    if len(order) > EXAMPLES:
        others = generator(0, "cvc5", "rows").permutation(order[EXAMPLES // 2 :])
        order = np.concatenate([order[: EXAMPLES // 2], others[: EXAMPLES - EXAMPLES // 2]])
    keys = np.stack([*(column[order] for column in leaves.values()), target[order]], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    return order[np.sort(first)]

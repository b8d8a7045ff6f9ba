"""Decision lists as plain data: `if a <= 3 and b > 1: 2, else if c > 7: 1, else: 0`.

Reference: R. L. Rivest, Learning decision lists, Machine Learning 2 (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scrutable.program import Expr, call, const


@dataclass(frozen=True, slots=True)
class Condition:
    """One column compared with a number: `le` at most, `gt` above, `eq` equal."""

    column: int
    kind: Literal["le", "gt", "eq"]
    bound: int | float

    def met(self, x: np.ndarray) -> np.ndarray:
        """For each row of `(n, k)` whether it holds."""
        values = x[:, self.column]
        if self.kind == "eq":
            return values == self.bound
        return values <= self.bound if self.kind == "le" else values > self.bound


@dataclass(frozen=True, slots=True)
class Rule:
    """`answer` (the number of a label) where every condition holds."""

    conditions: tuple[Condition, ...]
    answer: int

    def met(self, x: np.ndarray) -> np.ndarray:
        """For each row of `(n, k)` whether every condition holds."""
        return np.logical_and.reduce([np.ones(len(x), dtype=bool), *(each.met(x) for each in self.conditions)])


@dataclass(frozen=True, slots=True)
class DecisionList:
    """The first rule that holds answers; `default` where none does."""

    rules: tuple[Rule, ...]
    default: int

    @property
    def conditions(self) -> int:
        """How many conditions the rules have together."""
        return sum(len(rule.conditions) for rule in self.rules)


def reached(rules: tuple[Rule, ...], x: np.ndarray) -> np.ndarray:
    """The place of the first rule that holds for each row of `(n, k)`; the number of rules where none does."""
    return first_of([rule.met(x) for rule in rules], len(x))


def first_of(masks: list[np.ndarray], n: int) -> np.ndarray:
    """Which of the masks `(n,)` is the first to be true; their number where none is."""
    place = np.full(n, len(masks))
    for i in reversed(range(len(masks))):
        place[masks[i]] = i
    return place


def list_answers(found: DecisionList, x: np.ndarray) -> np.ndarray:
    """The labels for rows `(n, k)`."""
    labels = np.array([*(rule.answer for rule in found.rules), found.default], dtype=np.int64)
    return labels[reached(found.rules, x)]


def list_expression(found: DecisionList, columns: list[Expr], answers: np.ndarray) -> Expr:
    """A decision list as a chain of `if`.

    Arguments:
        columns: one expression for each column. answers: what each label stands for.
    """
    text: Expr = const(answers[found.default].item())
    for rule in reversed(found.rules):
        conditions = [_condition(each, columns) for each in rule.conditions]
        asked = conditions[0] if len(conditions) == 1 else call("and", *conditions)
        text = call("if", asked, const(answers[rule.answer].item()), text)
    return text


def _condition(condition: Condition, columns: list[Expr]) -> Expr:
    column, bound = columns[condition.column], const(condition.bound)
    if condition.kind == "gt":
        return call("lt", bound, column)
    return call(condition.kind, column, bound)

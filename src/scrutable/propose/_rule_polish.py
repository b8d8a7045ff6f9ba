"""Making a decision list better and shorter: bounds one at a time, then parts away, the least useful first.

Given all the rest, the bound of a condition matters only for rows that reach its rule and meet its other conditions,
and of which either the rule or the rest of the list is right: the best bound is found among all their values. After the
alternating optimisation of trees (Carreira-Perpinan and Tavallali, 2018). Parts are left out afterwards, as in W. W.
Cohen, Fast effective rule induction (1995).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from scrutable.propose._oblique_tree import Rows
from scrutable.propose._rule_list import Condition, DecisionList, Rule, first_of, list_answers, reached
from scrutable.synthesis._snap import shortest_between
from scrutable.work import Clock

RULE_WEIGHT, CONDITION_WEIGHT = 0.5, 1.0
"""What parts count when it is asked which is the least useful: in rows gone wrong for each that is saved."""


def tuned(found: DecisionList, rows: Rows, whole: tuple[bool, ...], *, passes: int, clock: Clock) -> DecisionList:
    """The list with the best bounds, one after the other, as the shortest numbers; it gets no row more wrong.

    Arguments:
        whole: for each column, whether its values are integers.

    Cost: a sort of the rows that matter for each condition and pass.
    """
    for _ in range(passes):
        before = found
        for i, rule in enumerate(found.rules):
            for j in range(len(rule.conditions)):
                if clock.over:
                    return _whole_numbers(found, whole)
                found = _with_best_bound(found, rows, i, j)
        if found == before:
            break
    return _whole_numbers(found, whole)


def _with_best_bound(found: DecisionList, rows: Rows, i: int, j: int) -> DecisionList:
    rule = found.rules[i]
    condition = rule.conditions[j]
    if condition.kind == "eq":
        return found
    others = Rule(rule.conditions[:j] + rule.conditions[j + 1 :], rule.answer)
    part = rows[others.met(rows.x) & (reached(found.rules[:i], rows.x) == i)]
    after = list_answers(DecisionList(found.rules[i + 1 :], found.default), part.x)
    inside, outside = part.y == rule.answer, part.y == after
    matters = inside != outside
    if not matters.any():
        return found
    part, wanted = part[matters], inside[matters]
    bound = _best_bound(part.x[:, condition.column], wanted, part.weight, condition)
    changed = replace(condition, bound=bound)
    return _replaced(found, i, replace(rule, conditions=(*rule.conditions[:j], changed, *rule.conditions[j + 1 :])))


def _best_bound(values: np.ndarray, wanted: np.ndarray, weight: np.ndarray, condition: Condition) -> float:
    """The bound that gets the least weight wrong, the nearest to the present one of several, as a short number."""
    low = wanted if condition.kind == "le" else ~wanted
    levels, place = np.unique(values, return_inverse=True)
    keep, shut = (np.bincount(place, weight * side, len(levels)) for side in (low, ~low))
    wrong = np.concatenate([[0.0], np.cumsum(shut)]) + keep.sum() - np.concatenate([[0.0], np.cumsum(keep)])
    best = np.flatnonzero(wrong <= wrong.min() + 1e-9)
    now = int(np.searchsorted(levels, condition.bound, side="right"))
    at = best[np.argmin(np.abs(best - now))]
    if at == now and not 0 < at < len(levels):
        return condition.bound
    beyond = max(float(np.abs(levels).max()), 1.0)
    edges = [float(levels[0]) - beyond, *levels.tolist(), float(levels[-1]) + beyond]
    return shortest_between(edges[at], edges[at + 1])


def _replaced(found: DecisionList, i: int, rule: Rule) -> DecisionList:
    return replace(found, rules=(*found.rules[:i], rule, *found.rules[i + 1 :]))


def _whole_numbers(found: DecisionList, whole: tuple[bool, ...]) -> DecisionList:
    """Bounds of integer columns as integers."""

    def fixed(condition: Condition) -> Condition:
        if not whole[condition.column]:
            return condition
        return replace(condition, bound=int(np.floor(condition.bound)))

    rules = tuple(replace(rule, conditions=tuple(fixed(each) for each in rule.conditions)) for rule in found.rules)
    return replace(found, rules=rules)


def shortened(found: DecisionList, rows: Rows, *, clock: Clock) -> Iterator[DecisionList]:
    """The list, and ever shorter ones down to a single rule: each time the rule or the condition goes whose loss gets
    the least weight wrong for what it saves. Answers are those of most weight.

    Cost: a pass over the rows for each part, as often as there are parts.
    """
    masks = [[each.met(rows.x) for each in rule.conditions] for rule in found.rules]
    rules = list(found.rules)
    now, wrong = _relabelled(rules, masks, rows)
    yield now
    while sum(len(rule.conditions) for rule in rules) > 1 and not clock.over:
        options = []
        for i, j, saved in _parts(rules):
            left = _without(rules, masks, i, j)
            if left[0]:
                shorter, errors = _relabelled(*left, rows)
                options.append(((errors - wrong) / saved, shorter, errors, left))
        if not options:
            return
        _, now, wrong, (rules, masks) = min(options, key=lambda option: option[0])
        rules = list(now.rules)
        yield now


def _parts(rules: list[Rule]) -> Iterator[tuple[int, int | None, float]]:
    """What may go: rules from the last to the first, and the conditions of those that have several."""
    for i in reversed(range(len(rules))):
        count = len(rules[i].conditions)
        yield i, None, RULE_WEIGHT + CONDITION_WEIGHT * count
        if count > 1:
            yield from ((i, j, CONDITION_WEIGHT) for j in range(count))


def _without(
    rules: list[Rule], masks: list[list[np.ndarray]], i: int, j: int | None
) -> tuple[list[Rule], list[list[np.ndarray]]]:
    if j is None:
        return rules[:i] + rules[i + 1 :], masks[:i] + masks[i + 1 :]
    conditions = rules[i].conditions
    rule = replace(rules[i], conditions=conditions[:j] + conditions[j + 1 :])
    mask = masks[i][:j] + masks[i][j + 1 :]
    return [*rules[:i], rule, *rules[i + 1 :]], [*masks[:i], mask, *masks[i + 1 :]]


def _relabelled(rules: list[Rule], masks: list[list[np.ndarray]], rows: Rows) -> tuple[DecisionList, float]:
    """The list with the answer of most weight in each rule, and the weight it gets wrong."""
    place = first_of([np.logical_and.reduce(each) for each in masks], len(rows))
    counts = np.bincount(place * rows.labels + rows.y, rows.weight, (len(rules) + 1) * rows.labels)
    counts = counts.reshape(-1, rows.labels)
    old = [rule.answer for rule in rules]
    answers = [int(c.argmax()) if c.any() else old[i] if i < len(old) else old[-1] for i, c in enumerate(counts)]
    changed = tuple(replace(rule, answer=answer) for rule, answer in zip(rules, answers, strict=False))
    return DecisionList(changed, answers[-1]), float(counts.sum() - counts.max(axis=1).sum())

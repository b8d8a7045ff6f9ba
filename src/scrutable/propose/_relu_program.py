"""Programs for pruned units: written unit by unit, or as the shortest expression over the pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, log2
from typing import TYPE_CHECKING, Literal

import numpy as np

from scrutable.hypothesis import Alignment
from scrutable.network import Activation, Domain, Network
from scrutable.program import INT, Expr, Let, Program, Var, call
from scrutable.propose._base import Problem
from scrutable.propose._claims import miss
from scrutable.propose._inputs import program_inputs
from scrutable.propose._relu_units import Unit, Units
from scrutable.synthesis.piecewise import piecewise_forms, spelled

if TYPE_CHECKING:
    from scrutable.network._layers import Layer

DIGITS = (9, 7, 5, 4, 3, 2)
MOST_CLASSES = 16
EXACT = 5e-4
"""Differences below this share of the standard deviation of the outputs are none to the tests."""
ROW_WEIGHT = 64
SIMPLE_SHARE = 0.6
SIMPLE = 2


@dataclass(frozen=True, slots=True)
class Head:
    """How outputs become answers: as they are, rounded, 1 above a threshold, or the place of the largest."""

    kind: Literal["reals", "round", "above", "argmax"]
    threshold: float = 0.0


def head_of(network: Network, layers: Sequence[Layer]) -> tuple[tuple[Layer, ...], Head | None]:
    """The layers without a last one that changes no answer, and what is made of their outputs; None for other kinds."""
    body, outputs = tuple(layers), network.outputs
    last = body[-1] if body else None
    ending = last.kind if isinstance(last, Activation) else ""
    if outputs.kind == "Bits":
        threshold = float(getattr(outputs, "threshold", 0.5))
        if ending != "sigmoid":
            return body, Head("above", threshold)
        return body[:-1], Head("above", log(threshold / (1 - threshold))) if 0 < threshold < 1 else None
    if outputs.classes is not None:
        if outputs.shape or outputs.classes > MOST_CLASSES:
            return body, None
        return body[:-1] if ending in ("softmax", "log_softmax", "sigmoid") else body, Head("argmax")
    if outputs.kind == "Integers":
        return body, Head("round")
    return body, Head("reals") if outputs.kind == "Reals" else None


def direct_programs(
    units: Units, head: Head, problem: Problem, points: np.ndarray, spread: float
) -> list[tuple[Program, Alignment]]:
    """The units one by one, each named variable aligned with its unit's site; numbers of fewer and fewer digits.

    Of real outputs the one with the fewest digits that tests cannot tell from the network, and the one of the least
    description length; of others the one with the fewest digits that is right on all `points`.
    """
    network = problem.network
    made = [_direct(units, head, network.inputs, digits) for digits in DIGITS]
    misses = [float(miss(program, network, points).max()) for program, _ in made]
    limit = EXACT * spread if head.kind == "reals" else 0.0
    right = [each for each, far in zip(made, misses, strict=True) if far <= limit]
    if head.kind != "reals":
        return right[-1:]
    totals = [
        program.bits + ROW_WEIGHT * log2(max(far, limit) / limit) if limit else program.bits
        for (program, _), far in zip(made, misses, strict=True)
    ]
    short = made[int(np.argmin(totals))]
    return [*right[-1:], *([] if short in right[-1:] else [short])]


def _direct(units: Units, head: Head, domain: Domain, digits: int) -> tuple[Program, Alignment]:
    inputs = program_inputs(domain)
    taken = {each.name for each in inputs}
    leaves: list[Expr] = [Var(each.name, each.type) for each in inputs]
    lets, sites = [], {}
    for i, unit in enumerate(units.kept):
        name = next(name for name in (f"h{i}", f"h{i}_", f"unit{i}__") if name not in taken)
        lets.append(Let(name, _unit(unit, _affine(unit.row, leaves, digits))))
        leaves.append(Var(name, lets[-1].expr.type))
        if unit.site:
            sites[name] = unit.site
    scores = [_affine(row, leaves, digits) for row in units.outputs]
    return _program(domain, lets, answers(scores, head)), Alignment(sites)


def _affine(row: np.ndarray, leaves: Sequence[Expr], digits: int) -> Expr:
    """`row` is the constant, then a weight for each leaf."""
    short = np.array([float(f"{w:.{digits}g}") for w in row])
    return spelled(np.append(short[1:], short[0]), leaves[: len(row) - 1])


def _unit(unit: Unit, argument: Expr) -> Expr:
    if unit.kind == "relu":
        return call("max", argument, 0)
    if unit.kind == "abs":
        return call("abs", argument)
    if unit.kind == "leaky_relu":
        return call("max", argument, call("mul", unit.settings[0], argument))
    least, most = unit.settings
    return call("max", call("min", argument, most), least)


def answers(scores: Sequence[Expr], head: Head) -> tuple[Expr, ...]:
    """What the head makes of the scores."""
    if head.kind == "reals":
        return tuple(scores)
    if head.kind == "round":
        return tuple(score if score.type == INT else call("round", score) for score in scores)
    if head.kind == "above":
        return tuple(call("if", call("lt", head.threshold, score), 1, 0) for score in scores)
    return (call("argmax", *scores),)


def _program(domain: Domain, lets: Sequence[Let], exprs: Sequence[Expr]) -> Program:
    inputs = program_inputs(domain)
    taken = {each.name for each in (*inputs, *lets)}
    plain = ["output"] if len(exprs) == 1 else [f"output{i}" for i in range(len(exprs))]
    names = [f"{name}_" if name in taken else name for name in plain]
    made = tuple(Let(name, expr) for name, expr in zip(names, exprs, strict=True))
    return Program("program", inputs, (*lets, *made), tuple(names))


def simple_programs(units: Units, head: Head, problem: Problem, points: np.ndarray) -> list[Program]:
    """The shortest expressions over the pieces of the one score that decides, from exact values and slopes."""
    decides = _score(units, head)
    if decides is None:
        return []
    domain = problem.network.inputs
    leaves = [Var(each.name, each.type) for each in program_inputs(domain)]
    forms = piecewise_forms(
        points,
        decides.run(points)[:, 0],
        decides.slopes(points)[:, :, 0],
        leaves=leaves,
        clock=problem.clock.part(SIMPLE_SHARE),
        seed=problem.seed,
    )
    one = Head("above", 0.0) if head.kind == "argmax" else head
    return list(dict.fromkeys(_program(domain, (), answers([form.expr], one)) for form in forms[:SIMPLE]))


def _score(units: Units, head: Head) -> Units | None:
    """The units with the one output that the answer depends on; None when there are several."""
    if len(units.outputs) == 1 and head.kind != "argmax":
        return units
    if len(units.outputs) == 2 and head.kind == "argmax":
        return Units(units.inputs, units.kept, units.outputs[1:] - units.outputs[:1])
    return None

"""Whether a program and a network say the same, input by input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scrutable.errors import ProgramError
from scrutable.hypothesis import FLOOR, CounterExample, frozen, plain
from scrutable.program import Program
from scrutable.work import flat_rows

if TYPE_CHECKING:
    from scrutable.network import Domain, Network

TOLERANCE = 1e-3
"""Real outputs agree when they differ by at most this share of the outputs' standard deviation."""
SHOWN = 3


def tolerance(domain: Domain, outputs: np.ndarray) -> float:
    """How far two outputs of `domain` may be apart and count as equal: zero unless outputs are real numbers."""
    if domain.dtype.kind in "iub" or not np.size(outputs):
        return 0.0
    finite = np.asarray(outputs, float)[np.isfinite(outputs)]
    spread = float(finite.std()) if finite.size else 0.0
    return TOLERANCE * spread if spread > 0 else 1e-6 * max(1.0, float(np.abs(finite).max(initial=0.0)))


def same(answers: np.ndarray, outputs: np.ndarray, within: float = 0.0) -> np.ndarray | None:
    """Element by element, `(n, ...)` as `outputs`; None when the shapes cannot be compared."""
    answers, outputs = np.asarray(answers), np.asarray(outputs)
    if len(answers) != len(outputs) or answers.size != outputs.size:
        return None
    answers = answers.reshape(outputs.shape)
    if within == 0.0:
        return np.array(answers == outputs)
    with np.errstate(invalid="ignore"):
        near = np.abs(answers.astype(float) - outputs.astype(float)) <= within
        return np.array(near | (answers == outputs), dtype=bool)


def agrees(domain: Domain, answers: np.ndarray, outputs: np.ndarray, *, within: float | None = None) -> np.ndarray:
    """For each input, whether all of a program's `answers` equal the network's `outputs`: `(n,)` bools.

    Arguments:
        domain: what the network gives out.
        within: the tolerance for real outputs; None takes it from the spread of `outputs` (see `tolerance`).

    Answers of another shape than the outputs agree nowhere.
    """
    equal = same(answers, outputs, tolerance(domain, outputs) if within is None else within)
    if equal is None:
        return np.zeros(len(outputs), bool)
    if not equal.size:
        return np.ones(len(equal), bool)
    return np.array(flat_rows(equal).all(axis=1), dtype=bool)


def shares_right(
    network: Network, answers: np.ndarray, outputs: np.ndarray, *, within: float | None = None
) -> np.ndarray:
    """For each input, the share of its single answers that are right, `(n,)`: its steps, where the network answers
    after each one, and else 0 or 1. See `agrees`."""
    if not network.each_step:
        return agrees(network.outputs, answers, outputs, within=within).astype(float)
    equal = same(answers, outputs, tolerance(network.outputs, outputs) if within is None else within)
    if equal is None:
        return np.zeros(len(outputs))
    return equal.reshape(*equal.shape[:2], -1).all(axis=2).mean(axis=1)


def least_right(network: Network, outputs: np.ndarray) -> float:
    """The share of right single answers that a program which says it is approximate must reach.

    95%, and more where most answers are alike: it makes at most a tenth of the mistakes of always giving the commonest.
    """
    if not len(outputs):
        return FLOOR
    single = outputs.reshape(len(outputs) * (outputs.shape[1] if network.each_step else 1), -1)
    _, counts = np.unique(single, axis=0, return_counts=True)
    unusual = 1 - float(counts.max()) / len(single)
    return 1 - (1 - FLOOR) * min(1.0, 2 * unusual)


def answers_to(program: Program, x: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """The program's answers, and for which rows there are any: `(n,)` bools.

    A row on which the program cannot compute (an integer beyond 64 bits) costs the rows beside it nothing. With no
    answer at all the first item is None.
    """
    valid = np.zeros(len(x), bool)
    found: list[tuple[slice, np.ndarray]] = []
    waiting = [slice(0, len(x))] if len(x) else []
    tries = 0
    while waiting and tries < 128:
        part = waiting.pop()
        tries += 1
        try:
            found.append((part, np.asarray(program(x[part]))))
            valid[part] = True
        except ProgramError:
            middle = (part.start + part.stop) // 2
            if middle > part.start:
                waiting += [slice(part.start, middle), slice(middle, part.stop)]
    if not found:
        return (np.asarray(program(x)), valid) if not len(x) else (None, valid)
    answers = np.zeros((len(x), *found[0][1].shape[1:]), np.result_type(*(a for _, a in found)))
    for part, values in found:
        answers[part] = values
    return answers, valid


def counter_example(x: Any, says: Any, does: Any, where: str = "") -> CounterExample:
    """A disagreement as plain data."""
    return CounterExample(_plain(x), _plain(says), _plain(does), where)


def _plain(value: Any) -> Any:
    """Nested tuples of plain numbers; what JSON cannot hold is written out."""
    value = np.asarray(value)
    if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
        value = np.where(np.isfinite(value), value.astype(object), value.astype(str))
    return frozen(plain(value))

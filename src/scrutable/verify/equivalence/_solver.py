"""Boxes that bounds do not settle, put to an SMT solver: the network must be a small chain, linear in pieces.

A box is halved until few activations have their corner in it, and the solver is asked for an input on which program and
network differ. The network it reasons about is in exact arithmetic; what the network's own rounding can amount to is
bounded apart and taken off what is allowed.

Reference for exact encodings: G. Katz et al., Reluplex, CAV 2017 (arXiv:1702.01135).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from scrutable.network import PIECEWISE_LINEAR, Activation, Affine, Network
from scrutable.verify.equivalence._claim import Claim
from scrutable.verify.equivalence._layer_bounds import UNIT, bounds_of
from scrutable.verify.equivalence._outcome import Box, Outcome
from scrutable.verify.equivalence._question import Question

SETTLED, DEEPEST = 16, 10
"""A box with at most so many unsettled activations is put to the solver; others are halved, at most so many times."""
LARGEST_NETWORK, MOST_CORNERS = 4096, 64


def no_chain(network: Network) -> str:
    """Why a network is none for the solver; "" when it is one."""
    if network.layers is None:
        return f"the network is no chain of layers: {network.no_layers}"
    kinds = {layer.kind for layer in network.layers if isinstance(layer, Activation)}
    if network.outputs.classes is not None:
        kinds -= {"softmax", "log_softmax"}  # at the end, where they change no answer
    if kinds - PIECEWISE_LINEAR:
        return f"its activations are not linear in pieces: {', '.join(sorted(kinds - PIECEWISE_LINEAR))}"
    if network.facts.dtype not in UNIT:
        return f"it computes in {network.facts.dtype}"
    widths = [len(a.weight) for a, b in pairwise(network.layers) if isinstance(a, Affine) and isinstance(b, Activation)]
    if sum(widths) > MOST_CORNERS:
        return f"it has more than {MOST_CORNERS} activations"
    if sum(layer.weight.size for layer in network.layers if isinstance(layer, Affine)) > LARGEST_NETWORK:
        return f"it has more than {LARGEST_NETWORK} weights"
    return ""


def by_solver(claim: Claim, boxes: tuple[Box, ...], until: float) -> Outcome:
    """Go through boxes until one of them refutes, one cannot be decided, or all are settled.

    Arguments:
        boxes: those that are left. until: when to give up, by `time.monotonic`.
    """
    network = claim.case.network
    assert network.layers is not None
    question = Question(claim, network.layers, UNIT[network.facts.dtype])
    done, rounding, doubts = 0, 0.0, ""
    for lo, hi in _boxes(question, boxes):
        bounds = bounds_of(question.layers, lo, hi, unit=question.unit)
        rounding = max(rounding, float(bounds[-1].error.max(initial=0.0)))
        for cautious in (True, False):
            answer, row = question.ask(lo, hi, bounds, cautious=cautious, until=until)
            if answer == "gave up":
                return Outcome(
                    "unknown", f"the solver did not decide box {done + 1} in the time it had", done, rounding
                )
            if row is not None and not claim.holds(row)[0]:
                return Outcome("fail", "the solver found an input on which they differ", done, rounding, row=row)
            doubts = doubts if row is None else _DOUBTS[cautious]
            if row is None:
                break
        done += 1
    return Outcome("unknown" if doubts else "pass", doubts, done, rounding)


_DOUBTS = {
    True: "they come so near to differing that rounding decides",
    False: "an input that the solver found is none when both are run",
}


def _boxes(question: Question, boxes: tuple[Box, ...]) -> Iterator[Box]:
    """Boxes that cover the given ones, halved where many activations are unsettled."""
    waiting = [(lo, hi, 0) for lo, hi in boxes]
    while waiting:
        lo, hi, depth = waiting.pop()
        halves = None if depth >= DEEPEST or question.unsettled(lo, hi) <= SETTLED else _halved(question, lo, hi)
        if halves is None:
            yield lo, hi
        else:
            waiting += [(*half, depth + 1) for half in halves]


def _halved(question: Question, lo: np.ndarray, hi: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """The two halves along the entry that settles most; None when no entry has two values."""
    best: tuple[int, list[tuple[np.ndarray, np.ndarray]]] | None = None
    for entry in np.flatnonzero(hi > lo):
        middle = (lo[entry] + hi[entry]) / 2
        left, right = hi.copy(), lo.copy()
        whole = question.claim.whole[entry]
        left[entry], right[entry] = (np.floor(middle), np.floor(middle) + 1) if whole else (middle, middle)
        halves = [(lo, left), (right, hi)]
        worst = max(question.unsettled(*half) for half in halves)
        if best is None or worst < best[0]:
            best = worst, halves
    return None if best is None else best[1]

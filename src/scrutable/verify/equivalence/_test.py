"""Whether a program says what a network does on every input of its domain: by comparing them all, or by proof."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from scrutable.errors import ScrutableError
from scrutable.hypothesis import Kind, Result, silent
from scrutable.network import Network
from scrutable.verify._base import Case, Test
from scrutable.verify.equivalence._census import LARGEST, census
from scrutable.verify.equivalence._outcome import KIND, NAME, Outcome, result_of

if TYPE_CHECKING:
    from scrutable.verify.equivalence._claim import Claim

MOST_SECONDS, SHARE = 20.0, 0.2
AT_FIRST = 1.0
"""How many seconds bounds are tried before the solver is, where the network is one for it."""
BY_BOUNDS, BY_SOLVER = "interval and linear bounds, branch and bound", "z3"


class Equivalence(Test):
    """Equality on every input of the domain: compared where they are few, else proved, refuted or left unknown.

    - **every input** of a domain of at most 2**22 is tried: a census, named "exhaustive", whose interval has no width.
    - **bounds**: intervals and linear bounds go through the captured network and through the program over boxes of
      inputs, which are halved until program and network can be told to agree (`_branch.py`). Linear maps, sums,
      products, activations, normalisation, softmax and embeddings are bounded; another operation is refused by name.
    - **solver**: what bounds leave open is put to z3 where the network is a small chain, linear in pieces
      (`_solver.py`).

    A proof holds for the network as it runs: what rounding can amount to is bounded and taken off what is allowed. A
    counter-example is only given after both have been run on it. A result that is unknown says how much of the domain
    was settled. A hypothesis that declares itself approximate claims the usual inputs and not all of them: there the
    census is "not applicable" with the count, and nothing is proved. Nor is it of networks with a state.
    """

    name = NAME
    kind: Kind = KIND

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: a census at most half of the time left, a proof a fifth of it and 20 seconds."""
        if is_finite(case.network):
            return (census(case),)
        reason = _unsuitable(case)
        return (silent(self.name, self.kind, reason) if reason else _proved(case),)


def is_finite(network: Network) -> bool:
    """Whether all inputs of a network's domain can be tried."""
    size = network.inputs.size
    return size is not None and size <= LARGEST


def _unsuitable(case: Case) -> str:
    """Why nothing can be proved of every input; "" when something can."""
    domain, network = case.network.inputs, case.network
    if case.approximate:
        return "declared approximate: the claim is not about every input"
    if network.recurrence is not None:
        size = domain.size or 0
        count = f"{size}" if 0 < size < 10**12 else f"2**{size.bit_length() - 1} or more" if size else "infinitely many"
        return f"{domain.spec} has {count} inputs, more than {LARGEST}, and the network has a state"
    if any(end is None for r in domain.ranges for end in (r.lo, r.hi)):
        return f"{domain.spec} has infinitely many inputs and no bounds"
    return ""


def _proved(case: Case) -> Result:
    from scrutable.verify.equivalence._claim import Claim
    from scrutable.verify.equivalence._solver import by_solver, no_chain

    started, seconds = time.monotonic(), min(MOST_SECONDS, SHARE * case.clock.left)
    try:
        claim = Claim.of(case)
    except ScrutableError as error:
        return silent(NAME, KIND, f"the program cannot be written as terms: {error}")
    unsolvable = no_chain(case.network)
    bounded = _bounded(claim, started + (seconds if unsolvable else min(AT_FIRST, seconds / 2)))
    if isinstance(bounded, str):
        if unsolvable:
            return silent(NAME, KIND, f"{bounded}; {unsolvable}")
        return result_of(claim, by_solver(claim, ((claim.lo, claim.hi),), started + seconds), BY_SOLVER)
    if bounded.status != "unknown" or unsolvable:
        return result_of(claim, bounded, BY_BOUNDS)
    solved = by_solver(claim, bounded.left or ((claim.lo, claim.hi),), started + seconds)
    return result_of(claim, _together(bounded, solved), f"{BY_BOUNDS}, then {BY_SOLVER}")


def _bounded(claim: Claim, until: float) -> Outcome | str:
    """What bounds settle, or why they cannot be had."""
    from scrutable.verify.equivalence._branch import by_bounds
    from scrutable.verify.equivalence._network_forms import BoundedNetwork
    from scrutable.verify.equivalence._operations import NoBounds

    try:
        return by_bounds(claim, BoundedNetwork.of(claim.case.network), until)
    except NoBounds as error:
        return str(error)


def _together(bounded: Outcome, solved: Outcome) -> Outcome:
    """What the solver made of the boxes that bounds had left."""
    settled = 1.0 if solved.status == "pass" else bounded.settled
    reason = solved.reason if solved.status != "unknown" else f"{bounded.reason}, and {solved.reason}"
    boxes, rounding = bounded.boxes + solved.boxes, max(bounded.rounding, solved.rounding)
    return replace(solved, reason=reason, boxes=boxes, rounding=rounding, settled=settled)
